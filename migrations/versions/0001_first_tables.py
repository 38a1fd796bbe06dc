"""The first tables: accounts, numbers, calls and what is kept of them, the outbox and the workers' leases.

Moments are milliseconds since 1970. The tables stand here as they were at this revision; they never follow
those of `offhook.records.tables`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

installation = sa.Table(
    "installation",
    metadata,
    sa.Column(
        "id", sa.Integer, sa.CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False
    ),
    sa.Column("instance_id", sa.String(32), nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("sid", sa.String(34), primary_key=True),
    sa.Column("auth_id", sa.String(20), nullable=False, unique=True),
    sa.Column("friendly_name", sa.Text, nullable=False),
    sa.Column("email_address", sa.Text, unique=True),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("role", sa.String(64), nullable=False),
    sa.Column("auth_token", sa.String(128), nullable=False),
    sa.Column("organization_sid", sa.String(34), nullable=False),
    sa.Column("parent_sid", sa.String(34), sa.ForeignKey("accounts.sid")),
    sa.Column("date_created", sa.BigInteger, nullable=False),
    sa.Column("date_updated", sa.BigInteger, nullable=False),
)

incoming_phone_numbers = sa.Table(
    "incoming_phone_numbers",
    metadata,
    sa.Column("sid", sa.String(34), primary_key=True),
    sa.Column("account_sid", sa.String(34), sa.ForeignKey("accounts.sid"), nullable=False),
    sa.Column("phone_number", sa.Text, nullable=False, unique=True),
    sa.Column("friendly_name", sa.Text, nullable=False),
    sa.Column("is_sip", sa.Boolean, nullable=False),
    sa.Column("voice_url", sa.Text),
    sa.Column("voice_method", sa.String(8), nullable=False),
    sa.Column("voice_fallback_url", sa.Text),
    sa.Column("voice_fallback_method", sa.String(8), nullable=False),
    sa.Column("status_callback", sa.Text),
    sa.Column("status_callback_method", sa.String(8), nullable=False),
    sa.Column("voice_caller_id_lookup", sa.Boolean, nullable=False),
    sa.Column("voice_application_sid", sa.Text),
    sa.Column("sms_url", sa.Text),
    sa.Column("sms_method", sa.String(8)),
    sa.Column("sms_fallback_url", sa.Text),
    sa.Column("sms_fallback_method", sa.String(8)),
    sa.Column("sms_application_sid", sa.Text),
    sa.Column("ussd_url", sa.Text),
    sa.Column("ussd_method", sa.String(8)),
    sa.Column("ussd_fallback_url", sa.Text),
    sa.Column("ussd_fallback_method", sa.String(8)),
    sa.Column("ussd_application_sid", sa.Text),
    sa.Column("refer_url", sa.Text),
    sa.Column("refer_method", sa.String(8)),
    sa.Column("refer_application_sid", sa.Text),
    sa.Column("voice_capable", sa.Boolean),
    sa.Column("sms_capable", sa.Boolean),
    sa.Column("mms_capable", sa.Boolean),
    sa.Column("fax_capable", sa.Boolean),
    sa.Column("api_version", sa.Text, nullable=False),
    sa.Column("date_created", sa.BigInteger, nullable=False),
    sa.Column("date_updated", sa.BigInteger, nullable=False),
    sa.Index("numbers_of_account", "account_sid", "date_created"),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("call_id", sa.String(32), primary_key=True),
    sa.Column("account_sid", sa.String(34), sa.ForeignKey("accounts.sid"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("instance_id", sa.String(32), nullable=False),
    sa.Column("worker_id", sa.String(64), nullable=False),
    sa.Column("parent_call_id", sa.String(32)),
    sa.Column("direction", sa.String(16), nullable=False),
    sa.Column("from_", sa.Text, nullable=False),
    sa.Column("to", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("date_created", sa.BigInteger, nullable=False),
    sa.Column("date_updated", sa.BigInteger, nullable=False),
    sa.Column("start_time", sa.BigInteger, nullable=False),
    sa.Column("answered_at", sa.BigInteger),
    sa.Column("end_time", sa.BigInteger),
    sa.Column("duration_s", sa.Float),
    sa.Column("ring_duration_s", sa.Float),
    sa.Column("number_sid", sa.String(34)),
    sa.Column("caller_name", sa.Text),
    sa.Column("forwarded_from", sa.Text),
    sa.Column("metadata", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("sip_status", sa.Integer),
    sa.Column("if_lost_url", sa.Text),
    sa.Column("if_lost_method", sa.String(8)),
    sa.Column("if_lost_parameters", sa.JSON),
    sa.Index("calls_list", "account_sid", "seq", unique=True),
    sa.Index("calls_by_status", "account_sid", "status", "seq"),
    sa.Index("calls_by_from", "account_sid", "from_", "seq"),
    sa.Index("calls_by_to", "account_sid", "to", "seq"),
    sa.Index("calls_by_parent", "account_sid", "parent_call_id", "seq"),
    sa.Index("calls_by_date", "account_sid", "date_created", "seq"),
    sa.Index("calls_by_start", "account_sid", "start_time", "end_time"),
    sa.Index("calls_by_end", "account_sid", "end_time"),
    sa.Index(
        "calls_unfinished",
        "worker_id",
        sqlite_where=sa.text("end_time IS NULL"),
        postgresql_where=sa.text("end_time IS NULL"),
    ),
)

gathers = sa.Table(
    "gathers",
    metadata,
    sa.Column("gather_id", sa.String(32), primary_key=True),
    sa.Column("account_sid", sa.String(34), nullable=False),
    sa.Column("seq", sa.Integer),
    sa.Column("call_id", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("start_timeout_s", sa.Float, nullable=False),
    sa.Column("key_timeout_s", sa.Float, nullable=False),
    sa.Column("speech_end_timeout_s", sa.Float, nullable=False),
    sa.Column("hints", sa.JSON, nullable=False),
    sa.Column("act_on_empty", sa.Boolean, nullable=False),
    sa.Column("finish_keys", sa.Text, nullable=False),
    sa.Column("max_keys", sa.Integer),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ended_by", sa.String(32)),
    sa.Column("duration_s", sa.Float, nullable=False),
    sa.Column("keys", sa.Text, nullable=False),
    sa.Column("speech", sa.Text, nullable=False),
    sa.Column("confidence", sa.Float),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("date_created", sa.BigInteger),
    sa.Index("gathers_list", "account_sid", "kind", "seq", unique=True),
    sa.Index("gathers_by_date", "account_sid", "kind", "date_created", "seq"),
    sa.Index("gathers_by_call", "account_sid", "call_id", "kind", "seq"),
)

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("notification_id", sa.String(32), primary_key=True),
    sa.Column("account_sid", sa.String(34), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("call_id", sa.String(32), nullable=False),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("log", sa.Integer, nullable=False),
    sa.Column("request_url", sa.Text, nullable=False),
    sa.Column("request_method", sa.String(8), nullable=False),
    sa.Column("request_variables", sa.Text, nullable=False),
    sa.Column("response_headers", sa.Text, nullable=False),
    sa.Column("response_body", sa.Text, nullable=False),
    sa.Column("date_created", sa.BigInteger, nullable=False),
    sa.Index("notifications_list", "account_sid", "seq", unique=True),
    sa.Index("notifications_by_date", "account_sid", "date_created", "seq"),
    sa.Index("notifications_by_call", "account_sid", "call_id", "seq"),
    sa.Index("notifications_by_code", "account_sid", "code", "seq"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account_sid", sa.String(34), nullable=False),
    sa.Column("call_id", sa.String(32), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Index("outbox_due", "state", "next_at"),
    sa.Index("outbox_leases", "state", "lease_until"),
    sa.Index("outbox_of_call", "call_id", "seq", unique=True),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("worker_id", sa.String(64), primary_key=True),
    sa.Column("worker_index", sa.Integer, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("sip_address", sa.Text, nullable=False),
    sa.Column("call_slots", sa.Integer, nullable=False),
    sa.Column("free_slots", sa.Integer, nullable=False),
    sa.Column("build", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("renewed_at", sa.BigInteger, nullable=False),
    sa.Column("stopped_at", sa.BigInteger),
    sa.Index("workers_alive", "stopped_at", "renewed_at"),
)

sequences = sa.Table(
    "sequences",
    metadata,
    sa.Column("account_sid", sa.String(34), primary_key=True),
    sa.Column("list", sa.String(32), primary_key=True),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
)


def upgrade() -> None:
    """Create the tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop them, with all that is in them."""
    metadata.drop_all(op.get_bind(), checkfirst=False)
