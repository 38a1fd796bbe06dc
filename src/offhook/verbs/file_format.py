"""What kind of file a recording is handed out as."""

from enum import StrEnum


class FileFormat(StrEnum):
    """The value is what its name ends in."""

    WAV = "wav"
    MP3 = "mp3"
