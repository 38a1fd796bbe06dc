"""The operator's own sound for callers who wait: looked at before anything else starts, as a call is too late for that."""

from pathlib import Path

from offhook.interpreter.prompts import write_wav
from offhook.speech.pcm import duration_s

SHORTEST_S = 0.5


class FillerUnusable(Exception):
    """OFFHOOK_FILLER names no sound that can be repeated; the text says what to do."""


def lay_down_filler(path: Path, to: Path) -> None:
    """Decode a sound file of any kind into the WAV file that calls play. Raises FillerUnusable."""
    from offhook.vendors.embedded.sound_file import NotASound, decode  # 100 ms, for those who set one

    try:
        pcm = b"".join(decode(path.read_bytes(), is_wanted=lambda: True))
    except OSError as error:
        raise FillerUnusable(
            f"OFFHOOK_FILLER={path} cannot be read: {error.strerror}; name a sound file, or unset it"
        ) from error
    except NotASound as error:
        raise FillerUnusable(
            f"OFFHOOK_FILLER={path} cannot be played: {error}; WAV, MP3, OGG and FLAC can be"
        ) from error
    if duration_s(pcm) < SHORTEST_S:
        raise FillerUnusable(
            f"OFFHOOK_FILLER={path} lasts {duration_s(pcm):.2f} s; it is repeated, so let it last {SHORTEST_S:g} s or more"
        )
    write_wav(to, pcm)
