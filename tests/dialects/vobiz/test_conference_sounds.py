"""What others in a conference hear of who comes and goes, and the keys that they are sent."""

from typing import ClassVar

from offhook.call.recording_facts import RecordingFinished
from offhook.testing import Page
from tests.dialects.vobiz.dialogues import Gathering

IN_URL, OUT_URL = "http://app.example/came", "http://app.example/went"
CAME = "<Response><Speak>somebody came</Speak></Response>"
WENT = '<Response><Wait length="1"/><Speak>somebody went</Speak></Response>'
SOUND = Page(body="1.0 s", content_type="audio/wav")


def conference(attributes: str = "") -> str:
    return f"<Response><Conference {attributes}>team</Conference></Response>"


def heard(party: Gathering, name: str, *words: str) -> list[str]:
    """What somebody heard of these, with times."""
    return [line for line in party.done[name].call.heard if any(word in line for word in words)]


class TestSounds:
    async def test_a_document_is_heard_by_all_who_are_inside_on_coming_and_on_going(self) -> None:
        own = conference(f'enterSound="{IN_URL}" exitSound="{OUT_URL}"')
        pages = {"in": conference('beep="false"'), "own": own, "came": CAME, "went": WENT}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("9.0 hangs up",)), ("ben", "own", 2.0, ("3.0 hangs up",))
        )
        assert heard(party, "ann", "somebody") == [
            "2.0 somebody came starts",
            "3.3 somebody came ends",
            "6.0 somebody went starts",
            "7.3 somebody went ends",
        ]
        assert heard(party, "ben", "starts") == ["0.0 somebody came starts"]
        assert not heard(party, "ann", "beep")

    async def test_the_application_is_asked_for_both_when_somebody_comes(self) -> None:
        pages = {
            "own": conference(f'enterSound="{IN_URL}" exitSound="{OUT_URL}"'),
            "came": CAME,
            "went": WENT,
        }
        party = await Gathering(pages).of(("ann", "own", 0.0, ("2.0 hangs up",)))
        ann = party.done["ann"]
        [came], [went] = ann.told("/came"), ann.told("/went")
        assert (came["From"], came["CallStatus"]) == ("ann", "in-progress")
        assert went["CallUUID"] == came["CallUUID"]
        assert ann.call.heard == []  # nobody else is inside

    async def test_a_sound_file_is_one_too(self) -> None:
        url = "http://app.example/in.wav"
        quiet, own = conference('enterSound="none"'), conference(f'enterSound="{url}"')
        pages: dict[str, str | Page | tuple[str | Page, ...]] = {"in": quiet, "own": own, "in.wav": SOUND}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("9.0 hangs up",)), ("ben", "own", 2.0, ("3.0 hangs up",))
        )
        assert heard(party, "ann", "starts") == [f"2.0 {url} starts"]

    async def test_double_beeps_and_none(self) -> None:
        pages = {"in": conference(), "own": conference('enterSound="beep:2" exitSound="none"')}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("9.0 hangs up",)), ("ben", "own", 2.0, ("3.0 hangs up",))
        )
        assert heard(party, "ann", "starts") == ["2.0 beep starts", "2.3 beep starts"]

    async def test_announcements_are_heard_one_after_the_other(self) -> None:
        pages = {"in": conference('beep="false"'), "own": conference(f'enterSound="{IN_URL}"'), "came": CAME}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("9.0 hangs up",)),
            ("ben", "own", 2.0, ("6.0 hangs up",)),
            ("cat", "own", 2.5, ("6.0 hangs up",)),
        )
        assert heard(party, "ann", "starts") == ["2.0 somebody came starts", "3.3 somebody came starts"]

    async def test_one_that_cannot_be_had_is_told_and_harms_nobody(self) -> None:
        pages = {"in": conference('beep="false"'), "own": conference(f'enterSound="{IN_URL}"')}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("9.0 says 1", "12.0 hangs up")), ("ben", "own", 2.0, ("9.0 hangs up",))
        )
        ben = party.done["ben"]
        assert [note.message for note in ben.done.notifications if IN_URL in note.message]
        assert heard(party, "ben", "ann")

    async def test_what_else_stands_in_the_document_is_left_out_and_told(self) -> None:
        came = "<Response><Redirect>http://app.example/loop</Redirect><Speak>somebody came</Speak></Response>"
        pages = {"in": conference('beep="false"'), "own": conference(f'enterSound="{IN_URL}"'), "came": came}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("9.0 hangs up",)), ("ben", "own", 2.0, ("3.0 hangs up",))
        )
        assert heard(party, "ann", "starts") == ["2.0 somebody came starts"]
        assert 12200 in party.done["ben"].codes


class TestKeys:
    PAGES: ClassVar = {"relays": conference('relayDTMF="true" hangupOnStar="true"'), "in": conference()}

    async def test_the_others_are_sent_them_in_order(self) -> None:
        script = ("1.0 key 1", "1.1 key 2", "1.2 key #", "2.0 key *")
        party = await Gathering(self.PAGES).of(
            ("ann", "in", 0.0, ("2.0 key 9", "9.0 hangs up")),
            ("ben", "in", 0.0, ("9.0 hangs up",)),
            ("cat", "relays", 1.0, script),
        )
        assert party.done["ann"].call.keys_sent == ["1", "2", "#"]
        assert party.done["ben"].call.keys_sent == ["1", "2", "#"]
        assert party.done["cat"].call.keys_sent == []  # whose conference does not want it keeps its keys

    async def test_who_is_muted_sends_none(self) -> None:
        pages = {"muted": conference('relayDTMF="true" muted="true"'), "in": conference()}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("9.0 hangs up",)), ("ben", "muted", 1.0, ("1.0 key 1", "3.0 hangs up"))
        )
        assert party.done["ann"].call.keys_sent == []


class TestRecording:
    CALLBACK = 'record="true" callbackUrl="http://app.example/room" callbackMethod="POST"'

    async def test_the_callback_hears_which_recording_runs(self) -> None:
        party = await Gathering({"in": conference(self.CALLBACK)}).of(("ann", "in", 0.0, ("5.0 hangs up",)))
        record, end = [one for one in party.done["ann"].news if one["ConferenceAction"] in ("record", "end")]
        assert record["ConferenceAction"] == "record"
        assert record["RecordUrl"] == record["RecordFile"] == end["RecordingUrl"]
        assert record["RecordingID"] in record["RecordUrl"]

    async def test_the_end_has_it_too_where_its_caller_left_before(self) -> None:
        pages = {
            "tapes": conference(self.CALLBACK),
            "in": conference('callbackUrl="http://app.example/room"'),
        }
        party = await Gathering(pages).of(
            ("ann", "tapes", 0.0, ("5.0 hangs up",)), ("ben", "in", 2.0, ("9.0 hangs up",))
        )
        [record] = [one for one in party.done["ann"].news if one["ConferenceAction"] == "record"]
        ben = party.done["ben"]
        assert (ben.news[-1]["ConferenceAction"], ben.news[-1]["RecordingUrl"]) == (
            "end",
            record["RecordUrl"],
        )
        assert "record" not in [one["ConferenceAction"] for one in ben.news]

    async def test_nobody_is_recorded_alone_where_that_is_not_wanted(self) -> None:
        pages = {"in": conference(f'{self.CALLBACK} recordWhenAlone="false"')}
        party = await Gathering(pages).of(
            ("ann", "in", 0.0, ("12.0 hangs up",)),
            ("ben", "in", 2.0, ("3.0 hangs up",)),
            ("cat", "in", 8.0, ("2.0 hangs up",)),
        )
        records = [one for one in party.done["ann"].news if one["ConferenceAction"] == "record"]
        assert [one["Timestamp"][-2:] for one in records] == ["02", "08"]
        assert len({one["RecordingID"] for one in records}) == 2
        facts = party.done["ann"].done.facts.of(RecordingFinished)
        assert [round(fact.duration_s) for fact in facts] == [3, 2]
