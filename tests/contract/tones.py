"""Tones that can be told apart in a mix: each far end of a party speaks in one of its own."""

import audioop
import math
import struct
from collections.abc import Iterable

from tests.sip.peer import FRAME_S, FRAME_SAMPLES, Heard

SAMPLE_RATE_HZ = 8000
VOICES_HZ = (500, 900, 1300, 1700)
ANNOUNCEMENT_HZ = 2300
"""All are multiples of 50 Hz, so that a frame holds whole periods and they do not leak into one another."""
AMPLITUDE = 5000
AUDIBLE = 1500
"""Amplitude in a frame from which on a tone is heard."""
GAP_S = 0.2
"""Shorter gaps do not divide: a busy machine loses a packet."""


def sine(hertz: int, seconds: float) -> bytes:
    """16-bit PCM at 8 kHz."""
    turn = 2 * math.pi * hertz / SAMPLE_RATE_HZ
    period = struct.pack(
        f"<{FRAME_SAMPLES}h", *(int(AMPLITUDE * math.sin(turn * n)) for n in range(FRAME_SAMPLES))
    )
    return (period * math.ceil(seconds / FRAME_S))[: int(seconds * SAMPLE_RATE_HZ) * 2]


def amplitude_of(hertz: int, pcm: bytes, rate_hz: int = SAMPLE_RATE_HZ) -> float:
    """How strong a tone is in 16-bit PCM (Goertzel's filter)."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    turn = 2 * math.pi * hertz / rate_hz
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + 2 * math.cos(turn) * last - before
    power = before * before + last * last - 2 * math.cos(turn) * before * last
    return 2 * math.sqrt(max(0.0, power)) / len(samples)


def tone_spans(packets: Iterable[Heard], hertz: int) -> list[tuple[float, float]]:
    """When a tone was heard: (begin, end) on the loop's clock."""
    spans: list[tuple[float, float]] = []
    for packet in packets:
        if packet.payload_type != 0 or len(packet.payload) != FRAME_SAMPLES:
            continue
        if amplitude_of(hertz, audioop.ulaw2lin(packet.payload, 2)) < AUDIBLE:
            continue
        if spans and packet.at - spans[-1][1] <= GAP_S:
            spans[-1] = (spans[-1][0], packet.at + FRAME_S)
        else:
            spans.append((packet.at, packet.at + FRAME_S))
    return spans
