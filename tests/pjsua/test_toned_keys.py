"""Keys as tones: of callers who offer no telephone-event, over real SIP and RTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import groupby

import pytest
import pytest_asyncio

from offhook.call.port import FrameSink
from offhook.pjsua.leg import Leg
from offhook.pjsua.toned_keys import TonedKeys
from offhook.speech.dtmf_tones import key_tone
from offhook.speech.pcm import FRAME_BYTES
from tests.contract.phone import Phone
from tests.contract.worlds import RealWorld

pytestmark = pytest.mark.sip

PATIENCE_S = 30
PAUSE = bytes(2 * 800)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def call_of(world: RealWorld, *, has_events: bool) -> Leg:
    """An answered call of a phone that offers key events, or none."""
    sdp = world.peer.sdp()
    if not has_events:
        sdp = world.peer.sdp("0").replace("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n", "")
    port = world.switchboard.engine.sip_port
    world.deeds.append(asyncio.create_task(world.peer.invite("1000", port, sdp=sdp)))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    return leg


def tones(phone: Phone, keys: str) -> None:
    """Send keys as a phone without events does."""
    phone.say(b"".join(PAUSE + key_tone(key, 0.1) for key in keys) + PAUSE)


async def until_silent(phone: Phone) -> None:
    """Return once all that the phone says was sent, and what follows it has come."""
    async with asyncio.timeout(PATIENCE_S):
        while phone.is_speaking:
            phone.packet_arrived.clear()
            await phone.packet_arrived.wait()
        known = len(phone.heard)
        await phone.until(lambda: len(phone.heard) >= known + 25)


class Pressed:
    """Notes keys."""

    def __init__(self) -> None:
        self.keys = ""
        self._more = asyncio.Event()

    def __call__(self, key: str) -> None:
        self.keys += key
        self._more.set()

    async def one(self, key: str) -> None:
        """Return once a key was pressed."""
        async with asyncio.timeout(PATIENCE_S):
            while key not in self.keys:
                self._more.clear()
                await self._more.wait()


def once_each(keys: str) -> str:
    """Keys without those that follow themselves: a busy machine loses packets in the middle of a tone."""
    return "".join(key for key, _ in groupby(keys))


async def test_tones_are_keys_of_who_offers_no_events(world: RealWorld) -> None:
    leg = await call_of(world, has_events=False)
    engine = world.switchboard.engine
    assert engine.legs_listened_to == 0  # nobody has asked for keys
    pressed = Pressed()
    with leg.keys(pressed):
        tones(world.peer, "15*0#D")
        await pressed.one("D")
    assert once_each(pressed.keys) == "15*0#D"
    told = [str(facts["key"]) for _, kind, facts in leg.timeline.take() if kind == "key"]
    assert "".join(told) == pressed.keys
    await leg.hang_up()
    assert engine.legs_listened_to == 0


class Line:
    """The sound of one far end, as a leg tells it."""

    def __init__(self) -> None:
        self._sinks: list[FrameSink] = []

    @contextmanager
    def listen(self, to: FrameSink) -> Iterator[None]:
        self._sinks.append(to)
        try:
            yield
        finally:
            self._sinks.remove(to)

    @property
    def is_listened_to(self) -> bool:
        return bool(self._sinks)

    def sounds(self, pcm: bytes) -> None:
        for start in range(0, len(pcm), FRAME_BYTES):
            for sink in tuple(self._sinks):
                sink(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))


async def test_a_tone_that_outlasts_a_verb_is_one_key() -> None:
    line, pressed = Line(), Pressed()
    toned = TonedKeys(line.listen, tell=pressed)
    toned.negotiated(has_key_events=False)
    toned.wanted()
    line.sounds(key_tone("7", 0.3))
    toned.wanted()  # the next verb
    line.sounds(key_tone("7", 0.3) + PAUSE + key_tone("8", 0.1))
    assert pressed.keys == "78"
    toned.end()
    assert not line.is_listened_to


async def test_what_is_negotiated_anew_counts() -> None:
    line, pressed = Line(), Pressed()
    toned = TonedKeys(line.listen, tell=pressed)
    toned.wanted()
    assert not line.is_listened_to  # nothing was negotiated yet
    toned.negotiated(has_key_events=False)
    assert line.is_listened_to
    toned.negotiated(has_key_events=True)
    assert not line.is_listened_to
    toned.negotiated(has_key_events=False)
    line.sounds(key_tone("1", 0.1))
    assert pressed.keys == "1"


async def test_a_message_about_another_key_than_the_tone_is_a_press_of_its_own() -> None:
    line, pressed = Line(), Pressed()
    toned = TonedKeys(line.listen, tell=pressed)
    toned.negotiated(has_key_events=False)
    toned.wanted()
    line.sounds(key_tone("1", 0.1))
    assert toned.is_new("2")
    assert not line.is_listened_to


async def test_who_offers_events_is_not_listened_to(world: RealWorld) -> None:
    leg = await call_of(world, has_events=True)
    pressed = Pressed()
    with leg.keys(pressed):
        tones(world.peer, "42")
        await until_silent(world.peer)
        assert world.switchboard.engine.legs_listened_to == 0
        world.peer.press("9")
        await pressed.one("9")
    assert pressed.keys == "9"
    await leg.hang_up()


async def test_a_key_that_comes_as_tone_and_as_message_is_one_key(world: RealWorld) -> None:
    leg = await call_of(world, has_events=False)
    pressed = Pressed()
    with leg.keys(pressed):
        tones(world.peer, "3")
        await pressed.one("3")
        for key in "35":
            await world.peer.info(key)
        await pressed.one("5")
        tones(world.peer, "5")  # whoever sends messages is heard by them alone
        await until_silent(world.peer)
    assert once_each(pressed.keys) == "35"
    await leg.hang_up()
