"""The command line: `foulard …`. What the API does not need a browser for, can be done here."""

import asyncio
import getpass
import json
import logging
import math
import sys
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from hmi.errors import BadInput, CannotStart
from hmi.settings import Settings

app = typer.Typer(
    name="foulard",
    help="Runs a digital textile printing line: pretreat, print, inspect, fix, wash.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

raster = typer.Typer(help="Look into a raster.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(raster, name="raster")

CommandLineError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for a wrong command line; it carries its own click and does not export this one."""

BAD_INPUT = 2
"""Exit code of whatever cannot be done as asked."""

Speed = Annotated[str, typer.Option(help="Plant seconds per second, or max: as fast as computing allows.")]
Faults = Annotated[
    str, typer.Option(help='Faults of the simulated machines, e.g. "spot:at_m=0.5,x_mm=400,d_mm=4", or @RECORD.')
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Fabric = Annotated[str, typer.Option(help="Name of a fabric there is a recipe for.")]
LengthM = Annotated[float, typer.Option(help="Metres to print.")]
Repeat = Annotated[
    str,
    typer.Option(
        help="straight, half-drop, brick, drop:1/3, drop:120mm, brick:1/4, brick:35mm.", metavar="KIND[:DROP]"
    ),
]
WidthMm = Annotated[float | None, typer.Option(help="Physical width of one repeat; as the file says if left out.")]


@app.command()
def demo(
    speed: Speed = "20",
    faults: Faults = "",
    length_m: Annotated[float, typer.Option(help="Metres of the first job.")] = 6.0,
) -> None:
    """Run the simulated plant, the controller and the browser app, with a first job."""
    from hmi.demo import demo as run_demo

    asyncio.run(run_demo(Settings(), _speed(speed), _faults(faults), length_m, _say))


@app.command()
def serve(
    line: Annotated[Path | None, typer.Option(help="Line description (YAML); the simulated line if left out.")] = None,
) -> None:
    """Run the controller and the browser app on a line that is there."""
    from hmi.run_serve import run

    asyncio.run(run(Settings(), line, _say))


@app.command()
def plant(
    machine: Annotated[str, typer.Argument(help="padder, press, steamer or washer; all four if left out.")] = "",
    endpoint: Annotated[str | None, typer.Option(help="Where one machine listens: modbus:// or opc.tcp://.")] = None,
    camera: Annotated[str | None, typer.Option(help="Where the press's camera listens: tcp://host:port.")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Folder of the memories and rolls.")] = None,
    speed: Speed = "1",
    faults: Faults = "",
    explain: Annotated[bool, typer.Option("--explain", help="Say a machine's tags, faults and orders.")] = False,
) -> None:
    """Run the simulated machines until Ctrl-C, on their standard ports if nothing else is said."""
    from hmi.run_plant import PlantRequest, about, run

    if explain:
        _say(about(machine))
        return
    request = PlantRequest(machine, _speed(speed), faults, endpoint, camera, state_dir)
    asyncio.run(run(Settings(), request, _say))


@app.command("print")
def print_(
    design: Annotated[Path, typer.Argument(help="PNG, JPEG, TIFF, PSD, PDF or SVG.")],
    fabric: Fabric,
    length_m: LengthM,
    repeat: Repeat = "straight",
    width_mm: WidthMm = None,
    speed: Speed = "max",
    faults: Faults = "",
    out: Annotated[Path, typer.Option(help="Folder for the data and the report.")] = Path("foulard-out"),
    as_json: AsJson = False,
) -> None:
    """Print a design the whole way, on a simulated plant started for it."""
    from controller import JobRequest
    from hmi.print_job import print_design
    from hmi.progress import Progress

    request = JobRequest(design, fabric, length_m, repeat, width_mm, design.stem)
    with Progress() as progress:
        outcome = asyncio.run(print_design(request, out, _speed(speed), _faults(faults), progress.show))
    _tell(outcome, as_json)
    if outcome["status"] != "complete":
        raise typer.Exit(1)


@app.command()
def rip(
    design: Annotated[Path, typer.Argument(help="PNG, JPEG, TIFF, PSD, PDF or SVG.")],
    fabric: Fabric,
    length_m: LengthM,
    out: Annotated[Path, typer.Option(help="Folder for the raster and the preview.")] = Path("foulard-out"),
    repeat: Repeat = "straight",
    width_mm: WidthMm = None,
    inks: Annotated[int | None, typer.Option(help="Channels of the press, 1 to 12; the recipe's if left out.")] = None,
    dpi: Annotated[int | None, typer.Option(help="Resolution of the press; the recipe's if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Separate and screen a design, and stop after the raster."""
    from hmi.offline import RipRequest, rip_design

    _tell(rip_design(RipRequest(design, fabric, length_m, repeat, width_mm, inks, dpi), out), as_json)


@raster.command("rows")
def raster_rows(
    path: Annotated[Path, typer.Argument(metavar="RASTER", help="A raster that foulard rip made.")],
    start: Annotated[int, typer.Option(help="First row of the job.")],
    count: Annotated[int, typer.Option(help="How many rows.")],
    out: Annotated[Path, typer.Option(help="NumPy file for the drop levels, uint8 (inks, rows, pixels).")],
) -> None:
    """Write the drop levels of any rows of the whole job, so that anyone can check them."""
    from hmi.offline import raster_rows as write

    _tell(write(path, start, count, out), as_json=True)


@app.command()
def inspect(
    expected: Annotated[Path, typer.Argument(help="Picture of the print as it should be.")],
    captured: Annotated[Path, typer.Argument(help="Picture of the print as the camera saw it.")],
    mm_per_px: Annotated[float, typer.Option(help="Size of a pixel on the cloth, mm.")],
    as_json: AsJson = False,
) -> None:
    """Compare two pictures of a print and list the defects."""
    from hmi.offline import inspect_pictures

    _tell(inspect_pictures(expected, captured, mm_per_px), as_json)


@app.command()
def user(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[str | None, typer.Option(help="viewer, designer, operator, planner, technician or admin.")] = None,
) -> None:
    """Make a person, or change their password or role. Asks for the password."""
    from controller import Store
    from hmi.accounts import Accounts

    settings = Settings()
    password = getpass.getpass(f"New password for {name}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    store = Store.in_folder(settings.data)
    Accounts(store).set_password(name, password, role)
    store.close()
    _say(f"{name} can sign in with the new password; earlier sessions have ended")


def main() -> None:
    """Run the command line; whatever is wrong with the input is one line on stderr and exit code 2."""
    _quiet_logs()
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except typer.Abort:
        code = 130
    except CommandLineError as error:
        code = _refuse(" ".join(error.format_message().split()))
    except KeyboardInterrupt:
        code = 0
    except (ValueError, OSError, RuntimeError) as error:
        if not _for_people(error):
            raise
        code = _refuse(str(error))
    sys.exit(code or 0)


def _for_people(error: Exception) -> bool:
    """Tell errors whose message is meant for the person at the terminal from mistakes of ours."""
    from controller import Refused
    from controller.line import LineError
    from drivers import ProfileError
    from hmi.accounts import AccountError
    from rip import ArtworkError, LayoutError, RasterError
    from simulators.plant import PlantError

    known = (BadInput, CannotStart, Refused, LineError, ProfileError, AccountError, PlantError)
    return isinstance(error, (*known, ArtworkError, LayoutError, RasterError))


def _refuse(message: str) -> int:
    print(f"foulard: {message}", file=sys.stderr)
    return BAD_INPUT


def _say(line: str) -> None:
    print(line, flush=True)


def _tell(outcome: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(outcome, ensure_ascii=False))
        return
    from hmi.progress import table

    table(outcome)


def _speed(text: str) -> float:
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        msg = f"speed {text!r} is not possible; give a number above 0, or max"
        raise BadInput(msg)
    return speed


def _faults(spec: str) -> str:
    from simulators import read_faults

    try:
        read_faults(spec)
    except ValueError as error:
        raise BadInput(str(error)) from error
    return spec


def _quiet_logs() -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    logging.getLogger("pymodbus").setLevel(logging.ERROR)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()
