"""Pieces: carrés, shawls and panels, several across and row by row, and strike-offs nested on one width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rip.cloth import Cloth
from rip.motif import Motif, hemmed
from rip.plan import WHITE, Cell, Colour, LayoutError, Piece, Plan
from rip.shear import shear_rows, sheared

MAX_PIECES = 100_000
GUTTER_MM = (20.0, 20.0)
"""Between pieces, across and along: room for the scissors, crop ticks and a code; default from practice, editable."""


def plan_pieces(
    motif: Motif,
    count: int,
    cloth: Cloth,
    *,
    gutter_mm: tuple[float, float] = GUTTER_MM,
    hem_mm: float = 0.0,
    ground: Colour = WHITE,
) -> Plan:
    """Lay pieces of one kind side by side over the width, row after row.

    Parameters
    ----------
    motif : Motif
    count : int
        Pieces ordered.
    cloth : Cloth
    gutter_mm : tuple of 2 float
        Between pieces, across and along; there is half of it above the first row and all of it below the last. It grows
        by what skew and bow take.
    hem_mm : float
        Allowance on all sides of the finished piece.
    ground : Colour
        Of the gutters.

    Returns
    -------
    Plan
        Wraps: one period is one row of pieces with its gutter, the job ends after `job_rows`. `pieces` are those of the
        whole job in printing order, named "name 1", "name 2", …; what a full last row holds beyond the order is
        named "name spare 1", ….

    Raises
    ------
    LayoutError
        If a piece does not fit on the width.
    """
    if not 1 <= count <= MAX_PIECES:
        raise LayoutError(f"{motif.name}: {count} pieces are not in 1..{MAX_PIECES}")
    motif = hemmed(motif, hem_mm, cloth)
    gap_x, gap_y = _gutter(gutter_mm, cloth)
    _check_width(motif, cloth)
    across = min(count, (cloth.width_px + gap_x) // (motif.width + gap_x))
    left = (cloth.width_px - across * (motif.width + gap_x) + gap_x) // 2
    top = gap_y // 2
    period = motif.height + gap_y + _spill(cloth)
    rows = math.ceil(count / across)
    step = motif.width + gap_x
    cells = [cell.moved(left + column * step, top) for column in range(across) for cell in motif.cells]
    pieces = []
    for number in range(rows * across):
        row, column = divmod(number, across)
        name = f"{motif.name} {number + 1}" if number < count else f"{motif.name} spare {number - count + 1}"
        pieces.append(Piece(name, left + column * step, top + row * period, motif.width, motif.height))
    spare = rows * across - count
    plan = Plan(
        width_px=cloth.width_px,
        period_rows=period,
        wraps=True,
        cells=tuple(cells),
        sources_px=motif.sources_px,
        ground=ground,
        pieces=tuple(pieces),
        job_rows=rows * period + top,
        notes=(f"{count} pieces, {across} across: the last row holds {spare} spare",) if spare else (),
        scale_error=motif.scale_error,
    )
    return sheared(plan, cloth)


@dataclass
class _Shelf:
    """A row of the nest: what stands on it, and how much of the width is taken."""

    height: int
    taken: int
    items: list[tuple[int, int, str]]


def nest(
    items: Sequence[tuple[Motif, int]],
    cloth: Cloth,
    *,
    gutter_mm: tuple[float, float] = GUTTER_MM,
    hem_mm: float = 0.0,
    ground: Colour = WHITE,
) -> Plan:
    """Nest small pieces of several designs on one width, on shelves: highest first, each on the first shelf with room.

    Parameters
    ----------
    items : sequence of (Motif, int)
        What is wanted and how many of it.
    cloth : Cloth
    gutter_mm : tuple of 2 float
        Between pieces, across and along; above the first and below the last shelf too, for labels.
    hem_mm : float
        Allowance on all sides of each piece.
    ground : Colour
        Of the gutters.

    Returns
    -------
    Plan
        A sheet. Its sources are those of the items in turn; `pieces` in printing order (by first row, then from the
        left), named like their motif, with a number if there are several.

    Raises
    ------
    LayoutError
        If a piece does not fit on the width, or two pieces would have the same name.
    """
    total = sum(count for _, count in items)
    if not 1 <= total <= MAX_PIECES or any(count < 1 for _, count in items):
        raise LayoutError(f"{total} pieces to nest are not in 1..{MAX_PIECES}, each item at least once")
    gap_x, gap_y = _gutter(gutter_mm, cloth)
    motifs = [hemmed(motif, hem_mm, cloth) for motif, _ in items]
    wanted = [
        (at, motifs[at].name if count == 1 else f"{motifs[at].name} {number + 1}")
        for at, (_, count) in enumerate(items)
        for number in range(count)
    ]
    names = [name for _, name in wanted]
    if double := next((name for name in names if names.count(name) > 1), None) if len(set(names)) < total else None:
        raise LayoutError(f"two pieces would be called {double!r}: give each item its own name")
    for motif in motifs:
        _check_width(motif, cloth)
    shelves: list[_Shelf] = []
    for at, name in sorted(wanted, key=lambda piece: -motifs[piece[0]].height):
        motif = motifs[at]
        room = (shelf for shelf in shelves if shelf.taken + gap_x + motif.width <= cloth.width_px)
        shelf = next(room, None)
        if shelf is None:
            shelf = _Shelf(motif.height, -gap_x, [])
            shelves.append(shelf)
        shelf.items.append((at, shelf.taken + gap_x, name))
        shelf.taken += gap_x + motif.width
    return sheared(_sheet(motifs, shelves, cloth, gap_y, ground), cloth)


def _sheet(motifs: list[Motif], shelves: list[_Shelf], cloth: Cloth, gap_y: int, ground: Colour) -> Plan:
    """Return the plan of the shelves below each other, each in the middle of the width."""
    first_source = [sum(len(motif.sources_px) for motif in motifs[:at]) for at in range(len(motifs))]
    spill = _spill(cloth)
    cells: list[Cell] = []
    pieces: list[Piece] = []
    y = gap_y
    for shelf in shelves:
        left = (cloth.width_px - shelf.taken) // 2
        for at, x, name in shelf.items:
            motif = motifs[at]
            pieces.append(Piece(name, left + x, y, motif.width, motif.height))
            cells += [replace(cell.moved(left + x, y), source=first_source[at] + cell.source) for cell in motif.cells]
        y += shelf.height + spill + gap_y
    printed = sum(piece.width * piece.height for piece in pieces) / (y * cloth.width_px)
    return Plan(
        width_px=cloth.width_px,
        period_rows=y,
        wraps=False,
        cells=tuple(cells),
        sources_px=tuple(size for motif in motifs for size in motif.sources_px),
        ground=ground,
        pieces=tuple(pieces),
        job_rows=y,
        notes=(f"{len(pieces)} pieces on {len(shelves)} shelves take {printed:.0%} of the cloth",),
        scale_error=max(motif.scale_error for motif in motifs),
    )


def _gutter(gutter_mm: tuple[float, float], cloth: Cloth) -> tuple[int, int]:
    if not all(0 <= gap <= 1000 for gap in gutter_mm):
        raise LayoutError(f"gutter {gutter_mm} mm is not in 0..1000 mm")
    return round(cloth.press_px(gutter_mm[0])), round(cloth.press_px(gutter_mm[1]))


def _spill(cloth: Cloth) -> int:
    """Return the rows by which skew and bow shift at most."""
    return int(shear_rows(cloth).max())


def _check_width(motif: Motif, cloth: Cloth) -> None:
    if motif.width > cloth.width_px:
        mm = cloth.press_px(1)
        turn = " (turned by 90° it would fit)" if motif.height <= cloth.width_px else ""
        raise LayoutError(
            f"{motif.name}: {motif.width / mm:.1f} mm as printed is wider than the print width of "
            f"{cloth.width_px / mm:.1f} mm{turn}: make it smaller or take a wider cloth"
        )
