"""Seams: whether a design closes where its repeats meet.

Judged on what is printed: rows and columns next to each other at the seams are compared with those inside the repeat.
A step that would be nothing special inside the design is none at its seam either.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rip.fill import Rows, fill_band
from rip.plan import Cell, Plan

BANDS = 24
BAND_ROWS = 8
CELLS = 12
TIMES = 4
"""How much is looked at: bands, rows of a band, cells whose upper edge is judged, times of a cell across."""

USUAL = 99.0
"""Percentile of the steps inside the design that counts as usual."""

TOLERANCE = 1.0
"""Levels of 255 added to what is usual, so that flat designs are not judged by noise."""

SHOWS = 1.5
"""A seam shows if its step is so many times the usual; default from practice, editable."""

_REACH = 2


@dataclass(frozen=True)
class SeamReport:
    """How the repeats meet.

    Attributes
    ----------
    vertical, horizontal : float
        Largest step at the seams between columns and between rows, as a multiple of what is usual inside the design;
        0 where no repeats touch.
    warnings : tuple of str
        One line for each seam that would show.
    """

    vertical: float
    horizontal: float
    warnings: tuple[str, ...]


def check_seam(plan: Plan, sources: Sequence[Rows]) -> SeamReport:
    """Compare the seams of a repeat with its inside.

    Parameters
    ----------
    plan : Plan
        Wraps.
    sources : sequence of callables
        As for `fill_band`.

    Returns
    -------
    SeamReport
        From some 300 rows spread over the period, whatever the size of the design.
    """
    at_columns, inner_columns, inner_rows = _across(plan, sources)
    at_rows = _along(plan, sources)
    warnings: list[str] = []
    vertical = _judge("column", at_columns, inner_columns, warnings)
    horizontal = _judge("row", at_rows, inner_rows, warnings)
    return SeamReport(vertical, horizontal, tuple(warnings))


Steps = NDArray[np.float64]
"""Mean steps between neighbouring columns or rows, levels of 255. At seams: (seams, 5), each seam in the middle."""


def _across(plan: Plan, sources: Sequence[Rows]) -> tuple[Steps, Steps, Steps]:
    """Return the steps at seams between columns, and those inside the repeats between columns and between rows."""
    at_seams: list[Steps] = []
    total, seen = np.zeros(plan.width_px - 1), np.zeros(plan.width_px - 1)
    inner_rows: list[float] = []
    for start in np.linspace(0, plan.period_rows, BANDS, endpoint=False).astype(int).tolist():
        band = _band(plan, sources, start, BAND_ROWS)
        steps = np.abs(np.diff(band, axis=1)).max(axis=2).mean(axis=0)
        inside = np.ones(plan.width_px - 1, np.bool_)
        crossed = False
        for cell in plan.cells:
            offset = (start - cell.y) % plan.period_rows
            crossed |= 0 < (cell.y - start) % plan.period_rows < BAND_ROWS
            if offset + BAND_ROWS > cell.height:
                continue
            for seam in _right_edges(cell):
                inside[max(0, seam - 1 - _REACH) : seam + _REACH] = False
            at_seams += [
                steps[seam - 1 - _REACH : seam + _REACH]
                for seam in _right_edges(cell)[:TIMES]
                if _REACH < seam < plan.width_px - _REACH and plan.source_at(seam, start) is not None
            ]
        total += np.where(inside, steps, 0)
        seen += inside
        if not crossed:
            inner_rows += np.abs(np.diff(band, axis=0)).max(axis=2).mean(axis=1).tolist()
    return np.array(at_seams), total[seen > 0] / seen[seen > 0], np.array(inner_rows)


def _along(plan: Plan, sources: Sequence[Rows]) -> Steps:
    """Return the steps at seams between rows, at the upper edge of some cells."""
    at_seams: list[Steps] = []
    for cell in plan.cells[:: max(1, len(plan.cells) // CELLS)]:
        if plan.source_at(cell.x + cell.width // 2, cell.y - 1) is None:
            continue
        band = _band(plan, sources, cell.y - 1 - _REACH, 2 * _REACH + 2)
        under = np.concatenate([band[:, edge - cell.width : edge] for edge in _right_edges(cell)[:TIMES]], axis=1)
        at_seams.append(np.abs(np.diff(under, axis=0)).max(axis=2).mean(axis=1))
    return np.array(at_seams)


def _band(plan: Plan, sources: Sequence[Rows], start: int, count: int) -> NDArray[np.int16]:
    band = np.empty((count, plan.width_px, 3), np.uint8)
    fill_band(plan, sources, start, count, band)
    return band.astype(np.int16)


def _right_edges(cell: Cell) -> list[int]:
    """Return one past the last column of the cell, each time it lies there."""
    return [cell.x + number * cell.step + cell.width for number in range(cell.times)]


def _judge(line: str, at_seams: Steps, inside: Steps, warnings: list[str]) -> float:
    if not len(at_seams) or not len(inside):
        return 0.0
    usual = float(np.percentile(inside, USUAL)) + TOLERANCE
    before, seam, after = (at_seams.mean(axis=0) / usual)[_REACH - 1 : _REACH + 2]
    if seam > SHOWS:
        odd = [name for name, step in (("last", before), ("first", after)) if step > SHOWS]
        what = f"the {odd[0]} {line} of the design is unlike its neighbours" if odd else f"the {line}s do not meet"
        warnings.append(f"seam between {line}s of repeats: {what} ({seam:.1f} × the usual step): a line would show")
    return float(seam)
