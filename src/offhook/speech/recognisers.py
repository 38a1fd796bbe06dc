"""All recognisers there are, in the order in which they are tried."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from offhook.speech.breaker import Breaker
from offhook.speech.hearing import Hearing as Hearing  # what `listen` gives
from offhook.speech.hearing import Switch as Switch  # what a hearing tells
from offhook.speech.recogniser import Recogniser, RecogniserOptions
from offhook.speech.recogniser_notices import (
    LEFT,
    NOT_THERE,
    OPTION_PASSED_OVER,
    left,
    not_there,
    passed_over,
)
from offhook.speech.vendor_names import vendor_name


def nobody_counts(vendor: str) -> None:
    """Of a switch that no metric wants to know of."""


class Recognisers:
    """Those of a process. Names are matched in any case, and by what else a vendor is called."""

    def __init__(
        self,
        by_name: Mapping[str, Recogniser],
        order: Sequence[str],
        *,
        switched: Callable[[str], None] = nobody_counts,
    ) -> None:
        """`order`: the names that are tried where an application names none. `switched` is told the name of each that is
        left."""
        self._by_name = by_name
        self._order = tuple(order)
        self._switched = switched
        self._breakers = {recogniser.name: Breaker() for recogniser in by_name.values()}

    @property
    def first(self) -> str:
        """The name of the first that is tried."""
        return self._order[0]

    @property
    def first_for_free_speech(self) -> str:
        """The name of the first in the order that understands more than hints; of the first, where none does."""
        return next(
            (
                name
                for name in self._order
                if name in self._by_name and self._by_name[name].capabilities.free_speech
            ),
            self.first,
        )

    def first_of(self, names: Sequence[str]) -> str:
        """The name of the first of `names` that is there; of all, where `names` is empty or none is."""
        return next((name for name in map(vendor_name, names) if name in self._by_name), self.first)

    @asynccontextmanager
    async def listen(
        self,
        options: RecogniserOptions,
        *,
        names: Sequence[str] = (),
        waits_for_voice: bool = False,
        is_private: bool = False,
        tell: Callable[[int, str], None],
    ) -> AsyncIterator[Hearing]:
        """A block that hears one utterance. What goes wrong comes as a `SpeechFailed` event, never raised.

        `names`: who is tried, in this order. `waits_for_voice`: connect only once `open` is called. `is_private`: what is
        said may be kept nowhere. `tell` is given the code and the text of what the customer should know: an option that is passed over, a name that is not there, a
        recogniser that was left.
        """

        def begins(recogniser: Recogniser) -> None:
            if (told := passed_over(recogniser, options)) is not None:
                tell(OPTION_PASSED_OVER, told)

        def leaves(switch: Switch) -> None:
            self._switched(switch.vendor)
            tell(LEFT, left(switch.vendor, switch.why))

        hearing = Hearing(
            self._chosen(names, tell),
            options,
            breakers=self._breakers,
            waits_for_voice=waits_for_voice,
            begins=begins,
            leaves=leaves,
            is_private=is_private,
        )
        # A task of its own rather than a TaskGroup, which would wrap what the block itself raises.
        running = asyncio.create_task(hearing.run())
        try:
            yield hearing
        finally:
            running.cancel()
            await asyncio.wait((running,))
            await hearing.close()

    def _chosen(self, names: Sequence[str], tell: Callable[[int, str], None]) -> tuple[Recogniser, ...]:
        """Who is tried: those that were named, or all in the order of the settings where none of them is there."""
        wanted = dict.fromkeys(map(vendor_name, names))
        for name in wanted:
            if name not in self._by_name:
                tell(NOT_THERE, not_there(name, tuple(self._by_name)))
        known = [name for name in wanted if name in self._by_name] or self._order
        return tuple(self._by_name[name] for name in known)
