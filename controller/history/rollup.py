"""Samples held until the next one, second by second, and roll-ups of that: lowest, mean and highest."""

import numpy as np

from controller.history.block import Buckets, Floats, Samples
from controller.history.sample import HOUR_S

MINUTE_S = 60

STEPS_S = (MINUTE_S, HOUR_S)
"""The roll-ups that are kept."""


def held(samples: Samples, begin: int, end: int) -> Floats:
    """Return the value at each second from `begin` to before `end`: that of the last sample at or before it.

    NaN where that sample is bad, and before the first one. What a value did between two samples it did within its
    deadband.
    """
    seconds = np.arange(begin, max(begin, end), dtype=np.int64)
    if not len(samples):
        return np.full(len(seconds), np.nan)
    last = np.searchsorted(samples.seconds, seconds, side="right") - 1
    return np.where(last >= 0, samples.values[last], np.nan)


def rolled(values: Floats, begin: int, step_s: int) -> Buckets:
    """Return the roll-ups of values that stand a second apart.

    Parameters
    ----------
    values
        (n,) float64, NaN where unknown; the first at second `begin`.
    begin
        Seconds from 1970; need not be a multiple of `step_s`: the first and the last span may be known in part only.
    step_s
        Length of a span, s.
    """
    lead, first = begin % step_s, begin - begin % step_s
    spans = -(-(lead + len(values)) // step_s)
    grid = np.full(spans * step_s, np.nan)
    grid[lead : lead + len(values)] = values
    grid = grid.reshape(spans, step_s)
    known = ~np.isnan(grid)
    known_s = known.sum(axis=1)
    some = known_s > 0
    low = np.where(some, np.where(known, grid, np.inf).min(axis=1, initial=np.inf), np.nan)
    high = np.where(some, np.where(known, grid, -np.inf).max(axis=1, initial=-np.inf), np.nan)
    share = np.where(known, grid, 0.0) / np.maximum(known_s, 1)[:, None]  # first divided: no sum can overflow
    mean = np.where(some, np.clip(share.sum(axis=1), low, high), np.nan)
    return Buckets(step_s, first + step_s * np.arange(spans, dtype=np.int64), low, mean, high, known_s)


def wider(buckets: Buckets, step_s: int) -> Buckets:
    """Return roll-ups of longer spans, `step_s` a multiple of theirs; one for each span that one of theirs lies in."""
    if not len(buckets):
        return Buckets(step_s, *(getattr(buckets, name) for name in ("seconds", "low", "mean", "high", "known_s")))
    begins = buckets.seconds - buckets.seconds % step_s
    seconds, first = np.unique(begins, return_index=True)
    known_s = np.add.reduceat(buckets.known_s, first)
    low, high = np.fmin.reduceat(buckets.low, first), np.fmax.reduceat(buckets.high, first)
    whole = np.repeat(np.maximum(known_s, 1), np.diff(first, append=len(begins)))
    share = np.where(buckets.known_s > 0, buckets.mean, 0.0) * (buckets.known_s / whole)
    mean = np.where(known_s > 0, np.clip(np.add.reduceat(share, first), low, high), np.nan)
    return Buckets(step_s, seconds, low, mean, high, known_s)
