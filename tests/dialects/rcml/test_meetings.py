"""How <Conference>, <Queue>, <Enqueue> and <Leave> are read, and what their actions are told."""

import pytest

from offhook.dialects.rcml.check import check
from offhook.interpreter.ports import Report
from offhook.verbs import (
    Conference,
    ConferenceEnd,
    Conferred,
    Dequeue,
    Enqueue,
    Leave,
    Method,
    Queued,
    QueueEnd,
    Recorded,
    Target,
    Verb,
)
from tests.dialects.rcml.test_dial import RCML, problems, read, reply

ACTION = Target("http://app.example/ivr/done")
CONFERENCE, QUEUE, CALL = "1" * 32, "2" * 32, "3" * 32
RECORDED = Recorded(account_sid="AC1", recording_id="4" * 32, duration_s=5.0)


def verb_of(rcml: str) -> Verb:
    [verb] = read(rcml).verbs
    return verb


def told(report: Report) -> dict[str, str]:
    return dict(report.parameters)


def test_the_defaults_of_a_conference() -> None:
    assert verb_of("<Dial><Conference> the\n team </Conference></Dial>") == Conference(
        name="the team",
        action=None,
        is_muted=False,
        enter_beeps=1,
        exit_beeps=1,
        starts_on_enter=True,
        ends_on_exit=False,
        wait=None,
        is_wait_silent=False,
        max_participants=40,
        is_recorded=False,
        time_limit_s=14_400.0,
        hang_up_key="",
        line=1,
    )


def test_a_conference_with_everything() -> None:
    document = (
        "<Dial action='done' timeLimit='60' record='true' hangupOnStar='true'>"
        "<Conference muted='true' beep='false' startConferenceOnEnter='false' endConferenceOnExit='TRUE' "
        "waitUrl='wait.wav' waitMethod='GET' maxParticipants='3'>x</Conference></Dial>"
    )
    assert verb_of(document) == Conference(
        name="x",
        action=ACTION,
        is_muted=True,
        enter_beeps=0,
        exit_beeps=0,
        starts_on_enter=False,
        ends_on_exit=True,
        wait=Target("http://app.example/ivr/wait.wav", Method.GET),
        max_participants=3,
        is_recorded=True,
        time_limit_s=60.0,
        hang_up_key="*",
        line=1,
    )
    assert problems(document) == []


def test_an_empty_wait_url_is_silence() -> None:
    verb = verb_of("<Dial><Conference waitUrl=''>x</Conference></Dial>")
    assert isinstance(verb, Conference)
    assert (verb.wait, verb.is_wait_silent) == (None, True)


@pytest.mark.parametrize(
    ("rcml", "words"),
    [
        ("<Dial><Conference/></Dial>", "<Conference> has no name in it"),
        (
            "<Dial><Conference maxParticipants='0'>x</Conference></Dial>",
            'maxParticipants="0" of <Conference>',
        ),
        ("<Dial><Conference beep='onEnter'>x</Conference></Dial>", 'beep="onEnter" of <Conference>'),
        (
            "<Dial><Conference startOnEnter='1'>x</Conference></Dial>",
            '<Conference> has no attribute "startOnEnter"',
        ),
        ("<Dial><Conference>x</Conference><Number>1</Number></Dial>", "beside <Conference>"),
        ("<Dial><Queue/></Dial>", "<Queue> has no name in it"),
        ("<Enqueue/>", "<Enqueue> has no name in it"),
        ("<Enqueue maxSize='many'>x</Enqueue>", 'maxSize="many" of <Enqueue>'),
        ("<Leave now='1'/>", '<Leave> has no attribute "now"'),
    ],
)
def test_slips_are_told_by_name_and_checked_the_same(rcml: str, words: str) -> None:
    [*_, (code, message)] = problems(rcml)
    assert code == 12200
    assert message.startswith("Line 1: ")
    assert words in message
    assert any(words in finding.message for finding in check(reply(rcml)))


def test_a_queue_is_waited_in_and_taken_from() -> None:
    waiting = verb_of("<Enqueue action='done' waitUrl='wait' waitUrlMethod='GET' maxSize='5'>help</Enqueue>")
    assert waiting == Enqueue(
        name="help",
        action=ACTION,
        wait=Target("http://app.example/ivr/wait", Method.GET),
        max_size=5,
        line=1,
    )
    taking = verb_of("<Dial action='done' timeout='7'><Queue url='tell' method='GET'>help</Queue></Dial>")
    assert taking == Dequeue(
        name="help",
        action=ACTION,
        announcement=Target("http://app.example/ivr/tell", Method.GET),
        timeout_s=7.0,
        line=1,
    )
    assert verb_of("<Leave/>") == Leave(line=1)


def test_what_the_action_of_a_conference_is_told() -> None:
    verb = Conference(name="x", action=ACTION)
    ended = Conferred(end=ConferenceEnd.ENDED, conference_id=CONFERENCE, duration_s=3.0)
    assert RCML.report(verb, ended) == Report(ACTION, (("ConferenceSid", f"CF{CONFERENCE}"),))
    recorded = Conferred(end=ConferenceEnd.LEFT, conference_id=CONFERENCE, recording=RECORDED)
    assert told(RCML.report(verb, recorded))["RecordingUrl"].endswith(f"/RE{'4' * 32}.wav")
    assert RCML.report(verb, Conferred(end=ConferenceEnd.FULL)) == Report()
    assert RCML.report(Conference(name="x"), ended) == Report()


def test_what_the_actions_of_a_queue_are_told() -> None:
    bridged = Queued(end=QueueEnd.BRIDGED, queue_id=QUEUE, other_call_id=CALL, waited_s=4.9, duration_s=61.2)
    waited = told(RCML.report(Enqueue(name="x", action=ACTION), bridged))
    assert waited == {"QueueResult": "bridged", "QueueTime": "4", "QueueSid": f"QU{QUEUE}"}
    took = told(RCML.report(Dequeue(name="x", action=ACTION), bridged))
    assert took == {
        "DialCallStatus": "completed",
        "DialCallSid": f"ID{32 * '0'}-CA{CALL}",
        "DialCallDuration": "61",
        **waited,
    }
    empty = told(RCML.report(Dequeue(name="x", action=ACTION), Queued(end=QueueEnd.EMPTY)))
    assert (empty["DialCallStatus"], empty["DialCallSid"], empty["QueueResult"]) == (
        "no-answer",
        "null",
        "empty",
    )
    assert RCML.report(Enqueue(name="x"), bridged) == Report()
