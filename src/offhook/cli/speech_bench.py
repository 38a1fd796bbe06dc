"""Measures a voice and a recogniser on a small corpus that is made on the spot with the embedded voice.

Synthetic callers are not people: the figures compare vendors, settings and machines, and promise nothing of callers.
"""

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import numpy as np

from offhook.cli.speech_at_hand import frames_of
from offhook.cli.speech_hearing import hear
from offhook.speech.pcm import SAMPLE_RATE_HZ, duration_s
from offhook.speech.recogniser import Recogniser, RecogniserOptions
from offhook.speech.voice import Voice, VoiceOptions

MENU = ("sales", "support", "billing department", "opening hours", "speak to an operator", "cancel my order")
OFF_MENU = ("what is the weather like", "good morning", "I have a question about my car")
CALLERS = (("en-US", "man"), ("en-US", "woman"), ("en-GB", "man"))
"""Language and speaker."""
NOISE_DB = 15.0
CONDITIONS = ("clean", f"{NOISE_DB:g} dB noise")
SENTENCES = (
    "Welcome. Please say what you are calling about.",
    "Thank you. Your order has left our warehouse this morning, and should be with you tomorrow before noon.",
    "I am sorry, I did not understand that. You can also press a key.",
)
ROUNDS = 5
LIVELY = 8.0
"""How much faster than callers speak they are sent where the time after their end is measured."""


class Pace(Enum):
    """How fast the corpus is sent."""

    LIVE = 1.0
    """As callers speak: what streams to somewhere else expects it."""
    AT_ONCE = 10_000.0

    @property
    def speed(self) -> float:
        """How many times as fast as callers speak."""
        return self.value

    @property
    def is_live(self) -> bool:
        """Whether it is as fast as they speak."""
        return self is Pace.LIVE


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a caller says."""

    text: str
    frames: tuple[bytes, ...]


SILENCE = bytes(2 * int(0.3 * SAMPLE_RATE_HZ))


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFigures:
    """How fast a voice is."""

    voice: str
    texts: int
    audio_s: float
    real_time_factor: float
    """Seconds of work for a second of audio."""
    first_audio_ms_p50: float
    first_audio_ms_max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserFigures:
    """How well and how fast a recogniser understands one condition."""

    recogniser: str
    condition: str
    phrases: int
    right: int
    wrong: int
    """Understood as another phrase; the rest was not understood."""
    off_menu: int
    off_menu_accepted: int
    failed: int
    real_time_factor: float | None
    """Seconds of work for a second of audio; None where it was sent no faster than callers speak."""
    after_end_ms_p50: float
    """From the last frame to the result."""
    after_end_ms_max: float
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that was measured."""

    voice: VoiceFigures
    recogniser: tuple[RecogniserFigures, ...]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        return asdict(self)


async def measure(voice: Voice, recogniser: Recogniser, own: Voice, *, pace: Pace, callers: int) -> Figures:
    """Measure both; `own` makes the corpus, of so many callers. Raises ProviderError where a voice breaks."""
    heard = []
    for condition, noise_db in zip(CONDITIONS, (None, NOISE_DB), strict=True):
        utterances = [said async for said in _corpus(own, CALLERS[:callers], noise_db)]
        heard.append(await _measure_condition(recogniser, utterances, condition, pace))
    return Figures(voice=await _measure_voice(voice), recogniser=tuple(heard))


async def _corpus(
    own: Voice, callers: Sequence[tuple[str, str]], noise_db: float | None
) -> AsyncIterator[Utterance]:
    for language, who in callers:
        for text in (*MENU, *OFF_MENU):
            pcm = SILENCE + await _spoken(own, text, language, who) + SILENCE
            yield Utterance(text, frames_of(_noisy(pcm, noise_db)))


async def _measure_voice(voice: Voice) -> VoiceFigures:
    loop = asyncio.get_running_loop()
    await _spoken(voice, SENTENCES[0], "en-US", "")  # what is loaded at first use is loaded now
    firsts, work_s, audio_s = [], 0.0, 0.0
    for text in SENTENCES * ROUNDS:
        began_at, first_at = loop.time(), 0.0
        async for pcm in _pieces(voice, text, "en-US", ""):
            first_at = first_at or loop.time()
            audio_s += duration_s(pcm)
        work_s += loop.time() - began_at
        firsts.append((first_at - began_at) * 1000)
    return VoiceFigures(
        voice=voice.name,
        texts=len(firsts),
        audio_s=round(audio_s, 1),
        real_time_factor=round(work_s / audio_s, 4),
        first_audio_ms_p50=round(statistics.median(firsts), 1),
        first_audio_ms_max=round(max(firsts), 1),
    )


async def _measure_condition(
    recogniser: Recogniser, utterances: Sequence[Utterance], condition: str, pace: Pace
) -> RecogniserFigures:
    right = wrong = accepted = failed = 0
    after, work_s, audio_s, failure = [], 0.0, 0.0, ""
    options = RecogniserOptions(hints=MENU)
    for number, said in enumerate(utterances):
        heard = await hear(recogniser, said.frames, options, speed=pace.speed)
        understood = heard.text.strip().lower()
        if heard.failure is not None:
            failed, failure = failed + 1, f"{heard.failure.kind}: {heard.failure.detail}"
            continue
        right += understood == said.text
        wrong += said.text in MENU and understood not in ("", said.text)
        accepted += said.text in OFF_MENU and understood in MENU
        work_s, audio_s = work_s + heard.took_s, audio_s + heard.audio_s
        if pace.is_live:
            after.append(heard.after_s * 1000)
        elif number < len(MENU):
            paced = await hear(recogniser, said.frames, options, speed=LIVELY)
            after.append(paced.after_s * 1000)
    return RecogniserFigures(
        recogniser=recogniser.name,
        condition=condition,
        phrases=sum(said.text in MENU for said in utterances),
        right=right,
        wrong=wrong,
        off_menu=sum(said.text in OFF_MENU for said in utterances),
        off_menu_accepted=accepted,
        failed=failed,
        real_time_factor=round(work_s / audio_s, 4) if audio_s and not pace.is_live else None,
        after_end_ms_p50=round(statistics.median(after), 1) if after else 0.0,
        after_end_ms_max=round(max(after, default=0.0), 1),
        failure=failure,
    )


def table_of(figures: Figures) -> list[str]:
    """The figures for people."""
    voice = figures.voice
    lines = [
        f"voice {voice.voice}: {voice.texts} texts, {voice.audio_s:g} s of audio; real-time factor "
        f"{voice.real_time_factor:g}; first audio after {voice.first_audio_ms_p50:g} ms (median), "
        f"{voice.first_audio_ms_max:g} ms at most",
        "",
        f"{'recogniser':14}{'condition':14}{'right':>9}{'wrong':>7}{'off-menu':>10}{'failed':>8}{'RTF':>8}"
        f"{'after ms':>10}{'at most':>9}",
    ]
    for row in figures.recogniser:
        lines.append(
            f"{row.recogniser:14}{row.condition:14}{f'{row.right}/{row.phrases}':>9}{row.wrong:>7}"
            f"{f'{row.off_menu_accepted}/{row.off_menu}':>10}{row.failed:>8}"
            f"{'-' if row.real_time_factor is None else format(row.real_time_factor, 'g'):>8}"
            f"{row.after_end_ms_p50:>10g}{row.after_end_ms_max:>9g}"
        )
    failures = {row.failure for row in figures.recogniser if row.failure}
    return [*lines, *sorted(failures)]


def _pieces(voice: Voice, text: str, language: str, who: str) -> AsyncIterator[bytes]:
    return voice.speak(text, VoiceOptions(language=language, voice=who))


async def _spoken(voice: Voice, text: str, language: str, who: str) -> bytes:
    async with aclosing(_pieces(voice, text, language, who)) as pieces:  # type: ignore[type-var]
        return b"".join([pcm async for pcm in pieces])


def _noisy(pcm: bytes, noise_db: float | None) -> bytes:
    """`pcm` with white noise so much fainter than its speech, always the same."""
    if noise_db is None:
        return pcm
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    loud: Sequence[float] = samples[np.abs(samples) > np.abs(samples).max() / 20].tolist()
    power = float(np.mean(np.square(loud))) if loud else 0.0
    noise = np.random.default_rng(len(pcm)).normal(0, np.sqrt(power / 10 ** (noise_db / 10)), len(samples))
    noisy: bytes = np.clip(samples + noise, -32_768, 32_767).astype("<i2").tobytes()
    return noisy
