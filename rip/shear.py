"""Skew and bow: each column is shifted along the cloth, by whole rows, as a drop of columns is."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rip.cloth import Cloth
from rip.plan import Plan


def shear_rows(cloth: Cloth) -> NDArray[np.intp]:
    """Return by how many rows each column is shifted along: intp (width_px,); the least is 0."""
    across = (np.arange(cloth.width_px) + 0.5) / cloth.width_px
    bow = 4 * across * (1 - across)
    rows = np.rint(cloth.press_px(cloth.skew_mm) * across + cloth.press_px(cloth.bow_mm) * bow).astype(np.intp)
    return rows - rows.min()


def sheared(plan: Plan, cloth: Cloth) -> Plan:
    """Return the plan with the skew and bow of the cloth.

    Columns of equal shift form slabs; the cells are cut at their edges. A sheet must have room below for the largest
    shift; its pieces keep their names, and their boxes grow by what the shift differs across them.
    """
    if not (cloth.skew_mm or cloth.bow_mm):
        return plan
    rows = shear_rows(cloth)
    edges = [0, *(np.flatnonzero(np.diff(rows)) + 1).tolist(), cloth.width_px]
    cells = []
    for cell in plan.cells:
        first = int(np.searchsorted(edges, cell.x, "right")) - 1
        last = int(np.searchsorted(edges, cell.right, "left"))
        for left, right in zip(edges[first:last], edges[first + 1 : last + 1], strict=True):
            shifted = cell.moved(0, int(rows[left]))
            if plan.wraps:
                shifted = replace(shifted, y=shifted.y % plan.period_rows)
            cells += shifted.cut_across(left, right)
    pieces = []
    for piece in plan.pieces:
        under = rows[piece.x : piece.x + piece.width]
        low, high = int(under.min()), int(under.max())
        pieces.append(replace(piece, y=piece.y + low, height=piece.height + high - low))
    return replace(plan, cells=tuple(cells), pieces=tuple(pieces))
