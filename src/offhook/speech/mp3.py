"""MP3 out of a recording, for those who want to send or play it somewhere else."""

import io
import wave
from pathlib import Path

from offhook.speech.pcm import SAMPLE_BYTES

AT_ONCE_FRAMES = 1 << 16
"""How much is read at a time: 8 s."""


def mp3_of(path: Path) -> bytes:
    """A WAV file of 16-bit PCM as MP3. Blocks, for about 4 ms a second of sound. Raises OSError and wave.Error."""
    # Its library is for those who want MP3: 10 MB a process.
    import soundfile

    out = io.BytesIO()
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != SAMPLE_BYTES:
            raise wave.Error(f"{path.name} does not hold 16-bit samples")
        mp3 = soundfile.SoundFile(
            out,
            "w",
            samplerate=file.getframerate(),
            channels=file.getnchannels(),
            format="MP3",
            subtype="MPEG_LAYER_III",
        )
        with mp3:
            while frames := file.readframes(AT_ONCE_FRAMES):
                mp3.buffer_write(frames, dtype="int16")
    return out.getvalue()
