"""What `offhook speech` tries out: the voices and recognisers that the settings name, and speech processes of its
own beside those of a server that may be running."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from offhook.bootstrap import open_speech
from offhook.call.errors import OffhookError, PromptUnusable
from offhook.config import Settings
from offhook.phone.speech import speech_process
from offhook.speech.pcm import FRAME_BYTES
from offhook.speech.recogniser import Recogniser
from offhook.speech.vendor_names import listed, vendor_name
from offhook.speech.voice import Decoder, Voice
from offhook.surroundings import Surroundings

T = TypeVar("T")


class Unusable(OffhookError):
    """What was asked for cannot be tried; the text says why, and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechAtHand:
    """What there is to try."""

    voices: Mapping[str, Voice]
    recognisers: Mapping[str, Recogniser]
    decoder: Decoder
    chosen_voice: str
    """The first of those that the settings choose, as the next one is."""
    chosen_recogniser: str

    def voice(self, name: str | None) -> Voice:
        """A voice by its vendor; the chosen one without a name. Raises Unusable."""
        return _named(self.voices, name or self.chosen_voice, "voice")

    def recogniser(self, name: str | None) -> Recogniser:
        """A recogniser by its vendor; the chosen one without a name. Raises Unusable."""
        return _named(self.recognisers, name or self.chosen_recogniser, "recogniser")

    async def frames_of(self, path: Path) -> tuple[bytes, ...]:
        """A sound file as frames of 20 ms, 16-bit mono PCM at 8 kHz. Raises Unusable, ProviderError."""
        try:
            media = path.read_bytes()
        except OSError as error:
            raise Unusable(f"{path} cannot be read: {error.strerror or error}") from error
        try:
            pcm = await self.decoder.decode(media)
        except PromptUnusable as unusable:
            known = "WAV, MP3, OGG and FLAC can be heard"
            raise Unusable(f"{path} cannot be heard: {unusable.message}; {known}") from unusable
        if not pcm:
            raise Unusable(f"{path} holds no sound")
        return frames_of(pcm)


@asynccontextmanager
async def speech_at_hand(settings: Settings) -> AsyncIterator[SpeechAtHand]:
    """A block in which all that the settings name can be tried. Raises OffhookError where it cannot begin."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="offhook-speech-")))
        surroundings = Surroundings(run_dir=folder, cluster_secret="", worker_index=0, demo_url=None)
        tries_freely = ("--free-speech",) if settings.embedded_free_speech else ()
        voice = await stack.enter_async_context(speech_process("voice"))
        recogniser = await stack.enter_async_context(speech_process("recogniser", *tries_freely))
        surroundings.voice_socket.symlink_to(voice)
        surroundings.recogniser_socket(0).symlink_to(recogniser)
        # What a voice said before is no answer to whether it speaks now.
        tried = settings.model_copy(update={"embedded_recognisers": 1, "tts_kept_mb": 0})
        speech = open_speech(tried, surroundings)
        stack.push_async_callback(speech.close)
        yield SpeechAtHand(
            voices=speech.voices,
            recognisers=speech.recognisers,
            decoder=speech.decoder,
            chosen_voice=settings.tts_order[0],
            chosen_recogniser=settings.asr_order[0],
        )


def frames_of(pcm: bytes) -> tuple[bytes, ...]:
    """PCM in frames of 20 ms, the last one filled up with silence."""
    starts = range(0, len(pcm), FRAME_BYTES)
    return tuple(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0") for start in starts)


def _named(known: Mapping[str, T], name: str, what: str) -> T:
    found = known.get(vendor_name(name))
    if found is None:
        raise Unusable(f"there is no {what} {name!r}; there is {listed(sorted(known))}")
    return found
