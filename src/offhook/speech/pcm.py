"""The one audio format inside Offhook: 16-bit signed little-endian mono PCM at 8 kHz, in frames of 20 ms."""

SAMPLE_RATE_HZ = 8000
SAMPLE_BYTES = 2
FRAME_S = 0.02
FRAME_BYTES = 320


def duration_s(pcm: bytes) -> float:
    """How long `pcm` lasts."""
    return len(pcm) / (SAMPLE_RATE_HZ * SAMPLE_BYTES)
