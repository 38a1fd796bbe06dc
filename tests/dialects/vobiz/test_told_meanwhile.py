"""What callbacks hear of recordings and conferences."""

import pytest

from tests.dialects.vobiz.dialogues import Dialogue, Gathering, dialogue

OVER = "<Response/>"


class TestRecord:
    async def test_the_callback_hears_of_the_file(self) -> None:
        voice = (
            '<Response><Record action="http://app.example/recorded" timeout="3" maxLength="20" '
            'callbackUrl="http://app.example/ready" callbackMethod="GET"/><Speak>next</Speak></Response>'
        )
        course = await dialogue(voice, "1.0 says 2", "4.0 key #", recorded=OVER)
        [ready] = course.news
        [told] = course.told("/recorded")
        assert (ready["Event"], told["Event"]) == ("RecordStop", "Record")
        assert ready["RecordingID"] == told["RecordingID"]
        assert ready["RecordUrl"] == (
            f"https://voice.example/v1/Account/{course.call.info.account_sid}/Recording/"
            f"{ready['RecordingID']}.mp3"
        )
        assert (ready["RecordingEndReason"], ready["Digits"]) == ("FinishedOnKey", "#")
        assert course.heard[-1] == "next ends"  # redirect is false

    async def test_a_caller_who_leaves_is_told_of_too(self) -> None:
        voice = '<Response><Record callbackUrl="http://app.example/ready"/></Response>'
        course = await dialogue(voice, "1.0 says 2", "5.0 hangs up")
        [ready] = course.news
        assert (ready["RecordingEndReason"], ready["CallStatus"]) == ("HungUp", "completed")

    async def test_silence_is_no_recording(self) -> None:
        voice = '<Response><Record timeout="2" callbackUrl="http://app.example/ready"/></Response>'
        assert (await dialogue(voice)).news == []

    async def test_of_a_whole_session_the_id_comes_first_and_the_file_last(self) -> None:
        voice = (
            '<Response><Record recordSession="true" action="http://app.example/begun" '
            'callbackUrl="http://app.example/ready"/><Speak>hello</Speak><Wait length="3"/></Response>'
        )
        course = await dialogue(voice, "1.0 says 1", begun=OVER)
        [begun] = course.told("/begun")
        [ready] = course.news
        assert begun["RecordingID"] == ready["RecordingID"]
        assert "RecordUrl" not in begun
        assert float(ready["RecordingDurationMs"]) == pytest.approx(3500, abs=200)


CALLBACK = 'callbackUrl="http://app.example/room" callbackMethod="POST"'


def conference(attributes: str = "") -> str:
    return f"<Response><Conference {CALLBACK} {attributes}>team</Conference><Speak>out</Speak></Response>"


def actions(course: Dialogue) -> list[tuple[str, str]]:
    return [(one["ConferenceAction"], one["ConferenceCurrentSize"]) for one in course.news]


class TestConference:
    async def test_who_comes_and_goes_is_told_with_how_many_are_inside(self) -> None:
        party = await Gathering({"in": conference()}).of(
            ("ann", "in", 0.0, ("9.0 hangs up",)), ("ben", "in", 2.0, ("3.0 hangs up",))
        )
        ann, ben = party.done["ann"], party.done["ben"]
        assert actions(ann) == [("enter", "1"), ("start", "1"), ("exit", "0"), ("end", "0")]
        assert actions(ben) == [("enter", "2"), ("exit", "1")]
        assert {one["ConferenceName"] for one in (*ann.news, *ben.news)} == {"team"}
        assert len({one["ConferenceUUID"] for one in (*ann.news, *ben.news)}) == 1
        assert ann.news[0]["Timestamp"] == "2026-01-01 12:00:00"

    async def test_it_starts_with_who_starts_it(self) -> None:
        pages = {"waits": conference('startConferenceOnEnter="false"'), "starts": conference()}
        party = await Gathering(pages).of(
            ("ann", "waits", 0.0, ("9.0 hangs up",)), ("ben", "starts", 2.0, ("3.0 hangs up",))
        )
        assert actions(party.done["ann"])[0] == ("enter", "1")
        assert ("start", "2") in actions(party.done["ben"])
        assert "start" not in [action for action, _ in actions(party.done["ann"])]

    async def test_who_ends_it_tells_of_the_end(self) -> None:
        pages = {"in": conference(), "ends": conference('endConferenceOnExit="true"')}
        party = await Gathering(pages).of(("ann", "in", 0.0, ()), ("ben", "ends", 2.0, ("3.0 hangs up",)))
        assert actions(party.done["ben"])[-2:] == [("exit", "0"), ("end", "0")]
        assert "end" not in [action for action, _ in actions(party.done["ann"])]

    async def test_who_may_not_stay_alone_leaves_with_the_others(self) -> None:
        pages = {"in": conference('stayAlone="false"')}
        party = await Gathering(pages).of(("ann", "in", 0.0, ()), ("ben", "in", 2.0, ("3.0 hangs up",)))
        ann = party.done["ann"]
        assert ann.heard[-1] == "out ends"
        assert float(ann.call.heard[-2].split()[0]) == pytest.approx(5.0, abs=0.1)

    async def test_two_who_leave_in_the_same_moment_tell_of_one_end(self) -> None:
        party = await Gathering({"in": conference()}).of(
            ("ann", "in", 0.0, ("5.0 hangs up",)), ("ben", "in", 2.0, ("3.0 hangs up",))
        )
        told = [*actions(party.done["ann"]), *actions(party.done["ben"])]
        assert [action for action, _ in told].count("end") == 1
        assert sorted(size for action, size in told if action == "exit") == ["0", "1"]

    async def test_the_one_who_may_not_stay_alone_tells_of_the_end(self) -> None:
        pages = {"in": conference('stayAlone="false"')}
        party = await Gathering(pages).of(("ann", "in", 0.0, ()), ("ben", "in", 2.0, ("3.0 hangs up",)))
        assert actions(party.done["ben"])[-1] == ("exit", "1")
        assert actions(party.done["ann"])[-2:] == [("exit", "0"), ("end", "0")]

    async def test_who_has_no_callback_does_not_swallow_the_end(self) -> None:
        silent = conference().replace(CALLBACK, "")
        pages = {"silent": silent, "ends": conference('endConferenceOnExit="true"')}
        party = await Gathering(pages).of(("ann", "ends", 0.0, ("6.0 hangs up",)), ("ben", "silent", 2.0, ()))
        assert actions(party.done["ann"])[-2:] == [("exit", "0"), ("end", "0")]

    async def test_sequences_of_keys_are_told(self) -> None:
        pages = {"in": conference('digitsMatch="12,99"')}
        script = ("1.0 key 1", "1.5 key 2", "2.0 key 9", "5.0 hangs up")
        party = await Gathering(pages).of(("ann", "in", 0.0, script))
        matches = [
            one["ConferenceDigitsMatch"] for one in party.done["ann"].news if "ConferenceDigitsMatch" in one
        ]
        assert matches == ["12"]

    async def test_the_recording_is_told_with_the_end(self) -> None:
        pages = {"in": conference('record="true" recordFileFormat="wav"')}
        party = await Gathering(pages).of(("ann", "in", 0.0, ("1.0 says 1", "5.0 hangs up")))
        end = party.done["ann"].news[-1]
        assert (end["ConferenceAction"], end["RecordingUrl"].endswith(".wav")) == ("end", True)
