"""The cloth of a job, sewn together from rolls: which roll lies at which metre, and what is left of a roll."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Laid:
    """From `at_m` of a job on, its cloth comes from this roll; in the order in which it was recorded."""

    job: int
    at_m: float
    roll: str


@dataclass(frozen=True)
class Stretch:
    """Metres of a job that come from one roll; None: nobody recorded which."""

    job: int
    from_m: float
    to_m: float
    roll: str | None

    @property
    def length_m(self) -> float:
        """How long it is."""
        return self.to_m - self.from_m


def stretches(job: int, laid: Iterable[Laid], length_m: float) -> tuple[Stretch, ...]:
    """Return what a job's cloth comes from, from metre 0 to `length_m`, without a gap.

    Of two lines for the same metre the later one counts. Where a roll is said to follow itself there is no splice: so
    a splice that was recorded in error is taken back.
    """
    begins: dict[float, str | None] = {0.0: None}
    begins |= {one.at_m: one.roll for one in laid if one.job == job and one.at_m < length_m}
    runs: list[tuple[float, str | None]] = []
    for at_m, roll in sorted(begins.items()):
        if not runs or runs[-1][1] != roll:
            runs.append((at_m, roll))
    ends = [at_m for at_m, _ in runs[1:]] + [length_m]
    return tuple(
        Stretch(job, at_m, end_m, roll) for (at_m, roll), end_m in zip(runs, ends, strict=True) if end_m > at_m
    )


@dataclass(frozen=True)
class Demand:
    """How much cloth a job takes from its rolls: `length_m`, of which `done_m` have run into the first machine.

    `over` says that it will not take more than that, as it was cancelled or is complete.
    """

    job: int
    length_m: float
    done_m: float
    over: bool


@dataclass(frozen=True)
class Remainder:
    """Metres of a roll: used by the first machine, promised to jobs that are still to take them, and free.

    `free_m` is below 0 if more was promised than there is.
    """

    length_m: float
    used_m: float
    promised_m: float

    @property
    def free_m(self) -> float:
        """What no job takes."""
        return self.length_m - self.used_m - self.promised_m


def remainder(roll: str, length_m: float, laid: Sequence[Laid], demands: Iterable[Demand]) -> Remainder:
    """Return what is left of a roll of `length_m` metres, as far as jobs tell; waste and leaders are not counted."""
    used_m = promised_m = 0.0
    for demand in demands:
        for one in stretches(demand.job, laid, demand.done_m if demand.over else demand.length_m):
            if one.roll == roll:
                done_m = min(max(demand.done_m - one.from_m, 0.0), one.length_m)
                used_m += done_m
                promised_m += one.length_m - done_m
    return Remainder(length_m, used_m, promised_m)
