"""How much longer work takes than length and speed say: learned from the last operations, bounded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

LAST = 10
"""Operations of a machine and fabric that count: some days of work. Default from practice."""

LOWEST, HIGHEST = 0.5, 3.0
"""A factor beyond these says that the clock stood, not how the machine works. Default from practice."""


@dataclass(frozen=True)
class Took:
    """How long an operation took, minutes from its beginning to its end, and what length and speed say."""

    machine: str
    fabric: str
    actual_min: float
    nominal_min: float


def factors(took: Iterable[Took]) -> dict[tuple[str, str], float]:
    """Return the factor of each machine and fabric: the median of actual / nominal over the last `LAST` operations.

    Parameters
    ----------
    took
        Operations that are done, the newest first. Those without a nominal time do not count.
    """
    ratios: dict[tuple[str, str], list[float]] = {}
    for one in took:
        known = ratios.setdefault((one.machine, one.fabric), [])
        if one.nominal_min > 0 and len(known) < LAST:
            known.append(one.actual_min / one.nominal_min)
    return {key: min(max(median(known), LOWEST), HIGHEST) for key, known in ratios.items() if known}


def factor(learned: Mapping[tuple[str, str], float], machine: str, fabric: str) -> float:
    """Return the factor of a machine and fabric; 1 as long as nothing was learned."""
    return learned.get((machine, fabric), 1.0)
