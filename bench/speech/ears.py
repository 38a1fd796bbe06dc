"""What the local ears take for speech, in which noise, and when they find that somebody stopped.

    python -m bench.speech.ears [--quick] [--results bench/results]

No calls: frames are fed as fast as they are taken. Speech is where the clean voice is audible; *hit* is the share of such frames that
the ear believes, *false alarm* that of the others. An end of speech is found after a silence of 0.6 s, or within 3 s never.
"""

import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import numpy as np

from bench.load.report import Report
from bench.load.spread import Spread
from bench.speech.caller import true_end_s, with_pause
from bench.speech.corpus import TEST_CALLERS, Utterance, audio
from bench.speech.line import Condition, Samples
from bench.speech.part import run_part
from bench.speech.phrases import TEST
from offhook.speech.ears import LocalEar, ear_of
from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ
from offhook.speech.silero_ear import SileroEar
from offhook.speech.silero_process import CHUNK_S
from offhook.verbs import EarKind, VoiceDetection

UTTERANCES, QUICK_UTTERANCES = 60, 16
BEFORE_S, AFTER_S = 2.0, 3.0
"""Of the line alone, before and after each utterance."""
HANG_OVER_S = 0.6
PAUSE_S = 0.35
"""In the middle of each second utterance."""
AUDIBLE = 300
CATCH_UP_S = 1.0
"""How long the verdicts of an ear in another process are waited for, as frames come faster here than they are spoken."""
HUM_HZ = 50
LINES: dict[str, tuple[str, float]] = {
    "clean": ("", 0.0),
    "white 15 dB": ("white", 15.0),
    "white 5 dB": ("white", 5.0),
    "hum 10 dB": ("hum", 10.0),
    "babble 10 dB": ("babble", 10.0),
}
EARS = (
    *((f"webrtc {mode}", VoiceDetection(mode=mode)) for mode in range(4)),
    ("silero", VoiceDetection(kind=EarKind.SILERO)),
)


@dataclass(slots=True)
class Tally:
    """What an ear made of one line."""

    speech: int = 0
    hits: int = 0
    silence: int = 0
    alarms: int = 0
    ends_ms: list[float] = field(default_factory=list)
    """From the true end of speech to the moment at which the ear had heard nothing for the hang-over."""
    utterances: int = 0
    cut: int = 0
    """Those that ended in their pause, or before their end."""
    never: int = 0
    unheard: int = 0
    frames: int = 0
    spent_s: float = 0.0


def bench(*, quick: bool) -> Report:
    """Each ear on each line."""
    report = Report(
        "speech-ears",
        f"ears; end of speech with a hang-over of {HANG_OVER_S:g} s, p50 / p95 / p99",
        (
            "ear",
            "line",
            "hit %",
            "false alarm %",
            "true end to its finding ms",
            "cut early %",
            "never found %",
            "unheard %",
            "µs a frame",
        ),
    )
    said = _utterances(QUICK_UTTERANCES if quick else UTTERANCES)
    for line, (noise, db) in LINES.items():
        heard = [(clean, _with_noise(clean, noise, db, seed)) for seed, clean in enumerate(said)]
        for name, detection in _ears():
            tally = Tally()
            for clean, noisy in heard:
                _listen(ear_of(detection), clean, noisy, tally)
            _tell(report, name, line, tally)
    report.notes.append("callers and noise are synthetic; half of the utterances have a pause of their own")
    return report


def _ears() -> Iterator[tuple[str, VoiceDetection]]:
    """Those that there are: a kind without an ear of its own is left out."""
    plain = type(ear_of(VoiceDetection()))
    for name, detection in EARS:
        if detection.kind is EarKind.WEBRTC or type(ear_of(detection)) is not plain:
            yield name, detection


def _tell(report: Report, name: str, line: str, tally: Tally) -> None:
    ends = Spread.of(tally.ends_ms)
    shares = {
        "hit": tally.hits / max(1, tally.speech),
        "false_alarm": tally.alarms / max(1, tally.silence),
        "cut_early": tally.cut / tally.utterances,
        "never_found": tally.never / tally.utterances,
        "unheard": tally.unheard / tally.utterances,
    }
    hit, alarm, cut, never, unheard = (f"{100 * share:.0f}" for share in shares.values())
    cost = 1e6 * tally.spent_s / tally.frames
    report.rows.append((name, line, hit, alarm, str(ends), cut, never, unheard, f"{cost:.0f}"))
    report.figures.append({"ear": name, "line": line, **shares, "end_ms": asdict(ends), "us_a_frame": cost})


def _listen(ear: LocalEar, clean: bytes, noisy: bytes, tally: Tally) -> None:
    """One utterance, as a gather hears it: until its end is found."""
    end_s, found_s, began = true_end_s(clean), None, False
    step_s = CHUNK_S if isinstance(ear, SileroEar) else FRAME_S
    voiced: set[int] = set()
    for number in range(len(noisy) // FRAME_BYTES):
        frame = slice(number * FRAME_BYTES, (number + 1) * FRAME_BYTES)
        at = (number + 1) * FRAME_S
        before = time.perf_counter()
        ear.hear(noisy[frame], at)
        if isinstance(ear, SileroEar):
            ear.catch_up(CATCH_UP_S)
        tally.spent_s += time.perf_counter() - before
        tally.frames += 1
        began = began or _is_audible(clean[frame])
        last = ear.last_voiced_at
        if last is not None:
            voiced.update(range(round((last - step_s) / FRAME_S), round(last / FRAME_S)))
        if found_s is None and last is not None and at - last >= HANG_OVER_S:
            if began:
                found_s = at
            else:
                ear.forget()  # noise before anybody spoke
    for number in range(len(clean) // FRAME_BYTES):
        if _is_audible(clean[number * FRAME_BYTES : (number + 1) * FRAME_BYTES]):
            tally.speech += 1
            tally.hits += number in voiced
        else:
            tally.silence += 1
            tally.alarms += number in voiced
    tally.utterances += 1
    if found_s is None:
        tally.never += ear.began_at is not None
        tally.unheard += ear.began_at is None
    elif found_s < end_s:
        tally.cut += 1
    else:
        tally.ends_ms.append(1000 * (found_s - end_s))


def _is_audible(frame: bytes) -> bool:
    return bool(np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).max() > AUDIBLE)


def _utterances(count: int) -> list[bytes]:
    """Clean ones, with the silence of the line around them."""
    hints = itertools.cycle(hint for menu in TEST.menus for hint in menu if " " in hint)
    before, after = (bytes(2 * int(seconds * SAMPLE_RATE_HZ)) for seconds in (BEFORE_S, AFTER_S))
    found = []
    for number, hint in enumerate(itertools.islice(hints, count)):
        caller = TEST_CALLERS[number % len(TEST_CALLERS)]
        pcm = audio(Utterance(caller, (), hint, None), Condition.CLEAN, seed=number)
        found.append(before + (with_pause(pcm, PAUSE_S) if number % 2 else pcm) + after)
    return found


def _with_noise(clean: bytes, noise: str, db: float, seed: int) -> bytes:
    """The whole line with noise that is so much fainter than the speech."""
    if not noise:
        return clean
    samples = np.frombuffer(clean, "<i2").astype(np.float64)
    loud = samples[np.abs(samples) > AUDIBLE]
    made = _noise(noise, len(samples), np.random.default_rng(seed))
    made = made * np.sqrt(np.mean(loud * loud) / 10 ** (db / 10) / np.mean(made * made))
    noisy: bytes = np.clip(np.rint(samples + made), -32768, 32767).astype("<i2").tobytes()
    return noisy


def _noise(kind: str, length: int, chance: np.random.Generator) -> Samples:
    times = np.arange(length) / SAMPLE_RATE_HZ
    if kind == "hum":
        hum: Samples = np.zeros(length)
        for harmonic in range(1, 9):
            hum = hum + np.sin(2 * np.pi * HUM_HZ * harmonic * times + chance.uniform(0, 6.3)) / harmonic
        return hum
    if kind == "babble":
        return _babble(length, chance)
    white: Samples = chance.normal(0, 1, length)
    return white


def _babble(length: int, chance: np.random.Generator) -> Samples:
    """Six other people, who all speak at once and without a pause."""
    mixed: Samples = np.zeros(length)
    for _ in range(6):
        caller = TEST_CALLERS[int(chance.integers(len(TEST_CALLERS)))]
        spoken = b"".join(
            audio(Utterance(caller, (), str(text), None), Condition.CLEAN, seed=0)[6400:-6400]
            for text in chance.choice(TEST.off_menu, 5, replace=False)
        )
        voice = np.frombuffer(spoken, "<i2").astype(np.float64)
        start = int(chance.integers(len(voice)))
        mixed = mixed + np.resize(np.roll(voice, -start), length)
    return mixed


if __name__ == "__main__":
    sys.exit(run_part(bench))
