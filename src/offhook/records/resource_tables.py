"""The tables of what customers set up and send besides calls: applications, clients, people, messages.

Their lists are short or read page by page in the order of `date_created`; each index serves one list or one lookup.
"""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table

from offhook.records.columns import Moment, Words
from offhook.records.tables import metadata

applications = Table(
    "applications",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("friendly_name", Words, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("url", Words),
    Column("voice_caller_id_lookup", Boolean, nullable=False),
    Column("api_version", Words, nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Column("language", String(16)),
    Column("method", String(8)),
    Column("fallback_url", Words),
    Column("fallback_method", String(8)),
    Column("status_callback", Words),
    Column("status_callback_method", String(8)),
    Index("applications_of_account", "account_sid", "date_created"),
)

clients = Table(
    "clients",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("login", Words, nullable=False, unique=True),
    Column("friendly_name", Words, nullable=False),
    Column("ha1_md5", Words, nullable=False),
    Column("ha1_sha256", Words, nullable=False),
    Column("password_algorithm", String(16), nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("voice_url", Words),
    Column("voice_method", String(8), nullable=False),
    Column("voice_fallback_url", Words),
    Column("voice_fallback_method", String(8), nullable=False),
    Column("voice_application_sid", Words),
    Column("is_push_enabled", Boolean, nullable=False),
    Column("push_client_identity", Words),
    Column("api_version", Words, nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Index("clients_of_account", "account_sid", "date_created"),
)

client_locations = Table(
    "client_locations",
    metadata,
    Column("client_sid", String(34), ForeignKey("clients.sid"), primary_key=True),
    Column("contact", Words, primary_key=True),
    Column("is_fixed", Boolean, nullable=False),
    Column("expires_at", Moment),
)

outgoing_caller_ids = Table(
    "outgoing_caller_ids",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("phone_number", Words, nullable=False),
    Column("friendly_name", Words, nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Index("outgoing_caller_ids_of_account", "account_sid", "date_created"),
)

users = Table(
    "users",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("email_address", Words, nullable=False, unique=True),
    Column("friendly_name", Words, nullable=False),
    Column("role", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("password_hash", Words),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Index("users_of_account", "account_sid", "date_created"),
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("call_id", String(32)),
    Column("from_", Words, nullable=False),
    Column("to", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("encoding", String(16)),
    Column("media", JSON(none_as_null=True)),
    Column("status", String(16), nullable=False),
    Column("direction", String(32), nullable=False),
    Column("provider", Words, nullable=False),
    Column("provider_reference", Words),
    Column("error_code", Integer),
    Column("error_message", Words),
    Column("status_callback", Words),
    Column("status_callback_method", String(8)),
    Column("status_events", JSON(none_as_null=True)),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Column("date_sent", Moment),
    Column("attempt", Integer, nullable=False),
    Column("next_at", Moment),
    Index("messages_list", "account_sid", "kind", "date_created"),
    Index("messages_due", "status", "next_at"),
    Index("messages_by_reference", "provider", "provider_reference"),
)

emails = Table(
    "emails",
    metadata,
    Column("email_id", String(32), primary_key=True),
    Column("account_sid", String(34), nullable=False),
    Column("call_id", String(32)),
    Column("from_", Words, nullable=False),
    Column("to", Words, nullable=False),
    Column("cc", Words),
    Column("bcc", Words),
    Column("subject", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("content_type", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("error_code", Integer),
    Column("error_message", Words),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Column("date_sent", Moment),
    Column("attempt", Integer, nullable=False),
    Column("next_at", Moment),
    Index("emails_list", "account_sid", "date_created"),
    Index("emails_due", "status", "next_at"),
)

channel_identities = Table(
    "channel_identities",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("account_sid", String(34), ForeignKey("accounts.sid"), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("identity", Words, nullable=False),
    Column("friendly_name", Words, nullable=False),
    Column("message_url", Words),
    Column("message_method", String(8), nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
    Index("channel_identities_names", "channel", "identity", unique=True),
    Index("channel_identities_of_account", "account_sid", "date_created"),
)
