"""How designs cover the cloth, as a job keeps it and a file can hold it: a repeat, or pieces; marks; other colours.

Sizes are those of the finished cloth. What a value means to the geometry stands with the rooms that lay it out:
`rip.repeat`, `rip.pieces`, `rip.motif`, `rip.marks`, `rip.colourway`.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from rip.colourway import Colourway
from rip.motif import Corners
from rip.pieces import GUTTER_MM, MAX_PIECES
from rip.plan import Colour, LayoutError
from rip.repeat import Mirror, Repeat, parse_repeat

Mark = Literal[
    "header", "colour-bar", "nozzle-bars", "cut-lines", "crop-ticks", "centre-crosses", "codes", "metres"
]  # fmt: skip
Flip = Literal["none", "across", "along", "both"]

Millimetres = Annotated[FiniteFloat, Field(ge=0, le=20_000)]
SizeMm = tuple[Annotated[FiniteFloat, Field(gt=0, le=20_000)], Annotated[FiniteFloat, Field(gt=0, le=20_000)]]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shawl(_Frozen):
    """A border on four sides, composed of a corner motif (first design) and an edge motif (second design).

    A third design fills the field within. `corner_mm` is the side of the corner, `edge_mm` length and depth of the
    edge; see `rip.motif.compose_shawl`.
    """

    corner_mm: Millimetres
    edge_mm: SizeMm
    corners: Corners = "mirrored"


class Layout(_Frozen):
    """How designs cover the cloth.

    Attributes
    ----------
    repeat : str
        KIND[:DROP], see `rip.repeat.parse_repeat`; for a job by the metre.
    mirror, gap_mm, gap_colour, columns, origin_mm
        As of `rip.repeat.Repeat`; the colour as #rrggbb.
    width_mm : float, optional
        Width of one repeat; without it the file says it.
    pieces : int, optional
        A job by the piece: how many of each design. Several designs are nested on one width.
    piece_mm : tuple of 2 float, optional
        Size of a piece; without it the file says it.
    gutter_mm, hem_mm
        Between pieces, and allowance on all their sides.
    shawl : Shawl, optional
        The piece is composed of motifs.
    turn : {0, 90, 180, 270}
        The whole job turned clockwise.
    flip : {"none", "across", "along", "both"}
        The whole job mirrored, after it was turned.
    marks : tuple of str
        What lies over the print, see `rip.labels`.
    colourway : Colourway, optional
        Colours of the design that are replaced.
    colours : int, optional
        The design is reduced to so many flat colours before.
    page : int
        Of a TIFF or PDF, from 0.
    """

    repeat: Annotated[str, Field(max_length=40)] = "straight"
    mirror: Mirror = "none"
    gap_mm: tuple[Millimetres, Millimetres] = (0.0, 0.0)
    gap_colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#ffffff"
    columns: Annotated[FiniteFloat, Field(gt=0, le=1_000_000)] | None = None
    origin_mm: tuple[FiniteFloat, FiniteFloat] = (0.0, 0.0)
    width_mm: Annotated[FiniteFloat, Field(gt=0, le=20_000)] | None = None
    pieces: Annotated[int, Field(ge=1, le=MAX_PIECES)] | None = None
    piece_mm: SizeMm | None = None
    gutter_mm: tuple[Millimetres, Millimetres] = GUTTER_MM
    hem_mm: Millimetres = 0.0
    shawl: Shawl | None = None
    turn: Literal[0, 90, 180, 270] = 0
    flip: Flip = "none"
    marks: tuple[Mark, ...] = ()
    colourway: Colourway | None = None
    colours: Annotated[int, Field(ge=2, le=256)] | None = None
    page: Annotated[int, Field(ge=0, le=100_000)] = 0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.pieces is None:
            for name in ("piece_mm", "shawl"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} is for a job by the piece: say how many pieces")
            for mark in ("crop-ticks", "centre-crosses"):
                if mark in self.marks:
                    raise ValueError(f"{mark} are for a job by the piece: say how many pieces")
        elif self.width_mm is not None:
            raise ValueError("width_mm is of a repeat: give piece_mm")
        if self.shawl is not None and self.turn % 180:
            raise ValueError("a composed shawl cannot be turned by 90°: turn its motifs")
        if len(set(self.marks)) < len(self.marks):
            raise ValueError("a mark is named twice")
        _ = self.laid
        return self

    @field_validator("repeat")
    @classmethod
    def _is_a_repeat(cls, text: str) -> str:
        parse_repeat(text)
        return text

    @cached_property
    def laid(self) -> Repeat:
        """The repeat; raises `LayoutError` if it is impossible."""
        parsed = parse_repeat(self.repeat)
        return Repeat(parsed.kind, parsed.drop, self.mirror, self.gap_mm, self.ground, self.columns, self.origin_mm)

    @property
    def ground(self) -> Colour:
        """Colour of gaps and gutters."""
        red, green, blue = bytes.fromhex(self.gap_colour[1:])
        return red, green, blue

    def stated(self) -> dict[str, Any]:
        """Return what differs from the defaults, as plain values for JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)


def read_layout(values: Mapping[str, Any] | str | bytes) -> Layout:
    """Check a layout that comes from outside.

    Parameters
    ----------
    values : mapping, or JSON text

    Raises
    ------
    LayoutError
        One line; `field` names the value it is about.
    """
    try:
        if isinstance(values, str | bytes):
            return Layout.model_validate_json(values)
        return Layout.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "layout"
        raise LayoutError(_sentence(first), field) from None


def _sentence(error: ErrorDetails) -> str:
    """Say what is wrong in one line."""
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"layout: {name} is unknown to a layout"
    if error["type"] == "json_invalid":
        return "layout: this is no valid JSON"
    return f"layout: {name}: {error['msg'].lower()}, {error['input']!r:.60} was given"
