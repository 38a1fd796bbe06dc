"""Dial: who is called, who wins, what is told when nobody does, and who leaves when."""

import pytest

from offhook.call.facts import CallFinished
from offhook.call.info import CallStatus, Direction
from offhook.interpreter.outbound_leg import LegRefused
from offhook.testing import Places
from tests.interpreter.dialling import ANN, BOB, CALL_SID, CAT, dialling, leg_sid

ONE = f'<Dial action="dialled">{ANN}</Dial>'
TWO = f'<Dial action="dialled"><Number>{ANN}</Number><Number>{BOB}</Number></Dial>'


class TestOneWhoAnswers:
    async def test_both_talk_until_the_callee_leaves_and_the_action_is_told(self) -> None:
        seen = await dialling(
            ONE,
            {ANN: ("1.0 rings", "3.0 answers", "4.0 says 0.5", "10.0 hangs up")},
            "6.0 says 0.5",
        )
        assert seen.call.heard == [
            "0.0 ringing starts",
            "3.0 ringing stops",
            "4.0 +15550101 starts",
            "4.5 +15550101 ends",
            "10.0 bye starts",
            "10.3 bye ends",
        ]
        assert seen.legs.to(ANN).heard == ["6.0 +15550100 starts", "6.5 +15550100 ends"]
        told = seen.told
        assert {name: value for name, value in told.items() if name.startswith(("Dial", "Out", "Call"))} == {
            "CallSid": CALL_SID,
            "OutboundCallSid": leg_sid(1),
            "CallStatus": "in-progress",
            "CallerName": "null",
            "CallTimestamp": "2026-01-01T12:00:00.000Z",
            "DialCallStatus": "completed",
            "DialCallSid": leg_sid(1),
            "DialCallDuration": "7",
            "DialRingDuration": "3",
            "DialSipCallId": f"{1:032x}@scripted",
            "DialSipResponseCode": "200",
        }
        leg = seen.legs.to(ANN).info
        assert (leg.direction, leg.from_, leg.parent_call_id) == (
            Direction.OUTBOUND_DIAL,
            "+15550100",
            seen.call.info.call_id,
        )

    async def test_without_an_action_the_next_verb_runs(self) -> None:
        seen = await dialling(f"<Dial>{ANN}</Dial>", {ANN: ("3.0 answers", "10.0 hangs up")})
        assert seen.call.heard[-2:] == ["10.0 next starts", "10.4 next ends"]
        assert seen.asked == ["/voice"]

    async def test_headers_of_the_last_word_reach_the_action(self) -> None:
        seen = await dialling(ONE, {ANN: ("1.0 answers", "3.0 hangs up with X-Why=tired")})
        assert seen.told["DialSipHeader_X-Why"] == "tired"

    async def test_later_requests_still_name_the_leg(self) -> None:
        seen = await dialling(
            f"<Dial>{ANN}</Dial><Redirect>dialled</Redirect>", {ANN: ("1.0 answers", "3.0 hangs up")}
        )
        assert seen.told["OutboundCallSid"] == leg_sid(1)
        assert "DialCallStatus" not in seen.told

    async def test_the_caller_id_and_headers_of_the_application_are_dialled(self) -> None:
        seen = await dialling(
            '<Dial callerId="+15550199"><Sip username="u" password="p">sip:ann@example.com?Desk=7&amp;X-A=b%20c</Sip></Dial>',
            {"sip:ann@example.com": ("1.0 answers", "2.0 hangs up")},
        )
        [wanted] = seen.legs.wanted
        assert (wanted.caller_id, wanted.ring_timeout_s) == ("+15550199", 30.0)
        assert wanted.destination.sip_headers == (("X-Desk", "7"), ("X-A", "b c"))
        assert (wanted.destination.username, wanted.destination.password) == ("u", "p")

    async def test_its_events_are_called_back_with_fixed_numbers(self) -> None:
        seen = await dialling(
            f'<Dial><Number statusCallback="cb" statusCallbackEvent="ringing, answered completed">{ANN}</Number></Dial>',
            {ANN: ("1.0 rings", "3.0 answers", "8.0 hangs up")},
        )
        sent = [dict(request.parameters) for request in seen.callbacks]
        assert [(told["CallStatus"], told["SequenceNumber"]) for told in sent] == [
            ("ringing", "1"),
            ("answered", "2"),
            ("completed", "3"),
        ]
        assert {told["ParentCallSid"] for told in sent} == {CALL_SID}
        assert {(told["CallSid"], told["Direction"]) for told in sent} == {(leg_sid(1), "outbound-dial")}
        assert sent[-1]["CallDuration"] == "5"


class TestAFork:
    async def test_all_ring_and_the_first_to_answer_wins(self) -> None:
        seen = await dialling(
            TWO,
            {ANN: ("1.0 rings", "9.0 answers"), BOB: ("2.0 rings", "4.0 answers", "8.0 hangs up")},
        )
        assert seen.told["DialCallSid"] == leg_sid(2)
        ann = seen.done.end_of(seen.legs.to(ANN).info.call_id)
        assert (ann.status, ann.reason) == (CallStatus.CANCELED, "somebody else answered first")
        assert ann.ring_duration_s == 4.0
        assert seen.call.heard[:2] == ["0.0 ringing starts", "4.0 ringing stops"]

    async def test_a_client_is_called_at_all_its_places(self) -> None:
        places = Places((("1.0 rings",), ("1.0 rings", "2.0 answers", "5.0 hangs up")))
        seen = await dialling('<Dial action="dialled"><Client>ann</Client></Dial>', {"ann": places})
        assert seen.told["DialCallSid"] == leg_sid(2)
        assert next(end.status for end in seen.done.facts.of(CallFinished)) is CallStatus.CANCELED

    async def test_two_who_answer_at_once_are_never_both_connected(self) -> None:
        seen = await dialling(
            TWO,
            {
                ANN: ("2.0 answers", "3.0 says 1", "6.0 hangs up"),
                BOB: ("2.0 answers", "3.0 says 1", "6.0 hangs up"),
            },
        )
        assert [line for line in seen.call.heard if "+1555" in line] == [
            "3.0 +15550101 starts",
            "4.0 +15550101 ends",
        ]
        assert seen.legs.to(BOB).ending is not None
        assert seen.done.end_of(seen.legs.to(BOB).info.call_id).duration_s == 0.0

    async def test_one_that_cannot_be_dialled_does_not_keep_the_others_from_it(self) -> None:
        seen = await dialling(
            TWO,
            {ANN: LegRefused("it is on no list of destinations", 403), BOB: ("1.0 answers", "3.0 hangs up")},
        )
        assert seen.told["DialCallStatus"] == "completed"
        [notice] = seen.done.notifications
        assert (notice.code, notice.is_error) == (11005, False)
        assert notice.message == "Line 1: +15550101 was not called: it is on no list of destinations."


class TestNobody:
    @pytest.mark.parametrize(
        ("script", "status", "sip"),
        [
            (("1.0 refuses 486",), "busy", "486"),
            (("1.0 refuses 600",), "busy", "600"),
            (("1.0 refuses 404",), "failed", "404"),
            (("1.0 refuses 603",), "failed", "603"),
            (("1.0 refuses 480",), "no-answer", "480"),
            (("1.0 rings",), "no-answer", "408"),
            ((), "no-answer", "408"),
        ],
    )
    async def test_the_action_is_told_why(self, script: tuple[str, ...], status: str, sip: str) -> None:
        seen = await dialling(ONE, {ANN: script})
        told = seen.told
        assert (told["DialCallStatus"], told["DialSipResponseCode"]) == (status, sip)
        assert (told["DialCallSid"], told["DialCallDuration"]) == (leg_sid(1), "0")
        assert seen.call.heard[-1].endswith("bye ends")

    async def test_it_rings_for_as_long_as_the_timeout_says(self) -> None:
        seen = await dialling(f'<Dial timeout="7" action="dialled">{ANN}</Dial>', {ANN: ("1.0 rings",)})
        assert seen.call.heard[-2] == "7.0 bye starts"
        assert seen.told["DialRingDuration"] == "7"

    @pytest.mark.parametrize(
        ("ann", "bob", "cat", "told"),
        [
            (486, 404, 480, "busy"),
            (404, 480, 603, "no-answer"),
            (404, 603, 500, "failed"),
            (600, 486, 404, "busy"),
        ],
    )
    async def test_the_word_that_says_most_is_told(self, ann: int, bob: int, cat: int, told: str) -> None:
        numbers = "".join(f"<Number>{number}</Number>" for number in (ANN, BOB, CAT))
        seen = await dialling(
            f'<Dial action="dialled">{numbers}</Dial>',
            {ANN: (f"3.0 refuses {ann}",), BOB: (f"2.0 refuses {bob}",), CAT: (f"1.0 refuses {cat}",)},
        )
        assert seen.told["DialCallStatus"] == told

    async def test_one_who_cannot_be_dialled_leaves_no_leg_and_the_call_goes_on(self) -> None:
        seen = await dialling(ONE, {ANN: LegRefused("all lines are taken", 503)})
        assert (seen.told["DialCallStatus"], seen.told["DialCallSid"]) == ("failed", "null")
        assert not {"DialSipCallId", "OutboundCallSid", "RecordingUrl"} & set(seen.told)
        assert [notice.code for notice in seen.done.notifications] == [11007]

    async def test_a_dial_of_nobody_fails_at_once(self) -> None:
        seen = await dialling('<Dial action="dialled"/>')
        assert seen.told["DialCallStatus"] == "failed"
        assert [notice.code for notice in seen.done.notifications] == [12200]

    async def test_a_leg_that_is_ended_from_outside_is_told_as_canceled(self) -> None:
        seen = await dialling(ONE, {ANN: ("1.0 hangs up",)})
        assert seen.told["DialCallStatus"] == "canceled"


class TestTheCallerLeaves:
    async def test_while_it_rings_all_legs_are_canceled_and_the_action_is_asked_once(self) -> None:
        seen = await dialling(TWO, {ANN: ("1.0 rings",), BOB: ("1.0 rings",)}, "2.0 hangs up")
        assert seen.asked == ["/voice", "/dialled"]
        assert (seen.told["DialCallStatus"], seen.told["CallStatus"]) == ("canceled", "completed")
        assert {end.status for end in seen.done.facts.of(CallFinished)} == {
            CallStatus.CANCELED,
            CallStatus.COMPLETED,
        }
        assert seen.done.end.duration_s == 2.0

    async def test_before_anybody_could_be_dialled(self) -> None:
        seen = await dialling(ONE, {ANN: ("1.0 rings",)}, "0.0 hangs up")
        assert seen.done.end.status in (CallStatus.CANCELED, CallStatus.COMPLETED)
        assert seen.done.facts.of(CallFinished)[-1].status.is_final

    async def test_while_they_talk_the_callee_is_hung_up(self) -> None:
        seen = await dialling(ONE, {ANN: ("1.0 answers",)}, "5.0 hangs up")
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "4")
        assert seen.told["CallStatus"] == "completed"
        assert seen.done.end_of(seen.legs.to(ANN).info.call_id).duration_s == 4.0
        assert seen.asked.count("/dialled") == 1

    async def test_while_the_callee_is_screened(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number url="screen">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers",)},
            "3.0 hangs up",
            screen="<Response><Pause length='20'/></Response>",
        )
        assert seen.told["DialCallStatus"] == "canceled"
        assert seen.done.end_of(seen.legs.to(ANN).info.call_id).duration_s == 2.0

    async def test_while_keys_are_sent(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number sendDigits="wwwwwwww1">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers",)},
            "3.0 hangs up",
        )
        assert (seen.told["DialCallStatus"], seen.told["DialCallSid"]) == ("canceled", leg_sid(1))
        assert seen.legs.to(ANN).ending is not None

    async def test_at_the_moment_when_the_callee_answers(self) -> None:
        seen = await dialling(ONE, {ANN: ("2.0 answers",)}, "2.0 hangs up")
        assert seen.asked.count("/dialled") == 1
        assert seen.legs.to(ANN).ending is not None
