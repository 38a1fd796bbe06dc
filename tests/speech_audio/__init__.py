"""Callers to test with: spoken by the embedded voice, heard through a telephone line."""

from tests.speech_audio.caller import caller_says, frames, over_the_phone

__all__ = ["caller_says", "frames", "over_the_phone"]
