"""Marks on the print: where to cut, what a piece is, how the press prints. Geometry, as patches for `rip.overlay`.

All sizes are on the press, in mm; lengths, widths and distances here are defaults from practice, editable.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rip.cloth import MM_PER_INCH
from rip.lettering import Bitmap, code_modules, digit_bitmaps, enlarged, text_bitmap
from rip.overlay import Counter, Ground, Patch
from rip.plan import LayoutError, Piece, Plan

LINE_MM = 0.3
TICK_MM = 5.0
FREE_MM = 1.0
"""Distance of marks from a piece, so that none is left on it when it is cut a little wide."""

CROSS_MM = 3.0
MODULE_MM = (0.45, 0.8)
"""Smallest and largest side of a module of a QR code; on cloth smaller ones run together."""

TEXT_MM = 3.5
DASH_MM = 5.0
BAR_PATCH_MM = 8.0
NOZZLE_STEPS = 16
NOZZLE_LINE_MM = 0.5


@dataclass(frozen=True)
class Pen:
    """What marks are drawn with.

    Attributes
    ----------
    dpi, width_px : int
        Of the press.
    inks : int
        Channels.
    ink : int
        Channel of lines, text and codes: the black, or the darkest ink.
    level : int
        Drop level of them: the largest of the print mode.
    """

    dpi: int
    width_px: int
    inks: int
    ink: int
    level: int

    def px(self, mm: float) -> int:
        """Return whole pixels, at least one."""
        return max(1, round(mm / MM_PER_INCH * self.dpi))

    def patch(
        self,
        name: str,
        row: int,
        x: int,
        bitmap: Bitmap,
        *,
        ink: int | None = None,
        ground: Ground = "knock-out",
        every_rows: int | None = None,
        until_row: int | None = None,
    ) -> Patch:
        """Return the bitmap in the pen's drops; black unless another ink is told."""
        levels = bitmap * np.uint8(self.level)
        inks = (self.ink if ink is None else ink,)
        return Patch(name, row, x, levels, inks, ground, every_rows, until_row)


Box = tuple[int, int, int, int]
"""x, y, width, height."""


class _Room:
    """Where marks of pieces may lie: on the print, beside all pieces."""

    def __init__(self, plan: Plan) -> None:
        self.every = plan.period_rows if plan.wraps else None
        rows = plan.period_rows if plan.wraps else plan.job_rows or plan.period_rows
        self.pieces = [piece for piece in plan.pieces if piece.y < rows]
        self.until = (plan.pieces[-1].y // rows + 1) * rows if plan.wraps and plan.pieces else None
        near = [piece for piece in plan.pieces if piece.y < 2 * rows]
        sides = [(piece.x, piece.y, piece.x + piece.width, piece.y + piece.height) for piece in near]
        self._sides = np.array(sides, np.int64).reshape(-1, 4).T
        self._limits = plan.width_px, plan.job_rows or rows

    def first_free(self, boxes: Iterable[Box]) -> Box | None:
        """Return the first of the boxes that lies there."""
        left, top, right, bottom = self._sides
        for x, y, width, height in boxes:
            inside = x >= 0 and y >= 0 and x + width <= self._limits[0] and y + height <= self._limits[1]
            meets = (x < right) & (left < x + width) & (y < bottom) & (top < y + height)
            if inside and not meets.any():
                return x, y, width, height
        return None


def crop_ticks(plan: Plan, pen: Pen) -> list[Patch]:
    """Return two ticks at each corner of each piece, in line with its sides; shorter or none where there is no room."""
    room = _Room(plan)
    line, free = pen.px(LINE_MM), pen.px(FREE_MM)
    lengths = [pen.px(TICK_MM * share) for share in (1, 0.5, 0.25)]
    patches = []
    for piece in room.pieces:
        right, bottom = piece.x + piece.width, piece.y + piece.height
        ticks = [[(piece.x - free - long, y, long, line) for long in lengths] for y in (piece.y, bottom - line)]
        ticks += [[(right + free, y, long, line) for long in lengths] for y in (piece.y, bottom - line)]
        ticks += [[(x, piece.y - free - long, line, long) for long in lengths] for x in (piece.x, right - line)]
        ticks += [[(x, bottom + free, line, long) for long in lengths] for x in (piece.x, right - line)]
        for x, y, width, height in filter(None, map(room.first_free, ticks)):
            solid = np.ones((height, width), np.bool_)
            name = f"crop tick {piece.name}"
            patches.append(pen.patch(name, y, x, solid, every_rows=room.every, until_row=room.until))
    return patches


def centre_crosses(plan: Plan, pen: Pen) -> list[Patch]:
    """Return a cross beside the middle of each side of each piece, where there is room."""
    room = _Room(plan)
    size, free = pen.px(CROSS_MM), pen.px(FREE_MM)
    cross = np.zeros((size, size), np.bool_)
    line = slice((size - pen.px(LINE_MM)) // 2, (size - pen.px(LINE_MM)) // 2 + pen.px(LINE_MM))
    cross[line], cross[:, line] = True, True
    patches = []
    for piece in room.pieces:
        x, y = piece.x + (piece.width - size) // 2, piece.y + (piece.height - size) // 2
        for corner in (
            (x, piece.y - free - size), (x, piece.y + piece.height + free),
            (piece.x - free - size, y), (piece.x + piece.width + free, y),
        ):  # fmt: skip
            if box := room.first_free([(*corner, size, size)]):
                name = f"centre cross {piece.name}"
                patches.append(pen.patch(name, box[1], box[0], cross, every_rows=room.every, until_row=room.until))
    return patches


def piece_codes(
    plan: Plan,
    pen: Pen,
    code: Callable[[Piece], str],
    label: Callable[[Piece], str] = lambda piece: piece.name,
    *,
    text_mm: float = TEXT_MM,
) -> list[Patch]:
    """Return for each piece of the job its identity in the gutter below it: a QR code, and a label if there is room.

    Parameters
    ----------
    plan : Plan
    pen : Pen
    code, label : callable
        What the code of a piece says and what stands beside it; its name unless told.
    text_mm : float
        Height of the label.

    Raises
    ------
    LayoutError
        If there is no room for the code of a piece; says how much it takes.
    """
    room = _Room(plan)
    patches = []
    for number, piece in enumerate(plan.pieces):
        like = room.pieces[number % len(room.pieces)]
        modules = code_modules(code(piece))
        x, y = like.x + 2 * pen.px(FREE_MM), like.y + like.height + pen.px(FREE_MM)
        smallest, largest = (pen.px(side) * len(modules) for side in MODULE_MM)
        box = room.first_free((x, y, side, side) for side in range(largest, smallest - 1, -len(modules)))
        if box is None or box[2] > like.width:
            mm = (smallest + 2 * pen.px(FREE_MM)) / pen.dpi * MM_PER_INCH
            raise LayoutError(
                f"{piece.name}: its code takes {mm:.1f} mm of the piece's width and of the gutter below it"
            )
        down, side = piece.y - like.y, box[2]
        drawn = enlarged(modules, side // len(modules))
        patches.append(pen.patch(f"code {piece.name}", y + down, x, drawn, ground="clear"))
        text = text_bitmap(label(piece), pen.px(text_mm))
        at = (x + side, y + (side - len(text)) // 2, text.shape[1], len(text))
        if side + text.shape[1] <= like.width and room.first_free([at]):
            patches.append(pen.patch(f"label {piece.name}", at[1] + down, at[0], text, ground="clear"))
    return patches


def header(lines: Sequence[str], pen: Pen, *, row: int = 0, x: int = 0, text_mm: float = TEXT_MM) -> list[Patch]:
    """Return a label of some lines on a field of bare cloth; what is wider than the print is cut off."""
    drawn = [text_bitmap(line, pen.px(text_mm))[:, : pen.width_px - x] for line in lines]
    width = max(bitmap.shape[1] for bitmap in drawn)
    field = np.vstack([np.pad(bitmap, ((0, 0), (0, width - bitmap.shape[1]))) for bitmap in drawn])
    return [pen.patch("header", row, x, field, ground="clear")]


def colour_bar(
    pen: Pen, *, row: int, x: int, every_rows: int | None = None, until_row: int | None = None
) -> list[Patch]:
    """Return a bar with a solid, a half and a quarter of the pixels for every ink; one field of 8 mm each.

    LayoutError if it is wider than the cloth.
    """
    side = pen.px(BAR_PATCH_MM)
    y, across = np.mgrid[0:side, 0:side]
    fields = {"solid": np.ones((side, side), np.bool_), "half": (y + across) % 2 == 0, "quarter": (y | across) % 2 == 0}
    patches = []
    for ink in range(pen.inks):
        for number, (share, field) in enumerate(fields.items()):
            left = x + (len(fields) * ink + number) * side
            if left + side > pen.width_px:
                raise LayoutError(
                    f"a colour bar of {pen.inks} inks from column {x} on is wider than {pen.width_px} px: begin it at 0"
                )
            name = f"colour bar ink {ink} {share}"
            patches.append(
                pen.patch(name, row, left, field, ink=ink, ground="clear", every_rows=every_rows, until_row=until_row)
            )
    return patches


def nozzle_bars(pen: Pen, *, row: int, every_rows: int | None = None, until_row: int | None = None) -> list[Patch]:
    """Return a bar per ink, below each other, in which every nozzle draws one line of its own.

    In step s of 16 the nozzles n with n mod 16 = s draw: a line that is missing or beside its place names its nozzle.
    """
    line = pen.px(NOZZLE_LINE_MM)
    steps = np.repeat(np.arange(NOZZLE_STEPS), line)
    bar = steps[:, None] == np.arange(pen.width_px) % NOZZLE_STEPS
    return [
        pen.patch(
            f"nozzle bar ink {ink}",
            row + ink * len(bar),
            0,
            bar,
            ink=ink,
            ground="clear",
            every_rows=every_rows,
            until_row=until_row,
        )
        for ink in range(pen.inks)
    ]


def cut_lines(pen: Pen, *, row: int, every_rows: int | None = None, until_row: int | None = None) -> list[Patch]:
    """Return a dashed line over the whole width."""
    dashes = np.arange(pen.width_px) % (2 * pen.px(DASH_MM)) < pen.px(DASH_MM)
    line = np.repeat(dashes[None], pen.px(LINE_MM), axis=0)
    return [pen.patch("cut line", row, 0, line, every_rows=every_rows, until_row=until_row)]


def metre_ticks(pen: Pen, *, x: int, first_row: int = 0, until_row: int | None = None) -> list[Patch | Counter]:
    """Return a tick at every metre of the press, and the number of the metre below it.

    A metre is rounded to whole rows: at 600 dpi 1,000 m come out 2 mm short.
    """
    metre = round(1000 / MM_PER_INCH * pen.dpi)
    tick = np.ones((pen.px(LINE_MM), pen.px(TICK_MM)), np.bool_)
    glyphs = digit_bitmaps(pen.px(TEXT_MM)) * np.uint8(pen.level)
    ticks = pen.patch("metre", first_row, x, tick, every_rows=metre, until_row=until_row)
    row = first_row + len(tick) + pen.px(LINE_MM)
    number = Counter("metre", row, x, glyphs, 4, (pen.ink,), metre, ground="clear", until_row=until_row)
    return [ticks, number]
