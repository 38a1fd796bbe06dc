"""Recognisers with a local model: what is missing or broken is told, options reach the library, audio what hears it.

Models cannot be had here, so recognition itself is not run.
"""

from pathlib import Path
from typing import Any

import pytest

from offhook.speech.recogniser import FailureKind, Final, Partial, RecogniserOptions
from offhook.vendors.local import sherpa, vosk, whisper
from offhook.vendors.local.recogniser import Engine, LocalRecogniser
from offhook.vendors.local.sherpa import SherpaEngine
from offhook.vendors.local.vosk import VoskEngine
from offhook.vendors.local.whisper import WhisperEngine
from tests.vendors.hearing import failure

ENGINES: dict[str, Engine] = {
    "vosk": VoskEngine(),
    "sherpa-onnx": SherpaEngine(),
    "whisper": WhisperEngine(),
}
FILES = {
    "vosk": ("am/final.mdl", "conf/mfcc.conf"),
    "sherpa-onnx": ("tokens.txt", "encoder-99.onnx", "decoder-99.onnx", "joiner-99.onnx"),
    "whisper": ("model.bin", "config.json"),
}


def fill(folder: Path, name: str, content: bytes) -> None:
    for file in FILES[name]:
        (folder / file).parent.mkdir(exist_ok=True, parents=True)
        (folder / file).write_bytes(content)


async def told(name: str, folder: Path) -> str:
    recogniser = LocalRecogniser(ENGINES[name], folder)
    failed = await failure(recogniser)
    await recogniser.close()
    assert (failed.kind, failed.retryable) == (FailureKind.NEEDS_MODEL, False)
    assert recogniser.name == name
    assert name in failed.detail
    return failed.detail


@pytest.mark.parametrize("name", ENGINES)
class TestModels:
    async def test_a_folder_that_is_not_there_is_named(self, name: str, tmp_path: Path) -> None:
        assert f"there is no folder {tmp_path / 'none'}" in await told(name, tmp_path / "none")

    async def test_what_a_folder_lacks_is_named(self, name: str, tmp_path: Path) -> None:
        detail = await told(name, tmp_path)
        assert f"the folder {tmp_path} lacks {', '.join(ENGINES[name].files)}" in detail

    async def test_an_empty_file_is_named(self, name: str, tmp_path: Path) -> None:
        fill(tmp_path, name, b"")
        assert "is empty" in await told(name, tmp_path)


@pytest.mark.parametrize("name", ["vosk", "sherpa-onnx"])
async def test_a_corrupt_model_is_told(name: str, tmp_path: Path) -> None:
    fill(tmp_path, name, b"not a model")
    assert f"the model in {tmp_path} cannot be loaded" in await told(name, tmp_path)


class TestOptions:
    def test_vosk_is_given_a_grammar_only_with_hints(self) -> None:
        assert vosk.grammar(RecogniserOptions()) == ()
        assert vosk.grammar(RecogniserOptions(hints=("Sales", "Grün"))) == ('["sales", "grün", "[unk]"]',)

    def test_what_vosk_says_becomes_events(self) -> None:
        final = '{"result": [{"word": "a", "conf": 1.0}, {"word": "b", "conf": 0.5}], "text": "a [unk] b"}'
        assert vosk.read_final(final) == [Final("a   b", 0.75)]
        assert vosk.read_final('{"text": ""}') == []
        assert vosk.read_partial('{"partial": "spe"}') == [Partial("spe")]
        assert vosk.read_partial('{"partial": "[unk]"}') == []

    def test_sherpa_is_given_hints_with_their_boost(self) -> None:
        options = RecogniserOptions(hints=("sales", "24/7 help"), hints_boost=3)
        assert sherpa.written_hints(options) == "SALES :3/24 7 HELP :3"
        assert sherpa.written_hints(RecogniserOptions()) == ""

    def test_sherpa_takes_the_quantised_files(self, tmp_path: Path) -> None:
        for name in ("encoder.onnx", "encoder.int8.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"):
            (tmp_path / name).touch()
        asked = sherpa.arguments(tmp_path)
        assert asked["encoder"] == str(tmp_path / "encoder.int8.onnx")
        assert asked["tokens"] == str(tmp_path / "tokens.txt")
        assert "bpe_vocab" not in asked

    def test_sherpa_hears_samples_between_minus_one_and_one(self) -> None:
        assert sherpa.samples(b"\x00\x80\x00\x40\x00\x00") == [-1.0, 0.5, 0.0]

    def test_whisper_is_given_the_language_and_the_hints(self) -> None:
        asked = whisper.arguments(RecogniserOptions(language="de-DE", hints=("Vertrieb", "Hilfe")))
        assert (asked["language"], asked["hotwords"]) == ("de", "Vertrieb, Hilfe")
        assert "hotwords" not in whisper.arguments(RecogniserOptions())


class Asked:
    """Stands where faster-whisper's model does, which needs files that cannot be had here."""

    def __init__(self) -> None:
        self.audio: list[Any] = []

    def transcribe(self, audio: Any, **options: Any) -> tuple[list[Any], None]:
        self.audio.append(audio)
        return [], None


def test_whisper_is_not_asked_about_silence() -> None:
    model = Asked()
    decoding = WhisperEngine().begin(model, RecogniserOptions())
    for _ in range(100):
        assert decoding.hear(b"\0\0" * 800) == []
    assert decoding.last_words() == []
    assert model.audio == []
