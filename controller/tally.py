"""What came of a job against what was ordered: firsts, seconds, what is short or over. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from controller.pieces import PieceResult
from controller.tables import Job


@dataclass(frozen=True)
class Tally:
    """The outcome of a job that was inspected.

    Attributes
    ----------
    unit
        What is counted: pieces, or metres of a job by the metre.
    ordered, firsts, seconds
        What was asked for; what is of first and of second quality.
    unseen
        What was printed and not wholly looked at, as at the end of a print that was cut short.
    allowed
        By how much firsts may be short before anything is missing.
    """

    unit: Literal["pieces", "metres"]
    ordered: float
    firsts: float
    seconds: float
    unseen: float
    allowed: float

    @property
    def short(self) -> float:
        """By how much firsts are below the order; 0 if they are not."""
        return max(self.ordered - self.firsts, 0.0)

    @property
    def over(self) -> float:
        """By how much firsts are above the order; 0 if they are not."""
        return max(self.firsts - self.ordered, 0.0)

    @property
    def missing(self) -> float:
        """What is to be printed again: all that is short, once that is more than allowed."""
        return self.short if self.short > self.allowed else 0.0


def tally(job: Job, results: Sequence[PieceResult]) -> Tally | None:
    """Return what came of a job; None before it is complete.

    By the piece each counts by its own quality. By the metre a roll is graded as a whole (ASTM D5430), so all of it is
    first quality or none.

    Parameters
    ----------
    job
        With its grade.
    results
        What was found in each of its pieces; none of a job by the metre.
    """
    if job.status != "complete":
        return None
    allowed = job.ordered * job.seconds_pct / 100
    if job.layout.get("pieces") is None:
        length_m, quality = round(job.length_m, 3), job.grade.get("quality")
        of = {name: length_m if quality == name else 0.0 for name in ("first", "second")}
        unseen = 0.0 if quality else length_m
        return Tally("metres", round(job.ordered, 3), of["first"], of["second"], unseen, round(allowed, 3))
    qualities = [result.quality for result in results]
    firsts, seconds, unseen = (float(qualities.count(quality)) for quality in ("first", "second", None))
    return Tally("pieces", job.ordered, firsts, seconds, unseen, math.floor(allowed + 1e-9))
