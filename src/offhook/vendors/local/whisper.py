"""Whisper, through faster-whisper, with a folder of a converted model. Understands an utterance once it is over."""

from pathlib import Path
from typing import Any

from offhook.speech.ear import Ear
from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ
from offhook.speech.recogniser import Final, RecogniserCapabilities, RecogniserOptions
from offhook.vendors.local.recogniser import Heard

MODEL_RATE_HZ = 16_000
MOST_S = 120.0
"""Longer utterances are understood in pieces."""
BEFORE_S = 0.5
"""What is heard before the first voice: words begin softly."""


class WhisperEngine:
    """Fills `Engine`."""

    name = "whisper"
    capabilities = RecogniserCapabilities(partials=False, free_speech=True, finds_end=False)
    files = ("model.bin", "config.json")

    def load(self, folder: Path) -> Any:
        """The model."""
        import faster_whisper

        return faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def begin(self, model: Any, options: RecogniserOptions) -> "WhisperDecoding":
        """Listen to an utterance."""
        return WhisperDecoding(model, arguments(options))


class WhisperDecoding:
    """Fills `Decoding`: collects from the first voice on, and asks the model at the end. Silence is not asked about."""

    def __init__(self, model: Any, asked: dict[str, Any]) -> None:
        self._model = model
        self._asked = asked
        self._ear = Ear()
        self._pcm = bytearray()
        self._at_s = 0.0

    def hear(self, pcm: bytes) -> list[Heard]:
        """Take more audio."""
        self._pcm += pcm
        for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            self._at_s += FRAME_S
            self._ear.hear(bytes(pcm[start : start + FRAME_BYTES]), self._at_s)
        if self._ear.last_voiced_at is None:
            del self._pcm[: -round(BEFORE_S / FRAME_S) * FRAME_BYTES]
        return self._understood() if len(self._pcm) >= MOST_S / FRAME_S * FRAME_BYTES else []

    def last_words(self) -> list[Heard]:
        """No more audio comes."""
        return [] if self._ear.last_voiced_at is None else self._understood()

    def _understood(self) -> list[Heard]:
        import numpy as np
        import soxr

        narrow = np.frombuffer(bytes(self._pcm), dtype=np.int16).astype(np.float32) / 32768.0
        self._pcm.clear()
        segments, _ = self._model.transcribe(
            soxr.resample(narrow, SAMPLE_RATE_HZ, MODEL_RATE_HZ), **self._asked
        )
        text = " ".join(segment.text.strip() for segment in segments)
        return [Final(text)] if text else []


def arguments(options: RecogniserOptions) -> dict[str, Any]:
    """What the model is asked for."""
    asked: dict[str, Any] = {
        "language": options.language.partition("-")[0].lower(),
        "beam_size": 5,
        "condition_on_previous_text": False,
        "without_timestamps": True,
    }
    if options.hints:
        asked["hotwords"] = ", ".join(options.hints)
    return asked
