"""All voices there are, in the order in which they are tried; a text is spoken by the first that can.

A voice that fails, or lets the caller wait, is left for the next one, which goes on with what has not been spoken yet. Who
failed again and again rests for all calls (`speech.breaker`); the last one of an order is tried whatever it did before.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from offhook.call.spoken import Spoken
from offhook.interpreter.voice_turn import Turn
from offhook.speech.breaker import Breaker
from offhook.speech.sentences import sentences
from offhook.speech.ssml_sentences import ssml_sentences
from offhook.speech.vendor_names import listed, vendor_name
from offhook.speech.voice import Voice, VoiceOptions

FALLBACK_S = 1.5
"""How long a caller may wait for a voice beyond what was made already, before the next one is tried."""
AT_ONCE = 3
"""Sentences that are made at the same time: one that is heard, and two to come."""
LONGEST_WHOLE, LONGEST_FIRST = 1_000, 200
"""Characters that a voice is given at once which is good at whole texts; of a longer text, at first."""
UNKNOWN_VOICE = 13513
"""The notification's code."""

_Made = asyncio.Queue["bytes | BaseException | None"]
"""The sound of a sentence; at its end None, or what went wrong."""


@dataclass(frozen=True, slots=True)
class _Part:
    task: asyncio.Task[None]
    made: _Made


class Voices:
    """Those of a process. Fills `speech.voice.Voice`. Names are matched in any case."""

    def __init__(
        self,
        by_name: Mapping[str, Voice],
        order: Sequence[str],
        *,
        whole: frozenset[str] = frozenset(),
        fallback_s: float = FALLBACK_S,
    ) -> None:
        """`order`: the names that are tried where an application names none. `whole`: who is given several sentences at
        once, because it makes them in no time."""
        self._by_name = by_name
        self._order = tuple(order)
        self._whole = whole
        self._fallback_s = fallback_s
        self._breakers = {name: Breaker() for name in by_name}

    @property
    def name(self) -> str:
        """The name of the first that is tried."""
        return self._order[0]

    async def speak(
        self, text: str, options: VoiceOptions, spoken: Spoken | None = None
    ) -> AsyncGenerator[bytes, None]:
        """PCM of the spoken text, piece by piece as it is made. `spoken` is told who speaks. Raises the ProviderError of
        the last voice that was tried."""
        spoken = Spoken() if spoken is None else spoken
        names = self._names(options, spoken)
        turn = Turn(
            [(name, self._by_name[name], self._breakers[name]) for name in names],
            options,
            spoken,
            own_of=self._own_of(options),
            fallback_s=self._fallback_s,
        )
        is_whole = names[0] in self._whole
        parts = self._parts(text, options.is_ssml, is_whole=is_whole)
        try:
            async with aclosing(_in_order(turn, parts, 1 if is_whole else AT_ONCE)) as pieces:
                async for pcm in pieces:
                    yield pcm
        finally:
            turn.over()

    async def close(self) -> None:
        """Let go of connections."""
        for voice in self._by_name.values():
            await voice.close()

    def _names(self, options: VoiceOptions, spoken: Spoken) -> list[str]:
        """Who is tried, in this order: those that are asked for, then those of the settings."""
        asked = [vendor_name(name) for name in options.vendors]
        for name in asked:
            if name not in self._by_name:
                there = listed(sorted(self._by_name))
                spoken.tell(
                    UNKNOWN_VOICE, name, f"there is no voice {name!r} on this server; there is {there}"
                )
        return list(dict.fromkeys(name for name in (*asked, *self._order) if name in self._by_name))

    def _own_of(self, options: VoiceOptions) -> str:
        """Whose own names the options hold."""
        return vendor_name(options.vendors[0]) if options.vendors else self.name

    def _parts(self, text: str, is_ssml: bool, *, is_whole: bool) -> list[str]:
        if not is_whole:
            return ssml_sentences(text) if is_ssml else sentences(text)
        if is_ssml or len(text) <= LONGEST_WHOLE:
            return [text]
        return _joined(sentences(text))


async def _in_order(turn: Turn, parts: Sequence[str], at_once: int) -> AsyncGenerator[bytes, None]:
    """What a turn makes of the parts, in their order; the next ones are made while one is taken."""
    under_way: dict[int, _Part] = {}
    try:
        for number in range(len(parts)):
            for ahead in range(number, min(number + at_once, len(parts))):
                if ahead not in under_way:
                    made: _Made = asyncio.Queue()
                    # Tasks rather than a TaskGroup, which an asynchronous generator may not be suspended in.
                    task = asyncio.create_task(_make(turn, ahead, parts[ahead], made))
                    under_way[ahead] = _Part(task, made)
            turn.now_heard(number)
            while (piece := await under_way[number].made.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                turn.taken(piece)
                yield piece
            del under_way[number]
    finally:
        tasks = [part.task for part in under_way.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _make(turn: Turn, number: int, part: str, made: _Made) -> None:
    try:
        async with aclosing(turn.speak(number, part)) as pieces:
            async for pcm in pieces:
                made.put_nowait(pcm)
    except Exception as error:  # noqa: BLE001  # whoever listens gets it, in the place of the sentence
        made.put_nowait(error)
    else:
        made.put_nowait(None)


def _joined(parts: Sequence[str]) -> list[str]:
    """Sentences put together as far as they may be long."""
    joined: list[str] = []
    for part in parts:
        longest = LONGEST_FIRST if len(joined) == 1 else LONGEST_WHOLE
        if joined and len(joined[-1]) + 1 + len(part) <= longest:
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return joined
