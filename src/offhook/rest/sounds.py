"""The sound of recordings as answers: WAV files as they lie there, and MP3s, which are made when they are asked for."""

import threading
import wave

from fastapi import Request
from starlette.responses import FileResponse, Response

from offhook.call.voice_rows import RecordingRow, RecordingStatus
from offhook.rest.errors import conflict, not_found, too_many
from offhook.rest.ports import Ports
from offhook.speech.mp3 import mp3_of

WAV, MP3 = "audio/wav", "audio/mpeg"
MOST_MP3, MP3_WAIT_S = 2, 5.0
MAKING_MP3 = threading.BoundedSemaphore(MOST_MP3)
"""A long recording takes a core for a minute, and nobody gets all cores, nor all that answer requests, by asking."""
_SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private"}


def is_open_to(request: Request) -> bool:
    """Whether whoever asks need not sign in: where that is set, and they do not try to."""
    ports: Ports = request.app.state.ports
    return ports.recordings_are_open and "authorization" not in request.headers


def wav(ports: Ports, recording: RecordingRow, name: str) -> Response:
    """The sound of a recording, whole or in parts (Range). Raises Refusal."""
    refuse_running(recording, name)
    path = ports.recordings.file(recording)
    if path is None:
        raise not_found(f"file of recording {name}")
    return FileResponse(path, media_type=WAV, headers=_SAFE)


def mp3(ports: Ports, recording: RecordingRow, name: str) -> Response:
    """The same as MP3. Blocks. Raises Refusal."""
    refuse_running(recording, name)
    path = ports.recordings.file(recording)
    if path is None:
        raise not_found(f"file of recording {name}")
    if not MAKING_MP3.acquire(blocking=False):
        raise too_many("MP3s of other recordings are being made now.", MP3_WAIT_S)
    try:
        return Response(mp3_of(path), media_type=MP3, headers=_SAFE)
    except (OSError, EOFError, wave.Error):
        raise conflict(
            f"Recording {name} cannot be read as sound, so that no MP3 can be made of it."
        ) from None
    finally:
        MAKING_MP3.release()


def refuse_running(recording: RecordingRow, name: str) -> None:
    """Let nobody have what is being made. Raises Refusal."""
    if recording.status is RecordingStatus.IN_PROGRESS:
        raise conflict(f"Recording {name} is being made now; it can be fetched or deleted when it is over.")
