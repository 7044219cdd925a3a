"""A job keeps its layout whole, and may have several designs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JOB = sa.table(
    "job", sa.column("id"), sa.column("design"), sa.column("repeat"), sa.column("width_mm"),
    sa.column("designs", sa.JSON()), sa.column("layout", sa.JSON()),
)  # fmt: skip


def upgrade() -> None:
    # not by copying the table: other tables point at its rows
    op.add_column("job", sa.Column("designs", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("job", sa.Column("layout", sa.JSON(), nullable=False, server_default="{}"))
    database = op.get_bind()
    for row in database.execute(sa.select(JOB.c.id, JOB.c.design, JOB.c.repeat, JOB.c.width_mm)).all():
        layout = {"repeat": row.repeat} | ({} if row.width_mm is None else {"width_mm": row.width_mm})
        database.execute(sa.update(JOB).where(JOB.c.id == row.id).values(designs=[row.design], layout=layout))
    for name in ("design", "repeat", "width_mm"):
        op.drop_column("job", name)
