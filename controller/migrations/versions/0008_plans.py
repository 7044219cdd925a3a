"""Plans, what people pin of them, and what was expected of an operation."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import controller.tables

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, time = sqlmodel.sql.sqltypes.AutoString, controller.tables.UtcTime(timezone=True)
    op.create_table(
        "plan",
        sa.Column("kind", text(length=12), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("by", text(length=64), nullable=False),
        sa.Column("at", time, nullable=True),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "pin",
        sa.Column("operation_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("not_before", time, nullable=True),
        sa.Column("by", text(length=64), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.id"]),
        sa.PrimaryKeyConstraint("operation_id"),
    )
    op.create_table(
        "forecast",
        sa.Column("operation_id", sa.Integer(), nullable=False),
        sa.Column("nominal_min", sa.Float(), nullable=False),
        sa.Column("start", time, nullable=False),
        sa.Column("end", time, nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.id"]),
        sa.PrimaryKeyConstraint("operation_id"),
    )


def downgrade() -> None:
    for table in ("forecast", "pin", "plan"):
        op.drop_table(table)
