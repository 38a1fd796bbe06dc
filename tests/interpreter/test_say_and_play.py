"""Say and Play in whole calls: SSML, loops, and what is empty or relative."""

from offhook.call.facts import TimelineKept
from offhook.dialects.rcml.dialect import Rcml
from offhook.testing import Page, ScriptedCall, WebhookStub, follow

RCML = Rcml(instance_id=32 * "0")


async def test_the_timeline_and_the_caller_have_the_words_of_ssml() -> None:
    call = ScriptedCall()
    voice = "<Response><Say>Wait <break time='1s'/>here<audio src='file:///etc/passwd'/></Say></Response>"
    done = await follow(call, WebhookStub({"/voice": voice}), dialect=RCML)
    assert call.heard[0] == "0.0 Wait here starts"
    events = [event for kept in done.facts.of(TimelineKept) for event in kept.events]
    assert ("sound", "Wait here") in [(kind, facts.get("label")) for _, kind, facts in events]
    assert [told.code for told in done.notifications] == [12200]


async def test_play_without_end_is_ended_by_the_hang_up_and_asked_for_with_its_own_url() -> None:
    call = ScriptedCall("10.5 hangs up")
    app = WebhookStub(
        {
            "/ivr/voice": "<Response><Play loop='0'>../sounds/a.wav</Play><Say>never</Say></Response>",
            "/sounds/a.wav": Page(body="1.0 s", content_type="audio/wav"),
        }
    )
    await follow(call, app, dialect=RCML, first="/ivr/voice?x=1")
    assert len([line for line in call.heard if line.endswith(" starts")]) == 11
    assert app.requests[1].target.url == "http://app.example/sounds/a.wav"


async def test_empty_ones_are_skipped_and_told() -> None:
    call = ScriptedCall()
    voice = "<Response><Play/><Play> </Play><Say></Say><Say><p/></Say><Say>end</Say></Response>"
    done = await follow(call, WebhookStub({"/voice": voice}), dialect=RCML)
    assert call.heard[0] == "0.0 end starts"
    assert [told.code for told in done.notifications] == [12200] * 4
