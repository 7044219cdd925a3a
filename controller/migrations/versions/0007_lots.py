"""Goods have lots: deliveries, what was filled into tanks, which rolls a job's cloth came from, what was scanned."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import controller.tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, time = sqlmodel.sql.sqltypes.AutoString, controller.tables.UtcTime(timezone=True)
    op.create_table(
        "lot",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", text(length=32), nullable=False, unique=True),
        sa.Column("kind", text(length=12), nullable=False, index=True),
        sa.Column("material", text(length=120), nullable=False),
        sa.Column("supplier", text(length=120), nullable=False),
        sa.Column("supplier_lot", text(length=64), nullable=False, index=True),
        sa.Column("best_before", time, nullable=True),
        sa.Column("width_mm", sa.Float(), nullable=True),
        sa.Column("shrink_warp_pct", sa.Float(), nullable=True),
        sa.Column("shrink_weft_pct", sa.Float(), nullable=True),
        sa.Column("received_at", time, nullable=False),
        sa.Column("received_by", text(length=64), nullable=False),
    )
    # no other table points at rolls before this migration, so that the table may be copied
    with op.batch_alter_table("roll") as roll:
        roll.alter_column("job_id", existing_type=sa.Integer(), nullable=True)
        roll.add_column(sa.Column("lot_id", sa.Integer(), nullable=True))
        roll.create_foreign_key("fk_roll_lot", "lot", ["lot_id"], ["id"])
        roll.create_index("ix_roll_lot_id", ["lot_id"])
    op.create_table(
        "ingredient",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("liquor_id", sa.Integer(), sa.ForeignKey("lot.id"), nullable=False, index=True),
        sa.Column("chemical_id", sa.Integer(), sa.ForeignKey("lot.id"), nullable=False, index=True),
    )
    op.create_table(
        "mounting",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("machine", text(length=32), nullable=False, index=True),
        sa.Column("place", text(length=20), nullable=False),
        sa.Column("lot_id", sa.Integer(), sa.ForeignKey("lot.id"), nullable=True, index=True),
        sa.Column("topped_up", sa.Boolean(), nullable=False),
        sa.Column("operation_id", sa.Integer(), sa.ForeignKey("operation.id"), nullable=True),
        sa.Column("at_m", sa.Float(), nullable=True),
        sa.Column("mounted_at", time, nullable=False),
        sa.Column("mounted_by", text(length=64), nullable=False),
    )
    op.create_table(
        "laying",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("job_id", sa.Integer(), sa.ForeignKey("job.id"), nullable=False, index=True),
        sa.Column("at_m", sa.Float(), nullable=False),
        sa.Column("roll_id", sa.Integer(), sa.ForeignKey("roll.id"), nullable=False, index=True),
        sa.Column("laid_at", time, nullable=False),
        sa.Column("laid_by", text(length=64), nullable=False),
    )
    op.create_table(
        "scan",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("operation_id", sa.Integer(), sa.ForeignKey("operation.id"), nullable=False, index=True),
        sa.Column("code", text(length=200), nullable=False),
        sa.Column("wanted", text(length=200), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("scanned_at", time, nullable=False),
        sa.Column("scanned_by", text(length=64), nullable=False),
    )


def downgrade() -> None:
    for table in ("scan", "laying", "mounting", "ingredient"):
        op.drop_table(table)
    op.execute("DELETE FROM roll WHERE job_id IS NULL")
    with op.batch_alter_table("roll") as roll:
        roll.drop_index("ix_roll_lot_id")
        roll.drop_constraint("fk_roll_lot", type_="foreignkey")
        roll.drop_column("lot_id")
        roll.alter_column("job_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("lot")
