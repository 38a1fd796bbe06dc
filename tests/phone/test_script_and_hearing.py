"""What the phone is told to do, and how it knows that the far end has finished."""

import asyncio

import pytest

from offhook.call.errors import OffhookError
from offhook.phone.hearing import Hearing
from offhook.phone.phone import sip_uri
from offhook.phone.script import Press, ScriptInvalid, Speak, Wait, read_script
from offhook.speech.pcm import FRAME_S
from offhook.testing import VirtualClockLoop
from offhook.testing.caller_voice import SILENCE, VOWEL


def test_steps_are_read_in_their_order() -> None:
    arguments = [
        "call",
        "sip:1000@h",
        "--say",
        "sales",
        "--json",
        "--press=1#",
        "--wait",
        "2.5",
        "--say",
        "bye",
    ]
    assert read_script(arguments) == (Speak("sales"), Press("1#"), Wait(2.5), Speak("bye"))


@pytest.mark.parametrize(
    "arguments", [["--press", ""], ["--press", "x"], ["--wait", "-1"], ["--wait", "nan"], ["--wait"]]
)
def test_steps_that_cannot_be_done_are_refused(arguments: list[str]) -> None:
    with pytest.raises(ScriptInvalid):
        read_script(arguments)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("1000", "sip:1000@127.0.0.1:5060"),
        ("1000@pbx.example", "sip:1000@pbx.example"),
        ("sip:1000@127.0.0.1:5070", "sip:1000@127.0.0.1:5070"),
        ("sip:pbx.example", "sip:pbx.example"),
        ("sip:echo", "sip:echo@127.0.0.1:5060"),
    ],
)
def test_whom_somebody_means(text: str, uri: str) -> None:
    assert sip_uri(text) == uri


@pytest.mark.parametrize("text", ["", "sip:", "a b", "<sip:a@b>"])
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(OffhookError):
        sip_uri(text)


class FarEnd:
    """Speaks into a `Hearing` at 50 frames a second, by a list of (begin, end)."""

    def __init__(self, *spans: tuple[float, float]) -> None:
        self._loop = asyncio.get_running_loop()
        self.hearing = Hearing(self._loop.time)
        self._spans = spans
        self._loop.call_later(FRAME_S, self._frame)

    def _frame(self) -> None:
        now = self._loop.time()
        speaks = any(begin <= now < end for begin, end in self._spans)
        self.hearing.hear(VOWEL[int(now * 50) % 50] if speaks else SILENCE)
        self._loop.call_later(FRAME_S, self._frame)


@pytest.mark.parametrize(
    ("spans", "since", "over_at"),
    [
        (((0.5, 2.0),), 0.0, 2.7),
        (((0.5, 2.0), (2.3, 4.0)), 0.0, 4.7),
        ((), 0.0, 3.0),
        (((0.5, 1.0),), 2.0, 5.0),
        (((0.5, 100.0),), 0.0, 10.0),
    ],
    ids=["one prompt", "a short pause is none", "silence", "it spoke before", "it never stops"],
)
def test_the_far_ends_turn(spans: tuple[tuple[float, float], ...], since: float, over_at: float) -> None:
    async def listen() -> float:
        far_end = FarEnd(*spans)
        await asyncio.sleep(since)
        await far_end.hearing.their_turn(since=since, patience_s=3.0, quiet_s=0.7, longest_s=10.0)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        assert runner.run(listen()) == pytest.approx(over_at, abs=0.05)


def test_stretches_of_sound_are_found_and_can_be_cut_out() -> None:
    async def listen() -> Hearing:
        far_end = FarEnd((1.0, 2.0), (3.0, 3.5))
        await asyncio.sleep(5)
        return far_end.hearing

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        hearing = runner.run(listen())
    first, second = hearing.sounds
    assert first.begin == pytest.approx(1.0, abs=0.05)
    assert first.end == pytest.approx(2.0, abs=0.05)
    assert second.end - second.begin == pytest.approx(0.5, abs=0.05)
    assert len(hearing.part(second)) == pytest.approx(0.9 * 16_000, abs=1600)
    assert len(hearing.recording) == pytest.approx(5.0 * 16_000, abs=640)
