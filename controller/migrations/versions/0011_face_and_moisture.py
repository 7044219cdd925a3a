"""Operations keep how damp their cloth was at its wettest, and rolls how they are wound."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import controller.tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPERATION = sa.table("operation", sa.column("actuals", sa.JSON()), sa.column("wettest_pct", sa.Float()))


def upgrade() -> None:
    text, time = sqlmodel.sql.sqltypes.AutoString, controller.tables.UtcTime(timezone=True)
    op.add_column("operation", sa.Column("wettest_pct", sa.Float(), nullable=True))
    last_pct = OPERATION.c.actuals["residual_moisture_pct"].as_float()
    op.execute(sa.update(OPERATION).values(wettest_pct=last_pct))
    op.create_table(
        "winding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roll_id", sa.Integer(), nullable=False),
        sa.Column("wound", text(length=8), nullable=False),
        sa.Column("wound_at", time, nullable=False),
        sa.Column("recorded_by", text(length=64), nullable=False),
        sa.ForeignKeyConstraint(["roll_id"], ["roll.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_winding_roll_id", "winding", ["roll_id"])


def downgrade() -> None:
    op.drop_table("winding")
    op.drop_column("operation", "wettest_pct")
