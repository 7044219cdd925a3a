"""Options of the command line that say how designs cover the cloth."""

import functools
import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

import rip
from hmi.errors import BadInput, reading

Designs = Annotated[
    list[Path],
    typer.Argument(metavar="DESIGN…", help="PNG, JPEG, TIFF, PSD, PDF or SVG; several for a sheet of strike-offs."),
]
Fabric = Annotated[str, typer.Option(help="Name of a fabric there is a recipe for.")]
LengthM = Annotated[float | None, typer.Option(help="Metres to print, for a job by the metre.")]
Repeat = Annotated[
    str | None,
    typer.Option(
        help="straight, half-drop, brick, drop:1/3, drop:120mm, brick:1/4, brick:35mm.", metavar="KIND[:DROP]"
    ),
]
WidthMm = Annotated[float | None, typer.Option(help="Physical width of one repeat; as the file says if left out.")]
Mirror = Annotated[str | None, typer.Option(help="Mirrored repeats: columns, rows, both, turned.")]
GapMm = Annotated[str | None, typer.Option(help="Between repeats, across and along.", metavar="W,H")]
Columns = Annotated[float | None, typer.Option(help="How many repeats lie across, decimals allowed, like 2.5.")]
Pieces = Annotated[int | None, typer.Option(help="How many pieces of each design, for a job by the piece.")]
PieceMm = Annotated[str | None, typer.Option(help="Size of a piece; as the file says if left out.", metavar="W,H")]
GutterMm = Annotated[str | None, typer.Option(help="Between pieces; one number for both ways.", metavar="G[,H]")]
HemMm = Annotated[float | None, typer.Option(help="Hem allowance on all sides of a piece.")]
Turn = Annotated[int | None, typer.Option(help="Turn the whole job clockwise: 90, 180 or 270.")]
Flip = Annotated[str | None, typer.Option(help="Mirror the whole job: across, along or both.")]
Marks = Annotated[
    str | None,
    typer.Option(
        help="header, colour-bar, nozzle-bars, cut-lines, crop-ticks, centre-crosses, codes, metres.",
        metavar="MARK,MARK…",
    ),
]
Colours = Annotated[int | None, typer.Option(help="Reduce the design to so many flat colours, 2 to 256.")]
LayoutFile = Annotated[
    Path | None,
    typer.Option("--layout", help="JSON file with any of these and more (gaps, shawls, colourways); options win."),
]

PAIRS = ("gap_mm", "piece_mm", "gutter_mm")
BY_METRE = ("length_m", "repeat", "width_mm", "mirror", "gap_mm", "columns", "origin_mm")
"""What says nothing of a job by the piece; the first that is said is named."""
BY_PIECE = ("piece_mm", "gutter_mm", "hem_mm", "shawl")
"""What says nothing of a job by the metre."""


@dataclass(frozen=True)
class LayoutOptions:
    """What is said on a command line of how designs cover the cloth; None is not said.

    Pairs are as typed, "W,H"; marks with commas between them.
    """

    length_m: LengthM = None
    repeat: Repeat = None
    width_mm: WidthMm = None
    mirror: Mirror = None
    gap_mm: GapMm = None
    columns: Columns = None
    pieces: Pieces = None
    piece_mm: PieceMm = None
    gutter_mm: GutterMm = None
    hem_mm: HemMm = None
    turn: Turn = None
    flip: Flip = None
    marks: Marks = None
    colours: Colours = None
    layout: LayoutFile = None

    @property
    def said(self) -> dict[str, Any]:
        """The options that are said, but for the file's name."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "layout"}
        return {name: value for name, value in named.items() if value is not None}


def with_layout_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command every option of `LayoutOptions` where it has one parameter of that type."""
    own = inspect.signature(command)
    (taken,) = (name for name, parameter in own.parameters.items() if parameter.annotation is LayoutOptions)
    options = [
        inspect.Parameter(field.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=field.type)
        for field in fields(LayoutOptions)
    ]

    @functools.wraps(command)
    def spread(**given: Any) -> None:
        said = LayoutOptions(**{option.name: given.pop(option.name) for option in options})
        command(**given, **{taken: said})

    parameters = [
        one for own_one in own.parameters.values() for one in (options if own_one.name == taken else [own_one])
    ]
    # typer reads both
    spread.__dict__["__signature__"] = own.replace(parameters=parameters)
    spread.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": None}
    return spread


def layout_of(options: LayoutOptions) -> rip.Layout:
    """Return the layout that a file and the options said make together; options win.

    Raises
    ------
    BadInput, LayoutError
        What cannot be read or laid out; two of them that exclude each other.
    """
    said = options.said
    values = _file(options.layout) if options.layout is not None else {}
    refuse_contradictions(_stated(values) | said)
    for name, value in said.items():
        if name == "marks":
            values[name] = [mark.strip() for mark in value.split(",") if mark.strip()]
        elif name != "length_m":
            values[name] = _numbers(name, value) if name in PAIRS else value
    return rip.read_layout(values)


def refuse_contradictions(said: Mapping[str, Any]) -> None:
    """Raise `BadInput` naming two things said of which one would do nothing beside the other.

    Parameters
    ----------
    said
        Fields of a layout and `length_m`, only those that somebody stated.
    """
    by_metre = next((name for name in BY_METRE if name in said), None)
    by_piece = next((name for name in BY_PIECE if name in said), None)
    if "pieces" in said and by_metre is not None:
        why = "a job by the piece has its own length and no repeat"
        msg = f"--pieces and {_option(by_metre)} exclude each other: {why}; leave one out"
        raise BadInput(msg)
    if "pieces" not in said and by_piece is not None:
        if by_metre is None:
            msg = f"{_option(by_piece)} is for a job by the piece: say how many with --pieces"
        else:
            why = "one is for a job by the piece, the other by the metre"
            msg = f"{_option(by_piece)} and {_option(by_metre)} exclude each other: {why}; leave one out"
        raise BadInput(msg)
    if "columns" in said and said.get("turn") in (90, 270):
        msg = f"--columns and --turn {said['turn']} exclude each other: turned columns would be rows; leave one out"
        raise BadInput(msg)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}" if name in LayoutOptions.__dataclass_fields__ else f"{name} (of --layout)"


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a file that are not what a layout has anyway."""
    usual = rip.Layout().model_dump(mode="json")
    return {name: value for name, value in values.items() if name not in usual or value != usual[name]}


def sized(layout: rip.Layout, designs: Sequence[Path]) -> rip.Layout:
    """Ask the person at the terminal how large a design is whose file does not say it; nobody there, it is assumed."""
    if layout.width_mm is not None or layout.piece_mm is not None or not sys.stdin.isatty():
        return layout
    for design in designs:
        artwork = rip.open_artwork(design, page=layout.page)
        if artwork.size_mm is not None:
            continue
        what = "one repeat" if layout.pieces is None else "a piece"
        likely = round(artwork.width_px / rip.ASSUMED_DPI * 25.4, 1)
        asked = f"{design.name} states no resolution. Width of {what}, mm"
        width = typer.prompt(asked, default=likely, type=float, err=True)
        if layout.pieces is None:
            return rip.read_layout(layout.stated() | {"width_mm": width})
        return rip.read_layout(layout.stated() | {"piece_mm": [width, width * artwork.height_px / artwork.width_px]})
    return layout


def _file(file: Path) -> dict[str, Any]:
    try:
        with reading(f"--layout {file}", "a JSON file of a layout's fields"):
            values = json.loads(file.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        msg = f"--layout {file} is no valid JSON: {error}"
        raise BadInput(msg) from error
    if not isinstance(values, dict):
        msg = f"--layout {file}: is no JSON object of a layout's fields"
        raise BadInput(msg)
    return values


def _numbers(name: str, text: str) -> list[float]:
    """Read "W,H" or one number for both."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and name == "gutter_mm":
        numbers *= 2
    if len(numbers) != 2:
        option = f"--{name.replace('_', '-')}"
        msg = f"{option} {text!r:.40} is not possible: give width and height in mm, like 900,900"
        raise BadInput(msg)
    return numbers
