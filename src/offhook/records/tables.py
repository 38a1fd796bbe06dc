"""The tables. Each index serves one list, one filter or one claim, and says which.

Lists are numbered: `seq` counts an account's rows from 1 without a gap, and `date_created` grows with it
(`numbering` sees to both), so a page at any depth is a range of `seq`.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from offhook.records.columns import Moment, Words

MAX_INDEXED_CHARS = 512
"""The longest text in an index: PostgreSQL refuses index rows over 2704 bytes, and a letter takes up to 4."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    Column("instance_id", String(32), nullable=False),
    Column("created", Moment, nullable=False),
    Column("last_fence", Integer, nullable=False, server_default="0"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("auth_id", String(20), nullable=False, unique=True),
    Column("friendly_name", Words, nullable=False),
    Column("email_address", Words, unique=True),
    Column("type", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("role", String(64), nullable=False),
    Column("auth_token", Words, nullable=False),
    Column("organization_sid", String(34), nullable=False),
    Column("parent_sid", String(34), ForeignKey("accounts.sid")),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Column("password_hash", Words),
)

account_limits = Table(
    "account_limits",
    metadata,
    Column("account_sid", String(34), ForeignKey("accounts.sid"), primary_key=True),
    Column("concurrent_calls", Integer),
    Column("calls_per_s", Float),
    Column("requests_per_s", Float),
    Column("destinations", JSON(none_as_null=True)),
)

account_keeping = Table(
    "account_keeping",
    metadata,
    Column("account_sid", String(34), ForeignKey("accounts.sid"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("days", Integer, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(34), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("friendly_name", Words, nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_revoked", Moment),
    Index("api_keys_of_account", "account_sid", "date_created"),
)

incoming_phone_numbers = Table(
    "incoming_phone_numbers",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("phone_number", Words, nullable=False, unique=True),
    Column("friendly_name", Words, nullable=False),
    Column("is_sip", Boolean, nullable=False),
    Column("voice_url", Words),
    Column("voice_method", String(8), nullable=False),
    Column("voice_fallback_url", Words),
    Column("voice_fallback_method", String(8), nullable=False),
    Column("status_callback", Words),
    Column("status_callback_method", String(8), nullable=False),
    Column("voice_caller_id_lookup", Boolean, nullable=False),
    Column("voice_application_sid", Words),
    Column("sms_url", Words),
    Column("sms_method", String(8)),
    Column("sms_fallback_url", Words),
    Column("sms_fallback_method", String(8)),
    Column("sms_application_sid", Words),
    Column("ussd_url", Words),
    Column("ussd_method", String(8)),
    Column("ussd_fallback_url", Words),
    Column("ussd_fallback_method", String(8)),
    Column("ussd_application_sid", Words),
    Column("refer_url", Words),
    Column("refer_method", String(8)),
    Column("refer_application_sid", Words),
    Column("voice_capable", Boolean),
    Column("sms_capable", Boolean),
    Column("mms_capable", Boolean),
    Column("fax_capable", Boolean),
    Column("api_version", Words, nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Index("numbers_of_account", "account_sid", "date_created"),
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("instance_id", String(32), nullable=False),
    Column("worker_id", String(64), nullable=False),
    Column("parent_call_id", String(32)),
    Column("direction", String(16), nullable=False),
    Column("from_", Words, nullable=False),
    Column("to", Words, nullable=False),
    Column("status", String(16), nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Column("start_time", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("end_time", Moment),
    Column("duration_s", Float),
    Column("ring_duration_s", Float),
    Column("number_sid", String(34)),
    Column("caller_name", Words),
    Column("forwarded_from", Words),
    Column("metadata", Words),
    Column("reason", Words, nullable=False),
    Column("sip_status", Integer),
    Column("if_lost_url", Words),
    Column("if_lost_method", String(8)),
    Column("if_lost_parameters", JSON),
    Column("fence", Integer, nullable=False, server_default="0"),
    Index("calls_list", "account_sid", "seq", unique=True),
    Index("calls_by_status", "account_sid", "status", "seq"),
    Index("calls_by_from", "account_sid", "from_", "seq"),
    Index("calls_by_to", "account_sid", "to", "seq"),
    Index("calls_by_parent", "account_sid", "parent_call_id", "seq"),
    Index("calls_by_date", "account_sid", "date_created", "seq"),
    Index("calls_by_start", "account_sid", "start_time", "end_time"),
    Index("calls_by_end", "account_sid", "end_time"),
    Index(
        "calls_unfinished",
        "worker_id",
        sqlite_where=text("end_time IS NULL"),
        postgresql_where=text("end_time IS NULL"),
    ),
    Index(
        "calls_running",
        "account_sid",
        sqlite_where=text("end_time IS NULL"),
        postgresql_where=text("end_time IS NULL"),
    ),
)

call_timelines = Table(
    "call_timelines",
    metadata,
    Column("call_id", String(32), primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("at", Moment, nullable=False),
    Column("events", JSON, nullable=False),
    Index("call_timelines_by_age", "account_sid", "at"),
)

gathers = Table(
    "gathers",
    metadata,
    Column("gather_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("seq", Integer),
    Column("call_id", String(32), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("provider", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("start_timeout_s", Float, nullable=False),
    Column("key_timeout_s", Float, nullable=False),
    Column("speech_end_timeout_s", Float, nullable=False),
    Column("hints", JSON, nullable=False),
    Column("act_on_empty", Boolean, nullable=False),
    Column("finish_keys", Words, nullable=False),
    Column("max_keys", Integer),
    Column("status", String(16), nullable=False),
    Column("reason", Words, nullable=False),
    Column("ended_by", String(32)),
    Column("duration_s", Float, nullable=False),
    Column("keys", Words, nullable=False),
    Column("speech", Words, nullable=False),
    Column("confidence", Float),
    Column("started_at", Moment, nullable=False),
    Column("date_created", Moment),
    Index("gathers_list", "account_sid", "kind", "seq", unique=True),
    Index("gathers_by_date", "account_sid", "kind", "date_created", "seq"),
    Index("gathers_by_call", "account_sid", "call_id", "kind", "seq"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("call_id", String(32), nullable=False),
    Column("code", Integer, nullable=False),
    Column("message", Words, nullable=False),
    Column("log", Integer, nullable=False),
    Column("request_url", Words, nullable=False),
    Column("request_method", String(8), nullable=False),
    Column("request_variables", Words, nullable=False),
    Column("response_headers", Words, nullable=False),
    Column("response_body", Words, nullable=False),
    Column("date_created", Moment, nullable=False),
    Index("notifications_list", "account_sid", "seq", unique=True),
    Index("notifications_by_date", "account_sid", "date_created", "seq"),
    Index("notifications_by_call", "account_sid", "call_id", "seq"),
    Index("notifications_by_code", "account_sid", "code", "seq"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("call_id", String(32), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("url", Words, nullable=False),
    Column("method", String(8), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("state", String(8), nullable=False),
    Column("last_status", Integer),
    Column("last_error", Words),
    Column("created", Moment, nullable=False),
    Column("attempts", JSON(none_as_null=True)),
    Index("outbox_due", "state", "next_at"),
    Index("outbox_leases", "state", "lease_until"),
    Index("outbox_of_call", "call_id", "seq", unique=True),
    Index("outbox_list", "account_sid", "created"),
)

workers = Table(
    "workers",
    metadata,
    Column("worker_id", String(64), primary_key=True),
    Column("worker_index", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("sip_address", Text, nullable=False),
    Column("call_slots", Integer, nullable=False),
    Column("free_slots", Integer, nullable=False),
    Column("build", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("renewed_at", Moment, nullable=False),
    Column("stopped_at", Moment),
    Column("is_draining", Boolean, nullable=False, server_default=false()),
    Column("fence", Integer, nullable=False, server_default="0"),
    Index("workers_alive", "stopped_at", "renewed_at"),
)

rooms = Table(
    "rooms",
    metadata,
    Column("account_sid", String(34), ForeignKey("accounts.sid"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name_key", String(64), primary_key=True),
    Column("name", Words, nullable=False),
    Column("room_id", String(32), nullable=False),
    Column("worker_id", String(64), nullable=False),
    Column("claimed_at", Moment, nullable=False),
    Index("rooms_of_worker", "worker_id"),
)

sequences = Table(
    "sequences",
    metadata,
    Column("account_sid", String(34), primary_key=True),
    Column("list", String(32), primary_key=True),
    Column("last_seq", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("first_seq", Integer, nullable=False, server_default="1"),
)

purges = Table(
    "purges",
    metadata,
    Column("purge_id", String(32), primary_key=True),
    Column("number_digest", String(64), nullable=False),
    Column("account_sid", String(34)),
    Column("counts", JSON, nullable=False),
    Column("at", Moment, nullable=False),
)
