"""A job as it is asked for, and whether it can be carried out."""

from dataclasses import dataclass
from pathlib import Path

import recipes
import rip
from controller.work import cloth, piece_names

MIN_LENGTH_M, MAX_LENGTH_M = 0.05, 5000.0
"""Shortest job: what the camera can judge; longest: above the jumbo rolls of the trade (600-3000 m, from practice)."""


class Refused(ValueError):
    """The request cannot be carried out as it is; the message says what to change, `field` where."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


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
    """

    designs: tuple[Path, ...]
    fabric: str
    layout: rip.Layout
    length_m: float | None
    title: str


@dataclass(frozen=True)
class Accepted:
    """What a request comes to: the recipe it is frozen with, and its length."""

    control: recipes.ControlRecipe
    length_m: float


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
    layout, width = request.layout, control.recipe.fabric.print_width_mm
    if layout.width_mm is not None and not 5 <= layout.width_mm <= width:
        raise Refused(
            f"repeat width {layout.width_mm:g} mm is out of range: give 5 to {width:g} mm, the print width", "width_mm"
        )
    if layout.pieces is None:
        length_m = request.length_m
        if length_m is None:
            raise Refused("a job by the metre needs its length: give length_m (typed: --length-m)", "length_m")
    else:
        length_m = _length_of_pieces(request, control)
    if not MIN_LENGTH_M <= length_m <= MAX_LENGTH_M:
        field = "length_m" if layout.pieces is None else "pieces"
        raise Refused(f"length {length_m:g} m is out of range: give {MIN_LENGTH_M:g} to {MAX_LENGTH_M:g} m", field)
    return Accepted(control, length_m)


def _length_of_pieces(request: JobRequest, control: recipes.ControlRecipe) -> float:
    size = request.layout.piece_mm
    if size is None:
        raise Refused("a job by the piece needs the size of a piece: give piece_mm, width and height", "piece_mm")
    motifs = [rip.Motif(name, size) for name in piece_names(request.title, len(request.designs))]
    try:
        return rip.job_length_m(request.layout, motifs, cloth(control))
    except rip.LayoutError as error:
        raise Refused(str(error), error.field) from error
