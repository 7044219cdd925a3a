"""A job as it is asked for, and whether it can be carried out."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import recipes
import rip
from controller.queue import MOST_PRIORITY
from controller.work import cloth, piece_names

MIN_LENGTH_M, MAX_LENGTH_M = 0.05, 5000.0
"""Shortest job: what the camera can judge; longest: above the jumbo rolls of the trade (600-3000 m, from practice)."""

MOST_OVERRUN_PCT = 50.0
"""More than half again is another order; default from practice."""


class Refused(ValueError):
    """The request cannot be carried out as it is; the message says what to change, `field` where."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Terms:
    """On what terms a job is asked for.

    Attributes
    ----------
    priority
        -9 to 9, the higher first.
    due_at
        When it should be done, timezone-aware.
    overrun_pct
        How much more than ordered is printed to cover seconds, rounded up to pieces.
    seconds_pct
        How much less than ordered may come out as first quality before the job counts as short.
    needs_approval
        Whether somebody must approve it before it is printed.
    strike_off_id
        The job whose result must be approved before this one is printed.
    """

    priority: int = 0
    due_at: datetime | None = None
    overrun_pct: float = 0.0
    seconds_pct: float = 0.0
    needs_approval: bool = False
    strike_off_id: int | None = None

    def check(self) -> None:
        """Pass if the terms are possible; raises `Refused` naming the field, the value and its limits."""
        if not -MOST_PRIORITY <= self.priority <= MOST_PRIORITY:
            raise Refused(
                f"priority {self.priority} is out of range: give {-MOST_PRIORITY} to {MOST_PRIORITY}", "priority"
            )
        if self.due_at is not None and self.due_at.tzinfo is None:
            raise Refused(f"due date {self.due_at.isoformat()} has no time zone: add Z or an offset", "due_at")
        for name, most in (("overrun_pct", MOST_OVERRUN_PCT), ("seconds_pct", 100.0)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise Refused(f"{name} {value:g} is out of range: give 0 to {most:g}", name)


@dataclass(frozen=True)
class JobRequest:
    """A job as it is submitted.

    Attributes
    ----------
    designs
        Readable artwork files, checked before they come here, kept under names of our own; mostly one.
    fabric
        Name of a recipe.
    layout
        How they cover the cloth.
    length_m
        Metres to print; None for a job by the piece, which has its own.
    title
        What people call it.
    terms
        Priority, due date, allowances and approvals.
    """

    designs: tuple[Path, ...]
    fabric: str
    layout: rip.Layout
    length_m: float | None
    title: str
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True)
class Quantity:
    """How much is printed.

    Attributes
    ----------
    layout
        With the pieces that are printed, over-run included.
    length_m
        Metres on the roll.
    ordered
        Pieces of all designs, or metres of a job by the metre, without the over-run.
    """

    layout: rip.Layout
    length_m: float
    ordered: float


@dataclass(frozen=True)
class Accepted:
    """What a request comes to: the recipe it is frozen with, and how much is printed."""

    control: recipes.ControlRecipe
    quantity: Quantity


def control_recipe(fabric: str) -> recipes.ControlRecipe:
    """Return the control recipe of a fabric; raises `Refused`."""
    try:
        return recipes.freeze(recipes.recipe(fabric))
    except recipes.UnknownFabricError as error:
        raise Refused(str(error), "fabric") from error


def accept(request: JobRequest) -> Accepted:
    """Say what a request comes to.

    Raises
    ------
    Refused
        Naming the field, the value and its limits.
    """
    control = control_recipe(request.fabric)
    request.terms.check()
    layout, width = request.layout, control.recipe.fabric.print_width_mm
    if layout.width_mm is not None and not 5 <= layout.width_mm <= width:
        raise Refused(
            f"repeat width {layout.width_mm:g} mm is out of range: give 5 to {width:g} mm, the print width", "width_mm"
        )
    if layout.pieces is None and len(request.designs) > 1:
        raise Refused(
            f"{len(request.designs)} designs do not make one repeat: give how many pieces of each to nest them",
            "pieces",
        )
    amount = request.length_m if layout.pieces is None else layout.pieces
    if amount is None:
        raise Refused("a job by the metre needs its length: give length_m (typed: --length-m)", "length_m")
    names = piece_names(request.title, len(request.designs))
    return Accepted(control, quantity(layout, names, amount, request.terms.overrun_pct, control))


def quantity(
    layout: rip.Layout, names: list[str], amount: float, overrun_pct: float, control: recipes.ControlRecipe
) -> Quantity:
    """Say how much is printed when so much is ordered.

    Parameters
    ----------
    layout
        By the piece or by the metre.
    names
        What the designs are called, one for each.
    amount
        Ordered pieces of each design, or metres.
    overrun_pct
        See `Terms`.
    control
        The cloth.

    Raises
    ------
    Refused
        Naming the field, the value and its limits.
    """
    name = "length_m" if layout.pieces is None else "pieces"
    printed = amount * (100 + overrun_pct) / 100
    if layout.pieces is None:
        ordered, length_m = amount, printed
    else:
        if amount != int(amount) or amount < 1:
            raise Refused(f"{amount:g} pieces are not possible: give a whole number from 1", "pieces")
        # the small share keeps 10 % of 10 pieces from being a little more than one
        layout = _laid(layout, {"pieces": math.ceil(printed - 1e-9)})
        ordered, length_m = amount * len(names), length_of_pieces(layout, names, control)
    if not MIN_LENGTH_M <= length_m <= MAX_LENGTH_M:
        raise Refused(f"length {length_m:g} m is out of range: give {MIN_LENGTH_M:g} to {MAX_LENGTH_M:g} m", name)
    return Quantity(layout, length_m, ordered)


def length_of_pieces(layout: rip.Layout, names: list[str], control: recipes.ControlRecipe) -> float:
    """Return the metres that a job by the piece takes; raises `Refused`."""
    if layout.piece_mm is None:
        raise Refused("a job by the piece needs the size of a piece: give piece_mm, width and height", "piece_mm")
    try:
        return rip.job_length_m(layout, [rip.Motif(name, layout.piece_mm) for name in names], cloth(control))
    except rip.LayoutError as error:
        raise Refused(str(error), error.field) from error


def _laid(layout: rip.Layout, change: dict[str, object]) -> rip.Layout:
    try:
        return rip.read_layout(layout.stated() | change)
    except rip.LayoutError as error:
        raise Refused(str(error), error.field) from error
