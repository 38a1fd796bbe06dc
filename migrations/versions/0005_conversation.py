"""Who was left for the recogniser that heard a gather in the end, and whether what it heard may be kept."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("gathers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("switches", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("is_kept", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table("gathers", schema=None) as batch_op:
        batch_op.drop_column("is_kept")
        batch_op.drop_column("switches")
