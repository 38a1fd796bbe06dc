"""Recorders: native, a WAV file each, fed with silence from their first tick on, so that no moment is
missing.

A recorder to which nothing is connected writes nothing, and a call's port says nothing while it is on hold,
is replaced by a re-INVITE, or is not there yet. So each recorder also hears a tone generator without a
tone; there is one for all of them, and it costs one look a tick. Everything here runs on the owner thread.
"""

from pathlib import Path

import pjsua2 as pj

from offhook.call.errors import OffhookError
from offhook.pjsua.cables import Cables
from offhook.speech.pcm import SAMPLE_RATE_HZ

MOST_PATH_BYTES = 240
"""What the library takes; a longer path ends the process of a build with assertions."""
SUFFIX = ".wav"
TOO_MANY = 70010
"""As the library says it: PJ_ETOOMANY."""


class Tape:
    """One recorder: a node that only hears. Any thread may make it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recorder: pj.AudioMediaRecorder | None = None
        """Its recorder, from its beginning to its end."""

    @property
    def audio(self) -> pj.AudioMedia | None:
        """Its conference port; None while nothing is written."""
        return self.recorder


class Silence:
    """What every recorder hears."""

    def __init__(self) -> None:
        generator = pj.ToneGenerator()
        generator.createToneGenerator(SAMPLE_RATE_HZ, 1)
        self.audio: pj.AudioMedia | None = generator
        self._generator = generator

    def destroy(self) -> None:
        """Only before the library ends."""
        self.audio = None
        pj.ToneGenerator.__swig_destroy__(self._generator)


class Tapes:
    """Begins and ends recorders."""

    def __init__(self, cables: Cables) -> None:
        self._cables = cables
        self._silence: Silence | None = None
        self._running: set[Tape] = set()

    @property
    def running(self) -> int:
        """How many recorders are at work."""
        return len(self._running)

    def begin(self, tape: Tape) -> None:
        """Write silence from now on, and all that is connected. Raises OffhookError where that cannot be."""
        if tape.path.suffix.lower() != SUFFIX or len(bytes(tape.path)) > MOST_PATH_BYTES:
            raise OffhookError(
                f"{tape.path.name} cannot be recorded to: its path has to end in {SUFFIX} "
                f"and to have {MOST_PATH_BYTES} bytes at most"
            )
        if self._silence is None:
            self._silence = Silence()
        recorder = pj.AudioMediaRecorder()
        try:
            recorder.createRecorder(str(tape.path))
        except pj.Error as error:
            is_full = error.status == TOO_MANY
            why = f"{len(self._running)} recordings run, and this build of PJSIP holds no more"
            reason = why if is_full else error.reason
            raise OffhookError(f"{tape.path.name} cannot be recorded to: {reason}") from error
        tape.recorder = recorder
        self._running.add(tape)
        self._cables.connect(self._silence, tape)

    def end(self, tape: Tape) -> None:
        """Write nothing more. The file gets its lengths a moment later, on the clock thread."""
        self._running.discard(tape)
        self._cables.gone(tape)
        recorder, tape.recorder = tape.recorder, None
        if recorder is not None:
            pj.AudioMediaRecorder.__swig_destroy__(recorder)

    def destroy(self) -> None:
        """End them all; only before the library ends."""
        for tape in tuple(self._running):
            self.end(tape)
        if self._silence is not None:
            self._cables.gone(self._silence)
            self._silence.destroy()
