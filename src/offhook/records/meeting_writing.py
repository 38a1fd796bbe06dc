"""What facts about conferences do to the tables. A conference that is over stays as it is."""

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.voice_rows import ConferenceStatus
from offhook.records.inserting import insert_once
from offhook.records.tables import workers
from offhook.records.voice_tables import conferences, participants

_FINAL = [str(status) for status in ConferenceStatus if status.is_final]
_CHANGE = update(conferences).where(
    conferences.c.conference_id == bindparam("conference"), conferences.c.status.not_in(_FINAL)
)
_IS_OVER = select(conferences.c.conference_id).where(
    conferences.c.conference_id == bindparam("conference"), conferences.c.status.in_(_FINAL)
)
_CHANGE_PARTICIPANT = update(participants).where(
    participants.c.conference_id == bindparam("conference"),
    participants.c.call_id == bindparam("its_call"),
)


def change_conference(connection: Connection, fact: ConferenceChanged, worker_id: str) -> None:
    """Add its row, or give it its new state."""
    row = {
        "conference_id": fact.conference_id,
        "account_sid": fact.account_sid,
        "friendly_name": fact.friendly_name,
        "status": fact.status,
        "worker_id": worker_id,
        "date_created": fact.at,
        "date_updated": fact.at,
    }
    if not insert_once(connection, conferences, row):
        connection.execute(
            _CHANGE.values(status=fact.status, date_updated=fact.at), {"conference": fact.conference_id}
        )


def close_lost_conferences(connection: Connection, *is_lost: ColumnElement[bool]) -> None:
    """End the conferences of workers that are gone, as far as they were not over: failed, when the worker was last heard
    of, and nobody is in them any more. `is_lost` says of workers whether they are."""
    heard_of = (
        select(workers.c.renewed_at).where(workers.c.worker_id == conferences.c.worker_id).scalar_subquery()
    )
    gone = select(workers.c.worker_id).where(*is_lost)
    is_open = conferences.c.worker_id.in_(gone), conferences.c.status.not_in(_FINAL)
    open_ones = select(conferences.c.conference_id).where(*is_open)
    left_behind = update(participants).where(
        participants.c.conference_id.in_(open_ones), participants.c.left_at.is_(None)
    )
    worker_of = (
        select(workers.c.renewed_at)
        .join(conferences, conferences.c.worker_id == workers.c.worker_id)
        .where(conferences.c.conference_id == participants.c.conference_id)
        .scalar_subquery()
    )
    connection.execute(left_behind.values(left_at=worker_of, date_updated=worker_of))
    connection.execute(
        update(conferences).where(*is_open).values(status=ConferenceStatus.FAILED, date_updated=heard_of)
    )


def change_participant(connection: Connection, fact: ParticipantChanged) -> None:
    """Add their row, or give it their new state. Who comes again is there again; in a conference that is over there is
    nobody, whatever a worker that was taken for dead tells of it."""
    if not fact.has_left and connection.scalar(_IS_OVER, {"conference": fact.conference_id}) is not None:
        return
    state = {
        "is_muted": fact.is_muted,
        "is_on_hold": fact.is_on_hold,
        "is_deaf": fact.is_deaf,
        "starts_conference": fact.starts_conference,
        "ends_conference": fact.ends_conference,
        "date_updated": fact.at,
        "left_at": fact.at if fact.has_left else None,
    }
    row = {
        "conference_id": fact.conference_id,
        "call_id": fact.call_id,
        "account_sid": fact.account_sid,
        "date_created": fact.at,
        **state,
    }
    if not insert_once(connection, participants, row):
        connection.execute(
            _CHANGE_PARTICIPANT.values(**state), {"conference": fact.conference_id, "its_call": fact.call_id}
        )
