"""The command line: `foulard …`. What the API does not need a browser for, can be done here, on any running Foulard."""

import asyncio
import gc
import getpass
import logging
import math
import sys
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from hmi import (
    alarm_commands,
    bench_commands,
    figures_commands,
    history_commands,
    job_act_commands,
    journal_commands,
    line_commands,
    machine_commands,
    plan_commands,
    plan_line_commands,
    resume_commands,
    rip_commands,
    sign_in_commands,
    trace_commands,
)
from hmi import layout_options as options
from hmi.errors import BAD_INPUT, BadInput, CannotStart, about_files
from hmi.output import AsJson, tell
from hmi.settings import read_settings

app = typer.Typer(
    name="foulard",
    help="Runs a digital textile printing line: pretreat, print, inspect, fix, wash.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for command in (rip_commands.rip, rip_commands.atlas, rip_commands.inspect, line_commands.line, line_commands.questions,
                line_commands.answer, resume_commands.go_back, trace_commands.trace, trace_commands.scan,
                figures_commands.figures):  # fmt: skip
    app.command()(command)
app.command("sign-in")(sign_in_commands.sign_in)
app.command("sign-out")(sign_in_commands.sign_out)
app.add_typer(job_act_commands.job, name="job")
app.add_typer(alarm_commands.alarm, name="alarm")
app.add_typer(journal_commands.journal, name="journal")
app.add_typer(trace_commands.lot, name="lot")
app.add_typer(trace_commands.roll, name="roll")
app.add_typer(history_commands.history, name="history")
app.add_typer(rip_commands.raster, name="raster")
app.add_typer(machine_commands.machine, name="machine")
for command in (plan_line_commands.show, plan_line_commands.release, plan_line_commands.pin, plan_line_commands.unpin,
                plan_line_commands.why):  # fmt: skip
    plan_commands.plan.command()(command)
app.add_typer(plan_commands.plan, name="plan")
app.add_typer(bench_commands.bench, name="bench")

CommandLineError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for a wrong command line; it carries its own click and does not export this one."""

Speed = Annotated[str, typer.Option(help="Plant seconds per second, or max: as fast as computing allows.")]
Faults = Annotated[
    str, typer.Option(help='Faults of the simulated machines, e.g. "spot:at_m=0.5,x_mm=400,d_mm=4", or @RECORD.')
]


@app.command()
def demo(
    speed: Speed = "20",
    faults: Faults = "",
    length_m: Annotated[float, typer.Option(help="Metres of the first job.")] = 6.0,
    design: Annotated[str, typer.Option(help="Sample design of the first job.")] = "carre-lyon",
) -> None:
    """Run the simulated plant, the controller and the browser app, with a first job."""
    from hmi.demo import demo as run_demo

    asyncio.run(run_demo(read_settings(), _speed(speed), _faults(faults), length_m, design, _say))


@app.command()
def serve(
    line: Annotated[Path | None, typer.Option(help="Line description (YAML); the simulated line if left out.")] = None,
    standby: Annotated[
        bool, typer.Option("--standby", help="Wait while another controller commands the line; take over when it ends.")
    ] = False,
) -> None:
    """Run the controller and the browser app on a line that is there."""
    gc.disable()  # nothing of what is loaded goes again: looking through it takes a seventh of the loading
    from hmi.run_serve import run

    gc.freeze()
    gc.enable()
    asyncio.run(run(read_settings(), line, _say, standby=standby))


@app.command()
def plant(
    machine: Annotated[str, typer.Argument(help="padder, press, steamer or washer; all four if left out.")] = "",
    endpoint: Annotated[str | None, typer.Option(help="Where one machine listens: modbus:// or opc.tcp://.")] = None,
    camera: Annotated[str | None, typer.Option(help="Where the press's camera listens: tcp://host:port.")] = None,
    profile: Annotated[str | None, typer.Option(help="Device profile of one machine; it says which protocol.")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Folder of the memories and rolls.")] = None,
    speed: Speed = "1",
    faults: Faults = "",
    insecure: Annotated[
        bool, typer.Option("--insecure", help="OPC UA: let everybody in without encryption, too; for the bench.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say a machine's tags, faults and orders.")] = False,
) -> None:
    """Run the simulated machines until Ctrl-C, on their standard ports if nothing else is said."""
    from hmi.run_plant import PlantRequest, about, run

    if explain:
        _say(about(machine, profile))
        return
    request = PlantRequest(machine, _speed(speed), faults, endpoint, camera, state_dir, profile, insecure)
    asyncio.run(run(read_settings(), request, _say))


@app.command("print")
@options.with_layout_options
def print_(
    designs: options.Designs,
    fabric: options.Fabric,
    given: options.LayoutOptions,
    speed: Speed = "max",
    faults: Faults = "",
    out: Annotated[Path, typer.Option(help="Folder for the data and the report.")] = Path("foulard-out"),
    as_json: AsJson = False,
) -> None:
    """Print designs the whole way, on a simulated plant started for it."""
    from controller import JobRequest
    from hmi.print_job import print_design
    from hmi.progress import Progress

    laid = options.sized(options.layout_of(given), designs)
    request = JobRequest(tuple(designs), fabric, laid, given.length_m, designs[0].stem)
    with Progress() as progress:
        outcome = asyncio.run(print_design(request, out, _speed(speed), _faults(faults), progress.show))
    tell(outcome, as_json)
    if outcome["status"] != "complete":
        raise typer.Exit(1)


@app.command()
def user(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[str | None, typer.Option(help="viewer, designer, operator, planner, technician or admin.")] = None,
) -> None:
    """Make a person, or change their password or role. Asks for the password."""
    from hmi.accounts import Accounts
    from hmi.database import open_store
    from hmi.serve import check_folder

    settings = read_settings()
    check_folder(settings.data)
    password = getpass.getpass(f"New password for {name}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    store = open_store(settings)
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
        line = str(error) if _for_people(error) else about_files(error) if isinstance(error, OSError) else None
        if line is None:
            raise
        code = _refuse(line)
    sys.exit(code or 0)


def _for_people(error: Exception) -> bool:
    """Tell errors whose message is meant for the person at the terminal from mistakes of ours."""
    if isinstance(error, (BadInput, CannotStart)):
        return True  # without loading the rooms that have others
    from controller import Refused
    from controller.archive import JournalError
    from controller.lease import LeaseLost, LineTaken
    from controller.line import LineError
    from drivers import ProfileError
    from hmi.accounts import AccountError
    from rip import ArtworkError, ColourwayError, LayoutError, RasterError
    from simulators.plant import PlantError

    known = (Refused, JournalError, LineError, LineTaken, LeaseLost, ProfileError, AccountError, PlantError)
    return isinstance(error, (*known, ArtworkError, ColourwayError, LayoutError, RasterError))


def _refuse(message: str) -> int:
    print(f"foulard: {message}", file=sys.stderr)
    return BAD_INPUT


def _say(line: str) -> None:
    print(line, flush=True)


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
