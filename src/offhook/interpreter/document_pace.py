"""How fast an application may hand out documents, and when it is going in circles.

Pure: it is told the time. A call that redirects itself would ask its application as fast as both can, for ever. So
beyond a few documents at once each further one waits for its turn, one a second; and a call in which many follow each
other while hardly anything is heard or said is ended. A caller who speaks or presses a key gets what they asked for
without delay.
"""

from offhook.call.errors import CustomerError

AT_ONCE = 5
"""Documents that may come without a pause."""
EVERY_S = 1.0
"""How far apart further ones are."""
MOST_IN_VAIN = 50
"""Documents in a row without input, and with less than `LIVELY_S` of what a caller can live through."""
LIVELY_S = 1.0
MOST_IN_ALL = 1000
"""Documents a call."""
DOCUMENT_LOOP = 14106
"""The notification's code: the number of Restcomm's wider family for a redirection without end."""


class DocumentLoop(CustomerError):
    """The application goes in circles; the text is the call's reason."""

    def __init__(self, message: str) -> None:
        super().__init__(DOCUMENT_LOOP, f"document_loop: {message}")


class DocumentPace:
    """One call's documents. Times are seconds on one monotonic clock."""

    def __init__(self, at: float) -> None:
        self._turns = float(AT_ONCE)
        self._counted_at = at
        self._in_vain = 0
        self._in_all = 0
        self._lively_s = 0.0

    def document(self, at: float) -> float:
        """One more document came; how many seconds it has to wait before it runs. Raises DocumentLoop."""
        self._in_vain += 1
        self._in_all += 1
        if self._in_all > MOST_IN_ALL:
            raise DocumentLoop(f"more than {MOST_IN_ALL} documents in one call")
        if self._in_vain > MOST_IN_VAIN:
            raise DocumentLoop(
                f"more than {MOST_IN_VAIN} documents in a row brought less than {LIVELY_S:g} s of sound, silence or "
                "input; look for a Redirect or an action that leads back to itself"
            )
        self._turns = min(float(AT_ONCE), self._turns + (at - self._counted_at) / EVERY_S)
        self._counted_at = at
        self._turns -= 1.0
        return max(0.0, -self._turns) * EVERY_S

    def lived(self, seconds: float) -> None:
        """A verb let the caller hear something, or waited for them, for so long."""
        self._lively_s += seconds
        if self._lively_s >= LIVELY_S:
            self._in_vain, self._lively_s = 0, 0.0

    def input(self) -> None:
        """The caller said something or pressed a key."""
        self._in_vain, self._lively_s, self._turns = 0, 0.0, float(AT_ONCE)
