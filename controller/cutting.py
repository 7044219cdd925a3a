"""Where a job may end before its length, and what is left of it then. Pieces are never cut through."""

from typing import Any

from controller.tables import Job, Operation


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
    by_metres = printing.metres * 1000 / (job.mm_per_row or 1.0)
    rows = round(printing.actuals.get("row", by_metres))
    shorten(job, min(rows, job.total_rows or rows))
