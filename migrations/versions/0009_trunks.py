"""Trunks, and how they do."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "trunks",
        sa.Column("sid", sa.String(34), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.Integer()),
        sa.Column("transport", sa.String(8), nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("password", sa.Text()),
        sa.Column("registers", sa.Boolean(), nullable=False),
        sa.Column("inbound", sa.Text(), nullable=False),
        sa.Column("prefixes", sa.Text(), nullable=False),
        sa.Column("caller_id", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("srtp", sa.String(16), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("date_created", sa.BigInteger(), nullable=False),
        sa.Column("date_updated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sid"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "trunk_states",
        sa.Column("trunk_sid", sa.String(34), nullable=False),
        sa.Column("is_up", sa.Boolean()),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger()),
        sa.Column("registration", sa.String(16), nullable=False),
        sa.Column("registration_words", sa.Text(), nullable=False),
        sa.Column("registered_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(["trunk_sid"], ["trunks.sid"]),
        sa.PrimaryKeyConstraint("trunk_sid"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("trunk_states")
    op.drop_table("trunks")
