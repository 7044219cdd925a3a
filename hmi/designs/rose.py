"""The rose window of Carré Lyon: rings of leaves, cords and pearls around a flower."""

import numpy as np

from hmi.designs.bands import flower, guilloche, pearls, ring, rope
from hmi.designs.canvas import Canvas
from hmi.designs.shapes import around, disc, petal, place, veins

_RADIUS = 296.0


def rose(canvas: Canvas) -> None:
    """Draw the rose window from its outermost ring to its heart.

    Parameters
    ----------
    canvas : Canvas
        With the palette of Carré Lyon; the rose is 310 mm in radius around the origin.
    """
    for turn in around(72):
        edge = place(np.array([[0.0, _RADIUS]]), turn)[0]
        canvas.fill(disc(13.8, edge), "gold")
    for turn in around(72):
        edge = place(np.array([[0.0, _RADIUS]]), turn)[0]
        canvas.fill(disc(12.4, edge), "midnight")
        canvas.fill(disc(11.2, edge), "ivory")
        canvas.fill(place(petal(10.5, 9.0, 0.55, 0.8), turn, edge * 0.995), "brick")
        canvas.fill(place(petal(7.5, 4.0, 0.55, 0.8), turn, edge), "blush")
    _rings(canvas, (_RADIUS, "gold"), (294.6, "midnight"), (279.0, "gold"), (277.6, "ivory"))
    circle = 2.0 * np.pi
    rope(canvas, ring(286.8), 0.0, 216, circle * 286.8, 12.0, ("gold", "ivory"), "tobacco")
    pearls(canvas, ring(274.4), 0.0, 144, circle * 274.4, 1.1, ("brick",))
    _crown(canvas)
    _rings(canvas, (207.0, "brick"), (204.6, "ivory"), (202.6, "bordeaux"))
    _rings(canvas, (169.4, "ivory"), (167.4, "gold"), (165.6, "midnight"))
    guilloche(canvas, ring(186.0), 0.0, 24, circle * 186.0, 31.0, ("ivory", "gold"), "midnight", ("blush", "brick"))
    pearls(canvas, ring(159.5), 0.0, 96, circle * 159.5, 3.1, ("gold", "ivory"))
    _rings(canvas, (153.4, "gold"), (152.0, "mist"))
    for turn in around(16, 11.25):
        _window(canvas, turn, 148.0, 47.0, ("midnight", "bordeaux", "brick", "blush"))
    for turn in around(16):
        _window(canvas, turn, 146.0, 38.0, ("midnight", "ivory", "mist", "ivory"))
    _rings(canvas, (82.0, "midnight"), (80.8, "gold"), (79.0, "midnight"), (67.0, "gold"), (65.6, "ivory"))
    rope(canvas, ring(73.0), 0.0, 64, circle * 73.0, 9.6, ("gold", "ivory"), "tobacco")
    for radius, width, first, colour, heart in (
        (64.0, 36.0, 0.0, "bordeaux", "brick"), (56.0, 32.0, 15.0, "brick", "blush"),
        (45.0, 26.0, 0.0, "blush", "ivory"), (33.0, 19.0, 15.0, "ivory", "blush"),
    ):  # fmt: skip
        for turn in around(12, first):
            canvas.fill(place(petal(radius, width, 0.72, 0.6), turn), "midnight")
            canvas.fill(place(petal(radius - 1.0, width - 1.8, 0.72, 0.6), turn), colour)
            canvas.fill(place(petal(radius * 0.84, width * 0.52, 0.72, 0.7), turn), heart)
            for line in veins(radius * 0.84, width * 0.5, 3, (0.4, 0.9), 0.72, 0.7):
                canvas.line(place(line, turn), 0.4, colour)
    flower(canvas, np.zeros(2), 22.0, 12, ("midnight", "mist", "ivory", "gold"))
    _rings(canvas, (7.0, "midnight"), (6.2, "gold"), (3.4, "bordeaux"))


def _rings(canvas: Canvas, *rings: tuple[float, str]) -> None:
    for radius, colour in rings:
        canvas.fill(disc(radius), colour)


def _crown(canvas: Canvas) -> None:
    """Draw the outer crown on its ivory ground: tall leaves, low ones before them, a sprig between the tips."""
    for turn in around(24, 7.5):
        sprig = np.array([[0.0, 240.0], [0.0, 262.0]])
        canvas.line(place(sprig, turn), 0.7, "tobacco")
        for lean, length in ((-68.0, 11.0), (68.0, 11.0), (-34.0, 14.0), (34.0, 14.0), (0.0, 16.0)):
            canvas.fill(place(place(petal(length, 5.4, 0.62, 0.8), lean, (0.0, 257.0)), turn), "mist")
        for radius, colour in ((3.4, "bordeaux"), (2.2, "gold")):
            canvas.fill(disc(radius, place(np.array([[0.0, 257.0]]), turn)[0]), colour)
    for first, length, width, contour, leaf, pane, vein in (
        (0.0, 71.0, 44.0, "bordeaux", "brick", "blush", "brick"),
        (7.5, 49.0, 36.0, "midnight", "mist", "ivory", "mist"),
    ):
        for turn in around(24, first):
            foot = place(np.array([[0.0, 200.0]]), turn)[0]
            canvas.fill(place(petal(length, width, 0.42, 0.95), turn, foot), contour)
            canvas.fill(place(petal(length - 2.4, width - 3.0, 0.42, 0.95), turn, foot), leaf)
            canvas.fill(place(petal(length * 0.8, width * 0.6, 0.42, 0.95), turn, foot), pane)
            for line in veins(length * 0.8, width * 0.6, 5, (0.1, 0.86), 0.42, 0.95):
                canvas.line(place(line, turn, foot), 0.5, vein)


def _window(canvas: Canvas, turn: float, length: float, width: float, colours: tuple[str, str, str, str]) -> None:
    contour, leaf, pane, line_colour = colours
    canvas.fill(place(petal(length, width, 0.74, 0.85), turn), contour)
    canvas.fill(place(petal(length - 2.0, width - 2.4, 0.74, 0.85), turn), leaf)
    canvas.fill(place(petal(length * 0.93, width * 0.66, 0.76, 0.9), turn), pane)
    for line in veins(length * 0.93, width * 0.62, 5, (0.58, 0.95), 0.76, 0.9):
        canvas.line(place(line, turn), 0.55, line_colour)
