"""What a telephone line does to a voice: its band, G.711 µ-law, noise, lost packets."""

import audioop
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from offhook.speech.pcm import FRAME_BYTES, SAMPLE_RATE_HZ

BAND_HZ = (300, 3400)
NOISE_DB = 15.0
LOSS = 0.05
CONCEALED_LEVEL = 0.5
"""A lost frame is heard as the one before, at this loudness; the next one lost after it at half of that."""
VOICED = 0.02
"""Share of the loudest frame's power from which on a frame counts as speech."""

Samples = npt.NDArray[np.float64]


class Condition(StrEnum):
    """How good the line is."""

    CLEAN = "clean"
    NOISE = "15 dB noise"
    LOSS = "5 % loss"


def over_the_line(pcm: bytes, condition: Condition, *, seed: int, noise_db: float = NOISE_DB) -> bytes:
    """16-bit mono PCM at 8 kHz as it comes out at the other end; the same for the same `seed`. `noise_db`: how far noise is
    below the speech, where there is any."""
    chance = np.random.default_rng(seed)
    samples = _band_limited(np.frombuffer(pcm, "<i2").astype(np.float64))
    if condition is Condition.NOISE:
        samples = samples + _noise(samples, noise_db, chance)
    heard = audioop.ulaw2lin(audioop.lin2ulaw(_to_pcm(samples), 2), 2)
    return _with_losses(heard, chance) if condition is Condition.LOSS else heard


def _band_limited(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    spectrum[(frequencies < BAND_HZ[0]) | (frequencies > BAND_HZ[1])] = 0
    limited: Samples = np.fft.irfft(spectrum, len(samples))
    return limited


def _noise(samples: Samples, noise_db: float, chance: np.random.Generator) -> Samples:
    """Noise of a room or of a line, so many dB below the speech: what is there while somebody speaks, without the pauses."""
    spectrum = np.fft.rfft(chance.normal(0, 1, len(samples)))
    frequencies = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    if chance.random() < 0.5:  # a room: pink
        spectrum /= np.sqrt(np.maximum(frequencies, BAND_HZ[0]))
    spectrum[(frequencies < BAND_HZ[0]) | (frequencies > BAND_HZ[1])] = 0
    noise = np.fft.irfft(spectrum, len(samples))
    power = _speech_power(samples) / 10 ** (noise_db / 10)
    scaled: Samples = noise * np.sqrt(power / np.mean(noise * noise))
    return scaled


def _speech_power(samples: Samples) -> float:
    whole = len(samples) // 160 * 160
    powers = np.mean(samples[:whole].reshape(-1, 160) ** 2, axis=1)
    return float(np.mean(powers[powers > VOICED * powers.max()]))


def _with_losses(pcm: bytes, chance: np.random.Generator) -> bytes:
    """Each packet of 20 ms lost with the chance LOSS, and concealed as simple receivers do."""
    out, last = bytearray(), bytes(FRAME_BYTES)
    for start in range(0, len(pcm), FRAME_BYTES):
        frame = pcm[start : start + FRAME_BYTES]
        if chance.random() < LOSS:
            frame = audioop.mul(last, 2, CONCEALED_LEVEL)[: len(frame)]
        out += frame
        last = frame.ljust(FRAME_BYTES, b"\0")
    return bytes(out)


def _to_pcm(samples: Samples) -> bytes:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
