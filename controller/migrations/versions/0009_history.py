"""What machines show is kept."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "history_tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine", text(length=32), nullable=False),
        sa.Column("name", text(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("machine", "name"),
    )
    op.create_table(
        "history_block",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("step_s", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["history_tag.id"]),
        sa.PrimaryKeyConstraint("tag_id", "step_s", "hour"),
    )
    op.create_table(
        "history_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("history_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_history_note_hour"), ["hour"], unique=False)


def downgrade() -> None:
    op.drop_table("history_note")
    op.drop_table("history_block")
    op.drop_table("history_tag")
