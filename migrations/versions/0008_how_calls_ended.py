"""How a call ended is kept with it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take it away again."""
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_column("ended")
