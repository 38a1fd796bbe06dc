"""What happens between the two whom a Dial connected: keys, limits, recordings, muting, and being taken elsewhere."""

import asyncio

import pytest

from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.call.voice_rows import RecordingSource
from offhook.interpreter.control import Control
from offhook.interpreter.fixed import FixedProgram
from offhook.testing import ScriptedLegs
from offhook.verbs import Destination, DestinationKind, Dial, Pause, Say
from tests.interpreter.dialling import ANN, BOB, dialling

ONE = f'<Dial action="dialled">{ANN}</Dial>'
STAR = f'<Dial action="dialled" hangupOnStar="true">{ANN}</Dial>'


class TestKeys:
    async def test_they_reach_the_other_side_in_order(self) -> None:
        seen = await dialling(
            ONE,
            {ANN: ("1.0 answers", "4.0 key 9", "8.0 hangs up")},
            *("0.5 key 5", "2.0 key 1", "2.05 key *", "2.1 key #"),
        )
        assert seen.legs.to(ANN).keys_sent == ["1", "*", "#"]
        assert seen.call.keys_sent == ["9"]

    async def test_the_star_ends_it_for_the_caller_who_goes_on(self) -> None:
        seen = await dialling(STAR, {ANN: ("1.0 answers",)}, "2.0 key 1", "5.0 key *")
        assert seen.legs.to(ANN).keys_sent == ["1"]
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "4")
        assert seen.legs.to(ANN).ending is not None
        assert seen.call.heard[-2] == "5.0 bye starts"

    async def test_the_callee_s_star_is_a_key_like_any_other(self) -> None:
        seen = await dialling(STAR, {ANN: ("1.0 answers", "2.0 key *", "4.0 hangs up")})
        assert seen.call.keys_sent == ["*"]
        assert seen.told["DialCallDuration"] == "3"

    async def test_those_of_the_application_are_sent_before_anybody_is_connected(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number sendDigits="ww42#">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers", "1.5 says 2", "9.0 hangs up")},
        )
        assert seen.legs.to(ANN).keys_sent == ["4", "2", "#"]
        assert seen.call.heard[:3] == ["0.0 ringing starts", "2.6 ringing stops", "2.6 +15550101 starts"]
        assert seen.told["DialCallDuration"] == "6"

    async def test_a_callee_who_leaves_while_they_are_sent(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number sendDigits="wwwwww1">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers", "2.0 hangs up")},
        )
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "0")


class TestAnAnswerOnHold:
    async def test_it_connects_and_they_hear_each_other_once_it_holds_no_more(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled" timeout="20">{ANN}</Dial>',
            {
                ANN: (
                    "1.0 rings",
                    "2.0 answers on hold",
                    "3.0 says 0.5",
                    "99.0 holds no more",
                    "100.0 says 1",
                    "110.0 hangs up",
                )
            },
        )
        assert seen.call.heard[:4] == [
            *("0.0 ringing starts", "2.0 ringing stops"),
            *("100.0 +15550101 starts", "101.0 +15550101 ends"),
        ]
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "108")

    async def test_its_keys_are_sent_once_it_holds_no_more(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number sendDigits="42#">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers on hold", "91.0 holds no more", "99.0 hangs up")},
        )
        assert seen.legs.to(ANN).keys_sent == ["4", "2", "#"]
        assert seen.told["DialCallStatus"] == "completed"

    async def test_one_that_leaves_before_its_keys_can_be_sent(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled"><Number sendDigits="42#">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers on hold", "91.0 hangs up")},
        )
        assert seen.legs.to(ANN).keys_sent == []
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "0")


class TestLimits:
    async def test_the_time_limit_parts_them(self) -> None:
        seen = await dialling(f'<Dial action="dialled" timeLimit="12">{ANN}</Dial>', {ANN: ("1.0 answers",)})
        assert seen.told["DialCallDuration"] == "12"
        assert seen.legs.to(ANN).ending is not None
        assert seen.call.heard[-2] == "13.0 bye starts"

    async def test_four_hours_are_the_longest_by_default(self) -> None:
        seen = await dialling(ONE, {ANN: ("1.0 answers",)})
        assert seen.told["DialCallDuration"] == "14400"


class TestRecording:
    async def test_it_begins_when_they_are_connected_and_is_told(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled" record="true">{ANN}</Dial>',
            {ANN: ("3.0 answers", "4.0 says 1", "9.0 hangs up")},
        )
        [began], [ended] = seen.done.facts.of(RecordingStarted), seen.done.facts.of(RecordingFinished)
        assert (began.source, began.call_id) == (RecordingSource.DIAL, seen.call.info.call_id)
        assert ended.duration_s == pytest.approx(6.0)
        sid = f"RE{began.recording_id}"
        assert seen.told["RecordingUrl"].endswith(f"/Recordings/{sid}.wav")
        assert seen.told["PublicRecordingUrl"] == seen.told["RecordingUrl"]
        assert seen.told["RecordingDuration"] == "6.0"

    async def test_it_is_whole_when_the_caller_hangs_up(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled" record="true">{ANN}</Dial>', {ANN: ("1.0 answers",)}, "4.0 hangs up"
        )
        [ended] = seen.done.facts.of(RecordingFinished)
        assert ended.duration_s == pytest.approx(3.0)
        assert not ended.failure
        assert seen.told["RecordingDuration"] == "3.0"

    async def test_nothing_is_recorded_of_a_dial_that_nobody_answered(self) -> None:
        seen = await dialling(
            f'<Dial action="dialled" record="true">{ANN}</Dial>', {ANN: ("1.0 refuses 486",)}
        )
        assert not seen.done.facts.of(RecordingStarted)
        assert "RecordingUrl" not in seen.told


class TestFromOutside:
    async def test_muting_either_of_them(self) -> None:
        control = Control()
        scripts = {ANN: ("1.0 answers", *(f"{at}.0 says 0.5" for at in (2, 4, 6)), "9.0 hangs up")}

        async def mute() -> None:
            await asyncio.sleep(3.0)
            control.mute(True)
            await asyncio.sleep(0.5)
            [leg] = control.connected_legs
            assert leg.call.info.to == ANN
            await asyncio.sleep(1.5)
            control.mute(False)

        muting = asyncio.create_task(mute())
        seen = await dialling(ONE, scripts, *(f"{at}.0 says 0.5" for at in (2, 4, 6)), control=control)
        await muting
        assert seen.legs.to(ANN).heard == [
            "2.0 +15550100 starts",
            "2.5 +15550100 ends",
            "6.0 +15550100 starts",
            "6.5 +15550100 ends",
        ]
        assert len([line for line in seen.call.heard if "+15550101 starts" in line]) == 3

    async def test_a_leg_that_was_muted_before_is_not_heard(self) -> None:
        seen = await dialling(
            f'<Dial><Number sendDigits="wwww">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers", "4.0 says 0.5", "6.0 hangs up")},
            later=(1.5, lambda legs: legs.control_of(ANN).mute(True)),
        )
        assert not [line for line in seen.call.heard if ANN in line]

    async def test_a_leg_that_is_taken_elsewhere_ends_the_dial_and_lives_on(self) -> None:
        moved = FixedProgram(Say(text="moved"), Pause(length_s=5))
        seen = await dialling(
            ONE, {ANN: ("1.0 answers",)}, later=(4.0, lambda legs: legs.control_of(ANN).divert(moved))
        )
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "3")
        assert seen.call.heard[-2] == "4.0 bye starts"
        assert seen.legs.to(ANN).heard == ["4.0 moved starts", "4.5 moved ends"]
        assert seen.done.end_of(seen.legs.to(ANN).info.call_id).duration_s == pytest.approx(8.5)

    async def test_a_leg_that_is_taken_into_a_room_has_left_ours(self) -> None:
        moved = FixedProgram(Dial(destinations=(Destination(kind=DestinationKind.NUMBER, address=BOB),)))
        seen = await dialling(
            ONE,
            {ANN: ("1.0 answers",), BOB: ("0.0 answers", "1.0 says 0.5", "3.0 hangs up")},
            "2.0 says 20",
            later=(4.0, lambda legs: legs.control_of(ANN).divert(moved)),
        )
        assert seen.legs.to(ANN).heard == [
            "2.0 +15550100 starts",
            "4.0 +15550100 stops",
            "4.0 ringing starts",
            "4.0 ringing stops",
            "5.0 +15550102 starts",
            "5.5 +15550102 ends",
        ]

    async def test_a_leg_that_is_taken_elsewhere_while_keys_are_sent(self) -> None:
        moved = FixedProgram(Say(text="moved"))
        seen = await dialling(
            f'<Dial action="dialled"><Number sendDigits="wwwwwwww1">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers",)},
            later=(2.0, lambda legs: legs.control_of(ANN).divert(moved)),
        )
        assert seen.legs.to(ANN).heard == ["2.0 moved starts", "2.5 moved ends"]
        assert seen.legs.to(ANN).keys_sent == []
        assert (seen.told["DialCallStatus"], seen.told["DialCallDuration"]) == ("completed", "0")

    async def test_a_leg_that_is_taken_elsewhere_while_it_is_screened_is_none_of_ours(self) -> None:
        moved = FixedProgram(Say(text="moved"), Pause(length_s=5))
        seen = await dialling(
            f'<Dial action="dialled"><Number url="screen">{ANN}</Number></Dial>',
            {ANN: ("1.0 answers",)},
            later=(4.0, lambda legs: legs.control_of(ANN).divert(moved)),
            screen="<Response><Pause length='30'/></Response>",
        )
        assert seen.told["DialCallStatus"] == "no-answer"
        assert seen.legs.to(ANN).heard == ["4.0 moved starts", "4.5 moved ends"]

    async def test_a_caller_who_is_taken_elsewhere_leaves_the_callee_hung_up(self) -> None:
        control = Control()
        moved = FixedProgram(Say(text="moved"))
        later = (4.0, lambda _legs: control.divert(moved))
        seen = await dialling(ONE, {ANN: ("1.0 answers",)}, control=control, later=later)
        assert seen.call.heard[-2:] == ["4.0 moved starts", "4.5 moved ends"]
        assert seen.done.end_of(seen.legs.to(ANN).info.call_id).duration_s == 3.0

    async def test_a_caller_who_is_taken_elsewhere_while_it_rings_cancels_all(self) -> None:
        control = Control()
        moved = FixedProgram(Say(text="moved"))
        later = (2.0, lambda _legs: control.divert(moved))
        seen = await dialling(ONE, {ANN: ("1.0 rings",)}, control=control, later=later)
        assert seen.call.heard == [
            "0.0 ringing starts",
            "2.0 ringing stops",
            "2.0 moved starts",
            "2.5 moved ends",
        ]
        assert seen.done.end_of(seen.legs.to(ANN).info.call_id).ring_duration_s == 2.0

    async def test_both_are_taken_to_a_place_of_their_own(self) -> None:
        control = Control()

        def move(legs: ScriptedLegs) -> None:
            legs.control_of(ANN).divert(FixedProgram(Say(text="there")))
            control.divert(FixedProgram(Say(text="here")))

        seen = await dialling(ONE, {ANN: ("1.0 answers",)}, control=control, later=(4.0, move))
        assert seen.call.heard[-2:] == ["4.0 here starts", "4.4 here ends"]
        assert seen.legs.to(ANN).heard == ["4.0 there starts", "4.5 there ends"]
        assert seen.done.end_of(seen.legs.to(ANN).info.call_id).duration_s == pytest.approx(3.5)
