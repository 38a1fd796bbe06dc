"""The tables of trunks: what the operator set up, and how they do. Both are short, and read as a whole."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table

from offhook.records.columns import Moment, Words
from offhook.records.tables import metadata

trunks = Table(
    "trunks",
    metadata,
    Column("sid", String(34), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("host", Words, nullable=False),
    Column("port", Integer),
    Column("transport", String(8), nullable=False),
    Column("username", Words),
    Column("password", Words),
    Column("registers", Boolean, nullable=False),
    Column("inbound", Words, nullable=False),
    Column("prefixes", Words, nullable=False),
    Column("caller_id", Words, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("srtp", String(16), nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("date_created", Moment, nullable=False),
    Column("date_updated", Moment, nullable=False),
)

trunk_states = Table(
    "trunk_states",
    metadata,
    Column("trunk_sid", String(34), ForeignKey("trunks.sid"), primary_key=True),
    Column("is_up", Boolean),
    Column("health", Words, nullable=False),
    Column("asked_at", Moment),
    Column("registration", String(16), nullable=False),
    Column("registration_words", Words, nullable=False),
    Column("registered_until", Moment),
)
