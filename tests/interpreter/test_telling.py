"""What an application is told without being followed, how patiently, and why a call ended."""

import asyncio
from dataclasses import replace

import pytest

from offhook.call.ending import EndCause, EndedBy
from offhook.call.errors import Asked, CustomerError
from offhook.call.info import CallInfo, CallStatus
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.control import Control
from offhook.interpreter.lifetime import CallBounds
from offhook.interpreter.ports import CallEnd, Report, StatusChange
from offhook.speech.recogniser import Final, Partial
from offhook.testing import FakeRecogniser, Page, ScriptedCall, WebhookStub, follow
from offhook.verbs import Outcome, Request, Target, Trouble, TryPolicy, Understood, Verb

GATHER = '<Response><Gather numDigits="1" action="heard"/><Say>on</Say></Response>'
NEVER = "<Response><Say>never</Say></Response>"
BUSY = Page(status=503)


class Telling(Rcml):
    """RCML whose actions are told only, and which says how patient it is."""

    def __init__(self, *, policy: TryPolicy | None = None, is_notice: bool = True) -> None:
        super().__init__(instance_id=32 * "0")
        self._policy = policy
        self._is_notice = is_notice
        self.asked: list[Asked] = []
        self.understood: list[Understood] = []

    def report(self, verb: Verb, outcome: Outcome, info: CallInfo | None = None) -> Report:
        report = super().report(verb, outcome, info)
        return replace(report, is_notice=self._is_notice and report.target is not None)

    def request(self, target: Target, parameters: tuple[tuple[str, str], ...], asked: Asked) -> Request:
        self.asked.append(asked)
        return Request(target, parameters, policy=self._policy)

    def falls_back(self, asked: Asked | None) -> bool:
        return asked is Asked.FIRST

    def partial(self, understood: Understood) -> tuple[tuple[str, str], ...]:
        self.understood.append(understood)
        return super().partial(understood)


class Changes:
    """Fills `program.StatusCallback`: keeps what it is told and sends nothing."""

    def __init__(self) -> None:
        self.all: list[StatusChange] = []

    def requests(self, info: CallInfo, change: StatusChange) -> tuple[Request, ...]:
        self.all.append(change)
        return ()

    @property
    def end(self) -> CallEnd:
        assert self.all[-1].end is not None
        assert all(change.end is None for change in self.all[:-1])
        return self.all[-1].end


def pages(**named: str | Page | tuple[str | Page, ...]) -> WebhookStub:
    return WebhookStub({f"/{name}": page for name, page in named.items()})


def paths(app: WebhookStub) -> list[str]:
    return [request.target.url.removeprefix("http://app.example/") for request in app.requests]


class TestNotices:
    async def test_the_answer_is_not_followed_and_the_next_verb_runs(self) -> None:
        call, app = ScriptedCall("1.0 key 7"), pages(voice=GATHER, heard=Page(body=NEVER, after_s=1.5))
        done = await follow(call, app, dialect=Telling())
        assert app.posted("/heard")["Digits"] == "7"
        assert call.heard == ["2.5 on starts", "2.7 on ends"]
        assert done.notifications == []

    async def test_what_is_no_document_is_no_fault(self) -> None:
        call, app = (
            ScriptedCall("1.0 key 7"),
            pages(voice=GATHER, heard=Page(body="<oops", content_type="text/html")),
        )
        done = await follow(call, app, dialect=Telling())
        assert done.notifications == []
        assert call.heard[0] == "1.0 on starts"

    async def test_it_is_told_again_where_that_may_help(self) -> None:
        call, app = ScriptedCall("1.0 key 7"), pages(voice=GATHER, heard=(BUSY, "thanks"))
        done = await follow(call, app, dialect=Telling())
        assert paths(app) == ["voice", "heard", "heard"]
        assert done.notifications == []
        assert call.heard[0] == "1.2 on starts"

    async def test_in_vain_it_is_a_notification_and_the_call_goes_on(self) -> None:
        call, app = ScriptedCall("1.0 key 7"), pages(voice=GATHER, heard=Page(status=404), fallback=NEVER)
        done = await follow(call, app, dialect=Telling(), fallback="/fallback")
        assert paths(app) == ["voice", "heard"]
        [notification] = done.notifications
        assert (notification.code, notification.is_error) == (21402, True)
        assert call.heard == ["1.0 on starts", "1.2 on ends"]
        assert done.end.status is CallStatus.COMPLETED

    async def test_a_caller_who_leaves_meanwhile_is_told_of_all_the_same(self) -> None:
        call, app = ScriptedCall("1.0 key 7", "1.5 hangs up"), pages(voice=GATHER, heard=Page(after_s=3.0))
        done = await follow(call, app, dialect=Telling())
        assert paths(app) == ["voice", "heard"]
        assert call.heard == []
        assert done.end.duration_s == 1.5

    async def test_only_what_may_have_a_fallback_gets_it(self) -> None:
        for page, is_asked in (("voice", True), ("heard", False)):
            answers = {"voice": GATHER, page: Page(status=404)}
            app = pages(**answers, fallback=NEVER)  # type: ignore[arg-type]
            call = ScriptedCall("1.0 key 7")
            await follow(call, app, dialect=Telling(is_notice=False), fallback="/fallback")
            assert ("fallback" in paths(app)) is is_asked


class TestPatience:
    @pytest.mark.parametrize(
        ("policy", "tries", "until"),
        [
            (TryPolicy(retries=0), 1, 0.0),
            (TryPolicy(retries=3), 4, 1.7),
            (TryPolicy(retries=1, retried=frozenset({Trouble.REFUSAL})), 1, 0.0),
            (TryPolicy(retries=9, total_s=1.5), 3, 0.7),
        ],
    )
    async def test_a_language_says_how_often_is_asked(
        self, policy: TryPolicy, tries: int, until: float
    ) -> None:
        call, app = ScriptedCall(), pages(voice=BUSY)
        done = await follow(call, app, dialect=Telling(policy=policy))
        assert len(app.requests) == tries
        assert done.end.ring_duration_s == pytest.approx(until)

    async def test_it_may_be_more_patient_than_the_setting(self) -> None:
        slow = Page(status=503, after_s=3.0)
        call, app = ScriptedCall(), pages(voice=(slow, slow, slow, "<Response/>"))
        policy = TryPolicy(retries=5, total_s=40.0)
        await follow(call, app, dialect=Telling(policy=policy), retry_s=1.0)
        assert len(app.requests) == 4


async def test_partial_results_are_parted_and_numbered_for_each_gather() -> None:
    document = '<Response><Gather input="speech" action="heard" postTimeout="1" partialResultCallback="part"/></Response>'
    events = (
        (1.0, Partial("I have", 0.5)),
        (1.2, Partial("I have a", 0.9)),
        (1.4, Final("I have a question")),
        (1.6, Partial("about")),
    )
    dialect = Telling(is_notice=False)
    app = pages(voice=document, heard=(document, "<Response/>"))
    call = ScriptedCall("0.9 says 1.0", "5.0 says 1.0")
    done = await follow(call, app, dialect=dialect, recogniser=FakeRecogniser(events=events))
    first = [
        Understood(unstable="I have", stability=0.5, number=0),
        Understood(unstable="I have a", stability=0.9, number=1),
        Understood(stable="I have a question", unstable="about", number=2),
    ]
    assert dialect.understood == [*first, *first]
    assert dialect.asked.count(Asked.PARTIAL) == 6
    assert done.partials.requests[2].parameters[-1] == ("UnstableSpeechResult", "I have a question about")


class TestWhyACallEnded:
    @pytest.mark.parametrize(
        ("script", "voice", "cause", "by"),
        [
            (
                ("1.0 hangs up",),
                "<Response><Say>hi</Say><Pause length='9'/></Response>",
                EndCause.FAR_END,
                None,
            ),
            ((), "<Response><Say>hi</Say></Response>", EndCause.HERE, EndedBy.DOCUMENT_OVER),
            ((), "<Response/>", EndCause.HERE, EndedBy.DOCUMENT_OVER),
            ((), "<Response><Hangup/><Say>no</Say></Response>", EndCause.HERE, EndedBy.VERB),
            ((), "<Response><Reject reason='busy'/></Response>", EndCause.HERE, EndedBy.VERB),
            ((), "<Response><Say>hi</Say><Pause length='99'/></Response>", EndCause.HERE, EndedBy.TIME_LIMIT),
            ((), "no document at all <", EndCause.HERE, EndedBy.APPLICATION),
        ],
    )
    async def test_of_a_call_that_came_in(
        self, script: tuple[str, ...], voice: str, cause: EndCause, by: EndedBy | None
    ) -> None:
        changes = Changes()
        await follow(
            ScriptedCall(*script),
            pages(voice=voice),
            dialect=Telling(),
            status_callback=lambda: changes,
            bounds=CallBounds(talk_s=30.0),
        )
        assert (changes.end.ending.cause, changes.end.by) == (cause, by)

    async def test_of_one_that_nobody_answered_in_time(self) -> None:
        changes = Changes()
        await follow(
            ScriptedCall("1.0 rings"),
            pages(),
            dialect=Telling(),
            status_callback=lambda: changes,
            is_dialled=True,
            ring_timeout_s=20.0,
        )
        assert changes.end.by is EndedBy.RING_TIMEOUT
        assert changes.end.reason == "no answer within 20 s"

    async def test_of_one_that_was_ended_from_outside(self) -> None:
        changes, control = Changes(), Control()
        asyncio.get_running_loop().call_later(2.0, control.finish, "wanted so")
        await follow(
            ScriptedCall(),
            pages(voice="<Response><Pause length='9'/></Response>"),
            dialect=Telling(),
            status_callback=lambda: changes,
            control=control,
        )
        assert (changes.end.by, changes.end.reason) == (EndedBy.ORDERED, "wanted so")

    @pytest.mark.parametrize(
        ("named", "asked"),
        [
            ({"voice": BUSY}, Asked.FIRST),
            ({"voice": BUSY, "fallback": BUSY}, Asked.FALLBACK),
            ({"voice": GATHER, "heard": "no document <"}, Asked.ACTION),
            ({"voice": "<Response><Redirect>on</Redirect></Response>"}, Asked.REDIRECT),
        ],
    )
    async def test_of_an_application_that_failed(self, named: dict[str, str | Page], asked: Asked) -> None:
        changes = Changes()
        await follow(
            ScriptedCall("1.0 key 7"),
            pages(**named),
            dialect=Telling(is_notice=False),
            fallback="/fallback" if "fallback" in named else None,
            status_callback=lambda: changes,
        )
        assert changes.end.by is EndedBy.APPLICATION
        assert isinstance(changes.end.error, CustomerError)
        assert changes.end.error.asked is asked
