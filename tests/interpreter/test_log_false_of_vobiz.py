"""With `log="false"` what is typed and said is told to the action of a Vobiz document, and is kept nowhere."""

import pytest

from offhook.call.discretion import HIDDEN
from offhook.call.facts import TimelineKept
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.speech.recogniser import Final, Partial
from offhook.testing import FakeRecogniser, Followed, Page, ScriptedCall, WebhookStub, follow
from offhook.verbs import Method, Request

PIN, PHRASE = "8346109257", "open sesame please"
TYPED = tuple(f"{0.5 + number / 10:.1f} key {key}" for number, key in enumerate(PIN))
OVER = "<Response><Speak>thanks</Speak></Response>"


def asking(attributes: str, then: str = "") -> str:
    return (
        f'<Response><Gather log="false" action="http://app.example/heard" {attributes}><Speak>tell me</Speak>'
        f"</Gather>{then}<Speak>goodbye</Speak></Response>"
    )


def heard(app: WebhookStub) -> Request:
    return next(request for request in app.requests if request.target.url.split("?")[0].endswith("/heard"))


def pressed(done: Followed) -> list[object]:
    events = [event for part in done.facts.of(TimelineKept) for event in part.events]
    return [facts["key"] for _, kind, facts in events if kind == "key"]


@pytest.mark.parametrize("redirect", ["true", "false"])
@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize(
    "answer",
    [OVER, f"<Response><Speak>{PIN}</Speak></Response>", Page(status=500, body=f"no such pin: {PIN}"), PIN],
    ids=["taken", "repeated", "failing", "no document"],
)
async def test_what_is_typed(redirect: str, method: Method, answer: str | Page) -> None:
    voice = asking(f'numDigits="{len(PIN)}" redirect="{redirect}" method="{method}"')
    app = WebhookStub({"/voice": voice, "/heard": answer})
    done = await follow(ScriptedCall(*TYPED), app, dialect=Vobiz())
    assert dict(heard(app).parameters)["Digits"] == PIN
    assert PIN in heard(app).secret_values
    assert heard(app).signature
    assert pressed(done) == [HIDDEN] * len(PIN)
    assert PIN not in repr(done.facts.facts)


async def test_what_is_said() -> None:
    events = ((1.0, Partial(PHRASE[:11], 0.5)), (1.8, Partial(PHRASE, 0.9)))
    recogniser = FakeRecogniser(events=events, at_finish=(Final(PHRASE, 0.8765),))
    voice = asking('inputType="speech" interimSpeechResultsCallback="http://app.example/part"')
    app = WebhookStub({"/voice": voice, "/heard": OVER, "/part": ""})
    done = await follow(ScriptedCall("1.0 says 1.0"), app, dialect=Vobiz(), recogniser=recogniser)
    assert dict(heard(app).parameters)["Speech"] == PHRASE
    told = [dict(request.parameters) for request in done.partials.requests]
    assert [one["UnstableSpeech"] for one in told] == [PHRASE[:11], PHRASE]
    assert all({"StableSpeech", "UnstableSpeech"} <= {*one.secrets} for one in done.partials.requests)
    kept = repr(done.facts.facts)
    assert [words for words in (PHRASE, PHRASE[:11], "sesame", "0.8765") if words in kept] == []


async def test_who_types_on_while_a_recording_was_only_begun() -> None:
    voice = asking('numDigits="2" redirect="false"', then='<Record recordSession="true"/>')
    call = ScriptedCall("0.5 key 1", "0.6 key 2", "0.7 key 3")
    done = await follow(call, WebhookStub({"/voice": voice, "/heard": ""}), dialect=Vobiz())
    assert pressed(done) == [HIDDEN, HIDDEN, HIDDEN]


async def test_a_slip_keeps_nothing_either() -> None:
    voice = asking('numDigits="10"').replace('log="false"', 'log="no"')
    done = await follow(ScriptedCall(*TYPED), WebhookStub({"/voice": voice, "/heard": OVER}), dialect=Vobiz())
    assert PIN not in repr(done.facts.facts)
