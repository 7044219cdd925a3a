"""Commands for the journal: what a running Foulard wrote; and verify, export and prune, which need the data alone."""

import os
import pwd
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from hmi import remote
from hmi.errors import BadInput, reading, writing
from hmi.output import AsJson, tell
from hmi.session import current_session
from hmi.settings import read_settings
from hmi.times import TIME, time_of

LIMIT = 50

journal = typer.Typer(help="What happened, line by line; on a running Foulard if no command is given.",
                      invoke_without_command=True, rich_markup_mode=None)  # fmt: skip

Job = Annotated[int | None, typer.Option(help="Only lines of this job.", min=0)]


class Format(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    EPCIS = "epcis"


@journal.callback()
def show(
    context: typer.Context,
    job: Job = None,
    limit: Annotated[int, typer.Option(help="How many lines.", min=1, max=1000)] = LIMIT,
    after: Annotated[int | None, typer.Option(help="Read on behind this line, oldest first.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened on a running Foulard, newest first."""
    if context.invoked_subcommand is not None:
        if (job, limit, after, as_json) != (None, LIMIT, None, False):
            raise BadInput(f"options of {context.invoked_subcommand} stand behind it; give them there")
        return
    found = remote.read(current_session(), "/journal", job_id=job, limit=limit, after=after)
    shown = [
        {"line": one["seq"], "time": one["time"][:19], "who": one["actor"], "what": one["kind"],
         "machine": one["machine"] or "", "job": "" if one["job_id"] is None else one["job_id"],
         "details": ", ".join(f"{name} {value}" for name, value in one["payload"].items())}
        for one in found
    ]  # fmt: skip
    tell({"journal": found if as_json else shown}, as_json)


@journal.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="A file of JSON lines; the database if left out.")] = None,
    head: Annotated[list[str] | None, typer.Option(help="A line noted elsewhere, SEQ:DIGEST; repeatable.")] = None,
    job: Annotated[int | None, typer.Option(help="The file holds the lines of this job alone.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Look for lines that were changed, moved, put in or taken out; exit code 1 if there are any."""
    from controller import archive
    from controller.journal import Head
    from controller.store import kept_head
    from controller.verify import verify as follow
    from hmi.database import head_of, look

    settings = read_settings()
    try:
        heads = [Head.read(text) for text in head or ()]
    except ValueError as error:
        raise BadInput(f"--head {error}") from error
    kept = None
    if file is None:
        if job is not None:
            raise BadInput("--job goes with a FILE; the database is verified whole")
        kept = kept_head(head_of(settings))  # first: the journal may grow while we look
        with look(settings) as connection:
            verdict = follow(archive.stored(connection), heads + ([kept] if kept else []))
    else:
        with reading(str(file), "a file of journal lines"):
            verdict = follow(archive.read_lines(file), heads, whole=False, gaps=job is not None)
    faults = [{"line": fault.seq, "what": fault.what} for fault in verdict.faults]
    outcome: dict[str, Any] = {"whole": not faults, "lines": verdict.lines, "after": str(verdict.after),
                               "head": str(verdict.head), "faults": faults}  # fmt: skip
    if file is None:
        outcome["kept_head"] = str(kept) if kept else None
    tell(outcome, as_json)
    if faults:
        raise typer.Exit(1)


@journal.command("export")
def export(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    as_format: Annotated[Format, typer.Option("--format", help="JSON lines, or events of EPCIS 2.0.")] = Format.JSONL,
    job: Job = None,
    since: Annotated[str, typer.Option("--from", help=f"Only lines from this time on; {TIME}.")] = "",
    until: Annotated[str, typer.Option("--to", help=f"Only lines before this time; {TIME}.")] = "",
    base: Annotated[
        str, typer.Option(help="EPCIS: what identifiers begin with, an address of your own; urn:foulard if left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Write the journal to a file; it may go on being written meanwhile."""
    from controller import archive, epcis
    from controller.tables import now
    from controller.verify import verify as follow
    from hmi.database import look

    begin, end = time_of("--from", since), time_of("--to", until)
    if base and as_format is not Format.EPCIS:
        raise BadInput("--base goes with --format epcis")
    names = epcis.Names(base or epcis.BASE)
    with look(read_settings()) as connection, writing(out), archive.written(out) as file:
        span = archive.between(connection, begin, end, job)
        lines = archive.readable(archive.stored(connection, span))
        if as_format is Format.EPCIS:
            told = epcis.events(lines, epcis.made_of(connection), names)
            outcome: dict[str, Any] = {"events": epcis.write_document(file, told, now())}
        else:
            verdict = follow(archive.write_lines(file, lines), whole=False, gaps=job is not None)
            outcome = {"lines": verdict.lines, "after": str(verdict.after), "head": str(verdict.head),
                       "whole": not verdict.faults}  # fmt: skip
    tell({"file": str(out), **outcome}, as_json)


@journal.command("prune")
def prune(
    before: Annotated[str, typer.Option(help=f"Lines before this time go; {TIME}.")],
    out: Annotated[Path, typer.Option(help="The file that keeps them; it must not be there yet.")],
    as_json: AsJson = False,
) -> None:
    """Move old lines into a file; the journal then begins behind them and says so."""
    from controller.archive import prune as move
    from hmi.database import existing_store

    end = time_of("--before", before)
    if end is None:
        raise BadInput("--before needs a time, like 2026-01-01")
    store = existing_store(read_settings())
    try:
        with writing(out):
            pruned = move(store, end, out, f"shell:{_login()}")
    finally:
        store.close()
    tell({"file": str(out), "lines": pruned.lines, "head": str(pruned.head), "sha256": pruned.sha256}, as_json)


def _login() -> str:
    """Return the name of the account this runs under, or its number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name[:50]
    except KeyError:
        return str(os.getuid())
