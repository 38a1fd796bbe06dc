"""One server for all tests here that leave it as they found it, an application for each, and a caller's voice."""

import asyncio
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.phone.speech import speech_process
from offhook.speech.voice import VoiceOptions
from offhook.vendors.embedded.voice import EmbeddedVoice
from tests.sip.peer import Peer
from tests.system.server import Server, running_server
from tests.webhooks.server import Application, application

WORDS = ("sales", "support", "hello")
LAST_PRINTED = 6000
"""Characters of a server's output that a failure shows."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what its server printed last."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Server):
                report.sections.append(
                    (f"server on SIP port {value.sip_port}", value.output.text[-LAST_PRINTED:])
                )
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is ready, and less patient with applications than usual."""
    folder = tmp_path_factory.mktemp("server")
    with running_server(
        folder, WEBHOOK_RESPONSE_S="1.5", WEBHOOK_TOTAL_S="2.5", WEBHOOK_RETRY_S="0"
    ) as running:
        yield running


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that nobody may call but 127.0.0.1 and its trunks, that does not ask trunks how they are, and that has its codecs
    in another order than usual."""
    folder = tmp_path_factory.mktemp("guarded")
    settings = {
        "DEV": "",
        "WEBHOOK_ALLOW": "127.0.0.0/8",
        "SIP_ALLOW": "127.0.0.1/32",
        "TRUNK_OPTIONS_S": "0",
        "CODECS": "GSM, opus, G722, PCMA, PCMU",
    }
    with running_server(folder, SHED_LAG_S="5", **settings) as running:
        yield running


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same with the PJSIP from PyPI, which holds four calls, whatever other build is installed."""
    folder = tmp_path_factory.mktemp("small")
    with running_server(folder, ENGINE="wheel") as running:
        yield running


@pytest.fixture(params=["server", "small"])
def either(request: pytest.FixtureRequest) -> Server:
    """A server with our own build of PJSIP, and one with that from PyPI."""
    chosen: Server = request.getfixturevalue(request.param)
    return chosen


@pytest_asyncio.fixture
async def app() -> AsyncIterator[Application]:
    """A web application on loopback."""
    async with application() as running:
        yield running


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """A telephone of raw sockets."""
    opened = await Peer.open()
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def said() -> Callable[[str], bytes]:
    """The PCM of a word, spoken by the embedded voice."""

    async def speak_all() -> dict[str, bytes]:
        async with speech_process("voice") as path:
            voice, adam = EmbeddedVoice(path, words_per_minute=175), VoiceOptions(voice="adam")
            spoken = {word: b"".join([piece async for piece in voice.speak(word, adam)]) for word in WORDS}
            await voice.close()
            return spoken

    spoken = asyncio.run(speak_all())
    return spoken.__getitem__


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the words as WAV files."""
    return tmp_path_factory.mktemp("sounds")


def write_wav(path: Path, pcm: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(pcm)


def offhook(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    import os

    return subprocess.run(
        [sys.executable, "-m", "offhook", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
