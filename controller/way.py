"""Where the rows of a print lie on the cloth, once it went over the press under more than one ticket: pure.

A print that stopped and was taken up again at a row further back lies on the cloth in legs, one for each ticket. What
an earlier leg printed from that row on is cut out, and printed again by a later one. So there are two places of
everything: the metre along the print, which the design, its pieces and its rows have, and the metre along the cloth,
which machines count and people find on the roll.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from controller.tables import Gap, Job, Operation

PER_TICKET = ("_used_ml", "_kwh", "run_s")
"""How the tags of a press end that count from 0 with each ticket, as its counter of metres does."""


@dataclass(frozen=True)
class Leg:
    """What one ticket printed.

    Attributes
    ----------
    start_row
        The row of the job that it began at.
    cloth_row
        How many rows lie on the cloth before that one.
    """

    start_row: int
    cloth_row: int


@dataclass(frozen=True)
class CutOut:
    """A length of printed cloth that is none of the goods: it is cut out at making up.

    Attributes
    ----------
    from_m, to_m
        Its two ends along the cloth.
    print_m
        The metre along the print that lies at both ends.
    """

    from_m: float
    to_m: float
    print_m: float

    @property
    def length_m(self) -> float:
        """How long it is."""
        return self.to_m - self.from_m


@dataclass(frozen=True)
class Way:
    """The legs of a print, in the order in which they were printed; at least one.

    Attributes
    ----------
    pitch_m
        Height of a row, 0 as long as the raster is not made.
    """

    legs: tuple[Leg, ...]
    pitch_m: float

    def keeps_to(self, leg: int) -> int | None:
        """Return the row that a leg's goods end before; None if they go on to the end of the job.

        It is not above the leg's first row if all that the leg printed is cut out.
        """
        return min((later.start_row for later in self.legs[leg + 1 :]), default=None)

    def leg_of(self, row: int) -> int:
        """Return the leg whose print of a row is delivered."""
        return max(number for number, leg in enumerate(self.legs) if leg.start_row <= row)

    def cloth_m(self, at_m: float, leg: int | None = None) -> float:
        """Return where a metre of the print lies along the cloth, as a leg printed it; the one delivered if None."""
        if leg is None:
            leg = self.leg_of(int(at_m / self.pitch_m + 1e-6)) if self.pitch_m else 0
        found = self.legs[leg]
        return at_m + (found.cloth_row - found.start_row) * self.pitch_m

    def next_look(self, leg: int, row: int) -> tuple[int, int]:
        """Return where inspection goes on that has come so far: leg and row, past what is cut out."""
        while (end := self.keeps_to(leg)) is not None and row >= end:
            leg, row = leg + 1, self.legs[leg + 1].start_row
        return leg, row

    def ends_m(self, leg: int) -> float:
        """Return the metre along the print at which a leg's goods end; infinite if they go on to the end of the job."""
        end = self.keeps_to(leg)
        return math.inf if end is None else end * self.pitch_m

    @cached_property
    def cut_outs(self) -> tuple[CutOut, ...]:
        """What is cut out, along the cloth; one that a later one reaches is part of that."""
        found: list[tuple[int, Leg]] = []
        for number, leg in enumerate(self.legs[1:], start=1):
            before = Way(self.legs[:number], self.pitch_m)
            old = self.legs[before.leg_of(leg.start_row)]
            begin = old.cloth_row + leg.start_row - old.start_row
            while found and found[-1][1].cloth_row >= begin:
                begin = min(begin, found.pop()[0])
            found.append((begin, leg))
        pitch_m = self.pitch_m
        return tuple(CutOut(begin * pitch_m, leg.cloth_row * pitch_m, leg.start_row * pitch_m) for begin, leg in found)

    @property
    def cut_out_m(self) -> float:
        """How much longer the cloth is than the print."""
        return sum(one.length_m for one in self.cut_outs)


def way_of(job: Job, gaps: Sequence[Gap]) -> Way:
    """Return the way of a job's print from its gaps, oldest first."""
    pitch_m = (job.mm_per_row or 0.0) / 1000
    legs = [Leg(0, 0)]
    for gap in gaps:
        last = legs[-1]
        legs.append(Leg(gap.resume_row, last.cloth_row + gap.stop_row - last.start_row))
    return Way(tuple(legs), pitch_m)


def so_far(operation: Operation, job: Job) -> float:
    """Return how far an operation is along the print, m: of one with earlier tickets, from where this one began."""
    begins_m = operation.start_row * (job.mm_per_row or 0.0) / 1000
    return begins_m + operation.metres - operation.behind.get("metres", 0.0)


def printed_row(operation: Operation, job: Job) -> int:
    """Return the row that a print's ticket has come to, by the press's own counter."""
    by_metres = so_far(operation, job) * 1000 / (job.mm_per_row or 1.0)
    row = round(operation.actuals.get("row", by_metres))
    return min(row, job.total_rows or row)


def counted(operation: Operation, metres: float, actuals: dict[str, float]) -> tuple[float, dict[str, float]]:
    """Return what a machine counted, with what it counted under the operation's earlier tickets."""
    behind = operation.behind
    whole = {name: round(value + behind.get(name, 0.0), 4) for name, value in actuals.items()}
    return round(metres + behind.get("metres", 0.0), 4), whole


def to_carry(metres: float, actuals: dict[str, float]) -> dict[str, float]:
    """Return what the next ticket of an operation has to be counted on, by tag."""
    return {"metres": metres} | {name: value for name, value in actuals.items() if name.endswith(PER_TICKET)}
