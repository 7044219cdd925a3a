"""Commands for the jobs of a running Foulard: `foulard job …`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

import rip
from hmi import layout_options as options
from hmi import remote
from hmi.errors import writing
from hmi.output import AsJson, tell
from hmi.session import current_session

job = typer.Typer(help="Jobs of a running Foulard; sign in first.", no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[int, typer.Argument(metavar="ID", help="Number of the job.", min=0)]
Priority = Annotated[int | None, typer.Option(help="-9 to 9; the higher first, 0 is usual.")]
Due = Annotated[str | None, typer.Option(help="When it should be done, like 2026-05-04T16:00Z.", metavar="TIME")]


@job.command("add")
@job.command("submit", hidden=True)
@options.with_layout_options
def submit(
    designs: options.Designs,
    fabric: options.Fabric,
    given: options.LayoutOptions,
    title: Annotated[str, typer.Option(help="What people call the job; the first design's name if left out.")] = "",
    priority: Priority = None,
    due: Due = None,
    overrun_pct: Annotated[float | None, typer.Option(help="How much more is printed, to cover seconds.")] = None,
    seconds_pct: Annotated[float | None, typer.Option(help="How much may be short before anything is missing.")] = None,
    needs_approval: Annotated[bool, typer.Option("--needs-approval", help="Print it once it is approved.")] = False,
    strike_off: Annotated[int | None, typer.Option(help="Print it once this job's result is approved.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Send designs to be printed."""
    layout = options.sized(options.layout_of(given), designs)
    fields = {"fabric": fabric, "title": title or designs[0].stem, "layout": json.dumps(layout.stated())}
    if given.length_m is not None:
        fields["length_m"] = repr(given.length_m)
    terms = {"priority": priority, "due_at": due, "overrun_pct": overrun_pct, "seconds_pct": seconds_pct,
             "strike_off_id": strike_off, "needs_approval": needs_approval or None}  # fmt: skip
    fields |= {name: str(value) for name, value in terms.items() if value is not None}
    tell_job(remote.submit(current_session(), fields, designs), as_json)


@job.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all jobs, newest first."""
    tell_jobs(remote.read(current_session(), "/jobs"), as_json)


@job.command("show")
def show(job_id: Id, as_json: AsJson = False) -> None:
    """Show one job: its stages, strips, findings and ink."""
    tell_job(remote.read(current_session(), f"/jobs/{job_id}"), as_json)


@job.command("cancel")
def cancel(job_id: Id, as_json: AsJson = False) -> None:
    """Cancel a job; a machine that runs it is stopped."""
    tell_job(remote.act(current_session(), f"/jobs/{job_id}/cancel"), as_json)


@job.command("hold")
def hold(job_id: Id, as_json: AsJson = False) -> None:
    """Hold a job where it is."""
    tell_job(remote.act(current_session(), f"/jobs/{job_id}/hold"), as_json)


@job.command("resume")
def resume(job_id: Id, as_json: AsJson = False) -> None:
    """Go on with a held job."""
    tell_job(remote.act(current_session(), f"/jobs/{job_id}/resume"), as_json)


@job.command("report")
def report(
    job_id: Id,
    out: Annotated[Path | None, typer.Option(help="HTML file; report-ID.html if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the roll's report as one page with its pictures inside."""
    page, path = remote.page(current_session(), f"/jobs/{job_id}/report"), out or Path(f"report-{job_id}.html")
    with writing(path):
        path.write_bytes(page)
    tell({"job": job_id, "report": str(path)}, as_json)


def tell_job(found: dict[str, Any], as_json: bool) -> None:
    """Print a job; people are shown what fits a terminal."""
    if as_json:
        tell(found, as_json)
        return
    stages = [
        {"stage": item["stage"], "machine": item["machine"], "status": item["status"], "state": item["state"],
         "metres": round(item["metres"], 2)}
        for item in found["operations"]
    ]  # fmt: skip
    acts = ", ".join(one["act"] for one in found["acts"])
    shown: dict[str, Any] = _line(found) | {
        "order": found["order_id"],
        "acts": acts,
        "by": found["created_by"],
        "at": found["created_at"],
        "stages": stages,
    }
    stated = rip.read_layout(found["layout"]).stated()
    if stated:
        shown["layout"] = stated
    for name in ("approved_by", "accepted_by", "strike_off_id", "made_from_id", "cut_m"):
        if found[name] is not None:
            shown[name] = found[name]
    if found["tally"]:
        shown["tally"] = [found["tally"]]
    for name in ("error", "notes", "inks"):
        if found.get(name):
            shown[name] = found[name]
    if found.get("finding_list"):
        shown["findings"] = [
            {name: item[name] for name in ("cls", "at_m", "x_mm", "length_mm", "width_mm", "points")}
            for item in found["finding_list"]
        ]
    if found.get("pieces"):
        shown["pieces"] = [
            {"piece": item["name"], "at metre": item["at_m"], "mm from the left": item["x_mm"],
             "findings": item["findings"], "quality": item["quality"] or ""}
            for item in found["pieces"]
        ]  # fmt: skip
    if found["grade"]:
        shown |= {"points_per_100m2": found["grade"]["points_per_100m2"], "quality": found["grade"]["quality"]}
    tell(shown, as_json)


def tell_jobs(found: list[dict[str, Any]], as_json: bool) -> None:
    """Print jobs; people are shown a table."""
    tell({"jobs": found if as_json else [_line(one) for one in found]}, as_json)


def _line(found: dict[str, Any]) -> dict[str, Any]:
    """Return a job in one line of a table."""
    return {
        "id": found["id"], "title": found["title"], "status": found["status"], "stage": found["stage"] or "",
        "done": f"{found['progress']:.0%}", "metres": round(found["length_m"], 3), "fabric": found["fabric"],
        "priority": found["priority"], "due": (found["due_at"] or "")[:16], "findings": found["findings"],
    }  # fmt: skip
