"""Commands that need no line: `foulard rip`, `foulard atlas`, `foulard raster`, `foulard inspect`."""

from pathlib import Path
from typing import Annotated

import typer

from hmi import layout_options as options
from hmi.output import AsJson, tell

raster = typer.Typer(help="Look into a raster.", no_args_is_help=True, rich_markup_mode=None)

OUT = Path("foulard-out")


@options.with_layout_options
def rip(
    designs: options.Designs,
    fabric: options.Fabric,
    given: options.LayoutOptions,
    out: Annotated[Path, typer.Option(help="Folder for the raster and the preview.")] = OUT,
    inks: Annotated[int | None, typer.Option(help="Channels of the press, 1 to 12; the recipe's if left out.")] = None,
    dpi: Annotated[int | None, typer.Option(help="Resolution of the press; the recipe's if left out.")] = None,
    print_width_mm: Annotated[float | None, typer.Option(help="Print width; the recipe's if left out.")] = None,
    dead: Annotated[
        str, typer.Option(help='Nozzles that do not print, like "cyan=1200,1201;black=40".', metavar="INK=N,N;…")
    ] = "",
    nozzles: Annotated[
        Path | None, typer.Option(help="JSON file with dead nozzles and the gain of each; see docs/layouts.md.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="ICC output profile of this fabric with these inks; computed if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Separate and screen designs, and stop after the raster."""
    from hmi.offline import RipRequest, rip_designs

    laid = options.sized(options.layout_of(given), designs)
    request = RipRequest(
        tuple(designs), fabric, laid, given.length_m, inks, dpi, print_width_mm, dead, profile, nozzles
    )
    tell(rip_designs(request, out), as_json)


def atlas(
    fabric: options.Fabric,
    out: Annotated[Path, typer.Option(help="Folder for the sheet and its layout.")] = OUT,
    steps: Annotated[int | None, typer.Option(help="RGB steps per channel, 2 to 32; 6 if left out.")] = None,
    around: Annotated[
        str, typer.Option(help="Instead: a Lab colour and its neighbours on the cloth.", metavar="L,a,b")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Draw a sheet of labelled colours to print and look at; print it with `foulard rip ATLAS --layout …`."""
    from hmi.offline import draw_atlas

    tell(draw_atlas(fabric, steps, around, out), as_json)


@raster.command("rows")
def raster_rows(
    path: Annotated[Path, typer.Argument(metavar="RASTER", help="A raster or job that foulard rip made.")],
    start: Annotated[int, typer.Option(help="First row of the job, from 0.")],
    count: Annotated[int, typer.Option(help="How many rows.")],
    out: Annotated[Path, typer.Option(help="NumPy file for the drop levels, uint8 (inks, rows, pixels).")],
) -> None:
    """Write the drop levels of any rows of the whole job, so that anyone can check them.

    Rows behind the end of a job are refused. A repeat without marks is no job of a fixed length: its rows have no end.
    """
    from hmi.offline import raster_rows as write

    tell(write(path, start, count, out), as_json=True)


def inspect(
    expected: Annotated[Path, typer.Argument(help="Picture of the print as it should be.")],
    captured: Annotated[Path, typer.Argument(help="Picture of the print as the camera saw it.")],
    mm_per_px: Annotated[float, typer.Option(help="Size of a pixel on the cloth, mm.")],
    as_json: AsJson = False,
) -> None:
    """Compare two pictures of a print and list the defects."""
    from hmi.offline import inspect_pictures

    tell(inspect_pictures(expected, captured, mm_per_px), as_json)
