"""What the API says of goods and of traces: frozen models, and pure functions to them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from controller.tracing.delivery import LONGEST_ROLL_M, MOST_ROLLS, WIDEST_MM
from controller.tracing.genealogy import Touch
from controller.tracing.goods import Filled, LotRecord, RollRecord
from controller.tracing.identity import LONGEST
from controller.tracing.trace import Reached, Traced
from controller.tracing.winding import Wound
from hmi import schemas

GoodsKind = Literal["cloth", "ink", "chemical", "liquor"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]
Percent = Annotated[float, Field(ge=0, lt=100, allow_inf_nan=False)]


class GoodsIn(schemas.View):
    """Goods that came in, or a liquor that was mixed from lots of chemicals (`made_of`).

    `material` is the fabric of cloth and liquor, class and colour of an ink ("acid cyan"), the name of a chemical;
    `wound` says how rolls of cloth are wound.
    """

    kind: GoodsKind
    material: Name
    supplier: Name = ""
    supplier_lot: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""
    best_before: datetime | None = None
    width_mm: Annotated[float, Field(gt=0, le=WIDEST_MM, allow_inf_nan=False)] | None = None
    shrink_warp_pct: Percent | None = None
    shrink_weft_pct: Percent | None = None
    rolls_m: Annotated[
        tuple[Annotated[float, Field(gt=0, le=LONGEST_ROLL_M, allow_inf_nan=False)], ...], Field(max_length=MOST_ROLLS)
    ] = ()
    made_of: Annotated[tuple[Code, ...], Field(max_length=40)] = ()
    wound: Wound | None = None


class Fill(schemas.View):
    """A lot was filled into a tank just now; without a lot the tank was emptied."""

    machine: Annotated[str, Field(max_length=32)]
    place: Annotated[str, Field(max_length=20)]
    lot: Code | None = None
    topped_up: bool = False


class Lay(schemas.View):
    """A job's cloth comes from this roll, from a metre on; without a metre from where the first machine is."""

    job_id: Annotated[int, Field(ge=0, le=2**31 - 1)]
    at_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Wind(schemas.View):
    """How a roll is wound: with the face of its cloth to the outside or the inside."""

    wound: Wound


class ScanCode(schemas.View):
    """What a scanner read."""

    code: Code


class RollView(schemas.View):
    """A roll: `lot` is none and `job_id` is told for one that a job makes; metres are what jobs tell of it.

    `wound` is how somebody saw it wound last.
    """

    name: str
    lot: str | None
    job_id: int | None
    fabric: str
    length_m: float
    used_m: float
    promised_m: float
    free_m: float
    wound: Wound | None


class LotView(schemas.View):
    """A lot, with its rolls or what it was mixed from."""

    name: str
    kind: GoodsKind
    material: str
    supplier: str
    supplier_lot: str
    best_before: datetime | None
    width_mm: float | None
    shrink_warp_pct: float | None
    shrink_weft_pct: float | None
    received_at: datetime
    received_by: str
    rolls: tuple[RollView, ...]
    made_of: tuple[str, ...]


class FilledView(schemas.View):
    """What was filled into a tank; `lot` is none where it was emptied, `at_m` where no operation ran."""

    machine: str
    place: str
    lot: str | None
    topped_up: bool
    at_m: float | None
    at: datetime
    by: str


class TankView(schemas.View):
    """A tank of a machine."""

    machine: str
    place: str


class LaidView(schemas.View):
    """From this metre of the job on its cloth comes from the roll."""

    job_id: int
    roll: str
    at_m: float


class TouchView(schemas.View):
    """Something that had to do with these metres. `name` is none where nobody recorded which; `mixed`: perhaps."""

    kind: Literal["roll", "cloth", "liquor", "chemical", "ink", "recipe", "machine", "person"]
    name: str | None
    stage: str
    where: str
    from_m: float
    to_m: float
    mixed: bool


class ReachedView(schemas.View):
    """Metres of a job that something went into, with the pieces that lie there; `mixed`: perhaps."""

    job_id: int
    title: str
    roll: str
    from_m: float
    to_m: float
    mixed: bool
    pieces: tuple[str, ...]
    status: str
    quality: Literal["first", "second"] | None


class TraceView(schemas.View):
    """What went into a roll or piece (`origins`), or what a lot, a roll or a machine went into (`reached`)."""

    name: str
    kind: Literal["roll", "piece", "cloth", "ink", "chemical", "liquor", "machine"]
    job_id: int | None
    job_title: str | None
    from_m: float
    to_m: float
    origins: tuple[TouchView, ...]
    reached: tuple[ReachedView, ...]
    lots: tuple[LotView, ...]
    roll: RollView | None
    findings: dict[str, int]
    quality: Literal["first", "second"] | None


def lot_view(record: LotRecord) -> LotView:
    """Return a lot."""
    lot = record.lot
    return LotView(
        name=lot.name, kind=lot.kind, material=lot.material, supplier=lot.supplier,  # pyright: ignore[reportArgumentType]
        supplier_lot=lot.supplier_lot, best_before=lot.best_before, width_mm=lot.width_mm,
        shrink_warp_pct=lot.shrink_warp_pct, shrink_weft_pct=lot.shrink_weft_pct, received_at=lot.received_at,
        received_by=lot.received_by, rolls=tuple(map(roll_view, record.rolls)), made_of=record.made_of,
    )  # fmt: skip


def roll_view(record: RollRecord) -> RollView:
    """Return a roll."""
    roll = record.roll
    return RollView(
        name=roll.name, lot=record.lot, job_id=roll.job_id, fabric=roll.fabric, length_m=roll.length_m,
        used_m=round(record.used_m, 3), promised_m=round(record.promised_m, 3), free_m=round(record.free_m, 3),
        wound=record.wound,
    )  # fmt: skip


def filled_view(filled: Filled) -> FilledView:
    """Return a line of what was filled in."""
    row = filled.mounting
    return FilledView(machine=row.machine, place=row.place, lot=filled.lot, topped_up=row.topped_up, at_m=row.at_m,
                      at=row.mounted_at, by=row.mounted_by)  # fmt: skip


def trace_view(traced: Traced) -> TraceView:
    """Return the answer to a trace."""
    return TraceView(
        name=traced.name, kind=traced.kind, job_id=traced.job and traced.job.id,  # pyright: ignore[reportArgumentType]
        job_title=traced.job and traced.job.title, from_m=traced.from_m, to_m=traced.to_m,
        origins=tuple(map(_touch, traced.origins)), reached=tuple(map(_reached, traced.reached)),
        lots=tuple(map(lot_view, traced.lots)), roll=traced.roll and roll_view(traced.roll),
        findings=dict(traced.findings), quality=traced.quality,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


def _touch(one: Touch) -> TouchView:
    return TouchView(kind=one.kind.value, name=one.name, stage=one.stage, where=one.where, from_m=round(one.from_m, 3),
                     to_m=round(one.to_m, 3), mixed=one.mixed)  # fmt: skip


def _reached(one: Reached) -> ReachedView:
    return ReachedView(
        job_id=one.job, title=one.title, roll=one.roll, from_m=round(one.from_m, 3), to_m=round(one.to_m, 3),
        mixed=one.mixed, pieces=one.pieces, status=one.status, quality=one.quality,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip
