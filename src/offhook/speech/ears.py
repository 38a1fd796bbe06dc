"""The ear that an application asks for."""

from typing import Protocol

from offhook.speech.ear import Ear
from offhook.verbs import EarKind, VoiceDetection


class LocalEar(Protocol):
    """Listens to one caller, frame by frame."""

    @property
    def began_at(self) -> float | None:
        """When speech was first believed; None before."""

    @property
    def last_voiced_at(self) -> float | None:
        """When the last voiced frame of speech arrived; None before speech began."""

    @property
    def voiced_s(self) -> float:
        """Seconds of voiced frames since speech began."""

    @property
    def lasting_s(self) -> float:
        """Seconds of them since the last longer pause."""

    def hear(self, frame: bytes, at: float) -> bool:
        """Take the next 20 ms of 16-bit PCM at 8 kHz; True at the frame with which speech begins."""

    def forget(self) -> None:
        """Wait for speech anew; what was heard was none."""


def ear_of(detection: VoiceDetection) -> LocalEar:
    """A new ear."""
    if detection.kind is EarKind.SILERO:
        from offhook.speech.silero_ear import SileroEar  # loaded only where somebody wants it

        return SileroEar(mode=detection.mode)
    return Ear(mode=detection.mode)
