"""A print that stopped is taken up further back, under a new ticket; what lies between is cut out."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import controller.tables

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBERS = (
    ("job", "inspected_leg"), ("operation", "leg"), ("operation", "start_row"), ("strip", "leg"), ("finding", "leg"),
)  # fmt: skip


def upgrade() -> None:
    for table, name in NUMBERS:
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("operation", sa.Column("behind", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("question", sa.Column("row", sa.Integer(), nullable=True))
    op.create_table(
        "gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("operation_id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("stop_row", sa.Integer(), nullable=False),
        sa.Column("resume_row", sa.Integer(), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("made_at", controller.tables.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"]),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_gap_job_id", "gap", ["job_id"])
    op.create_index("ix_gap_operation_id", "gap", ["operation_id"])


def downgrade() -> None:
    op.drop_table("gap")
    for table, name in (*NUMBERS, ("operation", "behind"), ("question", "row")):
        op.drop_column(table, name)
