"""The sounds of the load runs, made from nothing: a prompt, a long file, a caller who presses a key."""

import audioop
import io
import math
import struct
import wave
from array import array
from functools import cache
from pathlib import Path

RATE_HZ = 8000
FRAME_SAMPLES = 160
FRAME_S = 0.02
PROMPT_S, LONG_S = 1.0, 30.0
KEY = 5
KEY_AFTER_FRAMES = 61
KEY_AFTER_S = KEY_AFTER_FRAMES * FRAME_S
"""From the first packet of the capture to the first one of the key."""
KEY_FRAMES, TAIL_FRAMES = 5, 50
PCMU, TELEPHONE_EVENT = 0, 101


def make_media(folder: Path) -> None:
    """Write prompt.wav, long.wav, long.ulaw and menu.pcap into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    long_pcm = speech_like(LONG_S, 2.0)
    (folder / "prompt.wav").write_bytes(as_wav(speech_like(PROMPT_S, 1.0)))
    (folder / "long.wav").write_bytes(as_wav(long_pcm))
    (folder / "long.ulaw").write_bytes(audioop.lin2ulaw(long_pcm, 2))
    (folder / "menu.pcap").write_bytes(_capture(_caller_with_key(audioop.lin2ulaw(long_pcm, 2))))


@cache
def speech_like(seconds: float, phase: float) -> bytes:
    """Gliding harmonics with the envelope of syllables, 16-bit PCM at 8 kHz."""
    samples, angle = array("h"), 0.0
    for index in range(int(seconds * RATE_HZ)):
        at = index / RATE_HZ
        angle += 2 * math.pi * (140 + 40 * math.sin(2 * math.pi * 0.7 * at + phase)) / RATE_HZ
        loudness = 0.25 + 0.75 * max(0.0, math.sin(2 * math.pi * 2.3 * at))
        samples.append(int(5000 * loudness * sum(math.sin(angle * n) / n for n in (1, 2, 3, 5, 8))))
    return samples.tobytes()


def as_wav(pcm: bytes) -> bytes:
    """A WAV file."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm)
    return written.getvalue()


def _rtp(kind: int, sequence: int, timestamp: int, payload: bytes, *, marker: bool = False) -> bytes:
    return struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), sequence, timestamp, 0x5EED) + payload


def _caller_with_key(ulaw: bytes) -> list[tuple[float, bytes]]:
    """Packets and when they are due: sound, a key as RFC 4733 asks (100 ms, its end three times), sound."""
    packets: list[tuple[float, bytes]] = []
    sequence, timestamp, due = 1000, 16000, 0.0

    def sound(frames: range) -> None:
        nonlocal sequence, timestamp, due
        for index in frames:
            payload = ulaw[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES]
            packets.append((due, _rtp(PCMU, sequence, timestamp, payload, marker=index == frames.start)))
            sequence, timestamp, due = sequence + 1, timestamp + FRAME_SAMPLES, due + FRAME_S

    sound(range(KEY_AFTER_FRAMES))
    began = timestamp
    for step in range(1, KEY_FRAMES + 1):
        event = struct.pack("!BBH", KEY, 10, step * FRAME_SAMPLES)
        packets.append((due, _rtp(TELEPHONE_EVENT, sequence, began, event, marker=step == 1)))
        sequence, timestamp, due = sequence + 1, timestamp + FRAME_SAMPLES, due + FRAME_S
    for _ in range(3):
        event = struct.pack("!BBH", KEY, 0x80 | 10, KEY_FRAMES * FRAME_SAMPLES)
        packets.append((due, _rtp(TELEPHONE_EVENT, sequence, began, event)))
        sequence, due = sequence + 1, due + 0.0005
    sound(range(KEY_AFTER_FRAMES, KEY_AFTER_FRAMES + TAIL_FRAMES))
    return packets


def _capture(packets: list[tuple[float, bytes]]) -> bytes:
    """A capture file of Ethernet, IPv4 and UDP; its addresses are written anew by the player."""
    written = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    here = bytes((127, 0, 0, 1))
    for due, rtp in packets:
        udp = struct.pack("!HHHH", 40000, 40002, 8 + len(rtp), 0) + rtp
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0, here, here) + udp
        frame = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip
        moment = (1_000_000_000 + int(due), round((due % 1) * 1_000_000), len(frame), len(frame))
        written.append(struct.pack("<IIII", *moment) + frame)
    return b"".join(written)
