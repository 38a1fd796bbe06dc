"""Whole calls in Vobiz' language: the real run loop and the dialect, everything else scripted."""

from collections.abc import Coroutine
from typing import Any

import pytest

from offhook.call.exchange import Reply
from offhook.call.info import CallStatus
from offhook.dialects.vobiz.callbacks import CallTold
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.dialects.vobiz.habits import Habits, NoInput
from offhook.dialects.vobiz.signatures import VOBIZ_AND_PLIVO
from offhook.interpreter.ports import Dialect
from offhook.testing import Page, ScriptedCall, WebhookStub, follow
from offhook.testing.follow import Followed
from offhook.testing.virtual_clock import run_virtually
from offhook.verbs import Target

VOBIZ_XML = Vobiz()
MENU = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
    <Gather action="http://app.example/choice" method="POST" inputType="dtmf" numDigits="{digits}" executionTimeout="10"
        redirect="{redirect}">
        <Speak>Press 1</Speak>
    </Gather>
    <Speak>bye</Speak>
    <Hangup/>
</Response>"""
OVER = "<Response><Speak>chosen</Speak></Response>"


def menu(digits: int = 1, redirect: str = "true") -> str:
    return MENU.format(digits=digits, redirect=redirect)


def told(app: WebhookStub, path: str) -> list[dict[str, str]]:
    return [dict(request.parameters) for request in app.requests if request.target.url.endswith(path)]


class Course:
    """One call through a menu."""

    hears_early = True
    """Whether the caller can hear us before the answer."""
    dialect = VOBIZ_XML

    def __init__(self, *script: str, **pages: str | Page | tuple[str | Page, ...]) -> None:
        self.app = WebhookStub({f"/{name}": page for name, page in pages.items()})
        self._fallback = "/fallback" if "fallback" in pages else None
        self.done, self.call = run_virtually(self._run(script))

    def _run(self, script: tuple[str, ...]) -> Coroutine[Any, Any, tuple[Followed, ScriptedCall]]:
        async def course() -> tuple[Followed, ScriptedCall]:
            call = ScriptedCall(*script)
            call.hears_early = self.hears_early
            hangup = Target("http://app.example/hangup")
            done = await follow(
                call,
                self.app,
                dialect=self.dialect,
                fallback=self._fallback,
                status_callback=lambda: CallTold(VOBIZ_XML, hangup=hangup),
            )
            return done, call

        return course()

    @property
    def heard(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in self.call.heard]

    @property
    def hangup(self) -> dict[str, str]:
        """What the hangup_url is told."""
        [request] = self.done.end.callbacks
        return dict(request.parameters)


def test_it_fills_the_port() -> None:
    port: Dialect = VOBIZ_XML
    assert port.falls_back(None) is False


def test_a_key_is_told_and_its_answer_followed() -> None:
    course = Course("2.0 key 1", voice=menu(), choice=OVER)
    first, choice = told(course.app, "/voice")[0], told(course.app, "/choice")[0]
    assert (first["Event"], first["CallStatus"], first["From"]) == ("StartApp", "ringing", "15550100")
    assert (choice["Event"], choice["CallStatus"]) == ("Redirect", "in-progress")
    assert (choice["InputType"], choice["Digits"], choice["Speech"]) == ("dtmf", "1", "")
    assert choice["CallUUID"] == "01234567-89ab-cdef-0123-456789abcdef"
    assert {request.signature for request in course.app.requests} == {VOBIZ_AND_PLIVO}
    assert course.heard[-1] == "chosen ends"
    assert course.hangup["HangupCauseName"] == "End Of XML Instructions"


def test_no_input_is_told_and_what_stands_behind_the_gather_runs() -> None:
    course = Course(voice=menu(), choice=OVER)
    [choice] = told(course.app, "/choice")
    assert (choice["InputType"], choice["Digits"], choice["Speech"]) == ("", "", "")
    assert "Event" not in choice
    assert course.heard[-1] == "bye ends"
    assert (course.hangup["HangupCauseCode"], course.hangup["HangupSource"]) == ("4000", "Answer XML")


def test_without_input_the_actions_answer_runs_where_the_installation_wants_that() -> None:
    class Redirecting(Course):
        dialect = Vobiz(habits=Habits(no_input=NoInput.REDIRECT))

    course = Redirecting(voice=menu(), choice=OVER)
    [choice] = told(course.app, "/choice")
    assert (choice["InputType"], choice["Digits"], choice["Event"]) == ("", "", "Redirect")
    assert course.heard[-1] == "chosen ends"
    assert Redirecting(voice=menu(redirect="false"), choice=OVER).heard[-1] == "bye ends"


def test_or_nobody_is_told() -> None:
    class Skipping(Course):
        dialect = Vobiz(habits=Habits(no_input=NoInput.SKIP))

    course = Skipping(voice=menu(), choice=OVER)
    assert told(course.app, "/choice") == []
    assert course.heard[-1] == "bye ends"
    assert told(Skipping("2.0 key 1", voice=menu(), choice=OVER).app, "/choice")[0]["Digits"] == "1"


def test_no_input_that_cannot_be_told_harms_nobody() -> None:
    course = Course(voice=menu(), choice=Page(status=500), fallback=OVER)
    assert course.heard[-1] == "bye ends"
    assert [one.is_error for one in course.done.notifications] == [True]
    assert told(course.app, "/fallback") == []


def test_redirect_false_is_told_and_not_followed() -> None:
    course = Course("2.0 key 1", voice=menu(redirect="false"), choice=OVER)
    [choice] = told(course.app, "/choice")
    assert choice["Digits"] == "1"
    assert course.heard[-1] == "bye ends"


def test_the_finish_key_alone_is_an_input() -> None:
    course = Course("2.0 key #", voice=menu(digits=4), choice=OVER)
    [choice] = told(course.app, "/choice")
    assert (choice["InputType"], choice["Digits"], choice["Event"]) == ("dtmf", "", "Redirect")
    assert course.heard[-1] == "chosen ends"


def test_a_caller_who_leaves_in_the_middle_is_told_of_with_the_end_alone() -> None:
    course = Course("2.0 hangs up", voice=menu(), choice=OVER)
    assert told(course.app, "/choice") == []
    assert (course.hangup["HangupSource"], course.hangup["HangupCause"]) == ("Caller", "NORMAL_CLEARING")
    assert (course.hangup["CallStatus"], course.hangup["Duration"]) == ("completed", "2")


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ({"voice": Page(status=500)}, "7011"),
        ({"voice": "<Response>&</Response>"}, "8011"),
        ({"voice": menu(), "choice": Page(status=500)}, "7012"),
        ({"voice": menu(), "choice": "<html/>"}, "8012"),
        ({"voice": "<Response><Redirect>http://app.example/away</Redirect></Response>"}, "7014"),
    ],
)
def test_an_application_that_fails_ends_the_call_with_its_cause(
    pages: dict[str, str | Page], code: str
) -> None:
    course = Course("2.0 key 1", **pages)
    assert (course.hangup["HangupCauseCode"], course.hangup["HangupSource"]) == (code, "Error")


def test_the_fallback_is_for_the_answer_url_alone() -> None:
    saved = Course(voice=Page(status=500), fallback=OVER)
    [asked] = told(saved.app, "/fallback")
    assert asked["Event"] == "StartApp"
    assert saved.heard == ["chosen starts", "chosen ends"]
    lost = Course("2.0 key 1", voice=menu(), choice=Page(status=500), fallback=OVER)
    assert told(lost.app, "/fallback") == []


def test_an_error_of_the_application_is_not_asked_again_unless_its_url_says_so() -> None:
    once = Course(voice=Page(status=500))
    assert len(told(once.app, "/voice")) == 1
    again = menu().replace("/choice", "/choice#rp=5xx&amp;rc=3")
    course = Course("2.0 key 1", voice=again, choice=(Page(status=500), Page(status=502), OVER))
    assert len(told(course.app, "#rp=5xx&rc=3")) == 3
    assert course.heard[-1] == "chosen ends"
    assert course.done.end.status is CallStatus.COMPLETED


def test_a_later_end_is_told_as_scheduled() -> None:
    voice = '<Response><Speak>hello</Speak><Hangup schedule="3"/><Wait length="60"/></Response>'
    course = Course(voice=voice)
    assert (course.hangup["HangupCauseCode"], course.hangup["Duration"]) == ("6000", "3")


def test_the_same_answer_is_read_once() -> None:
    def answer(body: str) -> Reply:
        headers = (("Content-Type", "text/xml"),)
        return Reply(url="http://app.example/voice", status=200, headers=headers, body=body.encode())

    assert VOBIZ_XML.read(answer(menu())) is VOBIZ_XML.read(answer(menu()))
    assert VOBIZ_XML.read(answer(menu())) != VOBIZ_XML.read(answer(menu(digits=2)))
    long = "<Response>" + "<Speak>hi</Speak>" * 300 + "</Response>"
    assert VOBIZ_XML.read(answer(long)) is not VOBIZ_XML.read(answer(long))
    assert VOBIZ_XML.read(answer(long)) == VOBIZ_XML.read(answer(long))


EARLY = "<Response><PreAnswer><Speak>one moment</Speak></PreAnswer>{}</Response>"


def test_what_stands_in_a_pre_answer_is_heard_while_the_call_rings() -> None:
    course = Course(voice=EARLY.format("<Speak>hello</Speak>"))
    assert course.heard == ["one moment starts", "one moment ends", "hello starts", "hello ends"]
    assert course.done.notifications == []
    assert course.hangup["Duration"] == "0", "half a second of it was talked"
    assert course.hangup["CallStatus"] == "completed"


def test_a_call_that_was_never_answered_after_it_is_refused() -> None:
    course = Course(voice=EARLY.format("<Hangup reason='busy'/>"))
    assert course.heard == ["one moment starts", "one moment ends"]
    assert course.call.rejected_with == 486
    assert not course.call.is_answered
    assert course.hangup["HangupCauseCode"] == "3010"


def test_a_caller_who_cannot_hear_before_the_answer_is_answered_first() -> None:
    class LateCourse(Course):
        hears_early = False

    course = LateCourse(voice=EARLY.format(""))
    assert course.heard == ["one moment starts", "one moment ends"]
    assert course.call.is_answered
    assert course.hangup["CallStatus"] == "completed"


def test_a_gather_may_listen_before_the_answer() -> None:
    page = "<Response><PreAnswer>{}</PreAnswer></Response>".format(
        "<GetDigits action='http://app.example/choice' numDigits='1'><Speak>press</Speak></GetDigits>"
    )
    course = Course("0.2 key 1", voice=page, choice="<Response><Hangup reason='rejected'/></Response>")
    [choice] = told(course.app, "/choice")
    assert (choice["Digits"], choice["CallStatus"]) == ("1", "ringing")
    assert course.call.rejected_with == 603


def test_an_answer_that_is_too_long_is_no_document() -> None:
    long = f"<Response>{'<Speak>hi</Speak>' * 7000}</Response>"
    assert Course(voice=long).hangup["HangupCauseCode"] == "8011"
