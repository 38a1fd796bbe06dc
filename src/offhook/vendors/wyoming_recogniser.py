"""A recogniser behind the Wyoming protocol: a local speech server, such as those made for smart homes.

One connection an utterance. Most servers understand it as a whole, once it is over.
"""

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from urllib.parse import urlsplit

from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from offhook.speech.recogniser import FailureKind, RecogniserCapabilities, RecogniserOptions, SpeechFailed
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line
from offhook.vendors.streamed import (
    StreamedRecognition,
    VendorFailed,
    converse,
    streamed,
    warn_of_unhonoured,
)
from offhook.vendors.wyoming_protocol import MOST_LINE_BYTES, Event, Malformed, read_event, write_event

VENDOR = "wyoming"
CONNECT_S = 3.0
FRAMES_A_MESSAGE = 2
MOST_TEXT_CHARACTERS = 10_000
"""Of one utterance, as it grows: each piece is told with all before it."""
FORMAT = {"rate": SAMPLE_RATE_HZ, "width": SAMPLE_BYTES, "channels": 1}


class WyomingRecogniser:
    """Understands what the server at `url` (tcp://host:port) does."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "tcp" or not parts.hostname or not parts.port:
            raise ValueError("write the address of a Wyoming server like tcp://host:10300")
        self._host, self._port = parts.hostname, parts.port

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What the protocol can carry."""
        return RecogniserCapabilities(
            partials=False, free_speech=True, finds_end=False, options=frozenset(("model",))
        )

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[StreamedRecognition]:
        """A block that hears one utterance; leaving it closes the connection."""
        warn_of_unhonoured(VENDOR, options, self.capabilities)
        recognition = StreamedRecognition(VENDOR, frames_a_message=FRAMES_A_MESSAGE)

        async def work() -> None:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=MOST_LINE_BYTES)
            try:
                await converse(_send(writer, recognition, options), _read(reader, recognition, options))
            finally:
                writer.close()
                with suppress(OSError):  # it may be closed already
                    await writer.wait_closed()

        return streamed(recognition, work, _explain)

    async def close(self) -> None:
        """There is nothing to let go of: each utterance has its own connection."""


async def _send(
    writer: asyncio.StreamWriter, recognition: StreamedRecognition, options: RecogniserOptions
) -> None:
    asked = {"language": options.language.partition("-")[0]}
    if options.model is not None:
        asked["name"] = options.model
    writer.write(write_event(Event("transcribe", asked)))
    writer.write(write_event(Event("audio-start", {**FORMAT, "timestamp": 0})))
    async for audio in recognition.audio():
        writer.write(write_event(Event("audio-chunk", dict(FORMAT), audio)))
        await writer.drain()
    writer.write(write_event(Event("audio-stop")))
    await writer.drain()


async def _read(
    reader: asyncio.StreamReader, recognition: StreamedRecognition, options: RecogniserOptions
) -> None:
    so_far = ""
    while (event := await read_event(reader)) is not None:
        text = event.data.get("text", "")
        if not isinstance(text, str):
            raise Malformed(f"the text of {line(event.type)[:40]!r} is not a string")
        match event.type:
            case "transcript":
                recognition.final(line(text))
                return
            case "transcript-chunk":
                so_far += text
                if len(so_far) > MOST_TEXT_CHARACTERS:
                    raise Malformed(f"it understands more than {MOST_TEXT_CHARACTERS:,} characters at once")
                if options.partials:
                    recognition.partial(line(so_far))
            case "voice-started":
                recognition.started()
            case "error":
                raise VendorFailed(
                    f"the Wyoming server says: {line(text)[:MOST_DETAIL_CHARACTERS] or 'error'}"
                )
            case _:  # of no meaning here, as the protocol allows
                pass
    raise ConnectionError("it closed the connection before it said what it understood")


def _explain(error: Exception) -> SpeechFailed:
    match error:
        case TimeoutError():
            told, retryable = f"the Wyoming server was not reached within {CONNECT_S:g} s", True
        case Malformed():
            told, retryable = f"the Wyoming server does not speak Wyoming: {error}", False
        case OSError():
            told, retryable = f"the Wyoming server is out of reach: {error.strerror or error}", True
        case _:
            told, retryable = f"{type(error).__name__}: {error}", False
    return SpeechFailed(FailureKind.BROKEN, told, retryable=retryable)
