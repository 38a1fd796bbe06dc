"""Piper, a voice of one's own machine: the operator brings its file, the extra `piper` brings its library.

The voice is loaded when it is first used, and speaks in threads: its arithmetic lets go of the interpreter's lock.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from offhook.call.errors import ProviderError
from offhook.speech.spoken_form import plain_text
from offhook.speech.voice import VoiceOptions
from offhook.vendors.sound_reading import RawReading

VENDOR = "piper"
NUMBERS = ("length_scale", "noise_scale", "noise_w_scale", "volume")
"""Options of its own."""


class PiperVoice:
    """Speaks the one language of the voice in `model` (.onnx, with its .onnx.json beside it)."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._voice: Any = None
        self._loading = threading.Lock()
        self._speaking = asyncio.Semaphore(1)

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM sentence by sentence; nothing for a text without words. Raises ProviderError."""
        said = plain_text(text, options.language) if options.is_ssml else text
        if not said.strip():
            return
        async with self._speaking:
            voice = await asyncio.to_thread(self._loaded)
            chunks = iter(await self._guarded(_begin, voice, said, options))
            while (chunk := await self._guarded(next, chunks, None)) is not None:
                yield await asyncio.to_thread(_telephone_sound, chunk)

    async def close(self) -> None:
        """Let go of the voice."""
        self._voice = None

    def _loaded(self) -> Any:
        with self._loading:
            if self._voice is None:
                self._voice = _load(self._model)
            return self._voice

    async def _guarded(self, work: Any, *given: Any) -> Any:
        try:
            return await asyncio.to_thread(work, *given)
        except Exception as error:
            raise ProviderError(
                VENDOR, f"it cannot speak: {type(error).__name__}: {error}", retryable=False
            ) from error


def _load(model: Path) -> Any:
    described = Path(f"{model}.json")
    for file in (model, described):
        if not file.is_file():
            raise ProviderError(VENDOR, f"there is no file {file}", retryable=False)
    try:
        from piper import PiperVoice as Library
    except ImportError as error:
        raise ProviderError(
            VENDOR, "its library is not there: install offhook[piper]", retryable=False
        ) from error
    try:
        return Library.load(str(model), config_path=str(described))
    except Exception as error:
        words = f"{model} is no voice that it can load: {type(error).__name__}: {error}"
        raise ProviderError(VENDOR, words, retryable=False) from error


def _begin(voice: Any, text: str, options: VoiceOptions) -> Any:
    from piper import SynthesisConfig

    extra = dict(options.extra)
    known: dict[str, Any] = {name: float(extra[name]) for name in NUMBERS if name in extra}
    speaker = (voice.config.speaker_id_map or {}).get(options.voice)
    return voice.synthesize(text, syn_config=SynthesisConfig(speaker_id=speaker, **known))


def _telephone_sound(chunk: Any) -> bytes:
    reading = RawReading(chunk.sample_rate, channels=chunk.sample_channels)
    return reading.feed(chunk.audio_int16_bytes) + reading.finish()
