"""Where a job may end before its length, and what is left of it then. Pieces are never cut through."""

from typing import Any

from controller.remake import become, shorter
from controller.request import MIN_LENGTH_M, Refused
from controller.tables import Job, Operation
from controller.way import printed_row


def end_row(meta: dict[str, Any], row: int) -> int:
    """Return the first row from `row` on at which no piece is cut through.

    Parameters
    ----------
    meta
        What the raster says of its pieces; none of a job by the metre.
    row
        Where the job should end.
    """
    for box in sorted(meta.get("pieces", ()), key=lambda box: box["y"]):
        if box["y"] < row < box["y"] + box["height"]:
            row = box["y"] + box["height"]
    return row


def begin_row(meta: dict[str, Any], row: int) -> int:
    """Return the last row up to `row` at which no piece is cut through; as `end_row`, the other way."""
    for box in sorted(meta.get("pieces", ()), key=lambda box: -(box["y"] + box["height"])):
        if box["y"] < row < box["y"] + box["height"]:
            row = box["y"]
    return row


def shorten(job: Job, rows: int) -> None:
    """Let a job whose raster is made end after so many rows; pieces that are not whole by then are none of it."""
    before = job.total_rows or rows
    job.total_rows, job.length_m = rows, round(rows * (job.mm_per_row or 0.0) / 1000, 4)
    job.planned_ml = {ink: ml * rows / before for ink, ml in job.planned_ml.items()}
    if "pieces" in job.raster_meta:
        whole = [box for box in job.raster_meta["pieces"] if box["y"] + box["height"] <= rows]
        job.raster_meta = job.raster_meta | {"pieces": whole}


def as_printed(job: Job, printing: Operation) -> None:
    """Let a job be as long as its press has printed it, by the press's own counter; never longer than it was."""
    shorten(job, printed_row(printing, job))


def looked_at(job: Job) -> bool:
    """Whether the camera has seen all it is waited for; the rest of a print that was cut short is not."""
    return job.cut_m is not None or job.inspected_rows >= (job.total_rows or 0)


def end_of(job: Job, printed_m: float, at_m: float | None) -> float:
    """Return the metre at which a job can end, from another on: behind what is printed, and through no piece.

    Parameters
    ----------
    job
        Its raster may not be made yet.
    printed_m
        What the press has printed of it.
    at_m
        Where it should end; None: as soon as can be.

    Raises
    ------
    Refused
        That metre is printed already, too short for a job, or behind its end; none is given and nothing is printed.
    """
    if at_m is None and printed_m == 0:
        raise Refused("nothing is printed yet, so there is no metre to end at: give one, or cancel the job", "at_m")
    wanted_m = max(printed_m, MIN_LENGTH_M) if at_m is None else at_m
    if wanted_m < printed_m:
        raise Refused(f"{wanted_m:g} m is printed already: give {printed_m:.2f} m or more, or end it now", "at_m")
    if wanted_m < MIN_LENGTH_M:
        raise Refused(f"{wanted_m:g} m is too short: give {MIN_LENGTH_M:g} m or more", "at_m")
    if job.total_rows is not None and job.mm_per_row is not None:
        row = end_row(job.raster_meta, round(wanted_m * 1000 / job.mm_per_row))
        end_m = round(row * job.mm_per_row / 1000, 4)
    elif job.layout.get("pieces") is None:
        end_m = wanted_m
    else:
        end_m = shorter(job, wanted_m).length_m
    if not end_m < job.length_m:
        raise Refused(f"the job ends at {job.length_m:g} m; from {wanted_m:g} m on there is no end before", "at_m")
    return end_m


def make_shorter(job: Job, end_m: float) -> None:
    """Let a job whose print has not begun end at a metre where it can; in the queue its order gets smaller too."""
    if job.total_rows is not None and job.mm_per_row is not None:
        shorten(job, round(end_m * 1000 / job.mm_per_row))
    elif job.layout.get("pieces") is not None:
        become(job, shorter(job, end_m))
    else:
        job.length_m, job.ordered = end_m, min(job.ordered, end_m)
