"""What was when which metre was at a machine, and the way back: when was a metre there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from controller.history.block import Floats, Ints

FOLLOWS_S = 2
"""Two looks that are further apart do not follow each other, s: in between, the cloth's place is not known."""


@dataclass(frozen=True, eq=False)
class Way:
    """Where the cloth was, at each second that this is known.

    Attributes
    ----------
    seconds
        (n,) from 1970, ascending; a stop is one metre at many of them.
    metres
        (n,) furthest metre of the operation that had reached the machine's counter; never falls.
    """

    seconds: Ints
    metres: Floats


@dataclass(frozen=True, eq=False)
class MetreCurve:
    """A tag over the metres of a job, in order.

    Attributes
    ----------
    step_m
        Length of cloth that a point stands for, from its metre on; 0: points are looks.
    metres
        (n,) m.
    low, mean, high
        (n,) float64 in the tag's unit, while that cloth was at the machine; the mean is weighted by time. NaN is a gap.
    """

    step_m: float
    metres: Floats
    low: Floats
    mean: Floats
    high: Floats


@dataclass(frozen=True)
class Passed:
    """When a metre was at a machine: from when it had come until it went on, seconds from 1970.

    Both are the same where it just passed; they lie apart at a stop, and where nobody looked meanwhile.
    """

    reached: float
    left: float


def way(metres: Floats, tickets: Floats, begins_m: Mapping[int, float], begin: int) -> Way:
    """Return the way of an operation.

    Parameters
    ----------
    metres, tickets
        (n,) the machine's counter, m, and the ticket it is of, second by second from `begin`; NaN where unknown.
    begins_m
        The operation's tickets, and where each began along the cloth, m.
    begin
        Seconds from 1970.
    """
    along = np.full(len(metres), np.nan)
    for ticket, begins in begins_m.items():
        of = tickets == ticket
        along[of] = metres[of] + begins
    ours = np.flatnonzero(~np.isnan(along))
    return Way(ours + begin, np.maximum.accumulate(along[ours]))


def by_metre(found: Way, values: Floats, from_m: float, to_m: float, points: int) -> MetreCurve:
    """Return a tag over metres.

    Parameters
    ----------
    found
        The way of the operation.
    values
        (n,) the tag at the way's seconds; NaN where unknown.
    from_m, to_m
        The metres to look at.
    points
        How many points there should be at most.
    """
    metres, inside = found.metres, (found.metres >= from_m) & (found.metres <= to_m)
    if inside.sum() <= points:
        parts = (metres[inside], *[values[inside]] * 3)
        behind = np.flatnonzero(np.diff(found.seconds[inside]) > FOLLOWS_S) + 1
        return MetreCurve(
            0.0, *(np.insert(part, behind, part[behind] if part is parts[0] else np.nan) for part in parts)
        )
    edges = np.linspace(from_m, to_m, points + 1)
    at_edge = np.searchsorted(metres, edges[:-1], side="left")
    # what was seen last before the cloth came to an edge still held when it came, if somebody looked on
    came_unseen = np.append(True, np.diff(found.seconds, append=np.inf) > FOLLOWS_S)[at_edge]
    stopped = np.append(metres, np.nan)[at_edge] == edges[:-1]
    first = np.where(came_unseen | stopped, at_edge, at_edge - 1)
    behind = np.searchsorted(metres, edges[1:], side="left")
    behind[-1] = np.searchsorted(metres, to_m, side="right")
    some = behind > first
    first, behind = np.minimum(first, len(metres) - 1), np.maximum(behind, np.minimum(first + 1, len(metres)))
    at = np.stack([first, behind], axis=1).ravel()

    def over(ufunc: np.ufunc, of: Floats, rest: float) -> Floats:
        return ufunc.reduceat(np.append(of, rest), at)[::2]

    known = ~np.isnan(values)
    known_s = over(np.add, known.astype(np.float64), 0.0)
    some &= known_s > 0
    low, high = (np.where(some, over(ufunc, values, np.nan), np.nan) for ufunc in (np.fmin, np.fmax))
    sums = over(np.add, np.where(known, values, 0.0), 0.0)
    mean = np.where(some, np.clip(sums / np.maximum(known_s, 1), low, high), np.nan)
    return MetreCurve(float(edges[1] - edges[0]), edges[:-1], low, mean, high)


def passed(found: Way, metre: float) -> Passed | None:
    """Return when a metre was at the machine's counter; None if it never was, as far as is known.

    Between two looks that follow each other the cloth is taken to run evenly.
    """
    metres, seconds = found.metres, found.seconds
    if not len(metres) or not metres[0] <= metre <= metres[-1]:
        return None
    first = int(np.searchsorted(metres, metre, side="left"))
    last = int(np.searchsorted(metres, metre, side="right")) - 1
    if first <= last:
        return Passed(float(seconds[first]), float(seconds[last]))
    before, after = last, first
    if seconds[after] - seconds[before] > FOLLOWS_S:
        return Passed(float(seconds[before]), float(seconds[after]))
    share = (metre - metres[before]) / (metres[after] - metres[before])
    at = float(seconds[before] + share * (seconds[after] - seconds[before]))
    return Passed(at, at)
