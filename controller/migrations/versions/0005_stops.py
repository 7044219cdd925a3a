"""Where the cloth stood still is remembered."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import controller.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, time = sqlmodel.sql.sqltypes.AutoString, controller.tables.UtcTime(timezone=True)
    op.create_table(
        "stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("job.id"), nullable=False),
        sa.Column("operation_id", sa.Integer(), sa.ForeignKey("operation.id"), nullable=False),
        sa.Column("stage", text(length=12), nullable=False),
        sa.Column("state", text(length=20), nullable=False),
        sa.Column("at_m", sa.Float(), nullable=False),
        sa.Column("began_at", time, nullable=False),
        sa.Column("ended_at", time, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_stop_job_id", "stop", ["job_id"])
    op.create_index("ix_stop_operation_id", "stop", ["operation_id"])


def downgrade() -> None:
    op.drop_table("stop")
