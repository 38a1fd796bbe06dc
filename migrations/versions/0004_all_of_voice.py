"""Recordings, conferences, a line for each verb, applications, clients, people, and messages.

The tables stand here as they were at this revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns."""
    _create_conferences()
    _create_emails()
    _create_messages()
    _create_participants()
    _create_recordings()
    _create_transcriptions()
    _create_verb_records()
    _create_applications()
    _create_channel_identities()
    _create_clients()
    _create_outgoing_caller_ids()
    _create_users()
    _create_client_locations()
    _widen_accounts()
    _widen_api_keys()
    _widen_incoming_phone_numbers()


def _create_conferences() -> None:
    op.create_table(
        "conferences",
        sa.Column("conference_id", sa.String(length=32), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("friendly_name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conference_id", name=("pk_conferences")),
    )
    with op.batch_alter_table("conferences", schema=None) as batch_op:
        batch_op.create_index(
            "conferences_by_name", ["account_sid", "friendly_name", "date_created"], unique=False
        )
        batch_op.create_index("conferences_list", ["account_sid", "date_created"], unique=False)
        batch_op.create_index("conferences_of_worker", ["worker_id", "status"], unique=False)


def _create_emails() -> None:
    op.create_table(
        "emails",
        sa.Column("email_id", sa.String(length=32), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("from_", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("cc", sa.Text(), nullable=True),
        sa.Column("bcc", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.Column("date_sent", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("email_id", name=("pk_emails")),
    )
    with op.batch_alter_table("emails", schema=None) as batch_op:
        batch_op.create_index("emails_due", ["status", "next_at"], unique=False)
        batch_op.create_index("emails_list", ["account_sid", "date_created"], unique=False)


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("from_", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("encoding", sa.String(length=16), nullable=True),
        sa.Column("media", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("direction", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("status_callback", sa.Text(), nullable=True),
        sa.Column("status_callback_method", sa.String(length=8), nullable=True),
        sa.Column("status_events", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.Column("date_sent", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("messages_by_reference", ["provider", "provider_reference"], unique=False)
        batch_op.create_index("messages_due", ["status", "next_at"], unique=False)
        batch_op.create_index("messages_list", ["account_sid", "kind", "date_created"], unique=False)


def _create_participants() -> None:
    op.create_table(
        "participants",
        sa.Column("conference_id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("is_muted", sa.Boolean(), nullable=False),
        sa.Column("is_on_hold", sa.Boolean(), nullable=False),
        sa.Column("starts_conference", sa.Boolean(), nullable=False),
        sa.Column("ends_conference", sa.Boolean(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("conference_id", "call_id", name=("pk_participants")),
    )
    with op.batch_alter_table("participants", schema=None) as batch_op:
        batch_op.create_index("participants_list", ["conference_id", "date_created"], unique=False)
        batch_op.create_index("participants_of_call", ["account_sid", "call_id"], unique=False)


def _create_recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("conference_id", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name=("pk_recordings")),
    )
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.create_index("recordings_by_call", ["account_sid", "call_id", "date_created"], unique=False)
        batch_op.create_index(
            "recordings_by_conference", ["account_sid", "conference_id", "date_created"], unique=False
        )
        batch_op.create_index("recordings_list", ["account_sid", "date_created"], unique=False)
        batch_op.create_index(
            "recordings_unfinished",
            ["worker_id"],
            unique=False,
            sqlite_where=sa.text("status = 'in-progress'"),
            postgresql_where=sa.text("status = 'in-progress'"),
        )


def _create_transcriptions() -> None:
    op.create_table(
        "transcriptions",
        sa.Column("transcription_id", sa.String(length=32), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("callback_parameters", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("transcription_id", name=("pk_transcriptions")),
    )
    with op.batch_alter_table("transcriptions", schema=None) as batch_op:
        batch_op.create_index("transcriptions_due", ["status", "lease_until"], unique=False)
        batch_op.create_index("transcriptions_list", ["account_sid", "date_created"], unique=False)
        batch_op.create_index("transcriptions_of_recording", ["recording_id"], unique=False)


def _create_verb_records() -> None:
    op.create_table(
        "verb_records",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=("pk_verb_records")),
    )
    with op.batch_alter_table("verb_records", schema=None) as batch_op:
        batch_op.create_index(
            "verb_records_by_call", ["account_sid", "call_id", "kind", "date_created"], unique=False
        )
        batch_op.create_index("verb_records_list", ["account_sid", "kind", "date_created"], unique=False)


def _create_applications() -> None:
    op.create_table(
        "applications",
        sa.Column("sid", sa.String(length=34), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("friendly_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("voice_caller_id_lookup", sa.Boolean(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_sid"], ["accounts.sid"], name=("fk_applications_account_sid")),
        sa.PrimaryKeyConstraint("sid", name=("pk_applications")),
    )
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.create_index("applications_of_account", ["account_sid", "date_created"], unique=False)


def _create_channel_identities() -> None:
    op.create_table(
        "channel_identities",
        sa.Column("sid", sa.String(length=34), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("friendly_name", sa.Text(), nullable=False),
        sa.Column("message_url", sa.Text(), nullable=True),
        sa.Column("message_method", sa.String(length=8), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_sid"], ["accounts.sid"], name=("fk_channel_identities_account_sid")
        ),
        sa.PrimaryKeyConstraint("sid", name=("pk_channel_identities")),
    )
    with op.batch_alter_table("channel_identities", schema=None) as batch_op:
        batch_op.create_index("channel_identities_names", ["channel", "identity"], unique=True)
        batch_op.create_index("channel_identities_of_account", ["account_sid", "date_created"], unique=False)


def _create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("sid", sa.String(length=34), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("friendly_name", sa.Text(), nullable=False),
        sa.Column("ha1_md5", sa.Text(), nullable=False),
        sa.Column("ha1_sha256", sa.Text(), nullable=False),
        sa.Column("password_algorithm", sa.String(length=16), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("voice_url", sa.Text(), nullable=True),
        sa.Column("voice_method", sa.String(length=8), nullable=False),
        sa.Column("voice_fallback_url", sa.Text(), nullable=True),
        sa.Column("voice_fallback_method", sa.String(length=8), nullable=False),
        sa.Column("voice_application_sid", sa.Text(), nullable=True),
        sa.Column("is_push_enabled", sa.Boolean(), nullable=False),
        sa.Column("push_client_identity", sa.Text(), nullable=True),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_sid"], ["accounts.sid"], name=("fk_clients_account_sid")),
        sa.PrimaryKeyConstraint("sid", name=("pk_clients")),
        sa.UniqueConstraint("login", name=("uq_clients_login")),
    )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.create_index("clients_of_account", ["account_sid", "date_created"], unique=False)


def _create_outgoing_caller_ids() -> None:
    op.create_table(
        "outgoing_caller_ids",
        sa.Column("sid", sa.String(length=34), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("friendly_name", sa.Text(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_sid"], ["accounts.sid"], name=("fk_outgoing_caller_ids_account_sid")
        ),
        sa.PrimaryKeyConstraint("sid", name=("pk_outgoing_caller_ids")),
    )
    with op.batch_alter_table("outgoing_caller_ids", schema=None) as batch_op:
        batch_op.create_index("outgoing_caller_ids_of_account", ["account_sid", "date_created"], unique=False)


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("sid", sa.String(length=34), nullable=False),
        sa.Column("account_sid", sa.String(length=34), nullable=False),
        sa.Column("email_address", sa.Text(), nullable=False),
        sa.Column("friendly_name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_sid"], ["accounts.sid"], name=("fk_users_account_sid")),
        sa.PrimaryKeyConstraint("sid", name=("pk_users")),
        sa.UniqueConstraint("email_address", name=("uq_users_email_address")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index("users_of_account", ["account_sid", "date_created"], unique=False)


def _create_client_locations() -> None:
    op.create_table(
        "client_locations",
        sa.Column("client_sid", sa.String(length=34), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("is_fixed", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["client_sid"], ["clients.sid"], name=("fk_client_locations_client_sid")),
        sa.PrimaryKeyConstraint("client_sid", "contact", name=("pk_client_locations")),
    )


def _widen_accounts() -> None:
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("metadata", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("record_all", sa.String(length=8), nullable=True))


def _widen_api_keys() -> None:
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("date_updated", sa.BigInteger(), nullable=True))


def _widen_incoming_phone_numbers() -> None:
    with op.batch_alter_table("incoming_phone_numbers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_pattern", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("metadata", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("record_all", sa.String(length=8), nullable=True))
        batch_op.create_index(
            "numbers_that_are_patterns",
            ["date_created"],
            unique=False,
            sqlite_where=sa.text("is_pattern"),
            postgresql_where=sa.text("is_pattern"),
        )


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("record_all")
        batch_op.drop_column("metadata")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_column("date_updated")
    with op.batch_alter_table("incoming_phone_numbers", schema=None) as batch_op:
        batch_op.drop_index(
            "numbers_that_are_patterns",
            sqlite_where=sa.text("is_pattern"),
            postgresql_where=sa.text("is_pattern"),
        )
        batch_op.drop_column("record_all")
        batch_op.drop_column("metadata")
        batch_op.drop_column("is_pattern")
    op.drop_table("client_locations")
    op.drop_table("users")
    op.drop_table("outgoing_caller_ids")
    op.drop_table("clients")
    op.drop_table("channel_identities")
    op.drop_table("applications")
    op.drop_table("verb_records")
    op.drop_table("transcriptions")
    op.drop_table("recordings")
    op.drop_table("participants")
    op.drop_table("messages")
    op.drop_table("emails")
    op.drop_table("conferences")
