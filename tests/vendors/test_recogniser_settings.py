"""Which recognisers are there: those whose settings are."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from offhook.config import Settings
from offhook.recogniser_registry import MAKERS, configured_recognisers
from offhook.recogniser_settings import ASR_NEEDS

ALL = {
    "deepgram_key": "k",
    "aws_region": "eu-central-1",
    "microsoft_key": "k",
    "microsoft_region": "westeurope",
    "wyoming_asr": "tcp://127.0.0.1:10300",
    "vosk_model": "/nowhere",
    "sherpa_model": "/nowhere",
    "whisper_model": "/nowhere",
}


async def test_all_are_there_with_their_settings_and_have_their_names() -> None:
    recognisers = configured_recognisers(Settings.model_validate(ALL))
    assert recognisers.keys() == ASR_NEEDS.keys() == MAKERS.keys()
    assert {name: recogniser.name for name, recogniser in recognisers.items()} == {
        name: name for name in ASR_NEEDS
    }
    for recogniser in recognisers.values():
        await recogniser.close()


def test_none_is_there_without() -> None:
    assert configured_recognisers(Settings.model_validate({})) == {}
    assert configured_recognisers(Settings.model_validate({"microsoft_key": "k"})) == {}


@pytest.mark.parametrize("name", [*ASR_NEEDS, "Deepgram", "AWS", "Sherpa-ONNX"])
def test_each_can_be_chosen_in_any_case(name: str) -> None:
    assert Settings.model_validate({**ALL, "asr": name}).asr == name.lower()


def test_several_are_tried_in_their_order_by_whatever_name() -> None:
    settings = Settings.model_validate({**ALL, "asr": " Google, azure,Polly embedded"})
    assert settings.asr_order == ("google", "microsoft", "aws", "embedded")
    assert Settings.model_validate({**ALL, "tts": "Polly, embedded"}).tts_order == ("aws", "embedded")
    assert Settings.model_validate({}).asr_order == Settings.model_validate({}).tts_order == ("embedded",)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"asr": "deepgram"}, "deepgram needs OFFHOOK_DEEPGRAM_KEY"),
        (
            {"asr": "Microsoft", "microsoft_key": "secret"},
            "microsoft needs OFFHOOK_MICROSOFT_REGION or OFFHOOK_MICROSOFT_ASR_HOST",
        ),
        ({"asr": "nuance"}, "write embedded, google, deepgram"),
        ({"asr": "google, nuance"}, "there is no 'nuance'; write embedded"),
        ({"asr": "embedded,deepgram"}, "deepgram needs OFFHOOK_DEEPGRAM_KEY"),
        ({"asr": "google, embedded, Google"}, "google is there twice"),
        ({"asr": " , "}, "name one, or several, comma-separated"),
        ({"tts": "embedded, festival"}, "there is no 'festival'; write embedded"),
        ({"tts": "embedded, aws"}, "aws needs OFFHOOK_AWS_REGION"),
        ({"deepgram_asr_url": "https://h/"}, "write the address like wss://host/path"),
        ({"wyoming_asr": "127.0.0.1:10300"}, "write the address like tcp://127.0.0.1:10300"),
    ],
)
def test_what_is_missing_is_named(settings: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)


def test_libraries_of_vendors_are_loaded_by_those_who_use_them() -> None:
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; import offhook.bootstrap; "
            "print([n for n in ('picows', 'azure', 'vosk', 'sherpa_onnx', 'faster_whisper') if n in sys.modules])",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=dict(os.environ),
    )
    assert seen.stdout.strip() == "[]"
