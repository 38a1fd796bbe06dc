"""Facts as rows: what one batch does to the tables, inside its transaction.

A call or gather that is over stays as it is: a fact that comes too late changes nothing, takes no number and
sends no callback.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

import structlog
from sqlalchemy import Connection, and_, bindparam, case, func, update

from offhook.call.facts import (
    CallFinished,
    CallProgressed,
    CallStarted,
    Fact,
    GatherFinished,
    GatherStarted,
    NewsTold,
    NotificationRaised,
    TimelineKept,
    VerbRan,
)
from offhook.call.info import CallStatus
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.message_facts import EmailRaised, MessageRaised
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.rows import GatherKind, GatherStatus, gather_verdict
from offhook.records.columns import Moment
from offhook.records.ended_column import ended_column
from offhook.records.entry import Entry
from offhook.records.gathers import LISTING_OF
from offhook.records.inserting import insert_once
from offhook.records.meeting_writing import change_conference, change_participant
from offhook.records.messages_writing import keep_mail, keep_message
from offhook.records.numbering import Listing, Numbering
from offhook.records.outbox import enqueue
from offhook.records.prepared import run_counted
from offhook.records.recording_writing import ask_transcription, finish_recording, start_recording
from offhook.records.tables import MAX_INDEXED_CHARS, call_timelines, calls, gathers, notifications
from offhook.records.verb_writing import keep_verb
from offhook.verbs import Request

MAX_BODY_CHARS = 4096
"""How much of an answer, of its headers and of a request's parameters a notification keeps."""

log = structlog.get_logger()


class Writer:
    """Writes batches of facts for one worker, by right of its lease's fence."""

    def __init__(self, *, worker_id: str, instance_id: str, fence: int = 0) -> None:
        self._worker_id = worker_id
        self._instance_id = instance_id
        self._fence = fence

    def write(self, connection: Connection, entries: Sequence[Entry]) -> bool:
        """Do all that `entries` say, in order; returns whether callbacks wait to be sent."""
        numbering = Numbering(connection, _lists_of(entry.fact for entry in entries))
        has_callbacks = [self._write(connection, numbering, entry) for entry in entries]
        numbering.save()
        return any(has_callbacks)

    def _write(self, connection: Connection, numbering: Numbering, entry: Entry) -> bool:
        match entry.fact:
            case CallStarted() as fact:
                self._start_call(connection, numbering, fact)
                return _send(connection, fact.info.account_sid, fact.info.call_id, fact, entry)
            case CallProgressed() | CallFinished() as fact:
                return _move_call(connection, fact, self._fence) and _send(
                    connection, fact.account_sid, fact.call_id, fact, entry
                )
            case GatherStarted() as fact:
                _start_gather(connection, fact)
            case GatherFinished() as fact:
                finish_gather(connection, numbering, fact)
            case NotificationRaised() as fact:
                _notify(connection, numbering, fact, entry.id)
            case TimelineKept() as fact:
                _keep_timeline(connection, fact)
            case _:
                return self._write_aside(connection, entry)
        return False

    def _write_aside(self, connection: Connection, entry: Entry) -> bool:
        """What a call leaves behind besides its own row."""
        match entry.fact:
            case VerbRan() as fact:
                keep_verb(connection, fact)
            case RecordingStarted() as fact:
                start_recording(connection, fact, self._worker_id)
            case RecordingFinished() as fact:
                return finish_recording(connection, fact, entry)
            case TranscriptionAsked() as fact:
                ask_transcription(connection, fact)
            case ConferenceChanged() as fact:
                change_conference(connection, fact, self._worker_id)
            case ParticipantChanged() as fact:
                change_participant(connection, fact)
            case MessageRaised() as fact:
                keep_message(connection, fact)
                return True
            case EmailRaised() as fact:
                keep_mail(connection, fact)
                return True
            case NewsTold() as fact:
                enqueue(
                    connection,
                    fact.request,
                    id=entry.callback_id(0),
                    account_sid=fact.account_sid,
                    call_id=fact.call_id,
                    created=fact.at,
                )
                return True
            case _ as unknown:
                raise AssertionError(f"nothing writes {type(unknown).__name__}")
        return False

    def _start_call(self, connection: Connection, numbering: Numbering, fact: CallStarted) -> None:
        info = fact.info
        place = numbering.next(info.account_sid, Listing.CALLS, info.created_at)
        is_new = insert_once(
            connection,
            calls,
            {
                "call_id": info.call_id,
                "account_sid": info.account_sid,
                "seq": place.seq,
                "instance_id": self._instance_id,
                "worker_id": self._worker_id,
                "parent_call_id": info.parent_call_id,
                "direction": info.direction,
                "from_": info.from_[:MAX_INDEXED_CHARS],
                "to": info.to[:MAX_INDEXED_CHARS],
                "status": fact.status,
                "date_created": place.at,
                "date_updated": max(place.at, fact.at),
                "start_time": place.at,
                "number_sid": info.number_sid,
                "caller_name": info.caller_name,
                "forwarded_from": info.forwarded_from,
                "metadata": info.metadata,
                "reason": "",
                "language": info.language,
                "fence": self._fence,
                **_if_lost(fact.if_lost),
            },
        )
        if is_new:
            numbering.take(place)


def _lists_of(facts: Iterable[Fact]) -> Iterable[tuple[str, Listing]]:
    """The lists that facts may lengthen."""
    for fact in facts:
        match fact:
            case CallStarted():
                yield fact.info.account_sid, Listing.CALLS
            case GatherFinished():
                yield fact.account_sid, LISTING_OF[_kind(fact.is_speech)]
            case NotificationRaised():
                yield fact.account_sid, Listing.NOTIFICATIONS
            case _:
                pass


_MOVE_CALL = update(calls).where(
    calls.c.call_id == bindparam("call"),
    calls.c.end_time.is_(None),
    calls.c.fence == bindparam("its_fence"),
)
_AT = bindparam("moment", type_=Moment)
_ANSWER_CALL = _MOVE_CALL.values(
    answered_at=func.coalesce(calls.c.answered_at, _AT),
    start_time=case(
        (and_(calls.c.answered_at.is_(None), calls.c.start_time < _AT), _AT), else_=calls.c.start_time
    ),
)
# Dates were pushed on where many calls came at once; lists rely on no call ending before it began.
_FINISH_CALL = _MOVE_CALL.values(end_time=case((calls.c.start_time < _AT, _AT), else_=calls.c.start_time))


def _move_call(connection: Connection, fact: CallProgressed | CallFinished, fence: int) -> bool:
    """Bring a call to its next state; returns False for one that is over already, or was never written."""
    change: dict[str, object] = {
        "call": fact.call_id,
        "its_fence": fence,
        "status": fact.status,
        "date_updated": fact.at,
    }
    statement = _MOVE_CALL
    if isinstance(fact, CallFinished):
        statement = _FINISH_CALL
        change |= {
            "moment": fact.at,
            "duration_s": fact.duration_s,
            "ring_duration_s": fact.ring_duration_s,
            "reason": fact.reason,
            "sip_status": fact.sip_status,
            "ended": ended_column(fact.ended),
        }
    elif fact.status is CallStatus.IN_PROGRESS:
        statement = _ANSWER_CALL
        change["moment"] = fact.at
    is_moved = run_counted(connection, statement, change) == 1
    if not is_moved:
        log.warning("fact.too_late", fact=type(fact).__name__, call_id=fact.call_id, status=fact.status)
    return is_moved


def _if_lost(request: Request | None) -> dict[str, object]:
    if request is None:
        return {}
    return {
        "if_lost_url": request.target.url,
        "if_lost_method": request.target.method,
        "if_lost_parameters": request.parameters,
        "if_lost_signature": request.signature or None,
    }


def _send(
    connection: Connection,
    account_sid: str,
    call_id: str,
    fact: CallStarted | CallProgressed | CallFinished,
    entry: Entry,
) -> bool:
    for number, request in enumerate(fact.callbacks):
        enqueue(
            connection,
            request,
            id=entry.callback_id(number),
            account_sid=account_sid,
            call_id=call_id,
            created=fact.at,
        )
    return bool(fact.callbacks)


_FINISH_GATHER = update(gathers).where(
    gathers.c.gather_id == bindparam("gather"),
    gathers.c.kind == bindparam("its_kind"),
    gathers.c.status == str(GatherStatus.RUNNING),
)


def _start_gather(connection: Connection, fact: GatherStarted) -> None:
    insert_once(
        connection,
        gathers,
        {
            "gather_id": fact.gather_id,
            "account_sid": fact.account_sid,
            "call_id": fact.call_id,
            "kind": _kind(fact.is_speech),
            "provider": fact.provider,
            "language": fact.language,
            "start_timeout_s": fact.start_timeout_s,
            "key_timeout_s": fact.key_timeout_s,
            "speech_end_timeout_s": fact.speech_end_timeout_s,
            "hints": fact.hints,
            "act_on_empty": fact.act_on_empty,
            "finish_keys": fact.finish_keys,
            "max_keys": fact.max_keys,
            "is_kept": fact.is_kept,
            "status": GatherStatus.RUNNING,
            "reason": "",
            "duration_s": 0.0,
            "keys": "",
            "speech": "",
            "started_at": fact.at,
        },
    )


def _kind(is_speech: bool) -> GatherKind:
    return GatherKind.SPEECH if is_speech else GatherKind.DTMF


def finish_gather(connection: Connection, numbering: Numbering, fact: GatherFinished) -> None:
    """Give a running gather its result and its place in the list; nothing for one that is over already."""
    kind = _kind(fact.is_speech)
    place = numbering.next(fact.account_sid, LISTING_OF[kind], fact.at)
    status, reason = gather_verdict(fact.gathered.end, fact.gathered.detail)
    change = {
        "gather": fact.gather_id,
        "its_kind": kind,
        "seq": place.seq,
        "date_created": place.at,
        "status": status,
        "reason": reason,
        "ended_by": fact.gathered.end,
        # A journal of an older version does not say who recognised in the end.
        **({"provider": fact.provider} if fact.provider else {}),
        "switches": fact.switches or None,
        "duration_s": fact.duration_s,
        "keys": fact.gathered.keys,
        "speech": fact.gathered.speech,
        "confidence": fact.gathered.confidence,
    }
    if run_counted(connection, _FINISH_GATHER, change) == 1:
        numbering.take(place)
    else:
        log.warning("fact.too_late", fact="GatherFinished", call_id=fact.call_id, gather_id=fact.gather_id)


def _notify(connection: Connection, numbering: Numbering, fact: NotificationRaised, id: str) -> None:
    request = fact.exchange.request if fact.exchange else None
    reply = fact.exchange.reply if fact.exchange else None
    headers = "\n".join(f"{name}: {value}" for name, value in reply.headers) if reply else ""
    body = reply.body[: 4 * MAX_BODY_CHARS].decode("utf-8", "replace") if reply else ""
    place = numbering.next(fact.account_sid, Listing.NOTIFICATIONS, fact.at)
    is_new = insert_once(
        connection,
        notifications,
        {
            "notification_id": id,
            "account_sid": fact.account_sid,
            "seq": place.seq,
            "call_id": fact.call_id,
            "code": fact.code,
            "message": fact.message,
            "log": 0 if fact.is_error else 1,
            "request_url": request.target.url if request else "",
            "request_method": request.target.method if request else "",
            "request_variables": _query(request)[:MAX_BODY_CHARS] if request else "",
            "response_headers": headers[:MAX_BODY_CHARS],
            "response_body": body[:MAX_BODY_CHARS],
            "date_created": place.at,
        },
    )
    if is_new:
        numbering.take(place)


def _keep_timeline(connection: Connection, fact: TimelineKept) -> None:
    row = {
        "call_id": fact.call_id,
        "chunk": fact.chunk,
        "account_sid": fact.account_sid,
        "at": fact.at,
        "events": fact.events,
    }
    insert_once(connection, call_timelines, row)


def _query(request: Request) -> str:
    return urlencode(request.parameters, errors="replace")
