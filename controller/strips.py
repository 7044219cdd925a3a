"""What the camera has seen of a job, kept strip by strip."""

from sqlmodel import Session

from controller import journal
from controller.ending import findings_of
from controller.gaps import gaps_of, look_on
from controller.tables import FindingRow, Job, Strip
from controller.way import way_of
from controller.work import Inspected


def keep_strip(
    session: Session, job: Job, leg: int, index: int, row_start: int, rows: int | None, result: Inspected
) -> bool:
    """Keep a strip and what was found in it; a finding that goes on from the strip before is the same one.

    Parameters
    ----------
    session
        The transaction it is part of.
    job
        It counts the rows that were looked at.
    leg
        Which leg of the print it shows.
    index, row_start, rows
        Which strip, and its rows of the job; None: to the end of what the leg's ticket printed.
    result
        What the inspection says of it.

    Returns
    -------
    bool
        False if inspection has come past its rows already, or to another leg: nothing is kept then.
    """
    job_id = job.id or 0
    way = way_of(job, gaps_of(session, job_id))
    goal = way.keeps_to(leg)
    goal = job.total_rows or 0 if goal is None else goal
    end = goal if rows is None else min(row_start + rows, goal)
    if leg != job.inspected_leg or end <= job.inspected_rows:
        return False
    seen_m = job.inspected_rows * way.pitch_m
    known = {row.key: row for row in findings_of(session, job_id)}
    for found in result.findings:
        row = known.get(found["key"])
        if row is None:
            if found["at_m"] < seen_m and row_start < job.inspected_rows:
                continue  # a short rest is looked at with the strip before, whose findings are known
            row = FindingRow(job_id=job_id, leg=leg, **found)
            journal.append(session, actor="camera", kind="finding", job_id=job_id, payload=dict(found))
        for name, value in found.items():
            setattr(row, name, value)
        session.add(row)
    length = max(end - row_start, rows or 0)
    session.add(Strip(job_id=job_id, index=index, leg=leg, row_start=row_start, rows=length,
                      findings=len(result.findings), picture=result.picture))  # fmt: skip
    job.inspection = result.inspection
    look_on(job, way, leg, end)
    return True
