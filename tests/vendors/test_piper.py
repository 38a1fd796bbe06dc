"""Piper without a voice of its own at hand: what is said of a file that is missing, or no voice. Nothing is spoken here."""

import asyncio
from pathlib import Path

import pytest

from offhook.call.errors import ProviderError
from offhook.speech.voice import VoiceOptions
from offhook.vendors.piper import PiperVoice

DEADLINE_S = 60.0
DESCRIBED = (
    '{"audio": {"sample_rate": 22050}, "espeak": {"voice": "en-us"}, "inference": {}, "num_symbols": 256, '
    '"num_speakers": 1, "phoneme_type": "espeak", "phoneme_id_map": {}, "speaker_id_map": {}}'
)


async def said(voice: PiperVoice) -> None:
    async with asyncio.timeout(DEADLINE_S):
        async for _ in voice.speak("Hello.", VoiceOptions()):
            pass


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    model = tmp_path / "voice.onnx"
    with pytest.raises(ProviderError, match=r"there is no file .*voice.onnx"):
        await said(PiperVoice(model))
    model.write_bytes(b"")
    with pytest.raises(ProviderError, match=r"there is no file .*voice.onnx.json") as raised:
        await said(PiperVoice(model))
    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("model", "described"), [(b"garbage", DESCRIBED), (b"", DESCRIBED), (b"", "no JSON"), (b"", "{}")]
)
async def test_a_file_that_is_no_voice_is_told(tmp_path: Path, model: bytes, described: str) -> None:
    path = tmp_path / "voice.onnx"
    path.write_bytes(model)
    (tmp_path / "voice.onnx.json").write_text(described)
    voice = PiperVoice(path)
    with pytest.raises(ProviderError, match="no voice that it can load"):
        await said(voice)
    await voice.close()


async def test_a_text_without_words_loads_nothing(tmp_path: Path) -> None:
    assert [piece async for piece in PiperVoice(tmp_path / "none.onnx").speak("  ", VoiceOptions())] == []
