"""Sequences among the keys that somebody presses."""

from collections.abc import Callable


class KeyMatching:
    """Fills `port.KeySink`: calls `on_match` with each of `sequences` whose last key was just pressed, longest first."""

    def __init__(self, sequences: tuple[str, ...], on_match: Callable[[str], None]) -> None:
        self._sequences = sorted(sequences, key=len, reverse=True)
        self._on_match = on_match
        self._longest = max(map(len, sequences), default=0)
        self._pressed = ""

    def __call__(self, key: str) -> None:
        """A key was pressed."""
        self._pressed = (self._pressed + key)[-self._longest :] if self._longest else ""
        for sequence in self._sequences:
            if self._pressed.endswith(sequence):
                self._on_match(sequence)
