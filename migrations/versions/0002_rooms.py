"""Rooms: who owns a conference or a queue. And workers that take no more calls but still run some.

The tables stand here as they were at this revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "rooms",
        sa.Column(
            "account_sid",
            sa.String(34),
            sa.ForeignKey("accounts.sid", name="fk_rooms_account_sid"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name_key", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("room_id", sa.String(32), nullable=False),
        sa.Column("worker_id", sa.String(64), nullable=False),
        sa.Column("claimed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_sid", "kind", "name_key", name="pk_rooms"),
    )
    op.create_index("rooms_of_worker", "rooms", ["worker_id"])
    op.add_column("workers", sa.Column("is_draining", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("workers", "is_draining")
    op.drop_index("rooms_of_worker", table_name="rooms")
    op.drop_table("rooms")
