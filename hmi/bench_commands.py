"""Commands that measure: `foulard bench …`."""

from pathlib import Path
from typing import Annotated

import typer

from hmi.bench import figures
from hmi.output import AsJson, tell

bench = typer.Typer(help="Measure again what the documents say.", no_args_is_help=True, rich_markup_mode=None)


@bench.command("rip")
def rip(
    long: Annotated[bool, typer.Option("--long", help="Larger pictures, five times as long.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rates of the RIP beside its peers on the same picture, first row, memory and disk."""
    tell(figures("rip", *(["--long"] if long else [])), as_json)


@bench.command("machines")
def machines(
    long: Annotated[bool, typer.Option("--long", help="1,000 faults; about half an hour.")] = False,
    seed: Annotated[int, typer.Option(help="What the faults are drawn from.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Drivers against the bare libraries, against time, and behind faulty links."""
    measured = figures("machines", f"--seed={seed}", *(["--long"] if long else []))
    tell(measured, as_json)
    if measured["soak_violations"]:
        raise typer.Exit(1)


@bench.command("control")
def control(
    long: Annotated[bool, typer.Option("--long", help="1,000 kills; some two hours.")] = False,
    seed: Annotated[int, typer.Option(help="What the kills are drawn from.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Lag of the control loop under load, the journal's rate, and what kills of the controller leave behind."""
    measured = figures("control", f"--seed={seed}", *(["--long"] if long else []))
    tell(measured, as_json)
    if measured["rows_lost"] or measured["rows_twice"] or measured["jobs_incomplete"] or measured["journal_faults"]:
        raise typer.Exit(1)


@bench.command("history")
def history(as_json: AsJson = False) -> None:
    """The historian against one row for each sample: size, time to write, lag of the loop, curves of 90 days."""
    tell(figures("history"), as_json)


@bench.command("plan")
def plan(
    short: Annotated[
        bool, typer.Option("--short", help="Two instances of each kind, seconds instead of minutes.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the first instance.")] = 1,
    public: Annotated[
        Path | None, typer.Option(help="Only the public problems of this folder.", exists=True, file_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plans of 200 jobs against two rules, and of 20 jobs against what is known of them; about seven minutes."""
    more = [f"--public={public.resolve()}"] if public else []
    tell(figures("plan", f"--seed={seed}", *(["--short"] if short else []), *more), as_json)


@bench.command("proposal")
def proposal(
    jobs: Annotated[int, typer.Option(help="Jobs that wait.", min=2, max=1000)] = 200,
    changes: Annotated[int, typer.Option(help="Changes whose proposals are waited for.", min=1, max=1000)] = 12,
    as_json: AsJson = False,
) -> None:
    """How soon a running line has a new plan after a change, and how late its loop is; two minutes."""
    tell(figures("proposal", f"--jobs={jobs}", f"--changes={changes}"), as_json)
