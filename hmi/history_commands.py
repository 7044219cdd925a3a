"""Commands for what the machines of a running Foulard showed: `foulard history …`."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from hmi import remote
from hmi.errors import BadInput, writing
from hmi.output import AsJson, tell
from hmi.session import current_session
from hmi.times import TIME, time_of

history = typer.Typer(help="What machines showed: curves by time and by metre, export to CSV and Parquet.")

BATCH = 50_000
"""Rows that are one row group of a Parquet file."""

NO_PARQUET = "Parquet needs the package pyarrow: install foulard[parquet], or write --format csv"

Machine = Annotated[str, typer.Argument(help="Name of the machine in the line.")]
Tag = Annotated[str, typer.Argument(help="Name of the tag, see: foulard history tags")]
Job = Annotated[int, typer.Argument(help="Number of the job.", min=0)]
Stage = Annotated[str, typer.Argument(help="pretreat, print, fix or wash.")]
Points = Annotated[int, typer.Option(help="At most so many points.", min=2, max=5000)]
Since = Annotated[str, typer.Option("--from", help=f"From this time on, one hour ago if left out; {TIME}.")]
Until = Annotated[str, typer.Option("--to", help=f"Before this time, now if left out; {TIME}.")]


class Format(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    PARQUET = "parquet"


@history.command("tags")
def tags(machine: Annotated[str, typer.Option(help="Only of this machine.")] = "", as_json: AsJson = False) -> None:
    """List the tags that are recorded."""
    found = [one for one in remote.read(current_session(), "/history/tags") if machine in ("", one["machine"])]
    shown = [{name: one[name] for name in ("machine", "name", "title", "unit")} for one in found]
    tell({"tags": found if as_json else shown or "none"}, as_json)


@history.command("show")
def show(
    machine: Machine, tag: Tag, since: Since = "", until: Until = "", points: Points = 20, as_json: AsJson = False
) -> None:
    """Show a tag over time: lowest, mean and highest value of each span, or samples where there are few."""
    begin, end = _span(since, until)
    asked = {"machine": machine, "tag": tag, "from": begin, "to": end, "points": points}
    found = remote.read(current_session(), "/history/curve", **asked)
    moments = (datetime.fromtimestamp(second, UTC).isoformat(timespec="seconds") for second in found["seconds"])
    _tell_curve(found, "time", moments, as_json)


@history.command("job")
def job(
    job_id: Job,
    stage: Stage,
    tag: Tag,
    from_m: Annotated[float, typer.Option(help="From this metre of the job on.", min=0)] = 0.0,
    to_m: Annotated[float | None, typer.Option(help="Up to this metre; as far as it got if left out.", min=0)] = None,
    points: Points = 20,
    as_json: AsJson = False,
) -> None:
    """Show a tag of the machine of a stage over the metres of a job."""
    asked = {"stage": stage, "tag": tag, "from_m": from_m, "to_m": to_m, "points": points}
    found = remote.read(current_session(), f"/history/jobs/{job_id}/curve", **asked)
    _tell_curve(found, "metre", (round(metre, 3) for metre in found["metres"]), as_json)


@history.command("when")
def when(
    job_id: Job,
    stage: Stage,
    metre: Annotated[float, typer.Argument(help="Metre of the job.", min=0)],
    as_json: AsJson = False,
) -> None:
    """Say when a metre of a job was at the machine of a stage."""
    tell(remote.read(current_session(), f"/history/jobs/{job_id}/when", stage=stage, metre=metre), as_json)


@history.command("export")
def export(
    machine: Machine,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    tag: Annotated[list[str] | None, typer.Option(help="Only this tag; repeatable.")] = None,
    since: Since = "",
    until: Until = "",
    as_format: Annotated[Format, typer.Option("--format", help="CSV, or Parquet.")] = Format.CSV,
    as_json: AsJson = False,
) -> None:
    """Write all samples to a file: one row each, tag after tag."""
    from controller.archive import written

    begin, end = _span(since, until)
    write = _writer(as_format)
    asked = {"machine": machine, "tag": tag or None, "from": begin, "to": end}
    with remote.lines(current_session(), "/history/export", **asked) as lines, writing(out), written(out) as file:
        count = write(file, lines)
    tell({"file": str(out), "samples": count}, as_json)


def _writer(as_format: Format) -> Callable[[BinaryIO, Iterator[str]], int]:
    if as_format is Format.CSV:
        return _write_csv
    try:
        from hmi.parquet import write
    except ModuleNotFoundError as error:
        raise BadInput(NO_PARQUET) from error
    return lambda file, lines: write(file, lines, BATCH)


def _write_csv(file: BinaryIO, lines: Iterator[str]) -> int:
    def passed_on() -> Iterator[str]:
        for line in lines:
            file.write(line.encode())
            yield line

    return sum(1 for _ in csv.reader(passed_on())) - 1  # the heading is none


def _tell_curve(found: dict[str, Any], place: str, places: Iterable[object], as_json: bool) -> None:
    if as_json:
        tell(found, as_json)
        return
    tag = found["tag"]
    columns = zip(places, found["low"], found["mean"], found["high"], strict=True)
    decimals = tag["decimals"] + 1
    rows = [
        {place: where} | {name: "" if value is None else f"{value:.{decimals}f}" for name, value in
                          zip(("low", "mean", "high"), values, strict=True)}
        for where, *values in columns
    ]  # fmt: skip
    heading = f"{tag['machine']} {tag['title']}" + (f" in {tag['unit']}" if tag["unit"] else "")
    tell({"tag": heading, "curve": rows or "nothing is known of that time"}, as_json)


def _span(since: str, until: str) -> tuple[str, str]:
    end = time_of("--to", until) or datetime.now(UTC)
    begin = time_of("--from", since) or end - timedelta(hours=1)
    return begin.isoformat(), end.isoformat()
