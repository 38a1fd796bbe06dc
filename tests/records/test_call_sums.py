"""What lists of calls can be narrowed to, what they come to, numbers by their spellings, deaf members: on both databases."""

from datetime import timedelta
from pathlib import Path

from offhook.call.info import CallStatus, Direction, new_id
from offhook.call.listing import CallFilter, CallSums, ConferenceFilter, RecordingFilter
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.call.rows import AccountRow, NumberRow
from offhook.call.voice_rows import ConferenceStatus, RecordingSource
from offhook.records.calls import Calls
from offhook.records.conferences import Conferences
from offhook.records.database import Database
from offhook.records.numbers import Numbers
from offhook.records.recordings import Recordings
from tests.records import story
from tests.records.story import after, finished, progressed, started

OUT = Direction.OUTBOUND_API


def test_calls_are_narrowed_and_summed_up(database: Database, account: AccountRow) -> None:
    sid, (first, second, third) = account.sid, (new_id() for _ in range(3))
    story.record(
        database,
        started(sid, first, from_="+15551111"),
        progressed(sid, first, after(1), CallStatus.IN_PROGRESS),
        finished(sid, first, after(11), duration_s=10.0),
        started(sid, second, after(60), direction=OUT),
        finished(sid, second, after(70), status=CallStatus.BUSY),
        started(sid, third, after(120), direction=Direction.OUTBOUND_DIAL),
    )
    calls = Calls(database)
    cases = {
        CallFilter(is_over=True): [second, first],
        CallFilter(is_over=False): [third],
        CallFilter(statuses=(CallStatus.BUSY, CallStatus.RINGING)): [third, second],
        CallFilter(directions=(Direction.INBOUND,)): [first],
        CallFilter(directions=(OUT, Direction.OUTBOUND_DIAL)): [third, second],
        CallFilter(created_from=after(60), created_before=after(120)): [second],
        CallFilter(least_s=10.0): [first],
        CallFilter(from_="%1111"): [first],
        CallFilter(is_over=True, least_s=11.0): [],
    }
    for wanted, ids in cases.items():
        page = calls.page(sid, wanted, offset=0, limit=10)
        assert ([call.call_id for call in page.rows], page.total) == (ids, len(ids)), wanted
        assert calls.sums(sid, wanted).calls == len(ids)
    assert calls.sums(sid, CallFilter()) == CallSums(3, 1, 10.0, after(120))
    assert calls.sums(sid, CallFilter(least_s=99.0)) == CallSums()
    assert calls.sums(story.account(database).sid, CallFilter()) == CallSums()


def test_a_number_is_found_by_its_spellings_whose_ever_it_is(database: Database, account: AccountRow) -> None:
    numbers = Numbers(database)
    for text, is_sip in (("+15551234567", False), ("15551234567", True), ("2000", True)):
        owner = account if text != "2000" else story.account(database)
        numbers.create(
            NumberRow(
                sid=f"PN{new_id()}",
                account_sid=owner.sid,
                phone_number=text,
                friendly_name=text,
                is_sip=is_sip,
                api_version="v1",
                date_created=story.NOON,
                date_updated=story.NOON,
            )
        )

    def named(*spellings: str) -> str | None:
        found = numbers.named(*spellings)
        return found.phone_number if found else None

    assert named("15551234567", "+15551234567") == "15551234567"
    assert named("+15551234567", "15551234567") == "+15551234567"
    assert named("+2000", "2000") == "2000"
    assert named("2001", "+2001", "a\0b") is None


def test_conferences_and_what_was_recorded_there(database: Database, account: AccountRow) -> None:
    sid, call_id, conference_id, recording_id = account.sid, new_id(), new_id(), new_id()

    def changed(status: ConferenceStatus, seconds: float) -> ConferenceChanged:
        return ConferenceChanged(
            conference_id=conference_id,
            account_sid=sid,
            at=after(seconds),
            friendly_name="team",
            status=status,
        )

    deaf = ParticipantChanged(
        conference_id=conference_id,
        call_id=call_id,
        account_sid=sid,
        at=after(2),
        is_muted=False,
        is_on_hold=False,
        is_deaf=True,
        starts_conference=True,
        ends_conference=False,
    )
    story.record(
        database,
        started(sid, call_id, from_="+15551111"),
        changed(ConferenceStatus.MODERATOR_PRESENT, 1),
        deaf,
        RecordingStarted(
            recording_id=recording_id,
            account_sid=sid,
            at=after(3),
            source=RecordingSource.CONFERENCE,
            file="x.wav",
            call_id=call_id,
            conference_id=conference_id,
        ),
        RecordingFinished(
            recording_id=recording_id, account_sid=sid, at=after(5), duration_s=2.0, size_bytes=1
        ),
    )
    conferences, recordings = Conferences(database), Recordings(database, Path())
    participant = conferences.participant(sid, conference_id, call_id)
    assert participant is not None
    assert participant.is_deaf
    running = ConferenceFilter(is_over=False)
    assert conferences.page(sid, running, offset=0, limit=9).total == 1
    story.record(database, changed(ConferenceStatus.COMPLETED, 6))
    assert conferences.page(sid, running, offset=0, limit=9).total == 0
    assert conferences.page(sid, ConferenceFilter(is_over=True), offset=0, limit=9).total == 1
    for wanted, total in (
        (RecordingFilter(conference_name="team"), 1),
        (RecordingFilter(conference_name="tea%"), 0),
        (RecordingFilter(from_="%1111"), 1),
        (RecordingFilter(to="%1111"), 0),
        (RecordingFilter(created_from=after(3) + timedelta(milliseconds=1)), 0),
    ):
        assert recordings.page((sid,), wanted, offset=0, limit=9).total == total, wanted
