"""Rayure Club: a regimental stripe with a row of lozenges and a row of rings, 160 mm."""

import numpy as np
from numpy.typing import NDArray

from hmi.designs.canvas import Canvas, neighbours
from hmi.designs.shapes import box, disc, petal, place, star

SIDE_MM = 160.0
PX_PER_MM = 8

PALETTE = {
    "navy": "#1b2740",
    "dusk": "#27365a",
    "claret": "#6f2232",
    "cream": "#f0e6d3",
    "gold": "#c49a4e",
    "bottle": "#23463c",
    "sky": "#93abc0",
}

_GROUPS = 2
_STEP_MM = 10.0

_STRIPES = (
    (0.0, 15.0, "bottle"), (12.5, 13.1, "gold"),
    (15.0, 15.9, "cream"), (15.9, 19.5, "claret"), (19.5, 20.4, "cream"), (20.4, 24.0, "claret"), (24.0, 24.9, "cream"),
    (27.9, 28.3, "sky"), (31.1, 31.5, "sky"), (34.3, 34.7, "sky"),
    (54.9, 55.3, "sky"), (58.1, 58.5, "sky"), (61.3, 61.7, "sky"),
    (64.7, 65.6, "cream"), (65.6, 69.2, "claret"), (69.2, 70.1, "cream"), (70.1, 73.7, "claret"), (73.7, 74.6, "cream"),
    (74.6, 80.0, "bottle"), (76.5, 77.1, "gold"),
)  # fmt: skip
"""Left edge, right edge in mm and colour of the stripes of one group, on navy."""


def draw() -> NDArray[np.uint8]:
    """Draw the design.

    Returns
    -------
    NDArray[np.uint8]
        sRGB (1280, 1280, 3). Stripes run along the cloth.
    """
    canvas = Canvas(SIDE_MM, SIDE_MM, PX_PER_MM, PALETTE, neighbours(SIDE_MM, SIDE_MM))
    group_mm = SIDE_MM / _GROUPS
    for group in range(_GROUPS):
        left = group * group_mm
        for begin, end, colour in _STRIPES:
            canvas.fill(box(left + begin, -1.0, left + end, SIDE_MM + 1.0), colour)
        for row in range(round(SIDE_MM / _STEP_MM)):
            _knot(canvas, left + 4.8, (row + 0.5) * _STEP_MM)
            _medal(canvas, left + 44.8, (row + 0.5) * _STEP_MM, row % 2 == 0)
    return canvas.pixels()


def _knot(canvas: Canvas, x: float, y: float) -> None:
    """Draw a lozenge with a pearl above it."""
    for size, colour in ((3.6, "gold"), (3.0, "bottle"), (2.3, "cream"), (1.5, "claret")):
        canvas.fill(place(star(2, size * 1.12, size * 0.86), at=(x, y)), colour)
    canvas.fill(disc(0.75, (x, y - _STEP_MM / 2.0)), "gold")


def _medal(canvas: Canvas, x: float, y: float, quartered: bool) -> None:
    """Draw a ring with a four-petalled heart, upright and on the diagonal in turn, and lozenges beside it."""
    for radius, colour in ((3.7, "gold"), (3.1, "navy")):
        canvas.fill(disc(radius, (x, y)), colour)
    for quarter in range(4):
        turn = 90.0 * quarter + (45.0 if quartered else 0.0)
        canvas.fill(place(petal(2.8, 1.7, 0.6, 0.8), turn, (x, y)), "cream")
    canvas.fill(disc(0.6, (x, y)), "claret")
    for away in (-1.0, 1.0):
        canvas.fill(place(star(4, 1.3, 0.5), at=(x + away * 5.8, y + _STEP_MM / 2.0)), "sky")
        canvas.fill(disc(0.4, (x + away * 5.8, y)), "gold")
    canvas.fill(place(star(4, 0.9, 0.4), at=(x, y + _STEP_MM / 2.0)), "gold")
