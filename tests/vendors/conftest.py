"""Speech processes, started once for all tests that leave them alive."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from offhook.vendors.embedded.decoder import EmbeddedDecoder
from offhook.vendors.embedded.recogniser import EmbeddedRecogniser
from offhook.vendors.embedded.voice import EmbeddedVoice
from tests.vendors.speech_process import SpeechProcess, speech_process


@pytest.fixture(scope="session")
def socket_folder() -> Iterator[Path]:
    """A folder with a short path: that of a Unix socket may have some 100 bytes."""
    with tempfile.TemporaryDirectory(prefix="oh-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def recogniser_process(socket_folder: Path) -> Iterator[SpeechProcess]:
    with speech_process("recogniser", socket_folder / "recogniser") as process:
        yield process


@pytest.fixture(scope="session")
def voice_process(socket_folder: Path) -> Iterator[SpeechProcess]:
    with speech_process("voice", socket_folder / "voice") as process:
        yield process


@pytest.fixture
def recogniser(recogniser_process: SpeechProcess) -> EmbeddedRecogniser:
    return EmbeddedRecogniser((recogniser_process.path,))


@pytest.fixture
def voice(voice_process: SpeechProcess) -> EmbeddedVoice:
    return EmbeddedVoice(voice_process.path)


@pytest.fixture
def decoder(voice_process: SpeechProcess) -> EmbeddedDecoder:
    return EmbeddedDecoder(voice_process.path)
