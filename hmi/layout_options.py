"""Options of the command line that say how designs cover the cloth."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import rip
from hmi.errors import BadInput, reason

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
LayoutFile = Annotated[
    Path | None,
    typer.Option("--layout", help="JSON file with any of these and more (gaps, shawls, colourways); options win."),
]


def layout_of(file: Path | None, **options: Any) -> rip.Layout:
    """Return the layout that a file and the options given make together.

    Parameters
    ----------
    file : Path, optional
        JSON object with fields of a `Layout`.
    **options
        Fields of a `Layout` as the command line has them: pairs as "W,H", marks with commas; None is not given.

    Raises
    ------
    BadInput, LayoutError
        What cannot be read or laid out.
    """
    values = _file(file) if file is not None else {}
    for name, value in options.items():
        if value is None:
            continue
        if name == "marks":
            values[name] = [mark.strip() for mark in value.split(",") if mark.strip()]
        else:
            values[name] = _numbers(name, value) if name in ("gap_mm", "piece_mm", "gutter_mm") else value
    return rip.read_layout(values)


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
        values = json.loads(file.read_text("utf-8"))
    except OSError as error:
        msg = f"--layout {file} cannot be read ({reason(error)}); give a JSON file of a layout's fields"
        raise BadInput(msg) from error
    except ValueError as error:
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
