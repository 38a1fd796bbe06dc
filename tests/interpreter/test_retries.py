"""Applications that fail for a while: what is asked again, when, and what the caller and the customer notice."""

import asyncio

import pytest

from offhook.call.errors import FetchFailed, Trouble
from offhook.call.exchange import Exchange, Reply
from offhook.call.info import CallStatus
from offhook.call.url_terms import terms_of
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.retries import pause_before_next
from offhook.testing import Page, ScriptedCall, WebhookStub, follow
from offhook.verbs import Request, Target

RCML = Rcml(instance_id=32 * "0")
BUSY = Page(status=503)
BYE = "<Response><Say>bye</Say></Response>"
MENU = '<Response><Gather numDigits="1" action="heard"/></Response>'
TARGET = Target("http://app.example/voice")


class TimedStub(WebhookStub):
    """Remembers when it was asked."""

    def __init__(self, **pages: str | Page | tuple[str | Page, ...]) -> None:
        super().__init__({f"/{name}": page for name, page in pages.items()})
        self.asked_at: list[float] = []

    async def fetch(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        self.asked_at.append(round(asyncio.get_running_loop().time(), 3))
        return await super().fetch(request, headers)


def failure(
    status: int | None, *, trouble: Trouble | None = None, retry_after: str | None = None
) -> FetchFailed:
    headers = (("Retry-After", retry_after),) if retry_after is not None else ()
    reply = Reply(url=TARGET.url, status=status, headers=headers) if status is not None else None
    return FetchFailed(11200, "no", Exchange(Request(TARGET), reply), status=status, trouble=trouble)


class TestDecision:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
    def test_what_may_pass_is_asked_again(self, status: int) -> None:
        assert pause_before_next(failure(status), tries=1, left_s=15, chance=0.5) == pytest.approx(0.2)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 410, 422])
    def test_what_the_application_means_is_not(self, status: int) -> None:
        assert pause_before_next(failure(status), tries=1, left_s=15, chance=0.5) is None

    def test_no_answer_is_asked_again_where_that_may_help(self) -> None:
        for trouble in (Trouble.NO_CONNECTION, Trouble.NO_ANSWER):
            assert pause_before_next(failure(None, trouble=trouble), tries=1, left_s=15, chance=0.5) == 0.2
        assert pause_before_next(failure(None), tries=1, left_s=15, chance=0.5) is None

    def test_pauses_grow_and_then_stay(self) -> None:
        pauses = [pause_before_next(failure(500), tries=n, left_s=15, chance=0.5) for n in range(1, 7)]
        assert pauses == pytest.approx([0.2, 0.5, 1.0, 2.0, 2.0, 2.0])

    @pytest.mark.parametrize(("chance", "pause_s"), [(0.0, 0.4), (0.25, 0.45), (1.0, 0.6)])
    def test_jitter_is_a_fifth(self, chance: float, pause_s: float) -> None:
        assert pause_before_next(failure(500), tries=2, left_s=15, chance=chance) == pytest.approx(pause_s)

    @pytest.mark.parametrize(
        ("retry_after", "pause_s"),
        [("1", 1.0), ("0", 0.2), (" 3 ", 3.0), ("60", None), ("9" * 40, None), ("soon", 0.2), ("-1", 0.2)],
    )
    def test_a_short_retry_after_is_honoured(self, retry_after: str, pause_s: float | None) -> None:
        told = failure(429, retry_after=retry_after)
        assert pause_before_next(told, tries=1, left_s=15, chance=0.5) == pause_s

    @pytest.mark.parametrize(
        ("fragment", "status", "tries", "is_asked"),
        [
            ("rc=2", 500, 2, True),
            ("rc=2", 500, 3, False),
            ("rc=0", 500, 1, False),
            ("rp=4xx", 404, 1, True),
            ("rp=4xx", 500, 1, False),
            ("rp=all&rc=1", 403, 1, True),
            ("rp=ct,rt", 503, 1, False),
            ("rp=ct,%205XX", 503, 1, True),
            ("rp=nonsense&rc=-1&rc=x", 503, 1, True),
            ("section-2", 503, 1, True),
        ],
    )
    def test_a_url_may_have_terms_of_its_own(
        self, fragment: str, status: int, tries: int, is_asked: bool
    ) -> None:
        terms = terms_of(f"https://app.example/voice?x=1#{fragment}")
        pause_s = pause_before_next(failure(status), tries=tries, left_s=15, chance=0.5, terms=terms)
        assert (pause_s is not None) == is_asked

    def test_times_of_a_url_are_milliseconds(self) -> None:
        terms = terms_of("http://app.example/#ct=2000&rt=3500&tt=999999999&er=nearest")
        assert (terms.connect_s, terms.answer_s, terms.total_s) == (2.0, 3.5, 60.0)
        assert terms_of("http://app.example/#ct=1").connect_s == 0.1

    def test_nothing_is_begun_that_has_no_time(self) -> None:
        assert pause_before_next(failure(500), tries=1, left_s=0.69, chance=0.5) is None
        assert pause_before_next(failure(500), tries=1, left_s=0.71, chance=0.5) is not None


class TestCalls:
    async def test_a_passing_failure_is_mended_and_is_one_warning(self) -> None:
        call, app = ScriptedCall(), TimedStub(voice=(BUSY, BUSY, BYE))
        done = await follow(call, app, dialect=RCML)
        assert app.asked_at == [0.0, 0.2, 0.7]
        assert call.heard == ["0.7 bye starts", "1.0 bye ends"]
        [notification] = done.notifications
        assert not notification.is_error
        assert "answered 503; try 3 was answered, 0.7 s after the first began" in notification.message
        assert done.end.status is CallStatus.COMPLETED

    async def test_all_tries_of_a_question_carry_one_id_and_each_question_its_own(self) -> None:
        app = TimedStub(voice=(BUSY, BUSY, MENU), heard=(BUSY, BYE))
        await follow(ScriptedCall("2.0 key 1"), app, dialect=RCML)
        ids = [headers["X-Offhook-Request"] for headers in app.headers]
        assert len(ids) == 5
        assert len(set(ids[:3])) == len(set(ids[3:])) == 1
        assert ids[0] != ids[3]

    async def test_the_fallback_is_asked_within_the_budget_and_has_one_of_its_own(self) -> None:
        call, app = ScriptedCall(), TimedStub(voice=BUSY, fallback=(BUSY, BUSY, BYE))
        done = await follow(call, app, dialect=RCML, fallback="/fallback")
        fallbacks = [
            at
            for at, asked in zip(app.asked_at, app.requests, strict=True)
            if asked.target.url.endswith("/fallback")
        ]
        assert fallbacks[0] < 15
        assert [round(at - fallbacks[0], 3) for at in fallbacks] == [0.0, 0.2, 0.7]
        assert [notification.is_error for notification in done.notifications] == [True, False]
        assert "tried 10 times within 13.7 s" in done.notifications[0].message

    async def test_a_fallback_that_fails_is_given_up_after_five_seconds(self) -> None:
        call, app = ScriptedCall(), TimedStub(voice=Page(status=404), fallback=BUSY)
        done = await follow(call, app, dialect=RCML, fallback="/fallback")
        assert call.rejected_with == 500
        assert done.end.ring_duration_s <= 5
        assert app.asked_at[1:] == [0.0, 0.2, 0.7, 1.7, 3.7]

    async def test_an_application_that_hangs_is_cut_off_at_the_end_of_the_budget(self) -> None:
        call, app = ScriptedCall(), TimedStub(voice=Page(status=504, after_s=6.0))
        done = await follow(call, app, dialect=RCML)
        assert app.asked_at == [0.0, 6.2, 12.7]
        assert done.end.ring_duration_s == pytest.approx(15.0)
        assert "tried 3 times within 15.0 s" in done.notifications[0].message

    async def test_with_a_budget_of_nothing_each_question_is_asked_once(self) -> None:
        call, app = ScriptedCall(), TimedStub(voice=(BUSY, BYE))
        await follow(call, app, dialect=RCML, retry_s=0)
        assert app.asked_at == [0.0]
        assert call.rejected_with == 500

    async def test_a_url_bounds_its_own_tries(self) -> None:
        menu = MENU.replace("heard", "heard#rc=1&amp;tt=9000")
        app = TimedStub(voice=menu, heard=BUSY, fallback=BYE)
        await follow(ScriptedCall("1.0 key 1"), app, dialect=RCML, fallback="/fallback")
        assert app.asked_at == [0.0, 1.0, 1.2, 1.2]

    async def test_a_url_bounds_the_time_of_its_tries(self) -> None:
        app = TimedStub(voice=MENU.replace("heard", "heard#tt=2000"), heard=BUSY, fallback=BYE)
        await follow(ScriptedCall("1.0 key 1"), app, dialect=RCML, fallback="/fallback")
        assert app.asked_at == [0.0, 1.0, 1.2, 1.7, 1.7]

    async def test_a_new_question_has_the_whole_budget(self) -> None:
        slow = tuple(Page(status=503, after_s=2.0) for _ in range(4))
        app = TimedStub(voice=(*slow, MENU), heard=(*slow, BYE))
        call = ScriptedCall("14.0 key 1")
        done = await follow(call, app, dialect=RCML)
        assert call.heard[-1].endswith("bye ends")
        assert [notification.is_error for notification in done.notifications] == [False, False]

    @pytest.mark.parametrize("page", [Page(status=404), Page(status=403), "<Response><Say>broken", Page()])
    async def test_what_will_not_mend_is_not_asked_again(self, page: str | Page) -> None:
        app = TimedStub(voice=page)
        await follow(ScriptedCall(), app, dialect=RCML)
        assert len(app.requests) == 1

    async def test_after_a_hang_up_the_application_is_told_once_more_at_most(self) -> None:
        call, app = ScriptedCall("1.0 key 5", "2.0 hangs up"), TimedStub(voice=MENU, heard=BUSY)
        await follow(call, app, dialect=RCML)
        # At 1.0, 1.2, 1.7; the pause until 2.7 ends with the call.
        assert app.asked_at == [0.0, 1.0, 1.2, 1.7, 2.0]
        assert app.posted("/heard")["Digits"] == "5"

    async def test_a_try_under_way_at_the_hang_up_is_followed_by_one_more(self) -> None:
        call = ScriptedCall("1.0 key 5", "2.0 hangs up")
        app = TimedStub(voice=MENU, heard=Page(status=503, after_s=3.0))
        await follow(call, app, dialect=RCML)
        assert app.asked_at == [0.0, 1.0, 4.0]

    async def test_an_answer_after_the_hang_up_ends_the_asking(self) -> None:
        call, app = ScriptedCall("1.0 key 5", "1.5 hangs up"), TimedStub(voice=MENU, heard=(BUSY, BUSY, BYE))
        await follow(call, app, dialect=RCML)
        assert app.asked_at == [0.0, 1.0, 1.2, 1.5]
