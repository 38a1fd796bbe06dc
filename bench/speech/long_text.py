"""Whether a long text is heard before all of it is made, and whether there are gaps between its sentences.

    python -m bench.speech.long_text [--quick] [--results bench/results]

A slow voice takes a quarter of a second for each sentence, and its sentences are tones of a second without a pause: what is silent on
the wire is a gap. The embedded voice pauses between sentences by itself: there, the gaps of the wire are compared with those of the
same text as the voice makes it.
"""

import asyncio
import audioop
import itertools
import sys
from dataclasses import dataclass, field

from tests.sip.peer import FRAME_S, Heard
from tests.system.server import Server
from tests.webhooks.server import Connection, Received, application, page

from bench.load.media import speech_like
from bench.load.report import Goal, Report
from bench.speech.caller import calling
from bench.speech.part import run_part
from bench.speech.scene import pages, server, warnings_of
from offhook.phone.speech import speech_process
from offhook.speech.pcm import FRAME_BYTES
from offhook.speech.voice import VoiceOptions
from offhook.vendors.embedded.voice import EmbeddedVoice

GAP_MS = 60.0
MAKING_S, SENTENCE_S = 0.25, 1.0
SENTENCES = 6
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
QUIET_S = 2.5
"""Silence for so long means that the text is over."""
LONGEST_S = 60.0
RENDERINGS = 4
VOICE = "custom:bench"
OWN_PAUSE_S = 0.2
"""A shorter silence is one within a sentence."""
VOICE_PATH = "/voice"


@dataclass(slots=True)
class SlowVoice:
    """What the slow voice did: when each sentence was ready."""

    ready_at: list[float] = field(default_factory=list)

    async def script(self, _received: Received, connection: Connection) -> None:
        """Makes a sentence."""
        await asyncio.sleep(MAKING_S)
        self.ready_at.append(asyncio.get_running_loop().time())
        await page(200, speech_like(SENTENCE_S, 1.0), "audio/l16;rate=8000")(_received, connection)


def bench(*, quick: bool) -> Report:
    """Measure both voices, each on a server of its own."""
    report = Report(
        "speech-long-text",
        f"a text of {SENTENCES} sentences",
        ("voice", "first packet ms", "last sentence made ms", "spoken s", "gaps", "longest gap ms"),
    )
    asyncio.run(_slow(report))
    asyncio.run(_embedded(report, 1 if quick else 2))
    return report


def text_of(number: int) -> str:
    """A text that no other run has."""
    return " ".join(f"Part {word} of text {number} is what you hear now." for word in NUMBERS[:SENTENCES])


async def _slow(report: Report) -> None:
    async with application() as app:
        voice = SlowVoice()
        url = app.on(VOICE_PATH, voice.script)
        with server(TTS=VOICE, TTS_CUSTOM=f"bench={url}", TTS_KEPT_MB="0") as running:
            await _heard(running, "Warm up.", name="warm")
            heard, answered_at = await _heard(running, text_of(1))
            report.notes += warnings_of(running)
        sounds = _sounds(heard)
        gaps = [1000 * (later - earlier) for (_, earlier), (later, _) in itertools.pairwise(sounds)]
        first_ms = 1000 * (next(packet.at for packet in heard if packet.is_sound) - answered_at)
        made_ms = 1000 * (voice.ready_at[-1] - answered_at)
        spoken_s = sounds[-1][1] - sounds[0][0]
        _row(report, "slow", first_ms, made_ms, spoken_s, gaps)
        report.goals += [
            Goal(
                "slow voice: first packet before the last sentence is made, by",
                made_ms - first_ms,
                least=0.0,
                unit="ms",
            ),
            Goal(
                "slow voice: sound that was not heard", SENTENCES * SENTENCE_S - spoken_s, most=0.06, unit="s"
            ),
            Goal("slow voice: longest gap between sentences", max(gaps, default=0.0), most=GAP_MS, unit="ms"),
        ]


async def _embedded(report: Report, runs: int) -> None:
    """The voice's own pauses are taken off those on the wire, one by one."""
    worst_ms, first_ms = 0.0, []
    with server() as running:
        await _heard(running, "Warm up.", name="warm")
        for number in range(runs):
            text = text_of(100 + number)
            heard, answered_at = await _heard(running, text, name=f"long{number}")
            sounds, own = _sounds(heard), await _own_pauses(text)
            first_ms.append(1000 * (next(packet.at for packet in heard if packet.is_sound) - answered_at))
            pauses = _pauses(sounds)
            if len(pauses) != len(own):
                report.notes.append(
                    f"run {number + 1}: {len(pauses)} pauses on the wire, {len(own)} in the voice's own sound; not compared"
                )
                continue
            added = [1000 * (wire - its) for wire, its in zip(pauses, own, strict=True)]
            _row(report, "embedded", first_ms[-1], None, sounds[-1][1] - sounds[0][0], added)
            worst_ms = max(worst_ms, *added)
        report.notes += warnings_of(running)
    report.notes.append("embedded: a gap is what the wire adds to the voice's own pause")
    report.goals.append(
        Goal("embedded voice: longest gap added between sentences", worst_ms, most=GAP_MS, unit="ms")
    )


def _row(
    report: Report, voice: str, first_ms: float, made_ms: float | None, spoken_s: float, gaps: list[float]
) -> None:
    longest = max(gaps, default=0.0)
    made = "" if made_ms is None else f"{made_ms:.0f}"
    report.rows.append((voice, f"{first_ms:.0f}", made, f"{spoken_s:.2f}", str(len(gaps)), f"{longest:.0f}"))
    report.figures.append(
        {"voice": voice, "first_ms": first_ms, "last_made_ms": made_ms, "spoken_s": spoken_s, "gaps_ms": gaps}
    )


async def _heard(running: Server, text: str, *, name: str = "long") -> tuple[list[Heard], float]:
    """All packets of a call that is spoken to, and when the application's answer left."""
    async with pages(running, **{name: lambda _url: f"<Say>{text}</Say><Pause length='30'/>"}) as found:
        found[name].ready.put_nowait(None)
        async with calling(f"bench-{name}", running.sip_port) as peer:
            answered_at = await found[name].answered.get()
            async with asyncio.timeout(LONGEST_S):
                await peer.hears_quiet(QUIET_S)
            return list(peer.heard), answered_at


def _sounds(heard: list[Heard]) -> list[tuple[float, float]]:
    """Stretches of sound by the packets' own numbers, in seconds: what was sent, however it arrived."""
    first = heard[0]
    return _stretches([(packet.after_s(first), packet.is_sound) for packet in heard])


def _own_sounds(pcm: bytes) -> list[tuple[float, float]]:
    frames = (pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm), FRAME_BYTES))
    return _stretches([(number * FRAME_S, is_sound_pcm(frame)) for number, frame in enumerate(frames)])


async def _own_pauses(text: str) -> list[float]:
    """The pauses of the voice itself: no rendering is like another, so of some the longest."""
    renderings = [_pauses(_own_sounds(pcm)) for pcm in await _made(text, RENDERINGS)]
    most = max(map(len, renderings))
    return [max(pauses) for pauses in zip(*(some for some in renderings if len(some) == most), strict=True)]


def is_sound_pcm(frame: bytes) -> bool:
    """Whether a frame would count as sound on the wire."""
    return Heard(0.0, 0, 0, 0, audioop.lin2ulaw(frame, 2)).is_sound


def _stretches(frames: list[tuple[float, bool]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for at, is_sound in frames:
        if not is_sound:
            continue
        if found and at - found[-1][1] < FRAME_S / 2:
            found[-1] = (found[-1][0], at + FRAME_S)
        else:
            found.append((at, at + FRAME_S))
    return found


def _pauses(sounds: list[tuple[float, float]]) -> list[float]:
    pauses = (later - earlier for (_, earlier), (later, _) in itertools.pairwise(sounds))
    return [pause for pause in pauses if pause >= OWN_PAUSE_S]


async def _made(text: str, times: int) -> list[bytes]:
    """What the voice makes of it, some times."""
    async with speech_process("voice") as path:
        voice, options = EmbeddedVoice(path), VoiceOptions(language="en", voice="man")
        made = [b"".join([piece async for piece in voice.speak(text, options)]) for _ in range(times)]
        await voice.close()
    return made


if __name__ == "__main__":
    sys.exit(run_part(bench))
