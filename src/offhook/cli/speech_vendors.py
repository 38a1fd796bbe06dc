"""Says of each voice and recogniser what it can do, and whether it answers when it is asked."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from offhook.call.errors import OffhookError
from offhook.cli.speech_at_hand import SpeechAtHand, frames_of
from offhook.cli.speech_hearing import hear
from offhook.speech.pcm import duration_s
from offhook.speech.recogniser import Recogniser, RecogniserCapabilities, RecogniserOptions
from offhook.speech.voice import Voice, VoiceOptions

OWN = "embedded"
"""The one vendor that costs nothing, and is always asked."""
WORD, OTHER_WORD = "yes", "no"
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorTold:
    """One line of the list."""

    kind: str
    """`voice` or `recogniser`."""
    name: str
    is_chosen: bool
    """Whether calls use it, unless an application asks for another."""
    can: tuple[str, ...]
    answers: bool | None
    """None where it was not asked."""
    detail: str


async def look_at_vendors(at_hand: SpeechAtHand, *, asks_all: bool) -> list[VendorTold]:
    """All of them; those that may cost something are only asked where `asks_all`."""
    told = []
    for name, voice in at_hand.voices.items():
        answers, detail = await _answer(name, asks_all, lambda voice=voice: _speaks(voice))  # type: ignore[misc]
        is_chosen = name == at_hand.chosen_voice
        told.append(
            VendorTold(kind="voice", name=name, is_chosen=is_chosen, can=(), answers=answers, detail=detail)
        )
    for name, recogniser in at_hand.recognisers.items():
        answers, detail = await _answer(
            name,
            asks_all,
            lambda recogniser=recogniser: _understands(recogniser, at_hand),  # type: ignore[misc]
        )
        told.append(
            VendorTold(
                kind="recogniser",
                name=name,
                is_chosen=name == at_hand.chosen_recogniser,
                can=_abilities(recogniser.capabilities),
                answers=answers,
                detail=detail,
            )
        )
    return told


async def _answer(name: str, asks_all: bool, ask: Callable[[], Awaitable[str]]) -> tuple[bool | None, str]:
    if name != OWN and not asks_all:
        return None, "not asked, for it may cost something; --test asks it"
    try:
        async with asyncio.timeout(PATIENCE_S):
            return True, await ask()
    except TimeoutError:
        return False, f"no answer within {PATIENCE_S:g} s"
    except (OffhookError, ImportError) as error:
        return False, str(error)


async def _speaks(voice: Voice) -> str:
    loop = asyncio.get_running_loop()
    began_at, first_at, spoken = loop.time(), 0.0, 0.0
    async with aclosing(voice.speak(WORD, VoiceOptions())) as pieces:  # type: ignore[type-var]
        async for pcm in pieces:
            first_at = first_at or loop.time()
            spoken += duration_s(pcm)
    if not spoken:
        raise OffhookError(f"it said nothing to {WORD!r}")
    return f"said {WORD!r}; first audio after {(first_at - began_at) * 1000:.0f} ms"


async def _understands(recogniser: Recogniser, at_hand: SpeechAtHand) -> str:
    own = at_hand.voice(OWN)
    pcm = b"".join([piece async for piece in own.speak(WORD, VoiceOptions())])
    heard = await hear(recogniser, frames_of(pcm), RecogniserOptions(hints=(WORD, OTHER_WORD)))
    if heard.failure is not None:
        raise OffhookError(f"{heard.failure.kind}: {heard.failure.detail}")
    understood = f"understood {heard.text!r}" if heard.text else "answered, and understood nothing"
    return f"{understood} of a spoken {WORD!r}, {heard.after_s * 1000:.0f} ms after it ended"


def _abilities(capabilities: RecogniserCapabilities) -> tuple[str, ...]:
    flags = (
        ("partials", capabilities.partials),
        ("free speech", capabilities.free_speech),
        ("finds the end", capabilities.finds_end),
    )
    return (*(name for name, has in flags if has), *sorted(capabilities.options))
