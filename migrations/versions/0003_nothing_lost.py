"""Fencing tokens, the history of callbacks, timelines of calls, limits, keys, and how long things are kept.

The tables stand here as they were at this revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RUNNING = sa.text("end_time IS NULL")


def upgrade() -> None:
    """Add the columns and tables."""
    for table, column in (("installation", "last_fence"), ("workers", "fence"), ("calls", "fence")):
        op.add_column(table, sa.Column(column, sa.Integer, nullable=False, server_default="0"))
    op.add_column("sequences", sa.Column("first_seq", sa.Integer, nullable=False, server_default="1"))
    op.add_column("outbox", sa.Column("attempts", sa.JSON, nullable=True))
    op.create_index(
        "calls_running", "calls", ["account_sid"], sqlite_where=_RUNNING, postgresql_where=_RUNNING
    )
    op.create_index("outbox_list", "outbox", ["account_sid", "created"])
    with op.batch_alter_table("accounts") as accounts:
        # A sealed token is longer than the token.
        accounts.alter_column(
            "auth_token", existing_type=sa.String(128), type_=sa.Text, existing_nullable=False
        )
        accounts.add_column(sa.Column("password_hash", sa.Text, nullable=True))
    _create_account_tables()
    op.create_table(
        "call_timelines",
        sa.Column("call_id", sa.String(32), nullable=False),
        sa.Column("chunk", sa.Integer, nullable=False),
        sa.Column("account_sid", sa.String(34), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "chunk", name="pk_call_timelines"),
    )
    op.create_index("call_timelines_by_age", "call_timelines", ["account_sid", "at"])
    op.create_table(
        "purges",
        sa.Column("purge_id", sa.String(32), nullable=False),
        sa.Column("number_digest", sa.String(64), nullable=False),
        sa.Column("account_sid", sa.String(34), nullable=True),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("purge_id", name="pk_purges"),
    )


def _create_account_tables() -> None:
    op.create_table(
        "account_limits",
        sa.Column(
            "account_sid",
            sa.String(34),
            sa.ForeignKey("accounts.sid", name="fk_account_limits_account_sid"),
            nullable=False,
        ),
        sa.Column("concurrent_calls", sa.Integer, nullable=True),
        sa.Column("calls_per_s", sa.Float, nullable=True),
        sa.Column("requests_per_s", sa.Float, nullable=True),
        sa.Column("destinations", sa.JSON, nullable=True),
        sa.PrimaryKeyConstraint("account_sid", name="pk_account_limits"),
    )
    op.create_table(
        "account_keeping",
        sa.Column(
            "account_sid",
            sa.String(34),
            sa.ForeignKey("accounts.sid", name="fk_account_keeping_account_sid"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("account_sid", "kind", name="pk_account_keeping"),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(34), nullable=False),
        sa.Column(
            "account_sid",
            sa.String(34),
            sa.ForeignKey("accounts.sid", name="fk_api_keys_account_sid"),
            nullable=False,
        ),
        sa.Column("friendly_name", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("date_created", sa.BigInteger, nullable=False),
        sa.Column("date_revoked", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )
    op.create_index("api_keys_of_account", "api_keys", ["account_sid", "date_created"])


def downgrade() -> None:
    """Take them away. Sealed tokens are no tokens to an older version: set OFFHOOK_AUTH_TOKEN there."""
    for table in ("purges", "call_timelines", "api_keys", "account_keeping", "account_limits"):
        op.drop_table(table)
    op.drop_index("calls_running", table_name="calls")
    op.drop_index("outbox_list", table_name="outbox")
    op.drop_column("outbox", "attempts")
    op.drop_column("sequences", "first_seq")
    for table, column in (("calls", "fence"), ("workers", "fence"), ("installation", "last_fence")):
        op.drop_column(table, column)
    # The tokens stay text: sealed ones are longer than the column was.
    op.drop_column("accounts", "password_hash")
