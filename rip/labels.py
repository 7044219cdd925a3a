"""The marks a job asks for, laid over its plan: at its head, in the gutters of its pieces, along its edge."""

from collections.abc import Sequence

import numpy as np

from rip.condition import Condition
from rip.layout import Layout
from rip.lettering import code_modules, enlarged
from rip.marks import (
    MODULE_MM,
    Pen,
    centre_crosses,
    colour_bar,
    crop_ticks,
    cut_lines,
    header,
    metre_ticks,
    nozzle_bars,
    piece_codes,
)
from rip.overlay import Counter, Overlays, Patch
from rip.plan import LayoutError, Plan

CODE_EVERY_M = 5.0
"""A code of a job by the metre comes again, so that any remnant says where it is from; default from practice."""

EDGE_MM = 6.0
"""Free edge of the marks at the head; default from practice."""


def pen_of(condition: Condition) -> Pen:
    """Return what marks are drawn with: the largest drops of the black, or of the darkest ink."""
    darkest = min(range(len(condition.inks)), key=lambda at: condition.inks[at].lab[0])
    ink = darkest if condition.black is None else condition.black
    return Pen(condition.dpi, condition.width_px, len(condition.inks), ink, len(condition.drop_volumes) - 1)


def overlays_of(layout: Layout, plan: Plan, condition: Condition, rows: int, label: Sequence[str]) -> Overlays:
    """Return the marks of a job.

    Parameters
    ----------
    layout : Layout
    plan : Plan
    condition : Condition
    rows : int
        Of the whole job.
    label : sequence of str
        Lines of the header; the first one begins every code.

    Raises
    ------
    LayoutError
        If a mark has no room; says how much it takes.
    """
    pen = pen_of(condition)
    name = label[0] if label else "FOULARD"
    head = _head(layout, pen, rows, label or (name,))
    if plan.pieces and head:
        foot = max(patch.row + len(patch.levels) for patch in head)
        first = min(piece.y for piece in plan.pieces)
        if foot > first:
            mm = [2 * row / pen.px(1000) * 1000 for row in (foot, first)]
            raise LayoutError(
                f"the marks at the head take half a gutter of {mm[0]:.0f} mm, it is {mm[1]:.0f} mm: make the gutter "
                "along wider or leave the header, colour bar and nozzle bars out",
                "marks",
            )
    items: list[Patch | Counter] = [*head]
    if "crop-ticks" in layout.marks:
        items += crop_ticks(plan, pen)
    if "centre-crosses" in layout.marks:
        items += centre_crosses(plan, pen)
    if "cut-lines" in layout.marks:
        line = cut_lines(pen, row=0)[0].levels.shape[0]
        items += [*cut_lines(pen, row=0), *cut_lines(pen, row=rows - line)]
    if "codes" in layout.marks:
        foot = max((patch.row + len(patch.levels) for patch in head), default=0)
        items += _codes(plan, pen, rows, name, foot)
    if "metres" in layout.marks:
        items += _metres(pen, rows)
    return Overlays(
        items, width_px=condition.width_px, inks=pen.inks, levels=pen.level + 1, bits=4 if pen.level > 3 else 2
    )


def _head(layout: Layout, pen: Pen, rows: int, label: Sequence[str]) -> list[Patch]:
    """Header, colour bar and nozzle bars below each other from the first row on."""
    edge = min(pen.px(EDGE_MM), pen.width_px // 4)
    patches: list[Patch] = []
    row = edge
    for mark in ("header", "colour-bar", "nozzle-bars"):
        if mark not in layout.marks:
            continue
        if mark == "header":
            drawn = header(label, pen, row=row, x=edge)
        elif mark == "colour-bar":
            drawn = colour_bar(pen, row=row, x=0)
        else:
            drawn = nozzle_bars(pen, row=row)
        patches += drawn
        row = max(patch.row + len(patch.levels) for patch in drawn) + edge
    if row - edge > rows:
        raise LayoutError(f"the marks at the head take {row - edge} rows, the job has {rows}: leave some out", "marks")
    return patches


def _codes(plan: Plan, pen: Pen, rows: int, name: str, first_row: int) -> list[Patch]:
    """Codes of the pieces, or one of the job at the left edge that comes again."""
    if plan.pieces:
        return piece_codes(plan, pen, lambda piece: f"{name}/{piece.name}")
    modules = code_modules(name)
    drawn = enlarged(modules, max(1, pen.px(MODULE_MM[0])))
    if drawn.shape[1] > pen.width_px or first_row + len(drawn) > rows:
        raise LayoutError(f"a code of {name!r} takes {len(drawn)} px each way: the print has no room for it", "marks")
    every = round(pen.px(1000) * CODE_EVERY_M)
    until = rows - len(drawn) + 1
    return [pen.patch("code", first_row, 0, drawn, ground="clear", every_rows=every, until_row=until)]


def _metres(pen: Pen, rows: int) -> list[Patch | Counter]:
    """Ticks and numbers at the right edge; the last one that is whole."""
    drawn = metre_ticks(pen, x=0)
    sizes = np.array([item.size if isinstance(item, Counter) else item.levels.shape for item in drawn])
    height, width = int(sizes[:, 0].sum()) + pen.px(1), int(sizes[:, 1].max())
    return metre_ticks(pen, x=max(0, pen.width_px - width), until_row=max(1, rows - height))
