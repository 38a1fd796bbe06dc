"""Where recordings lie, and under which URL applications find them."""

import stat
from pathlib import Path

import pytest

from offhook.config import Settings
from offhook.processes.tapes import RecordingFolder


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"http_host": "0.0.0.0", "http_port": 9000}, "http://127.0.0.1:9000"),
        ({"http_host": "192.0.2.7"}, "http://192.0.2.7:8080"),
        ({"http_host": "::1"}, "http://[::1]:8080"),
        ({"public_url": "https://voice.example/pbx/"}, "https://voice.example/pbx"),
    ],
)
def test_urls_begin_with_what_the_operator_says_or_where_rest_listens(
    settings: dict[str, str | int], url: str
) -> None:
    assert Settings.model_validate(settings).resolved_public_url == url


def test_each_account_has_a_folder_that_is_nobody_elses(tmp_path: Path) -> None:
    folder = RecordingFolder(tmp_path / "data" / "recordings")
    path, name = folder.place("AC1", 32 * "a")
    assert name == f"AC1/RE{32 * 'a'}.wav"
    assert path == tmp_path / "data" / "recordings" / name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert folder.place("AC1", 32 * "b")[0].parent == path.parent


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("in the way")
    with pytest.raises(OSError, match="recordings"):
        RecordingFolder(tmp_path / "recordings").place("AC1", 32 * "a")
