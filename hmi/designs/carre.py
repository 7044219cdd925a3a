"""Carré Lyon: a 900 mm silk square, a rose window on midnight blue inside a woven border."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hmi.designs.bands import fan, flower, guilloche, rope, side
from hmi.designs.canvas import Canvas, Points
from hmi.designs.rose import rose
from hmi.designs.shapes import around, bearing, box, curve, disc, petal, place, ribbon, star, swell, tendril, veins

SIDE_MM = 900.0
PX_PER_MM = 4

PALETTE = {
    "midnight": "#1d2942",
    "ivory": "#f3eadb",
    "blush": "#e3c2ae",
    "brick": "#b9503d",
    "bordeaux": "#66202f",
    "mist": "#8ea5b4",
    "gold": "#c39a50",
    "tobacco": "#74492f",
}

_HALF = SIDE_MM / 2.0
_FIELD = 330.0


def draw() -> NDArray[np.uint8]:
    """Draw the design.

    Returns
    -------
    NDArray[np.uint8]
        sRGB (3600, 3600, 3). One quarter is drawn and turned three times, so the cords twist on around the corners.
    """
    canvas = Canvas(_HALF, _HALF, PX_PER_MM, PALETTE)
    _field(canvas)
    _spandrel(canvas)
    _border(canvas)
    _corner(canvas)
    rose(canvas)
    quarter = canvas.pixels()
    below = np.hstack([np.rot90(quarter, -1), quarter])
    return np.vstack([np.rot90(below, 2), below])


def _field(canvas: Canvas) -> None:
    step = 14.0
    for row in range(int(_FIELD / step * 2) + 1):
        for column in range(int(_FIELD / step) + 1):
            at = (column * step + (row % 2) * step / 2.0, row * step / 2.0)
            canvas.fill(place(star(4, 1.9, 0.62), at=at), "mist" if row % 4 == 0 and column % 2 == 0 else "tobacco")


def _border(canvas: Canvas) -> None:
    for half, colour in (
        (_HALF, "midnight"), (441.0, "gold"), (439.6, "ivory"), (436.6, "bordeaux"), (394.0, "gold"),
        (392.6, "midnight"), (377.0, "gold"), (375.6, "ivory"), (334.0, "brick"), (331.4, "ivory"),
    ):  # fmt: skip
        for quarter in (0, 1):
            canvas.fill(place(box(-half, _FIELD, half, half), 90.0 * quarter), colour)
    for quarter in (0, 1):
        # Both bands run on under the corner ornaments, which cover their ends.
        weave = ("ivory", "gold"), "midnight", ("blush", "brick")
        guilloche(canvas, side(415.3, quarter), -433.4, 22, 866.8, 36.0, *weave)
        rope(canvas, side(384.8, quarter), -386.4, 96, 772.8, 11.6, ("gold", "ivory"), "tobacco")
        _frieze(canvas, quarter)


def _frieze(canvas: Canvas, quarter: int) -> None:
    frame = side(0.0, quarter)
    count, reach = 18, 333.0
    pitch = 2.0 * reach / count
    for number in range(1, count):
        s = -reach + number * pitch
        canvas.line(frame(np.array([[s, 336.0], [s, 352.0]])), 0.9, "tobacco")
        bud = place(petal(17.0, 9.0, 0.45, 0.9), at=(s, 350.0))
        canvas.fill(frame(bud), "midnight")
        canvas.fill(frame(place(petal(15.0, 6.6, 0.45, 0.9), at=(s, 351.0))), "mist")
        canvas.fill(frame(place(petal(9.0, 2.6, 0.45, 0.9), at=(s, 353.0))), "ivory")
        canvas.fill(frame(disc(1.7, (s, 370.6))), "brick")
    for number in range(count):
        s = -reach + (number + 0.5) * pitch
        swag = np.linspace(-1.0, 1.0, 40)
        arch = np.column_stack([s + swag * pitch / 2.0, 336.6 + 5.5 * swag * swag])
        canvas.fill(frame(ribbon(arch, 0.9)), "tobacco")
        fan(canvas, frame, s, 340.0, 30.0, 9, ("bordeaux", "brick", "blush", "gold"))


def _corner(canvas: Canvas) -> None:
    centre = np.array([415.3, 415.3])
    canvas.fill(box(394.0, 394.0, 436.6, 436.6), "gold")
    canvas.fill(box(395.4, 395.4, 435.2, 435.2), "midnight")
    for turn in around(4, 45.0):
        canvas.fill(place(petal(25.0, 11.0, 0.5, 1.0), turn, centre), "gold")
    flower(canvas, centre, 18.0, 8, ("midnight", "ivory", "brick", "gold"))
    boss = np.array([384.8, 384.8])
    canvas.fill(box(376.0, 376.0, 393.6, 393.6), "gold")
    canvas.fill(box(377.2, 377.2, 392.4, 392.4), "bordeaux")
    flower(canvas, boss, 7.0, 6, ("bordeaux", "ivory", "blush", "gold"))
    canvas.fill(box(332.6, 332.6, 375.6, 375.6), "ivory")
    canvas.fill(box(335.0, 335.0, 373.2, 373.2), "mist")
    canvas.fill(box(336.2, 336.2, 372.0, 372.0), "ivory")
    flower(canvas, np.array([354.1, 354.1]), 16.5, 8, ("bordeaux", "brick", "blush", "gold"))


def _spandrel(canvas: Canvas) -> None:
    """Draw the quarter palmette in the corner of the field and the scrolls that run out of it along both sides."""
    corner = np.array([_FIELD, _FIELD])
    for mirrored in (False, True):

        def lay(points: Points, mirrored: bool = mirrored) -> Points:
            local = corner - points
            return local[:, ::-1] if mirrored else local

        _scroll(canvas, lay)
    for lobe in np.linspace(-50.625, 50.625, 10):
        tip = place(np.array([[0.0, 128.0]]), 225.0 + lobe, corner)[0]
        canvas.line(np.array([corner, tip]), 0.9, "gold")
        canvas.fill(disc(2.6, tip), "gold")
        canvas.fill(disc(1.2, tip), "bordeaux")
    for lobe in np.linspace(-45.0, 45.0, 9):
        for length, width, colour in (
            (124.0, 23.0, "gold"), (122.6, 21.0, "bordeaux"), (119.0, 19.4, "brick"), (109.0, 14.6, "blush"),
            (104.0, 11.6, "ivory"),
        ):  # fmt: skip
            canvas.fill(place(petal(length, width, 0.76, 0.8), 225.0 + lobe, corner), colour)
        for line in veins(104.0, 10.6, 3, (0.5, 0.9), 0.76, 0.8):
            canvas.line(place(line, 225.0 + lobe, corner), 0.5, "brick")
    for radius, colour in (
        (62.0, "gold"), (60.6, "bordeaux"), (57.6, "ivory"), (56.4, "midnight"), (44.0, "gold"), (42.6, "mist"),
        (26.0, "midnight"), (24.8, "ivory"), (22.6, "brick"), (10.0, "gold"), (8.6, "bordeaux"),
    ):  # fmt: skip
        canvas.fill(disc(radius, corner), colour)
    for turn in np.linspace(180.0, 270.0, 13):
        pearl = place(np.array([[0.0, 50.2]]), turn, corner)[0]
        canvas.fill(disc(3.4, pearl), "gold")
        canvas.fill(disc(2.0, pearl), "ivory")
    for turn in np.linspace(180.0, 270.0, 9):
        foot = place(np.array([[0.0, 27.4]]), turn, corner)[0]
        canvas.fill(place(petal(13.6, 6.6, 0.6, 0.8), turn, foot), "midnight")
        canvas.fill(place(petal(11.0, 3.6, 0.6, 0.8), turn, foot), "ivory")


def _scroll(canvas: Canvas, lay: Callable[[Points], Points]) -> None:
    """Draw the tendril along one side; `lay` maps (along the side, depth into the field) from the corner, mm."""
    stem = curve([(96.0, 62.0), (132.0, 66.0), (150.0, 2.0), (190.0, 14.0), (222.0, 40.0), (246.0, 4.0), (292.0, 12.0)])
    canvas.fill(lay(ribbon(stem, np.linspace(2.2, 0.5, len(stem)))), "gold")
    tangent = bearing(stem)

    def at(along: float) -> int:
        return round(along * (len(stem) - 1))

    for along, hand, length in (
        (0.24, 1, 17.0), (0.36, -1, 15.0), (0.50, 1, 14.0), (0.64, -1, 13.0), (0.70, 1, 11.0), (0.80, -1, 11.0),
        (0.88, 1, 9.0), (0.94, -1, 9.0), (1.0, 0, 13.0),
    ):  # fmt: skip
        _leaf(canvas, lay, stem[at(along)], tangent[at(along)] + 48.0 * hand, length)
    for along, hand, length in ((0.17, 1, 96.0), (0.32, -1, 84.0), (0.44, 1, 66.0), (0.58, -1, 54.0), (0.74, 1, 32.0)):
        coil = place(tendril(length, 1.45), tangent[at(along)], stem[at(along)], (hand, 1.0))
        canvas.fill(lay(ribbon(coil, np.linspace(1.5, 0.6, len(coil)))), "gold")
        flower(canvas, lay(coil[-1:])[0], length * 0.085, 6, ("midnight", "blush", "ivory", "brick"))
        heading = bearing(coil)
        for point in (21, 40, 60):
            _leaf(canvas, lay, coil[point], heading[point] - 42.0 * hand, length * 0.16)


def _leaf(canvas: Canvas, lay: Callable[[Points], Points], foot: Points, turn: float, length: float) -> None:
    spine = curve([(0.0, 0.0), (0.0, length * 0.4), (length * 0.16, length * 0.75), (length * 0.34, length)], 30)
    spine = place(spine, turn, foot)
    width = length * 0.2 * swell(np.linspace(0.0, 1.0, 30), 0.45, 0.85)
    canvas.fill(lay(ribbon(spine, width)), "mist")
    canvas.fill(lay(ribbon(spine[3:-3], width[3:-3] * 0.18)), "midnight")
