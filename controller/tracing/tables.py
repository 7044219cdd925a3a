"""What is remembered of goods: tables that are only ever added to."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from controller.tables import UtcTime, now


def _time(**options: Any) -> Any:
    return Field(sa_type=UtcTime, **options)  # type: ignore[call-overload]


class Lot(SQLModel, table=True):
    """One delivery of cloth, ink or a chemical, or one batch of liquor that was mixed here.

    `material` is what it is to a recipe: name of the fabric; ink class and colour ("acid cyan"); name of the chemical;
    for a liquor, the fabric it is for. Width and shrinkage are those measured on this lot of cloth, if they were.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=32)
    kind: str = Field(max_length=12, index=True)
    material: str = Field(max_length=120)
    supplier: str = Field(default="", max_length=120)
    supplier_lot: str = Field(default="", max_length=64, index=True)
    best_before: datetime | None = _time(default=None)
    width_mm: float | None = None
    shrink_warp_pct: float | None = None
    shrink_weft_pct: float | None = None
    received_at: datetime = _time(default_factory=now)
    received_by: str = Field(max_length=64)


class Ingredient(SQLModel, table=True):
    """One lot of a chemical that went into a batch of liquor."""

    id: int | None = Field(default=None, primary_key=True)
    liquor_id: int = Field(foreign_key="lot.id", index=True)
    chemical_id: int = Field(foreign_key="lot.id", index=True)


class Mounting(SQLModel, table=True):
    """A lot was filled into a place of a machine, or the place was emptied (no lot).

    `topped_up` says that what was there before is still in it. `operation_id` and `at_m` say how far the machine was
    with what it was doing; both are none between two operations.
    """

    id: int | None = Field(default=None, primary_key=True)
    machine: str = Field(max_length=32, index=True)
    place: str = Field(max_length=20)
    lot_id: int | None = Field(default=None, foreign_key="lot.id", index=True)
    topped_up: bool = False
    operation_id: int | None = Field(default=None, foreign_key="operation.id")
    at_m: float | None = None
    mounted_at: datetime = _time(default_factory=now)
    mounted_by: str = Field(max_length=64)


class Laying(SQLModel, table=True):
    """From this metre of the job on, its cloth comes from this roll; a later line for the same metre replaces it."""

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    at_m: float
    roll_id: int = Field(foreign_key="roll.id", index=True)
    laid_at: datetime = _time(default_factory=now)
    laid_by: str = Field(max_length=64)


class Winding(SQLModel, table=True):
    """How a roll is wound, as somebody saw it (`controller.tracing.winding`); a later line replaces it."""

    id: int | None = Field(default=None, primary_key=True)
    roll_id: int = Field(foreign_key="roll.id", index=True)
    wound: str = Field(max_length=8)
    wound_at: datetime = _time(default_factory=now)
    recorded_by: str = Field(max_length=64)


class Scan(SQLModel, table=True):
    """A code that somebody read at a question, and whether it was what the question wants."""

    id: int | None = Field(default=None, primary_key=True)
    operation_id: int = Field(foreign_key="operation.id", index=True)
    code: str = Field(max_length=200)
    wanted: str = Field(max_length=200)
    right: bool
    scanned_at: datetime = _time(default_factory=now)
    scanned_by: str = Field(max_length=64)
