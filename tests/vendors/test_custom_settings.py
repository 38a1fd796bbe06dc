"""Engines are named in settings; what makes no sense is refused in words, without telling what is secret."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from offhook.bootstrap import open_speech
from offhook.config import Settings
from offhook.surroundings import Surroundings


def test_engines_are_read_with_their_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "OFFHOOK_ASR_CUSTOM", "mine=ws://127.0.0.1:9000/a?b=c, big_one=wss://asr.example/x%2Cy,"
    )
    monkeypatch.setenv("OFFHOOK_ASR_CUSTOM_TOKENS", "big_one=abc=def==")
    monkeypatch.setenv("OFFHOOK_ASR", "custom:big_one")
    settings = Settings()
    assert settings.asr == "custom:big_one"
    assert settings.custom_engines == {
        "mine": ("ws://127.0.0.1:9000/a?b=c", None),
        "big_one": ("wss://asr.example/x%2Cy", "abc=def=="),
    }
    assert "abc" not in repr(settings)


async def test_there_is_a_recogniser_for_each_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_RUN_DIR", "/nowhere")
    monkeypatch.setenv("OFFHOOK_CLUSTER_SECRET", "x")
    settings = Settings(asr_custom="mine=ws://127.0.0.1:9000,other=wss://asr.example", asr="custom:mine")
    speech = open_speech(settings, Surroundings.from_environment())
    named = {key: recogniser.name for key, recogniser in speech.recognisers.items()}
    await speech.close()
    assert named == {name: name for name in ("embedded", "google", "custom:mine", "custom:other")}
    assert settings.asr in named


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"asr": "custom:x"}, "add x=wss://host/path to OFFHOOK_ASR_CUSTOM"),
        ({"asr": "custom:"}, "OFFHOOK_ASR_CUSTOM"),
        ({"asr": "custom:x", "asr_custom": "y=ws://h"}, "add x=wss://host/path to OFFHOOK_ASR_CUSTOM"),
        ({"asr": "nobody"}, "write embedded, google, "),
        ({"asr": "custom"}, "or custom:name"),
        ({"asr_custom": "ws://h"}, "entry 1 must be name=wss://host/path"),
        ({"asr_custom": "a=ws://h, B=ws://h"}, "entry 2 must be name=wss://host/path"),
        ({"asr_custom": "a=ws://h,a=ws://i"}, "'a' is there twice"),
        ({"asr_custom": "a=http://h"}, "the address of 'a' must be like wss://host/path"),
        ({"asr_custom": "a=ws://user:secret@h/"}, "without a user"),
        ({"asr_custom": "a=ws://h/#x"}, "without a user, a password or a #"),
        ({"asr_custom": "a=ws://h:port/"}, "the address of 'a'"),
        ({"asr_custom": "a=ws:///x"}, "the address of 'a'"),
        ({"asr_custom": "a=ws://h/\r\nX:secret"}, "the address of 'a'"),
        ({"asr_custom": "a=ws://h", "asr_custom_tokens": "secret"}, "entry 1 must be name=token"),
        ({"asr_custom": "a=ws://h", "asr_custom_tokens": "b=secret"}, "'b' has a token and no address"),
        ({"asr_custom": "a=ws://h", "asr_custom_tokens": "a=se\ncret"}, "must be visible ASCII"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(settings: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_command_line_names_the_setting_that_is_missing() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}
    done = subprocess.run(
        [sys.executable, "-m", "offhook", "serve"],
        env={**clean, "OFFHOOK_ASR": "custom:mine"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "OFFHOOK_ASR: custom:mine needs its address: add mine=wss://host/path to OFFHOOK_ASR_CUSTOM"
    )
