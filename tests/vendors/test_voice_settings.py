"""Voices are chosen in settings; what makes no sense is refused in words, without telling what is secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from offhook.bootstrap import open_speech
from offhook.cli.speech_at_hand import speech_at_hand
from offhook.config import Settings
from offhook.speech.voice import VoiceOptions
from offhook.surroundings import Surroundings
from tests.vendors.voice_server import SECOND, voice_server

ALL = {
    "deepgram_key": "hush",
    "elevenlabs_key": "hush",
    "microsoft_key": "hush",
    "microsoft_region": "westeurope",
    "aws_region": "eu-central-1",
    "wyoming_tts": "tcp://127.0.0.1:10200",
    "piper_voice": "/nowhere/voice.onnx",
}


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    monkeypatch.setenv("OFFHOOK_RUN_DIR", "/nowhere")
    monkeypatch.setenv("OFFHOOK_CLUSTER_SECRET", "x")
    return Surroundings.from_environment()


@pytest.mark.parametrize(
    "chosen",
    ["embedded", "GOOGLE", "aws", "microsoft", "deepgram", "ElevenLabs", "wyoming", "piper", "custom:own"],
)
async def test_each_voice_can_be_chosen_in_any_case(
    chosen: str, surroundings: Surroundings, tmp_path: Path
) -> None:
    settings = Settings.model_validate(
        {**ALL, "tts": chosen, "tts_custom": "own=https://h/x,live=wss://h/y", "data_dir": tmp_path}
    )
    speech = open_speech(settings, surroundings)
    assert settings.tts_order == (chosen.lower(),)
    assert {name: voice.name for name, voice in speech.voices.items()} == {
        name: name
        for name in (
            *("embedded", "google", "aws", "microsoft", "deepgram", "elevenlabs", "wyoming", "piper"),
            *("custom:own", "custom:live"),
        )
    }
    await speech.close()


async def test_what_a_voice_said_is_kept_and_said_sentence_by_sentence(
    surroundings: Surroundings, tmp_path: Path
) -> None:
    async with voice_server() as server:
        settings = Settings.model_validate(
            {
                "tts": "custom:own",
                "tts_custom": f"own={server.url}/say",
                "tts_custom_tokens": "own=hush",
                "data_dir": tmp_path,
            }
        )
        for _ in range(2):
            speech = open_speech(settings, surroundings)
            pieces = [piece async for piece in speech.voices["custom:own"].speak("One. Two.", VoiceOptions())]
            await speech.close()
            assert b"".join(pieces) == SECOND * 2
    assert sorted(asked.json["text"] for asked in server.requests) == ["One.", "Two."]
    assert "hush" not in repr(settings)


async def test_who_tries_a_voice_asks_it_whatever_was_kept(tmp_path: Path) -> None:
    async with voice_server() as server:
        settings = Settings.model_validate(
            {"tts": "custom:own", "tts_custom": f"own={server.url}/say", "data_dir": tmp_path}
        )
        for _ in range(2):
            async with speech_at_hand(settings) as at_hand:
                async for _ in at_hand.voice(None).speak("One.", VoiceOptions()):
                    pass
        assert len(server.requests) == 2
        assert list(tmp_path.iterdir()) == []


async def test_what_was_kept_of_another_server_is_not_heard_from_this_one(
    surroundings: Surroundings, tmp_path: Path
) -> None:
    async with voice_server() as one, voice_server() as other:
        for server in (one, other, one):
            settings = Settings.model_validate(
                {**ALL, "tts": "elevenlabs", "elevenlabs_url": server.url, "data_dir": tmp_path}
            )
            speech = open_speech(settings, surroundings)
            async for _ in speech.voices["elevenlabs"].speak("One.", VoiceOptions()):
                pass
            await speech.close()
        assert (len(one.requests), len(other.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"tts": "festival"}, "write embedded, google"),
        ({"tts": "deepgram"}, "deepgram needs OFFHOOK_DEEPGRAM_KEY"),
        (
            {"tts": "microsoft"},
            "OFFHOOK_MICROSOFT_KEY and OFFHOOK_MICROSOFT_REGION or OFFHOOK_MICROSOFT_TTS_URL",
        ),
        ({"tts": "elevenlabs"}, "elevenlabs needs OFFHOOK_ELEVENLABS_KEY"),
        ({"tts": "piper"}, "piper needs OFFHOOK_PIPER_VOICE"),
        ({"tts": "custom:x"}, "add x=https://host/path to OFFHOOK_TTS_CUSTOM"),
        ({"tts_custom": "a=ftp://h"}, "the address of 'a' must be like https://host/path"),
        ({"tts_custom": "a=https://me:secret@h"}, "without a user"),
        ({"tts_custom": "a=https://h", "tts_custom_tokens": "b=secret"}, "'b' has a token and no address"),
        ({"tts_custom": "a=https://h", "tts_custom_tokens": "a=se\ncret"}, "must be visible ASCII"),
        ({"elevenlabs_url": "wss://h"}, "write the address like https://host"),
        ({"wyoming_tts": "http://h"}, "write the address like tcp://"),
        ({"tts_kept_mb": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(settings: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)
