"""A caller's audio made ready for the decoder: from the first voiced frame on, at one loudness, as cepstra.

The acoustic model was trained on studio speech and takes each departure from it for a different phone. What
helps:

- Nothing is decoded before somebody speaks; a little from before the first voiced frame is kept.
- Loudness follows the loudest tenth of a second until now, and never falls back. The first words are decoded
  0.3 s late, to know it by then.
- A faint hiss fills digital silence, which would be infinitely far below any speech.
- The narrow band of a telephone is told as the cepstra of wideband speech (`cepstra.py`), whose mean is zero as
  the model expects: single words come out as well as long phrases, and no utterance depends on the one before.
"""

from collections import deque
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt
from pocketsphinx import Vad

from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ
from offhook.vendors.embedded.cepstra import CEPSTRA, Cepstra

MEAN = ",".join(["0"] * CEPSTRA)
"""The mean of the cepstra, as the decoder writes it."""

LOOKED_AHEAD = 15
"""Frames kept from before the first voiced one; also how long the first ones wait until loudness is known."""
LOOKED_AHEAD_LATER = 3
LOUDNESS_FRAMES = 5
FULL_SCALE = 32768.0
SPEECH_LEVEL = FULL_SCALE * 10 ** (-20 / 20)
HISS_LEVEL = FULL_SCALE * 10 ** (-50 / 20)
QUIETEST_SPEECH = FULL_SCALE * 10 ** (-40 / 20)
"""What is fainter than this is made louder no further."""

Samples = npt.NDArray[np.float32]

HISS: Samples = np.random.default_rng(1964).normal(0, HISS_LEVEL, (97, FRAME_BYTES // 2)).astype(np.float32)
"""Always the same, so that the same audio is always understood the same."""


class Listener(Protocol):
    """Takes conditioned samples and makes of them what is decoded."""

    def of(self, samples: Samples) -> bytes:
        """What can be told with these samples."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


class Conditioner:
    """Conditions the frames of one utterance. Without a `listener` they are told as cepstra."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._detector = Vad(Vad.MEDIUM_STRICT, SAMPLE_RATE_HZ, FRAME_S)
        self._listener = listener or Cepstra()
        self._waiting: deque[Samples] = deque()
        self._powers: deque[float] = deque(maxlen=LOUDNESS_FRAMES)
        self._loudest = QUIETEST_SPEECH
        self._conditioned = 0
        self._voiced_frames = 0

    @property
    def has_speech(self) -> bool:
        """Whether there was anything like a voice yet."""
        return self._voiced_frames > 0

    @property
    def voiced_s(self) -> float:
        """How long it was heard."""
        return self._voiced_frames * FRAME_S

    def hear(self, frame: bytes) -> bytes:
        """The cepstra that can be told now that `frame` (20 ms at 8 kHz) was heard; often none."""
        samples = np.frombuffer(frame, np.int16).astype(np.float32)
        self._voiced_frames += self._detector.is_speech(frame)
        self._powers.append(float(np.mean(samples * samples)))
        self._loudest = max(self._loudest, float(np.sqrt(sum(self._powers) / LOUDNESS_FRAMES)))
        self._waiting.append(samples)
        if not self.has_speech:
            if len(self._waiting) > LOOKED_AHEAD:
                self._waiting.popleft()
            return b""
        return b"".join(self._due())

    def finish(self) -> Iterator[bytes]:
        """The rest; nothing where nobody spoke."""
        if not self.has_speech:
            return
        while self._waiting:
            yield self._condition(self._waiting.popleft())
        yield self._listener.finish()

    def _due(self) -> Iterator[bytes]:
        """What has waited long enough."""
        while len(self._waiting) > (
            LOOKED_AHEAD if self._conditioned < 2 * LOOKED_AHEAD else LOOKED_AHEAD_LATER
        ):
            yield self._condition(self._waiting.popleft())

    def _condition(self, samples: Samples) -> bytes:
        hiss = HISS[self._conditioned % len(HISS)]
        self._conditioned += 1
        louder = samples * (SPEECH_LEVEL / self._loudest) + hiss
        return self._listener.of(louder)
