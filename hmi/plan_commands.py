"""Commands for planning files: `foulard plan solve|example|schema`. They need no running Foulard."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from hmi.errors import BadInput, reading, writing
from hmi.output import AsJson, tell

plan = typer.Typer(
    help="Plan jobs over machines: from a file, or on a running Foulard.", no_args_is_help=True, rich_markup_mode=None
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="Machines, jobs and set-ups (JSON); - reads stdin.")]
Seconds = Annotated[float, typer.Option(help="Time for local search.", min=0.0, max=86_400.0)]
Seed = Annotated[int, typer.Option(help="What the search is drawn from.", min=0, max=2**31 - 1)]


@plan.command("solve")
def solve(
    file: File,
    seconds: Seconds = 2.0,
    seed: Seed = 0,
    rule: Annotated[
        Literal["edd", "atc", "search"],
        typer.Option(help="edd: earliest due date; atc: apparent tardiness cost with set-ups; search: all there is."),
    ] = "search",
    steps: Annotated[
        int | None, typer.Option(help="Moves instead of seconds: the same plan on every computer.", min=0)
    ] = None,
    explain: Annotated[
        str, typer.Option(metavar="JOB@STAGE", help="Say why this operation has its place, and what others cost.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a plan: sequence, starts, ends, set-ups, points and what no plan can stay below."""
    from hmi.plan_tools import explained, read_problem, solved

    problem, warnings = read_problem(_text(file), str(file))
    made, outcome = solved(problem, rule, seconds, seed, steps, warnings)
    if explain:
        outcome["explanation"] = explained(problem, made.schedule, explain)
    if as_json:
        tell(outcome, as_json)
        return
    from hmi.plan_tools import readable

    print("\n".join(readable(problem, made, outcome)))


@plan.command("example")
def example(
    out: Annotated[Path | None, typer.Option(help="File to write; to the terminal if left out.")] = None,
) -> None:
    """Write a planning file to begin with: two days of twelve jobs on seven machines."""
    from controller.planning.example import example_text

    if out is None:
        sys.stdout.write(example_text())
        return
    with writing(out):
        out.write_text(example_text(), encoding="utf-8")
    print(f"{out} holds an example; plan it with: foulard plan solve {out}")


@plan.command("schema")
def schema() -> None:
    """Print the JSON Schema of a planning file, for an editor that completes and checks while you write."""
    from controller.planning import schema as planning_schema

    print(json.dumps(planning_schema(), indent=2, ensure_ascii=False))


def _text(file: Path) -> str:
    from hmi.plan_tools import SIZE_MAX

    try:
        if str(file) == "-":
            return sys.stdin.read(SIZE_MAX + 1)
        with (
            reading(f"the planning file {file}", "a file like `foulard plan example` writes"),
            file.open("rb") as opened,
        ):
            data = opened.read(SIZE_MAX + 1)
        if len(data) > SIZE_MAX:
            raise BadInput(f"{file} is larger than {SIZE_MAX} bytes; this is no planning file")
        return data.decode("utf-8-sig")  # editors of Windows put a mark before the text
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not text in UTF-8; give a JSON file") from error
