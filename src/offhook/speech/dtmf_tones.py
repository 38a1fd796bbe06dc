"""Keys as two tones in the sound (DTMF, ITU-T Q.23), for lines that carry them no other way.

Each 5 ms a window of 25.6 ms is compared with the eight frequencies, and with those a little beside them (Goertzel's
filters, as one matrix). A window holds a key if one frequency of either group stands out, if the two are about
equally strong (*twist*), and if little else is heard, least of all another tone: speech has tones too, but many. A key
is believed once five windows in a row hold it about equally loud, and is over once ten in a row do not hold it: a
gap of 20 ms does not divide it, and one of 40 ms does.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from offhook.speech.pcm import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ

ROWS_HZ = (697, 770, 852, 941)
COLUMNS_HZ = (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")

WINDOW = 205
"""Samples, which tell frequencies apart that are 39 Hz from each other."""
STEP = 40
"""Four windows a frame."""
KEPT = WINDOW - STEP
"""Samples of earlier frames that the next windows begin with."""
WINDOWS = np.arange(0, FRAME_BYTES // SAMPLE_BYTES, STEP)[:, np.newaxis] + np.arange(WINDOW)
"""Where the samples of each window lie."""
BESIDE = (-0.014, -0.007, 0.0, 0.007, 0.014)
"""How far a frequency is looked for beside its place: Q.24 wants it heard at 1.5 %, and not at 3.5 %."""
WINDOWS_TO_BELIEVE = 5
"""34 to 40 ms of a tone, as it falls: Q.24 wants 40 ms heard, and 23 ms not."""
WINDOWS_TO_END = 10
"""So that a lost packet, or what conceals it, does not divide a key, and 40 ms of silence do, as Q.24 has it."""
LEAST_SHARE = 0.78
"""Of the window's power that the two tones have to hold: 0.93 without noise, 0.84 with some at -10 dB."""
LEAST_LEAD = 8.0
"""How much stronger (in power, 9 dB) than the others of its group a tone has to be."""
LEAST_TWIST, MOST_TWIST = 10 ** (-9.5 / 10), 10 ** (5.5 / 10)
"""The power of the higher tone over that of the lower one; Q.24 wants -8 to 4 dB heard."""
LEAST_STEADINESS = 0.5
"""The weakest of the windows that are believed, over the strongest."""
LOUDEST_SINE = 22_750
"""The amplitude of 0 dBm0 in 16 bits (ITU-T G.711)."""
LEAST_POWER = (LOUDEST_SINE * 10 ** (-33 / 20)) ** 2
"""Of both tones at -33 dBm0 each: Q.24 wants -25 heard, and nothing below -55."""

SPECTRUM = 512
TAPER = np.hanning(WINDOW)
TONE_BINS = 7
"""How far a tone reaches to either side in that spectrum, 1.5 % off included."""
MOST_OF_ANOTHER = 0.03
"""Of the power of the stronger tone: that of anything else that sounds as one."""

Samples = npt.NDArray[np.float32]


def _filters() -> Samples:
    """A column for each frequency, and for those beside it: cosines, then sines. A tone alone has its own power."""
    frequencies = np.outer((*ROWS_HZ, *COLUMNS_HZ), 1 + np.array(BESIDE)).ravel()
    turns = 2 * np.pi * np.outer(np.arange(WINDOW), frequencies) / SAMPLE_RATE_HZ
    filters: Samples = (np.hstack((np.cos(turns), np.sin(turns))) * np.sqrt(2) / WINDOW).astype(np.float32)
    return filters


FILTERS = _filters()
Held = tuple[str, float]
"""What a window holds: a key and its power, or nothing."""
NOTHING: Held = ("", 0.0)


class ToneDetector:
    """Hears one line. Costs about 30 µs a frame, and 10 µs while the line is silent."""

    def __init__(self) -> None:
        self._samples: Samples = np.zeros(KEPT + FRAME_BYTES // SAMPLE_BYTES, np.float32)
        self._latest: deque[Held] = deque([NOTHING] * WINDOWS_TO_BELIEVE, maxlen=WINDOWS_TO_BELIEVE)
        self._pressed = ""
        self._windows_without = 0

    def hear(self, frame: bytes) -> str:
        """The keys whose press is believed with this frame (20 ms of 16-bit mono PCM at 8 kHz): mostly none."""
        self._samples[:KEPT] = self._samples[-KEPT:]
        self._samples[KEPT:] = np.frombuffer(frame, "<i2")
        windows = self._samples[WINDOWS]
        return "".join(
            self._take(held, window) for held, window in zip(_held_by(windows), windows, strict=True)
        )

    def _take(self, held: Held, window: Samples) -> str:
        """The key that is pressed with this window; nothing where none is, or is still."""
        self._latest.append(held)
        self._windows_without = 0 if held[0] == self._pressed else self._windows_without + 1
        if self._windows_without >= WINDOWS_TO_END:
            self._pressed = ""
        key = self._believed() if held[0] != self._pressed else ""
        if not key or _has_another_tone(key, window):
            return ""
        self._pressed, self._windows_without = key, 0
        return key

    def _believed(self) -> str:
        keys, powers = zip(*self._latest, strict=True)
        is_steady = len(set(keys)) == 1 and min(powers) >= LEAST_STEADINESS * max(powers)
        return str(keys[0]) if is_steady else ""


def _held_by(windows: Samples) -> list[Held]:
    """The key whose tones fill each of the windows."""
    powers = np.einsum("ij,ij->i", windows, windows) / WINDOW
    if powers.max() < LEAST_POWER:
        return [NOTHING] * len(windows)
    parts = (windows @ FILTERS) ** 2
    half = parts.shape[1] // 2
    strengths = (parts[:, :half] + parts[:, half:]).reshape(len(windows), -1, len(BESIDE)).max(axis=2)
    return [
        _held(strength, power) for strength, power in zip(strengths.tolist(), powers.tolist(), strict=True)
    ]


def _held(strengths: list[float], power: float) -> Held:
    """`strengths` are the powers at the eight frequencies, `power` that of all the window."""
    rows, columns = strengths[: len(ROWS_HZ)], strengths[len(ROWS_HZ) :]
    low, high = max(rows), max(columns)
    is_key = (
        power >= LEAST_POWER
        and low + high >= LEAST_SHARE * power
        and LEAST_TWIST * low <= high <= MOST_TWIST * low
        and _stands_out(rows, low)
        and _stands_out(columns, high)
    )
    return (KEYS[rows.index(low)][columns.index(high)], low + high) if is_key else NOTHING


def _has_another_tone(key: str, window: Samples) -> bool:
    """Whether anything else in the window is a tone too, as in a sung or spoken vowel; noise is not."""
    row = next(row for row, keys in enumerate(KEYS) if key in keys)
    spectrum = np.abs(np.fft.rfft(window * TAPER, SPECTRUM)) ** 2
    others = spectrum.copy()
    for hertz in (ROWS_HZ[row], COLUMNS_HZ[KEYS[row].index(key)]):
        middle = hertz * SPECTRUM / SAMPLE_RATE_HZ
        others[int(middle) - TONE_BINS : int(middle) + TONE_BINS + 2] = 0
    return bool(others.max() > MOST_OF_ANOTHER * spectrum.max())


def _stands_out(group: list[float], strongest: float) -> bool:
    return sum(other * LEAST_LEAD > strongest for other in group) == 1


def key_tone(
    key: str,
    seconds: float,
    *,
    level_db: float = -10.0,
    twist_db: float = 0.0,
    off: float = 0.0,
) -> bytes:
    """The sound of a pressed key, 16-bit mono PCM at 8 kHz: its lower tone at `level_db` (dBm0), the higher one
    `twist_db` louder, both too high by the share `off`. Raises ValueError for what is no key."""
    place = next(((row, keys.index(key)) for row, keys in enumerate(KEYS) if key in keys), None)
    if place is None or len(key) != 1:
        raise ValueError(f"{key!r} is no key: there are 0-9, *, # and A-D")
    turns = 2 * np.pi * (1 + off) * np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    low = LOUDEST_SINE * 10 ** (level_db / 20)
    high = low * 10 ** (twist_db / 20)
    sound = low * np.sin(ROWS_HZ[place[0]] * turns) + high * np.sin(COLUMNS_HZ[place[1]] * turns)
    pcm: npt.NDArray[np.int16] = np.clip(sound, -32_768, 32_767).astype("<i2")
    return pcm.tobytes()


def keys_in(pcm: bytes) -> str:
    """All keys that are pressed in a whole sound, 16-bit mono PCM at 8 kHz."""
    detector = ToneDetector()
    return "".join(
        detector.hear(pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
        for at in range(0, len(pcm), FRAME_BYTES)
    )
