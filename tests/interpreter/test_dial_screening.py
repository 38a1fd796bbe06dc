"""What whoever answers hears first, and how they accept or decline."""

import pytest

from offhook.testing import Page
from tests.interpreter.dialling import ANN, BOB, CALL_SID, dialling, leg_sid

ONE = f'<Dial action="dialled"><Number url="screen">{ANN}</Number></Dial>'
ASKS = '<Response><Gather numDigits="1" action="chosen" preTimeout="5"><Say>take it?</Say></Gather><Hangup/></Response>'


class TestAccepting:
    async def test_a_document_that_runs_off_its_end_connects(self) -> None:
        seen = await dialling(
            ONE,
            {ANN: ("1.0 answers with X-Desk=7", "4.0 says 0.5", "9.0 hangs up")},
            screen="<Response><Say>hello</Say></Response>",
        )
        assert seen.legs.to(ANN).heard == ["1.0 hello starts", "1.5 hello ends"]
        assert seen.call.heard[:3] == ["0.0 ringing starts", "1.5 ringing stops", "4.0 +15550101 starts"]
        assert seen.told["DialCallStatus"] == "completed"
        asked = seen.app.posted("/screen")
        assert {
            name: asked[name]
            for name in ("CallSid", "Direction", "From", "To", "CallStatus", "SipHeader_X-Desk")
        } == {
            "CallSid": leg_sid(1),
            "Direction": "outbound-dial",
            "From": "+15550100",
            "To": ANN,
            "CallStatus": "in-progress",
            "SipHeader_X-Desk": "7",
        }
        assert asked["SipCallId"] == f"{1:032x}@scripted"

    async def test_a_key_accepts(self) -> None:
        seen = await dialling(
            ONE, {ANN: ("1.0 answers", "3.0 key 1", "9.0 hangs up")}, screen=ASKS, chosen="<Response/>"
        )
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "6")

    async def test_the_others_ring_on_until_somebody_accepts(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number url="screen">{ANN}</Number><Number url="screen">{BOB}</Number></Dial>',
            {ANN: ("1.0 answers",), BOB: ("2.0 answers", "3.0 key 1", "8.0 hangs up")},
            screen=ASKS,
            chosen="<Response/>",
        )
        assert seen.told["DialCallSid"] == leg_sid(2)
        assert seen.legs.to(ANN).ending is not None

    async def test_the_screening_may_last_longer_than_it_would_have_rung(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled" timeout="5"><Number url="screen">{ANN}</Number></Dial>',
            {ANN: ("4.0 answers", "40.0 hangs up")},
            screen="<Response><Pause length='20'/></Response>",
        )
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "16")


class TestDeclining:
    @pytest.mark.parametrize("screen", ["<Response><Hangup/></Response>", ASKS])
    async def test_a_hangup_declines_and_the_caller_goes_on(self, screen: str) -> None:
        seen = await dialling(ONE, {ANN: ("1.0 answers",)}, screen=screen)
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("no-answer", "0")
        assert seen.call.heard[-1].endswith("bye ends")

    async def test_one_who_declines_does_not_stop_the_others(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number url="screen">{ANN}</Number><Number>{BOB}</Number></Dial>',
            {ANN: ("1.0 answers",), BOB: ("5.0 answers", "9.0 hangs up")},
            screen="<Response><Hangup/></Response>",
        )
        assert seen.told["DialCallSid"] == leg_sid(2)

    async def test_one_who_hangs_up_while_screened(self) -> None:
        seen = await dialling(ONE, {ANN: ("1.0 answers", "2.0 hangs up")}, screen=ASKS)
        assert seen.told["DialCallStatus"] == "no-answer"

    async def test_who_does_not_decide_in_time_is_let_go(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number url="screen" timeout="8">{ANN}</Number></Dial>',
            {ANN: ("2.0 answers",)},
            screen="<Response><Say loop='0'>take it?</Say></Response>",
        )
        assert seen.told["DialCallStatus"] == "no-answer"
        leg = seen.done.end_of(seen.legs.to(ANN).info.call_id)
        assert leg.duration_s == pytest.approx(8.0)
        assert seen.call.heard[-2] == "10.0 bye starts"

    @pytest.mark.parametrize(
        ("page", "code"),
        [
            (Page(status=500), 11200),
            (Page(status=404), 21402),
            (Page(body="<html><title>Error</title></html>", content_type="text/html"), 12102),
            (Page(body="<Response><Say>", content_type="text/xml"), 12100),
        ],
    )
    async def test_junk_declines_with_a_notification_and_the_others_ring_on(
        self, page: Page, code: int
    ) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number url="screen">{ANN}</Number><Number>{BOB}</Number></Dial>',
            {ANN: ("1.0 answers",), BOB: ("5.0 answers", "9.0 hangs up")},
            screen=page,
        )
        assert seen.told["DialCallSid"] == leg_sid(2)
        [notice] = seen.done.notifications
        assert (notice.code, notice.call_id) == (code, seen.legs.to(ANN).info.call_id)

    async def test_a_dial_inside_is_left_out_and_told(self) -> None:
        seen = await dialling(
            ONE,
            {ANN: ("1.0 answers", "9.0 hangs up")},
            screen=f"<Response><Say>hello</Say><Dial>{BOB}</Dial></Response>",
        )
        assert [call.info.to for call in seen.legs.calls] == [ANN]
        assert seen.told["DialCallStatus"] == "completed"
        assert [notice.code for notice in seen.done.notifications] == [13201]
        assert seen.told["CallSid"] == CALL_SID
