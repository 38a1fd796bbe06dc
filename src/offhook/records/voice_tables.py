"""The tables of what calls leave behind besides themselves: recordings, conferences, and a line for each verb.

Their lists are read in the order of `date_created`; each index serves one list, one filter or one claim.
"""

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, false, text

from offhook.records.columns import Moment, Words
from offhook.records.tables import metadata

recordings = Table(
    "recordings",
    metadata,
    Column("recording_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("call_id", String(32)),
    Column("conference_id", String(32)),
    Column("source", String(16), nullable=False),
    Column("channels", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Words, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("file", Words, nullable=False),
    Column("worker_id", String(64), nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Index("recordings_list", "account_sid", "date_created"),
    Index("recordings_by_call", "account_sid", "call_id", "date_created"),
    Index("recordings_by_conference", "account_sid", "conference_id", "date_created"),
    Index(
        "recordings_unfinished",
        "worker_id",
        sqlite_where=text("status = 'in-progress'"),
        postgresql_where=text("status = 'in-progress'"),
    ),
)

transcriptions = Table(
    "transcriptions",
    metadata,
    Column("transcription_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("recording_id", String(32), nullable=False),
    Column("call_id", String(32)),
    Column("status", String(16), nullable=False),
    Column("reason", Words, nullable=False),
    Column("provider", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("text", Words, nullable=False),
    Column("callback_url", Words),
    Column("callback_parameters", JSON(none_as_null=True)),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("callback_method", String(8)),
    Column("application_language", String(16)),
    Index("transcriptions_list", "account_sid", "date_created"),
    Index("transcriptions_due", "status", "lease_until"),
    Index("transcriptions_of_recording", "recording_id"),
)

conferences = Table(
    "conferences",
    metadata,
    Column("conference_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("friendly_name", Words, nullable=False),
    Column("status", String(32), nullable=False),
    Column("worker_id", String(64), nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Index("conferences_list", "account_sid", "date_created"),
    Index("conferences_by_name", "account_sid", "friendly_name", "date_created"),
    Index("conferences_of_worker", "worker_id", "status"),
)

participants = Table(
    "participants",
    metadata,
    Column("conference_id", String(32), primary_key=True),
    Column("call_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("is_muted", Boolean, nullable=False),
    Column("is_on_hold", Boolean, nullable=False),
    Column("is_deaf", Boolean, nullable=False, server_default=false()),
    Column("starts_conference", Boolean, nullable=False),
    Column("ends_conference", Boolean, nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Column("left_at", Moment),
    Index("participants_of_call", "account_sid", "call_id"),
    Index("participants_list", "conference_id", "date_created"),
)

verb_records = Table(
    "verb_records",
    metadata,
    Column("record_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("call_id", String(32), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Words, nullable=False),
    Column("error_code", Integer),
    Column("duration_s", Float, nullable=False),
    Column("details", JSON, nullable=False),
    Column("date_created", Moment, nullable=False),
    Index("verb_records_list", "account_sid", "kind", "date_created"),
    Index("verb_records_by_call", "account_sid", "call_id", "kind", "date_created"),
)
