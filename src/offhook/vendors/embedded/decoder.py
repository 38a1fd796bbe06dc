"""The embedded decoder of sound files, as a worker sees it: files go to the voice process, PCM comes back."""

from contextlib import aclosing
from pathlib import Path

import structlog

from offhook.call.errors import PromptUnusable, ProviderError
from offhook.vendors.embedded.connection import RETURN_S, VENDOR, NotThere, request
from offhook.vendors.embedded.protocol import (
    MAX_MEDIA_BYTES,
    DecodeRequest,
    RefusalKind,
    SoundEnded,
    SoundRefused,
)

UNPLAYABLE = 13233
"""The notification's code for media that cannot be played."""

log = structlog.get_logger()


class EmbeddedDecoder:
    """Reads WAV, MP3, OGG (Vorbis, Opus), FLAC and more. `socket` is that of the voice process.

    A file that a process died over is given to the next one, which may take `return_s` to be there.
    """

    def __init__(self, socket: Path, *, return_s: float = RETURN_S) -> None:
        self._socket = socket
        self._return_s = return_s

    async def decode(self, media: bytes) -> bytes:
        """16-bit mono PCM at 8 kHz of a whole sound file of up to ten minutes and 32 MB.

        Raises PromptUnusable for what is no such sound, ProviderError otherwise.
        """
        if len(media) > MAX_MEDIA_BYTES:
            raise PromptUnusable(UNPLAYABLE, f"a file of more than {MAX_MEDIA_BYTES // 1_048_576} MB")
        try:
            return await self._decoded(media)
        except ProviderError as error:
            if not error.retryable or isinstance(error, NotThere):
                raise
            log.warning("decoder.asked_again", why=str(error))
        return await self._decoded(media)

    async def _decoded(self, media: bytes) -> bytes:
        """What one process makes of the file."""
        pcm = bytearray()
        async with request(self._socket, DecodeRequest(), return_s=self._return_s) as connection:
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
