"""An answered caller never hears nothing for long: a comfort tone fills what is waited for, and gives way at once."""

import asyncio
import math
import struct
from collections.abc import AsyncIterator

import pytest

from offhook.dialects.rcml.dialect import Rcml
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.tone import comfort_tone
from offhook.speech.voice import VoiceOptions
from offhook.testing import FakeVoice, Page, ScriptedCall, WebhookStub, follow

RCML = Rcml(instance_id=32 * "0")
MENU = '<Response><Gather numDigits="1" action="heard"/></Response>'
BYE = "<Response><Say>bye</Say></Response>"


def application(**pages: str | Page | tuple[str | Page, ...]) -> WebhookStub:
    return WebhookStub({f"/{name}": page for name, page in pages.items()})


class SlowVoice(FakeVoice):
    """Thinks for a while before it speaks."""

    def __init__(self, thinks_s: float) -> None:
        super().__init__()
        self._thinks_s = thinks_s

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        await asyncio.sleep(self._thinks_s)
        async for piece in super().speak(text, options):
            yield piece


async def test_an_application_that_thinks_for_long_is_filled_in_for() -> None:
    call = ScriptedCall("1.0 key 1")
    await follow(call, application(voice=MENU, heard=Page(body=BYE, after_s=6.0)), dialect=RCML)
    assert call.heard == [
        "3.0 comfort starts",
        "5.5 comfort ends",
        "5.5 comfort starts",
        "7.0 comfort stops",
        "7.0 bye starts",
        "7.3 bye ends",
    ]


async def test_an_application_that_answers_in_time_is_not() -> None:
    call = ScriptedCall("1.0 key 1")
    await follow(call, application(voice=MENU, heard=Page(body=BYE, after_s=1.9)), dialect=RCML)
    assert call.heard == ["2.9 bye starts", "3.2 bye ends"]


async def test_a_ringing_call_goes_on_ringing() -> None:
    call = ScriptedCall()
    await follow(call, application(voice=Page(body=BYE, after_s=8.0)), dialect=RCML)
    assert call.heard == ["8.0 bye starts", "8.3 bye ends"]


async def test_a_sound_that_is_long_in_coming_is_filled_in_for() -> None:
    call = ScriptedCall()
    app = application(
        voice="<Response><Play>sound.wav</Play></Response>",
        **{"sound.wav": Page(body="1 s", content_type="audio/wav", after_s=3.0)},
    )
    await follow(call, app, dialect=RCML)
    assert [line.split(" ", 1)[1].rpartition("/")[2] for line in call.heard] == [
        "comfort starts",
        "comfort stops",
        "sound.wav starts",
        "sound.wav ends",
    ]
    assert call.heard[0].startswith("2.0")


async def test_silence_counts_from_one_wait_to_the_next() -> None:
    """1.5 s for the answer and 1.5 s for the voice: each is short, together they are not."""
    call = ScriptedCall("1.0 key 1")
    app = application(voice=MENU, heard=Page(body=BYE, after_s=1.5))
    await follow(call, app, dialect=RCML, voice=SlowVoice(1.5))
    assert call.heard[:2] == ["3.0 comfort starts", "4.0 comfort stops"]


async def test_the_filler_itself_counts_as_something_heard() -> None:
    """2.5 s for the answer, the last half of it filled; then 1.5 s for the voice, which is short again."""
    call = ScriptedCall("1.0 key 1")
    app = application(voice=MENU, heard=Page(body=BYE, after_s=2.5))
    await follow(call, app, dialect=RCML, voice=SlowVoice(1.5))
    assert call.heard == ["3.0 comfort starts", "3.5 comfort stops", "5.0 bye starts", "5.3 bye ends"]


async def test_redirects_do_not_start_the_count_anew() -> None:
    call = ScriptedCall("1.0 key 1")
    hop = Page(body="<Response><Redirect>hop</Redirect></Response>", after_s=0.9)
    app = application(voice=MENU, heard=hop, hop=(hop, hop, BYE))
    await follow(call, app, dialect=RCML)
    assert call.heard[0] == "3.0 comfort starts"


async def test_prompts_of_a_gather_and_the_apology_are_waits_too() -> None:
    call = ScriptedCall("1.0 key 1")
    app = application(voice=MENU, heard='<Response><Gather timeout="1"><Say>hi</Say></Gather></Response>')
    await follow(call, app, dialect=RCML, voice=SlowVoice(2.5))
    assert call.heard[:3] == ["3.0 comfort starts", "3.5 comfort stops", "3.5 hi starts"]
    other = ScriptedCall("1.0 key 1")
    await follow(other, application(voice=MENU, heard=Page(status=404)), dialect=RCML, voice=SlowVoice(2.5))
    assert [line.split(" ", 1)[1] for line in other.heard] == [
        "comfort starts",
        "comfort stops",
        "sorry starts",
        "sorry ends",
    ]


async def test_a_pause_and_a_gather_are_the_callers_time() -> None:
    call = ScriptedCall()
    app = application(voice='<Response><Say>a</Say><Pause length="5"/><Gather timeout="6"/></Response>')
    await follow(call, app, dialect=RCML)
    assert call.heard == ["0.0 a starts", "0.1 a ends"]


async def test_retries_are_filled_in_for() -> None:
    call = ScriptedCall("1.0 key 1")
    app = application(voice=MENU, heard=(*(Page(status=503) for _ in range(5)), BYE))
    await follow(call, app, dialect=RCML)
    assert call.heard[0] == "3.0 comfort starts"
    assert call.heard[-1].endswith("bye ends")


async def test_a_hang_up_ends_the_filler() -> None:
    call = ScriptedCall("1.0 key 1", "4.0 hangs up")
    await follow(call, application(voice=MENU, heard=Page(body=BYE, after_s=6.0)), dialect=RCML)
    assert call.heard == ["3.0 comfort starts", "4.0 comfort stops"]


def test_the_comfort_tone_is_soft_and_never_silent_for_long() -> None:
    pcm = comfort_tone()
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    loudest_dbm0 = 20 * math.log10(max(samples) / 22_750)
    assert loudest_dbm0 == pytest.approx(-30, abs=0.5)
    assert samples[0] == samples[-1] == 0, "repeated without a click"
    quiet = longest = 0
    for sample in samples * 2:
        quiet = quiet + 1 if abs(sample) < 20 else 0
        longest = max(longest, quiet)
    assert longest < 1.0 * SAMPLE_RATE_HZ
