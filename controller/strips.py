"""What the camera has seen of a job, kept strip by strip."""

from sqlmodel import Session

from controller import journal
from controller.ending import findings_of
from controller.tables import FindingRow, Job, Strip
from controller.work import Inspected


def keep_strip(session: Session, job: Job, index: int, row_start: int, rows: int, result: Inspected) -> None:
    """Keep a strip and what was found in it; a finding that goes on from the strip before is the same one.

    Parameters
    ----------
    session
        The transaction it is part of.
    job
        It counts the rows that were looked at.
    index, row_start, rows
        Which strip, and its rows of the job.
    result
        What the inspection says of it.
    """
    job_id = job.id or 0
    known = {row.key: row for row in findings_of(session, job_id)}
    for found in result.findings:
        row = known.get(found["key"])
        if row is None:
            row = FindingRow(job_id=job_id, **found)
            journal.append(session, actor="camera", kind="finding", job_id=job_id, payload=dict(found))
        for name, value in found.items():
            setattr(row, name, value)
        session.add(row)
    session.add(Strip(job_id=job_id, index=index, row_start=row_start, rows=rows,
                      findings=len(result.findings), picture=result.picture))  # fmt: skip
    job.inspected_rows, job.inspection = row_start + rows, result.inspection
