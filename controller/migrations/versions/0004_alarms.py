"""Alarms are remembered as they stand."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import controller.tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, time = sqlmodel.sql.sqltypes.AutoString, controller.tables.UtcTime(timezone=True)
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine", text(length=32), nullable=False),
        sa.Column("name", text(length=64), nullable=False),
        sa.Column("standing", text(length=8), nullable=False),
        sa.Column("cover", text(length=1), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("active_at", time, nullable=True),
        sa.Column("returned_at", time, nullable=True),
        sa.Column("acknowledged_at", time, nullable=True),
        sa.Column("acknowledged_by", text(length=64), nullable=True),
        sa.Column("covered_at", time, nullable=True),
        sa.Column("covered_by", text(length=64), nullable=True),
        sa.Column("covered_why", text(length=200), nullable=False),
        sa.Column("shelved_until", time, nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("machine", "name"),
    )


def downgrade() -> None:
    op.drop_table("alarm")
