"""The embedded decoder of sound files, as a worker sees it: files go to the voice process, PCM comes back."""

from contextlib import aclosing
from pathlib import Path

from offhook.call.errors import PromptUnusable, ProviderError
from offhook.vendors.embedded.connection import VENDOR, request
from offhook.vendors.embedded.protocol import (
    MAX_MEDIA_BYTES,
    DecodeRequest,
    RefusalKind,
    SoundEnded,
    SoundRefused,
)

UNPLAYABLE = 13233
"""The notification's code for media that cannot be played."""


class EmbeddedDecoder:
    """Reads WAV, MP3, OGG (Vorbis, Opus), FLAC and more. `socket` is that of the voice process."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def decode(self, media: bytes) -> bytes:
        """16-bit mono PCM at 8 kHz of a whole sound file of up to ten minutes and 32 MB.

        Raises PromptUnusable for what is no such sound, ProviderError otherwise.
        """
        if len(media) > MAX_MEDIA_BYTES:
            raise PromptUnusable(UNPLAYABLE, f"a file of more than {MAX_MEDIA_BYTES // 1_048_576} MB")
        pcm = bytearray()
        async with request(self._socket, DecodeRequest()) as connection:
            await connection.send_file(media)
            async with aclosing(connection.messages()) as messages:
                async for message in messages:
                    match message:
                        case bytes():
                            pcm += message
                        case SoundEnded():
                            break
                        case SoundRefused(RefusalKind.UNUSABLE, detail):
                            raise PromptUnusable(UNPLAYABLE, detail)
                        case SoundRefused(_, detail):
                            raise ProviderError(VENDOR, detail, retryable=True)
                        case _:
                            raise ProviderError(VENDOR, f"said {message}", retryable=True)
        return bytes(pcm)
