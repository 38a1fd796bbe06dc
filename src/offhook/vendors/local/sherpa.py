"""sherpa-onnx, with the folder of a streaming transducer of https://k2-fsa.github.io/sherpa/onnx/. A model has one language."""

from array import array
from pathlib import Path
from typing import Any

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import Final, Partial, RecogniserCapabilities, RecogniserOptions
from offhook.vendors.local.recogniser import Heard

BOOST = 1.5
"""Of hints, unless an application says how much."""
TAIL_S = 0.5
"""Silence after the last frame, in which the model says what it still holds back."""
FULL_SCALE = 32768.0


class SherpaEngine:
    """Fills `Engine`."""

    name = "sherpa-onnx"
    capabilities = RecogniserCapabilities(
        partials=True, free_speech=True, finds_end=True, options=frozenset(("hints", "hints_boost"))
    )
    files = ("tokens.txt", "encoder*.onnx", "decoder*.onnx", "joiner*.onnx")

    def load(self, folder: Path) -> Any:
        """The model."""
        import sherpa_onnx

        return sherpa_onnx.OnlineRecognizer.from_transducer(**arguments(folder))

    def begin(self, model: Any, options: RecogniserOptions) -> "SherpaDecoding":
        """Listen to an utterance."""
        hotwords = written_hints(options)
        stream = model.create_stream(hotwords) if hotwords else model.create_stream()
        return SherpaDecoding(model, stream)


class SherpaDecoding:
    """Fills `Decoding`."""

    def __init__(self, model: Any, stream: Any) -> None:
        self._model = model
        self._stream = stream

    def hear(self, pcm: bytes) -> list[Heard]:
        """Take more audio."""
        self._stream.accept_waveform(SAMPLE_RATE_HZ, samples(pcm))
        self._decode()
        text = self._model.get_result(self._stream).strip()
        if self._model.is_endpoint(self._stream):
            self._model.reset(self._stream)
            return [Final(text.lower())] if text else []
        return [Partial(text.lower())] if text else []

    def last_words(self) -> list[Heard]:
        """No more audio comes."""
        self._stream.accept_waveform(SAMPLE_RATE_HZ, [0.0] * round(TAIL_S * SAMPLE_RATE_HZ))
        self._stream.input_finished()
        self._decode()
        text = self._model.get_result(self._stream).strip()
        return [Final(text.lower())] if text else []

    def _decode(self) -> None:
        while self._model.is_ready(self._stream):
            self._model.decode_stream(self._stream)


def arguments(folder: Path) -> dict[str, Any]:
    """What the library is given: the files of the folder, the quantised ones where there are any."""
    found = {part: _file(folder, part) for part in ("encoder", "decoder", "joiner")}
    units = {"modeling_unit": "bpe", "bpe_vocab": str(folder / "bpe.vocab")}
    return {
        "tokens": str(folder / "tokens.txt"),
        **found,
        **(units if (folder / "bpe.vocab").is_file() else {}),
        "num_threads": 1,
        "sample_rate": 16_000,  # of the model: the library resamples
        "enable_endpoint_detection": True,
        "decoding_method": "modified_beam_search",  # the one that takes hotwords
    }


def written_hints(options: RecogniserOptions) -> str:
    """Hints as the library wants them: one after another, each with its boost."""
    boost = BOOST if options.hints_boost is None else options.hints_boost
    return "/".join(f"{hint.upper().replace('/', ' ')} :{boost:g}" for hint in options.hints)


def samples(pcm: bytes) -> list[float]:
    """-1 to 1."""
    return [sample / FULL_SCALE for sample in array("h", pcm)]


def _file(folder: Path, part: str) -> str:
    found = sorted(folder.glob(f"{part}*.onnx"))
    quantised = [path for path in found if ".int8" in path.name]
    return str((quantised or found)[0])
