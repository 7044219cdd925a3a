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


@job.command("submit")
@options.with_layout_options
def submit(
    designs: options.Designs,
    fabric: options.Fabric,
    given: options.LayoutOptions,
    title: Annotated[str, typer.Option(help="What people call the job; the first design's name if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send designs to be printed."""
    layout = options.sized(options.layout_of(given), designs)
    fields = {"fabric": fabric, "title": title or designs[0].stem, "layout": json.dumps(layout.stated())}
    if given.length_m is not None:
        fields["length_m"] = repr(given.length_m)
    _tell_job(remote.submit(current_session(), fields, designs), as_json)


@job.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all jobs, newest first."""
    found = remote.read(current_session(), "/jobs")
    tell({"jobs": found if as_json else [_line(one) for one in found]}, as_json)


@job.command("show")
def show(job_id: Id, as_json: AsJson = False) -> None:
    """Show one job: its stages, strips, findings and ink."""
    _tell_job(remote.read(current_session(), f"/jobs/{job_id}"), as_json)


@job.command("cancel")
def cancel(job_id: Id, as_json: AsJson = False) -> None:
    """Cancel a job; a machine that runs it is stopped."""
    _tell_job(remote.act(current_session(), f"/jobs/{job_id}/cancel"), as_json)


@job.command("hold")
def hold(job_id: Id, as_json: AsJson = False) -> None:
    """Hold a job where it is."""
    _tell_job(remote.act(current_session(), f"/jobs/{job_id}/hold"), as_json)


@job.command("resume")
def resume(job_id: Id, as_json: AsJson = False) -> None:
    """Go on with a held job."""
    _tell_job(remote.act(current_session(), f"/jobs/{job_id}/resume"), as_json)


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


def _tell_job(found: dict[str, Any], as_json: bool) -> None:
    """Print a job; people are shown what fits a terminal."""
    if as_json:
        tell(found, as_json)
        return
    stages = [
        {"stage": item["stage"], "machine": item["machine"], "status": item["status"], "state": item["state"],
         "metres": round(item["metres"], 2)}
        for item in found["operations"]
    ]  # fmt: skip
    shown: dict[str, Any] = _line(found) | {"by": found["created_by"], "at": found["created_at"], "stages": stages}
    stated = rip.read_layout(found["layout"]).stated()
    if stated:
        shown["layout"] = stated
    for name in ("error", "notes", "inks"):
        if found.get(name):
            shown[name] = found[name]
    if found.get("finding_list"):
        shown["findings"] = [
            {name: item[name] for name in ("cls", "at_m", "x_mm", "length_mm", "width_mm", "points")}
            for item in found["finding_list"]
        ]
    if found["grade"]:
        shown |= {"points_per_100m2": found["grade"]["points_per_100m2"], "quality": found["grade"]["quality"]}
    tell(shown, as_json)


def _line(found: dict[str, Any]) -> dict[str, Any]:
    """Return a job in one line of a table."""
    return {
        "id": found["id"], "title": found["title"], "status": found["status"], "stage": found["stage"] or "",
        "done": f"{found['progress']:.0%}", "metres": round(found["length_m"], 3), "fabric": found["fabric"],
        "findings": found["findings"],
    }  # fmt: skip
