"""More commands for the jobs of a running Foulard: what is done to one besides letting it run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hmi import remote
from hmi.errors import BadInput, reading
from hmi.job_commands import Due, Id, Priority, job, tell_job, tell_jobs
from hmi.output import AsJson
from hmi.session import current_session

__all__ = ["job"]


@job.command()
def approve(
    job_id: Id,
    comment: Annotated[str, typer.Option(help="What there is to say of it, for the journal.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let a job be printed that waits for it; or approve the result of a complete one as a strike-off."""
    tell_job(_act(job_id, "approve", {"comment": comment}), as_json)


@job.command("set")
def set_(job_id: Id, priority: Priority = None, due: Due = None, as_json: AsJson = False) -> None:
    """Change a job's priority or due date; --due never takes the date away."""
    body = {"priority": priority, "due_at": None if due == "never" else due, "never_due": due == "never"}
    tell_job(_act(job_id, "schedule", body), as_json)


@job.command()
def cut(
    job_id: Id,
    at_m: Annotated[float | None, typer.Option(help="Metre of the roll; as soon as can be if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let a job end early; pieces that have begun are made whole."""
    tell_job(_act(job_id, "cut", {"at_m": at_m}), as_json)


@job.command()
def split(
    job_id: Id,
    first: Annotated[float, typer.Option(help="What it keeps of its order: pieces of each design, or metres.")],
    as_json: AsJson = False,
) -> None:
    """Make two jobs of one that waits; the new one gets the rest."""
    tell_jobs(_act(job_id, "split", {"first": first}), as_json)


@job.command()
def repeat(
    job_id: Id,
    amount: Annotated[float | None, typer.Option(help="Pieces of each design, or metres; else as before.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="What is missing, only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a job again, with the recipe it had."""
    tell_job(_act(job_id, "repeat", {"amount": amount, "missing": missing}), as_json)


@job.command()
def recolour(
    job_id: Id,
    colourways: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="JSON files of colourways; a copy is called like its file.")
    ],
    as_json: AsJson = False,
) -> None:
    """Copy a job once for each colourway, within its order."""
    body = {"colourways": [{"name": file.stem, "colourway": _json(file)} for file in colourways]}
    tell_jobs(_act(job_id, "recolour", body), as_json)


def _act(job_id: int, act: str, body: Mapping[str, object]) -> Any:
    return remote.act(current_session(), f"/jobs/{job_id}/{act}", body)


def _json(file: Path) -> Any:
    try:
        with reading(str(file), "a JSON file of a colourway"):
            return json.loads(file.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        msg = f"{file} is no valid JSON: {error}"
        raise BadInput(msg) from error
