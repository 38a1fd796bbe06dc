"""The language of applications, the addresses that one with a language of its own brings, and who signs what it is told."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = {
    "applications": {
        "language": sa.String(16),
        "method": sa.String(8),
        "fallback_url": sa.Text(),
        "fallback_method": sa.String(8),
        "status_callback": sa.Text(),
        "status_callback_method": sa.String(8),
    },
    "incoming_phone_numbers": {"language": sa.String(16)},
    "calls": {"language": sa.String(16), "if_lost_signature": sa.String(32)},
    "transcriptions": {"callback_method": sa.String(8), "application_language": sa.String(16)},
    "outbox": {"signature": sa.String(32)},
}


def upgrade() -> None:
    """Add the columns."""
    for table, columns in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, kind in columns.items():
                batch_op.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Take them away again."""
    for table, columns in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in reversed(columns):
                batch_op.drop_column(name)
