"""Hold, Resume and Refer: what the far end is asked, what the application is told, and what is recorded of it."""

import asyncio

import pytest

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded
from offhook.call.facts import CallFinished, VerbRan
from offhook.call.voice_rows import VerbKind
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.control import CallOver, Control
from offhook.interpreter.fixed import FixedProgram
from offhook.testing import Followed, Page, ScriptedCall, WebhookStub, follow
from offhook.verbs import Done, Hold, HoldChanged, HoldStatus, Resume, Say

RCML = Rcml(instance_id=32 * "0")
MUSIC = Page(body="4.0 s", content_type="audio/wav")


async def run(
    document: str, *script: str, control: Control | None = None, **pages: str | Page
) -> tuple[ScriptedCall, WebhookStub, Followed]:
    call = ScriptedCall(*script)
    given: dict[str, str | Page | tuple[str | Page, ...]] = {
        "/voice": f"<Response>{document}</Response>",
        "/music": MUSIC,
        **{f"/{name}": page for name, page in pages.items()},
    }
    application = WebhookStub(given)
    done = await follow(call, application, dialect=RCML, control=control, retry_s=0)
    return call, application, done


def records(done: Followed) -> list[tuple[str, str, dict[str, str | int | None]]]:
    return [(fact.kind.value, fact.status, dict(fact.details)) for fact in done.facts.of(VerbRan)]


class TestHold:
    async def test_music_goes_on_under_the_next_verbs_until_the_call_is_resumed(self) -> None:
        call, _, done = await run(
            '<Hold holdMusic="/music"/><Pause length="5"/><Resume/><Say>hi</Say>',
        )
        assert call.heard == [
            "0.1 held",
            "0.1 http://app.example/music starts",
            "4.1 http://app.example/music ends",
            "4.1 http://app.example/music starts",
            "5.2 resumed",
            "5.2 http://app.example/music stops",
            "5.2 hi starts",
            "5.4 hi ends",
        ]
        assert [(kind, status) for kind, status, _ in records(done)] == [
            ("hold", "held"),
            ("resume", "resumed"),
            ("say", "completed"),
        ]

    @pytest.mark.parametrize(("sip_status", "told"), [(488, "failed"), (408, "no-answer")])
    async def test_the_action_is_told_what_the_far_end_said(self, sip_status: int, told: str) -> None:
        call, application, done = await run(
            '<Hold action="/held" method="GET" holdMusic="/music"/><Say>never</Say>',
            f"0 refuses hold {sip_status}",
            held="<Response/>",
        )
        posted = application.posted("/held")
        assert (posted["HoldStatus"], posted["HoldSipResponseCode"]) == (told, str(sip_status))
        assert posted["CallStatus"] == "in-progress"
        assert call.heard == []
        assert records(done) == [("hold", told, {"sip_response_code": sip_status})]

    async def test_the_document_of_the_action_hears_the_music_too(self) -> None:
        call, application, _ = await run(
            '<Hold action="/held" holdMusic="/music"/>',
            held='<Response><Pause length="2"/><Resume action="/resumed"/></Response>',
            resumed="<Response/>",
        )
        assert call.heard[-2:] == ["2.2 resumed", "2.2 http://app.example/music stops"]
        assert application.posted("/resumed")["ResumeStatus"] == "resumed"
        assert application.posted("/resumed")["ResumeSipResponseCode"] == "200"

    async def test_the_music_ends_with_the_call(self) -> None:
        call, _, done = await run('<Hold holdMusic="/music"/><Pause length="60"/>', "3.0 hangs up")
        assert call.heard[-1] == "3.0 http://app.example/music stops"
        assert isinstance(done.facts.facts[-1], CallFinished)

    async def test_music_that_cannot_be_had_is_told_and_leaves_the_call_held(self) -> None:
        call, _, done = await run('<Hold holdMusic="/gone"/><Say>hi</Say>')
        assert call.heard[0] == "0.1 held"
        assert call.signalling.is_held
        assert [notice.code for notice in done.notifications] == [21402]
        assert done.end.reason == ""

    async def test_a_call_that_is_taken_elsewhere_while_it_is_being_held_can_be_resumed(self) -> None:
        control = Control()
        asyncio.get_running_loop().call_later(
            0.05, lambda: control.divert(FixedProgram(Resume(), Say(text="hi")))
        )
        _, _, done = await run('<Hold/><Pause length="9"/>', control=control)
        assert [(kind, status) for kind, status, _ in records(done)] == [
            ("hold", "failed"),
            ("resume", "resumed"),
            ("say", "completed"),
        ]

    async def test_a_resume_of_a_call_that_was_never_held_is_ignored(self) -> None:
        call, application, done = await run('<Resume action="/resumed"/><Say>hi</Say>')
        assert call.heard == ["0.0 hi starts", "0.2 hi ends"]
        assert len(application.requests) == 1
        assert [kind for kind, _, _ in records(done)] == ["say"]

    async def test_a_caller_who_leaves_while_being_held(self) -> None:
        _, _, done = await run("<Hold/><Say>never</Say>", "0.05 hangs up")
        [held] = done.facts.of(VerbRan)
        assert (held.status, held.reason) == ("failed", "hang_up")


class TestRefer:
    async def test_the_application_is_told_what_became_of_the_new_call(self) -> None:
        call, application, done = await run(
            '<Refer action="/referred"><Sip>sip:bob@example.com</Sip></Refer>', referred="<Response/>"
        )
        assert call.signalling.referred_to == ["sip:bob@example.com"]
        told = application.posted("/referred")
        assert told["ReferCallStatus"] == "in-progress"
        assert (told["ReferSipResponseCode"], told["NotifySipResponseCode"]) == ("202", "200")
        assert records(done) == [
            (
                "refer",
                "completed",
                {
                    "from": "1000",
                    "to": "sip:bob@example.com",
                    "call_status": "in-progress",
                    "refer_sip_response_code": 202,
                    "notify_sip_response_code": 200,
                },
            )
        ]

    async def test_a_refer_that_is_refused(self) -> None:
        _, application, done = await run(
            '<Refer action="/referred">+15550102</Refer>',
            "0 refuses refer 603",
            referred="<Response><Say>sorry</Say></Response>",
        )
        told = application.posted("/referred")
        assert told["ReferSipResponseCode"] == "603"
        assert not {"ReferCallStatus", "NotifySipResponseCode"} & told.keys()
        assert [(kind, status) for kind, status, _ in records(done)] == [
            ("refer", "failed"),
            ("say", "completed"),
        ]

    @pytest.mark.parametrize(
        ("sip_status", "told"), [(486, "busy"), (408, "no-answer"), (404, "failed"), (487, "canceled")]
    )
    async def test_a_new_call_that_came_to_nothing(self, sip_status: int, told: str) -> None:
        _, application, _ = await run(
            '<Refer action="/referred">sip:bob@example.com</Refer>',
            f"0 reports {sip_status}",
            referred="<Response/>",
        )
        posted = application.posted("/referred")
        assert (posted["ReferCallStatus"], posted["NotifySipResponseCode"]) == (told, str(sip_status))

    async def test_a_caller_who_goes_to_the_new_call_is_told_of_too(self) -> None:
        _, application, done = await run(
            '<Refer action="/referred">sip:bob@example.com</Refer><Say>never</Say>',
            "0 reports nothing",
            "2.0 hangs up",
            referred="<Response><Say>never</Say></Response>",
        )
        told = application.posted("/referred")
        assert (told["CallStatus"], told["ReferSipResponseCode"]) == ("completed", "202")
        assert [kind for kind, _, _ in records(done)] == ["refer"]


class TestRecords:
    async def test_what_was_said_and_played(self) -> None:
        _, _, done = await run(
            '<Say voice="woman" language="fr" loop="2">salut</Say><Play>http://u:p@app.example/music</Play>'
            "<Gather><Say>not by itself</Say></Gather>"
        )
        assert records(done) == [
            (
                "say",
                "completed",
                {"provider": "fake", "language": "fr", "voice": "woman", "loop": 2, "character_count": 5},
            ),
            ("play", "completed", {"play_uri": "http://app.example/music", "loop": 1}),
        ]
        assert [round(fact.duration_s, 1) for fact in done.facts.of(VerbRan)] == [1.0, 4.0]
        assert "salut" not in repr(done.facts.of(VerbRan))

    async def test_why_they_failed(self) -> None:
        _, _, done = await run("<Play>/gone</Play>")
        [play] = done.facts.of(VerbRan)
        assert (play.status, play.error_code) == ("failed", 21402)
        assert "/gone" in play.reason

    async def test_who_hangs_up_cuts_a_text_short_and_ends_one_without_end(self) -> None:
        _, _, cut = await run("<Say>a rather long text</Say>", "1.0 hangs up")
        _, _, ended = await run('<Say loop="0">a rather long text</Say>', "1.0 hangs up")
        assert [(fact.status, fact.reason) for fact in cut.facts.of(VerbRan)] == [("failed", "hang_up")]
        assert [(fact.status, fact.reason) for fact in ended.facts.of(VerbRan)] == [("completed", "")]


class TestBesideTheDocument:
    async def test_verbs_run_while_the_document_goes_on(self) -> None:
        control = Control()

        async def act() -> list[object]:
            await control.begun.wait()
            await asyncio.sleep(1.0)
            outcomes: list[object] = [await control.act(Hold(music_url="http://app.example/music"), 32 * "a")]
            outcomes.append(await control.act(Say(text="still here"), 32 * "b"))
            outcomes.append(await control.act(Resume(), 32 * "c"))
            return outcomes

        acting = asyncio.create_task(act())
        call, _, done = await run('<Pause length="9"/><Say>end</Say>', control=control)
        assert acting.result() == [
            HoldChanged(status=HoldStatus.HELD, sip_status=200),
            Done(),
            HoldChanged(status=HoldStatus.RESUMED, sip_status=200),
        ]
        assert call.heard == [
            "1.1 held",
            "1.1 http://app.example/music starts",
            "1.1 still here starts",
            "2.1 still here ends",
            "2.2 resumed",
            "2.2 http://app.example/music stops",
            "9.0 end starts",
            "9.3 end ends",
        ]
        assert [fact.record_id[0] for fact in done.facts.of(VerbRan)[:3]] == ["a", "b", "c"]

    async def test_the_filler_of_a_slow_application_is_left_alone(self) -> None:
        control = Control()

        async def act() -> None:
            await control.begun.wait()
            await asyncio.sleep(4.0)
            await control.act(Say(text="still here"))

        acting = asyncio.create_task(act())
        slow = Page(body="<Response><Say>there</Say></Response>", after_s=9.0)
        call, _, _ = await run("<Say>hi</Say><Redirect>/slow</Redirect>", control=control, slow=slow)
        await acting
        assert [line for line in call.heard if "ends" not in line] == [
            "0.0 hi starts",
            "2.2 comfort starts",
            "4.0 still here starts",
            *[line for line in call.heard if "comfort starts" in line][1:],
            "9.2 comfort stops",
            "9.2 there starts",
        ]

    async def test_the_call_s_end_ends_them_before_its_last_fact(self) -> None:
        control = Control()

        async def act() -> str:
            await control.begun.wait()
            await asyncio.sleep(0.5)
            try:
                await control.act(Say(text="on and on", loop=0))
            except CallEnded as ended:
                return ended.ending.cause
            return ""

        acting = asyncio.create_task(act())
        call, _, done = await run('<Say>hm</Say><Pause length="2"/>', control=control)
        assert await acting == EndCause.HERE
        assert call.heard[-1].endswith("on and on stops")
        assert isinstance(done.facts.facts[-1], CallFinished)
        with pytest.raises(CallOver):
            control.act(Say(text="too late"))

    async def test_a_resume_of_one_never_held_is_recorded_for_who_asked(self) -> None:
        control = Control()

        async def act() -> None:
            await control.begun.wait()
            await asyncio.sleep(0.5)
            await control.act(Resume(), 32 * "d")

        acting = asyncio.create_task(act())
        _, _, done = await run('<Pause length="2"/>', control=control)
        await acting
        [record] = done.facts.of(VerbRan)
        assert (record.kind, record.status, record.record_id) == (VerbKind.RESUME, "ignored", 32 * "d")
