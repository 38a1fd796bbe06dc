"""Two worlds in which a call can live; each test of the contract runs in both."""

import asyncio
import wave
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.call.port import Audio
from offhook.testing import VirtualClockLoop
from offhook.testing.caller_voice import VOWEL
from tests.contract.tones import ANNOUNCEMENT_HZ, sine
from tests.contract.worlds import RealWorld, ScriptedWorld, World


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"scripted": VirtualClockLoop, "pjsua2": asyncio.new_event_loop}


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    if isinstance(asyncio.get_running_loop(), VirtualClockLoop):
        yield ScriptedWorld()
        return
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


@pytest.fixture
def tone(tmp_path: Path) -> Callable[[float], Audio]:
    """Makes a sound of a length."""

    def make(seconds: float) -> Audio:
        return _sound(tmp_path / f"tone-{seconds}.wav", (b"".join(VOWEL) * 60)[: int(seconds * 8000) * 2])

    return make


@pytest.fixture
def announcement(tmp_path: Path) -> Audio:
    """Two seconds of a tone that no voice of the party has."""
    return _sound(tmp_path / "announcement.wav", sine(ANNOUNCEMENT_HZ, 2.0), "announcement")


def _sound(path: Path, pcm: bytes, label: str = "tone") -> Audio:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(pcm)
    return Audio(path=path, duration_s=len(pcm) / 16000, label=label)
