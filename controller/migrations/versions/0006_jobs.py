"""Jobs have a priority, a due date, an ordered quantity and approvals; operations a length of their own."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import controller.tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JOB = sa.table(
    "job", sa.column("id"), sa.column("status"), sa.column("want"), sa.column("length_m"), sa.column("ordered"),
    sa.column("layout", sa.JSON()), sa.column("designs", sa.JSON()),
)  # fmt: skip
OPERATION = sa.table("operation", sa.column("job_id"), sa.column("length_m"))


def upgrade() -> None:
    text, time = sqlmodel.sql.sqltypes.AutoString, controller.tables.UtcTime(timezone=True)
    for column in (
        sa.Column("ordered", sa.Float(), nullable=False, server_default="0"),
        sa.Column("overrun_pct", sa.Float(), nullable=False, server_default="0"),
        sa.Column("seconds_pct", sa.Float(), nullable=False, server_default="0"),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", time, nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("approved_by", text(length=64), nullable=True),
        sa.Column("approved_at", time, nullable=True),
        sa.Column("accepted_by", text(length=64), nullable=True),
        sa.Column("accepted_at", time, nullable=True),
        sa.Column("strike_off_id", sa.Integer(), nullable=True),
        sa.Column("made_from_id", sa.Integer(), nullable=True),
        sa.Column("cut_m", sa.Float(), nullable=True),
    ):
        op.add_column("job", column)
    op.create_index("ix_job_strike_off_id", "job", ["strike_off_id"])
    op.add_column("operation", sa.Column("length_m", sa.Float(), nullable=False, server_default="0"))
    database = op.get_bind()
    for row in database.execute(sa.select(JOB)).all():
        pieces = row.layout.get("pieces")
        ordered = row.length_m if pieces is None else pieces * len(row.designs)
        change = sa.update(JOB).where(JOB.c.id == row.id)
        database.execute(change.values(ordered=ordered, status=_state(row.status, row.want)))
        database.execute(sa.update(OPERATION).where(OPERATION.c.job_id == row.id).values(length_m=row.length_m))


def _state(status: str, want: str) -> str:
    """A held job that waits, and one that is being cancelled, used to be known by what was wanted of them only."""
    if want == "hold":
        return {"queued": "parked", "ripping": "parked", "running": "held"}.get(status, status)
    if want == "cancel":
        return {"running": "cancelling", "held": "cancelling"}.get(status, status)
    return status


def downgrade() -> None:
    database = op.get_bind()
    for now, before in (("to_approve", "queued"), ("parked", "queued"), ("cancelling", "running")):
        database.execute(sa.update(JOB).where(JOB.c.status == now).values(status=before))
    op.drop_column("operation", "length_m")
    op.drop_index("ix_job_strike_off_id", "job")
    for name in ("cut_m", "made_from_id", "strike_off_id", "accepted_at", "accepted_by", "approved_at", "approved_by",
                 "needs_approval", "due_at", "priority", "seconds_pct", "overrun_pct", "ordered"):  # fmt: skip
        op.drop_column("job", name)
