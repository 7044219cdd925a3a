"""A tag's curve over time, from the step that fits what is looked at. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from controller.history.block import Buckets, Floats, Samples, between
from controller.history.keeping import SAMPLE_S
from controller.history.rollup import MINUTE_S, held, rolled, wider
from controller.history.sample import HOUR_S


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a curve, in order of time.

    Attributes
    ----------
    step_s
        Length of the span that a point stands for, from its second on; 0: each is a sample, which holds until the next.
    seconds
        (n,) from 1970 in UTC.
    low, mean, high
        (n,) float64 in the tag's unit, all the same for samples; NaN is a gap.
    """

    step_s: int
    seconds: Floats
    low: Floats
    mean: Floats
    high: Floats


def fitting(begin: int, end: int, points: int, oldest: Mapping[int, int]) -> tuple[int, int]:
    """Return the step to read, s, and the span each point is to stand for, s, a multiple of it.

    Parameters
    ----------
    begin, end
        What is looked at, seconds from 1970.
    points
        How many points there should be at most.
    oldest
        First second that is kept of each step, the finest step first.
    """
    wanted = max(-(-(end - begin) // points), SAMPLE_S)
    steps = [step for step, first in oldest.items() if begin >= first] or list(oldest)[-1:]
    step = max([one for one in steps if one <= wanted], default=steps[0])
    return step, -(-wanted // step) * step


def of_samples(samples: Samples, begin: int, end: int, span_s: int, points: int) -> Curve:
    """Return the curve of samples from `begin` to `end`: themselves if they are few, else spans of `span_s`.

    `samples` reaches back to the one that holds at `begin`; `end` is not later than anything is known.
    """
    inside = between(samples, begin + 1, end)
    if len(inside) + 2 > points:
        return of_buckets(rolled(held(samples, begin, end), begin, span_s))
    ends = (held(samples, begin, begin + 1), held(samples, end - 1, end))
    values = np.concatenate([ends[0], inside.values, ends[1]])
    seconds = np.concatenate([[begin], inside.seconds, [end]]).astype(np.float64)
    return Curve(0, seconds, values, values, values)


def of_buckets(buckets: Buckets) -> Curve:
    """Return the curve of roll-ups; where some are missing, there is a gap."""
    step, seconds = buckets.step_s, buckets.seconds
    behind = np.flatnonzero(np.diff(seconds) > step) + 1
    parts = (np.insert(part, behind, np.nan) for part in (buckets.low, buckets.mean, buckets.high))
    return Curve(step, np.insert(seconds.astype(np.float64), behind, seconds[behind - 1] + step), *parts)


def gathered(parts: Iterable[Buckets], begin: int, end: int, span_s: int) -> Buckets:
    """Return roll-ups of one step put together to spans of `span_s`, those that reach into `begin` to `end`.

    Of the same span the later part counts: what is in memory is more than what is packed.
    """
    given = [part for part in parts if len(part)]
    if not given:
        none = np.array([], np.float64)
        return Buckets(span_s, none.astype(np.int64), none, none, none, none.astype(np.int64))
    seconds = np.concatenate([part.seconds for part in given])
    ordered, last = np.unique(seconds[::-1], return_index=True)
    last = len(seconds) - 1 - last
    keep = (ordered > begin - span_s) & (ordered < end)
    last, ordered = last[keep], ordered[keep]
    low, mean, high, known_s = (
        np.concatenate([getattr(part, name) for part in given])[last] for name in ("low", "mean", "high", "known_s")
    )
    return wider(Buckets(given[0].step_s, ordered, low, mean, high, known_s), span_s)


def hours_of(begin: int, end: int) -> tuple[int, int]:
    """Return the first and the last clock hour that something between two seconds may be in."""
    return begin // HOUR_S, max(begin, end - 1) // HOUR_S


def minutes_and_hours(samples: Samples, until: int, step_s: int) -> list[Buckets]:
    """Return the roll-ups of what is not packed yet, hour by hour, up to second `until`."""
    assert step_s in (MINUTE_S, HOUR_S)
    hours = np.unique(samples.seconds // HOUR_S)
    begins = [int(hour) * HOUR_S for hour in hours]
    return [
        rolled(held(between(samples, begin, begin + HOUR_S), begin, min(begin + HOUR_S, until)), begin, step_s)
        for begin in begins
        if begin < until
    ]
