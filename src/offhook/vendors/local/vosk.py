"""Vosk, with a model folder of https://alphacephei.com/vosk/models. A model has one language."""

import json
from pathlib import Path
from typing import Any

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import Final, Partial, RecogniserCapabilities, RecogniserOptions
from offhook.vendors.local.recogniser import Heard

UNKNOWN = "[unk]"
"""What is none of the hints."""


class VoskEngine:
    """Fills `Engine`. Hints, where there are any, are all that it understands, as in a menu."""

    name = "vosk"
    capabilities = RecogniserCapabilities(partials=True, free_speech=True, finds_end=True)
    files = ("**/final.mdl", "**/mfcc.conf")

    def load(self, folder: Path) -> Any:
        """The model."""
        import vosk

        vosk.SetLogLevel(-1)
        return vosk.Model(str(folder))

    def begin(self, model: Any, options: RecogniserOptions) -> "VoskDecoding":
        """Listen to an utterance."""
        import vosk

        recogniser = vosk.KaldiRecognizer(model, SAMPLE_RATE_HZ, *grammar(options))
        recogniser.SetWords(True)
        return VoskDecoding(recogniser)


class VoskDecoding:
    """Fills `Decoding`."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser

    def hear(self, pcm: bytes) -> list[Heard]:
        """Take more audio."""
        if self._recogniser.AcceptWaveform(pcm):
            return read_final(self._recogniser.Result())
        return read_partial(self._recogniser.PartialResult())

    def last_words(self) -> list[Heard]:
        """No more audio comes."""
        return read_final(self._recogniser.FinalResult())


def grammar(options: RecogniserOptions) -> tuple[str, ...]:
    """What the recogniser is given besides the model: the hints, and that other things may be said."""
    if not options.hints:
        return ()
    return (json.dumps([*(hint.lower() for hint in options.hints), UNKNOWN], ensure_ascii=False),)


def read_final(told: str) -> list[Heard]:
    """Words that stay, with the mean of their confidences."""
    result = json.loads(told)
    text = result.get("text", "").replace(UNKNOWN, " ").strip()
    sure = [word["conf"] for word in result.get("result", ()) if "conf" in word]
    return [Final(text, round(sum(sure) / len(sure), 4) if sure else None)] if text else []


def read_partial(told: str) -> list[Heard]:
    """What is understood so far."""
    text = json.loads(told).get("partial", "").replace(UNKNOWN, " ").strip()
    return [Partial(text)] if text else []
