"""Facts to tell the recorder, with everything filled in that a test does not care about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from offhook.call.delivery import DeliveryEnd, DeliveryReport
from offhook.call.facts import (
    CallFinished,
    CallProgressed,
    CallStarted,
    Fact,
    GatherFinished,
    GatherStarted,
    NotificationRaised,
)
from offhook.call.info import CallInfo, CallStatus, Direction, new_id
from offhook.call.rows import AccountRow, AccountStatus, Attempt, OutboxItem
from offhook.records.accounts import Accounts
from offhook.records.database import Database
from offhook.records.recorder import Recorder
from offhook.verbs import Gathered, GatherEnd, Method, Request, Target

NOON = datetime(2026, 3, 9, 12, 0, 0, tzinfo=UTC)
INSTANCE = "bb44ef8c2ebf4d4599d0378a2a8a2ea8"


def after(seconds: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(seconds=seconds)


def account(database: Database, sid: str = "", **fields: Any) -> AccountRow:
    """Keep an account."""
    made = AccountRow(
        **{
            "sid": sid or f"AC{new_id()}",
            "auth_id": f"MA{new_id()[:18].upper()}",
            "friendly_name": "Example",
            "email_address": None,
            "type": "Full",
            "status": AccountStatus.ACTIVE,
            "role": "Administrator",
            "auth_token": "secret",
            "organization_sid": f"OR{new_id()}",
            "parent_sid": None,
            "date_created": NOON,
            "date_updated": NOON,
            **fields,
        }
    )
    Accounts(database).create(made)
    return made


def told(name: str, value: str = "1") -> Request:
    """A callback."""
    return Request(Target(f"http://app.example/{name}", Method.POST), (("CallStatus", name), ("n", value)))


def arrived(item: OutboxItem) -> DeliveryReport:
    """A dispatcher's report on a callback that was taken with a 200."""
    now = datetime.now(UTC)
    return DeliveryReport(
        item=item, end=DeliveryEnd.DONE, at=now, attempt=Attempt(at=now, status=200, took_ms=12, head="OK")
    )


def started(account_sid: str, call_id: str, at: datetime = NOON, **fields: Any) -> CallStarted:
    """A call comes in."""
    callbacks, if_lost = fields.pop("callbacks", ()), fields.pop("if_lost", None)
    info = CallInfo(
        **{
            "call_id": call_id,
            "account_sid": account_sid,
            "direction": Direction.INBOUND,
            "from_": "+15550001",
            "to": "+15550002",
            "created_at": at,
            **fields,
        }
    )
    return CallStarted(info=info, at=at, status=CallStatus.RINGING, callbacks=callbacks, if_lost=if_lost)


def progressed(
    account_sid: str, call_id: str, at: datetime, status: CallStatus, *callbacks: Request
) -> CallProgressed:
    """A call goes on."""
    return CallProgressed(call_id=call_id, account_sid=account_sid, at=at, status=status, callbacks=callbacks)


def finished(account_sid: str, call_id: str, at: datetime, **fields: Any) -> CallFinished:
    """A call is over."""
    return CallFinished(
        **{
            "call_id": call_id,
            "account_sid": account_sid,
            "at": at,
            "status": CallStatus.COMPLETED,
            **fields,
        }
    )


def gather_started(
    account_sid: str, call_id: str, gather_id: str, at: datetime = NOON, **fields: Any
) -> GatherStarted:
    """A gather listens."""
    return GatherStarted(
        **{
            "gather_id": gather_id,
            "call_id": call_id,
            "account_sid": account_sid,
            "at": at,
            "is_speech": True,
            "provider": "google",
            "language": "en-US",
            "start_timeout_s": 5.0,
            "key_timeout_s": 5.0,
            "speech_end_timeout_s": 5.0,
            "hints": ("hello", "world"),
            "act_on_empty": False,
            "finish_keys": "#",
            "max_keys": None,
            **fields,
        }
    )


def gather_finished(
    account_sid: str, call_id: str, gather_id: str, at: datetime = NOON, **fields: Any
) -> GatherFinished:
    """A gather heard something."""
    return GatherFinished(
        **{
            "gather_id": gather_id,
            "call_id": call_id,
            "account_sid": account_sid,
            "at": at,
            "is_speech": True,
            "gathered": Gathered(end=GatherEnd.SPEECH, speech="hello", confidence=0.9),
            "duration_s": 3.0,
            **fields,
        }
    )


def gather(account_sid: str, call_id: str, at: datetime = NOON, **fields: Any) -> tuple[Fact, Fact]:
    """A gather from its beginning to its end."""
    gather_id = fields.pop("gather_id", None) or new_id()
    of_end: dict[str, Any] = {name: fields.pop(name) for name in ("gathered", "duration_s") if name in fields}
    of_end["is_speech"] = fields.get("is_speech", True)
    return (
        gather_started(account_sid, call_id, gather_id, at, **fields),
        gather_finished(account_sid, call_id, gather_id, at, **of_end),
    )


def notified(account_sid: str, call_id: str, at: datetime = NOON, **fields: Any) -> NotificationRaised:
    """Something went wrong."""
    return NotificationRaised(
        **{
            "call_id": call_id,
            "account_sid": account_sid,
            "at": at,
            "code": 11206,
            "message": "The application answered 500",
            "is_error": True,
            **fields,
        }
    )


def record(database: Database, *facts: Fact, worker_id: str = "worker-1") -> None:
    """Tell the recorder, and wait until all is written."""
    recorder = Recorder(database, worker_id=worker_id, instance_id=INSTANCE)
    for fact in facts:
        recorder.emit(fact)
    assert recorder.close()
