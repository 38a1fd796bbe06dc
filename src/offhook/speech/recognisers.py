"""All recognisers there are, in the order in which they are tried, and the hearing of one utterance."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from offhook.speech.recogniser import Recogniser, RecogniserOptions, Recognition, SpeechEvent


@dataclass(frozen=True, slots=True)
class Switch:
    """A recogniser was left for the next one."""

    vendor: str
    """Who was left."""
    why: str
    """In words for people."""


class Hearing:
    """One utterance, heard by one recogniser or by several after one another. Fills `speech.recogniser.Recognition`."""

    def __init__(self, recogniser: Recogniser, recognition: Recognition) -> None:
        self._recogniser = recogniser
        self._recognition = recognition
        self.send = recognition.send
        self.finish = recognition.finish

    @property
    def vendor(self) -> str:
        """Who hears, or heard it last."""
        return self._recogniser.name

    @property
    def finds_end(self) -> bool:
        """Whether that one tells by itself when the speaker stopped."""
        return self._recogniser.capabilities.finds_end

    @property
    def switches(self) -> tuple[Switch, ...]:
        """Who was left, and why, in order."""
        return ()

    def open(self) -> None:
        """Somebody speaks: connect now, where that waited for it."""

    def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order, as those of one recogniser."""
        return aiter(self._recognition)


class Recognisers:
    """Those of a process. Names are matched in any case."""

    def __init__(self, by_name: Mapping[str, Recogniser], order: Sequence[str]) -> None:
        """`order`: the names that are tried where an application names none."""
        self._by_name = by_name
        self._order = tuple(order)

    @property
    def first(self) -> str:
        """The name of the first that is tried."""
        return self._order[0]

    def first_of(self, names: Sequence[str]) -> str:
        """The name of the first of `names` that is there; of all, where `names` is empty or none is."""
        return next((name.lower() for name in names if name.lower() in self._by_name), self.first)

    @asynccontextmanager
    async def listen(
        self,
        options: RecogniserOptions,
        *,
        names: Sequence[str] = (),
        waits_for_voice: bool = False,
        tell: Callable[[int, str], None],
    ) -> AsyncIterator[Hearing]:
        """A block that hears one utterance. What goes wrong comes as a `SpeechFailed` event, never raised.

        `names`: who is tried, in this order. `waits_for_voice`: connect only once `open` is called. `tell` is given the
        code and the text of what the customer should know: an option that is passed over, a name that is not there.
        """
        recogniser = self._by_name[self.first_of(names)]
        async with recogniser.listen(options) as recognition:
            yield Hearing(recogniser, recognition)
