"""What a fact about a say, play, hold, resume, refer or stream does to the tables."""

from sqlalchemy import Connection

from offhook.call.facts import VerbRan
from offhook.records.inserting import insert_once
from offhook.records.voice_tables import verb_records


def keep_verb(connection: Connection, fact: VerbRan) -> None:
    """Add its row."""
    insert_once(
        connection,
        verb_records,
        {
            "record_id": fact.record_id,
            "account_sid": fact.account_sid,
            "call_id": fact.call_id,
            "kind": fact.kind,
            "status": fact.status,
            "reason": fact.reason,
            "error_code": fact.error_code,
            "duration_s": fact.duration_s,
            "details": dict(fact.details),
            "date_created": fact.at,
        },
    )
