"""`offhook speech`: voices and recognisers without a call and without a server."""

import json
import subprocess
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import offhook

HINTS = "sales,speak to an operator"


def speech(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return offhook("speech", *map(str, arguments), **environment)


def told(done: "subprocess.CompletedProcess[str]", status: int = 0) -> Any:
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command itself said."""
    path = tmp_path_factory.mktemp("speech") / "said.wav"
    made = told(speech("say", "speak to an operator", "-o", path, "--voice", "man", "--json"))
    assert made["vendor"] == "embedded"
    assert made["first_audio_ms"] <= made["took_ms"]
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.getnframes() / 8000 == pytest.approx(made["audio_s"], abs=0.01)
    return path


def test_what_it_says_it_understands(spoken: Path) -> None:
    heard = told(speech("recognise", spoken, "--hints", f" {HINTS} ,,", "--json"))
    assert (heard["vendor"], heard["transcript"]) == ("embedded", "speak to an operator")
    assert heard["hints"] == HINTS.split(",")
    assert 0.2 < heard["confidence"] <= 1
    assert heard["failure"] is None


def test_without_hints_it_needs_a_model_and_says_what_to_do(spoken: Path) -> None:
    done = speech("recognise", spoken)
    assert (done.returncode, done.stdout) == (1, "")
    assert "embedded: needs_model: " in done.stderr
    assert "--hints" in done.stderr


def test_ssml_that_nobody_can_speak_is_told(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    made = told(
        speech("say", '<speak>one <audio src="x"/><break time="1s"/> two</speak>', "-o", path, "--json")
    )
    assert made["audio_s"] > 1.5
    assert made["problems"] == ["<audio> was left out; only its text is spoken"]
    broken = speech("say", "<speak>one", "-o", path)
    assert broken.returncode == 2
    assert "begins like SSML, and is none" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("recognise", __file__), "cannot be heard: not a sound file"),
        (("recognise", __file__, "--vendor", "nobody"), "no recogniser 'nobody'; there is "),
    ],
)
def test_what_cannot_be_done_is_named(arguments: tuple[str, ...], words: str) -> None:
    done = speech(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_only_what_costs_nothing_is_asked_unless_told() -> None:
    listed = {(one["kind"], one["name"]): one for one in told(speech("vendors", "--json"))}
    own = listed["recogniser", "embedded"]
    assert (own["answers"], own["is_chosen"]) == (True, True)
    assert listed["voice", "embedded"]["answers"] is True
    assert {"partials", "hints"} <= set(own["can"])
    google = listed["recogniser", "google"]
    assert (google["answers"], google["is_chosen"]) == (None, False)
    assert "free speech" in google["can"]


def test_a_vendor_that_does_not_answer_is_told() -> None:
    done = speech("vendors", "--test", OFFHOOK_ASR_CUSTOM="mine=ws://127.0.0.1:9/", OFFHOOK_ASR="custom:mine")
    assert done.returncode == 1
    [line] = [line for line in done.stdout.splitlines() if "custom:mine" in line]
    assert line.startswith("recogniser custom:mine (chosen): does not answer: broken: ")


def test_the_bench_measures_speed_and_accuracy() -> None:
    figures = told(speech("bench", "--quick", "--json"))
    voice, (clean, noisy) = figures["voice"], figures["recogniser"]
    assert (voice["voice"], voice["texts"]) == ("embedded", 15)
    assert 0 < voice["real_time_factor"] < 1
    assert 0 < voice["first_audio_ms_p50"] <= voice["first_audio_ms_max"]
    assert (clean["condition"], noisy["condition"]) == ("clean", "15 dB noise")
    for row in (clean, noisy):
        assert (row["phrases"], row["off_menu"], row["failed"]) == (6, 3, 0)
        assert row["right"] + row["wrong"] <= 6
        assert row["right"] >= 3
        assert 0 < row["real_time_factor"] < 1
