"""Pivoine: peonies, buds and trailing leaves on deep petrol, 320 mm in half-drop."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmi.designs.canvas import Canvas, Points, neighbours
from hmi.designs.shapes import around, bearing, curve, disc, petal, place, ribbon, swell

SIDE_MM = 320.0
PX_PER_MM = 6

PALETTE = {
    "petrol": "#16323b",
    "lagoon": "#24474f",
    "ink": "#0f222b",
    "bordeaux": "#5f1d31",
    "rose": "#a8455a",
    "coral": "#d07a75",
    "blush": "#e8b7a6",
    "cream": "#f4e3d0",
    "gold": "#c79d54",
    "fir": "#2f5a50",
    "sage": "#6d9280",
    "celadon": "#adc2aa",
}

_TONES = ("bordeaux", "rose", "coral", "blush", "cream")
_SEED = 1804  # the year of Jacquard's loom


def draw() -> NDArray[np.uint8]:
    """Draw the design.

    Returns
    -------
    NDArray[np.uint8]
        sRGB (1920, 1920, 3). Every shape is drawn at all places of the half-drop, so the repeat closes by construction.
    """
    canvas = Canvas(SIDE_MM, SIDE_MM, PX_PER_MM, PALETTE, neighbours(SIDE_MM, SIDE_MM, 0.5))
    jitter = np.random.default_rng(_SEED)
    _ground(canvas)
    for centre, radius, turns in (
        ((112.0, 104.0), 62.0, (28.0, 62.0, 98.0, 158.0, 192.0, 232.0, 262.0, 322.0)),
        ((272.0, 186.0), 44.0, (4.0, 40.0, 92.0, 196.0, 232.0, 268.0)),
    ):
        for number, turn in enumerate(turns):
            foot = place(np.array([[0.0, radius - 14.0]]), turn, centre)[0]
            _spray(canvas, foot, turn + 6.0 * (-1) ** number, radius * (0.94, 0.8, 0.88)[number % 3], (-1) ** number)
    _branches(canvas)
    _bloom(canvas, (112.0, 104.0), 76.0, 12.0, (0, 1, 1, 2, 3, 4), jitter)
    _bloom(canvas, (272.0, 186.0), 55.0, 200.0, (0, 0, 0, 1, 1, 2), jitter)
    return canvas.pixels()


def _ground(canvas: Canvas) -> None:
    """Lay tone-in-tone sprigs on a lattice that itself repeats in half-drop."""
    cells = 10
    step = SIDE_MM / cells
    for column in range(cells):
        for row in range(cells):
            at = np.array([(column + 0.5) * step, (row + 0.25 + 0.5 * (column % 2)) * step])
            for lean in (-42.0, 0.0, 42.0):
                canvas.fill(place(petal(8.0 - abs(lean) * 0.05, 3.0, 0.6, 0.9), lean + 180.0, at), "lagoon")
            canvas.line(at + np.array([[0.0, 0.0], [0.0, 5.5]]), 0.5, "lagoon")
            for turn in around(3, 60.0):
                canvas.fill(place(disc(0.8, (0.0, 2.2)), turn, at + np.array([0.0, step / 2.0])), "lagoon")


def _branches(canvas: Canvas) -> None:
    """Draw the stems from bloom to bloom with their leaves, buds and small flowers."""
    for path, sprays in (
        ([(112, 104), (60, 190), (40, 260), (112, 268), (170, 276), (200, 240), (272, 186)], (0.30, 0.42, 0.54, 0.66)),
        ([(272, 186), (330, 150), (380, 120), (352, 60), (330, 10), (300, 20), (286, 52)], (0.42, 0.56, 0.72, 0.88)),
        ([(112, 104), (180, 110), (216, 70), (214, 28), (212, -6), (190, -20), (176, -6)], (0.50, 0.66, 0.84)),
    ):
        stem = curve(path, 120)
        _stroke(canvas, stem, 1.7, 0.9)
        tangent = bearing(stem)
        for number, along in enumerate(sprays):
            point = round(along * (len(stem) - 1))
            hand = 1 if number % 2 else -1
            _spray(canvas, stem[point], tangent[point] + 56.0 * hand, 46.0 - 5.0 * number, hand)
    _bud(canvas, (286.0, 52.0), 34.0, -120.0)
    _bud(canvas, (176.0, -6.0), 29.0, -38.0)
    for at, size, turn in (((118.0, 262.0), 17.0, 10.0), ((28.0, 226.0), 11.0, 30.0), ((206.0, 60.0), 12.0, 0.0)):
        _blossom(canvas, at, size, turn)


def _stroke(canvas: Canvas, path: Points, begin: float, end: float) -> None:
    width = np.linspace(begin, end, len(path))
    canvas.fill(ribbon(path, width + 0.5), "ink")
    canvas.fill(ribbon(path, width), "sage")
    canvas.fill(ribbon(path + np.array([-0.3, -0.3]), width * 0.4), "celadon")


def _spray(canvas: Canvas, at: ArrayLike, turn: float, length: float, hand: int) -> None:
    """Draw a compound leaf: two leaflets and the leading one."""
    stalk = place(curve([(0, 0), (0.06 * length * hand, length * 0.2), (0.02, length * 0.42)], 20), turn, at)
    _stroke(canvas, stalk, 1.0, 0.8)
    for along, lean, size, bend in ((9, 52.0, 0.62, 1), (12, -50.0, 0.66, -1), (19, 0.0, 0.92, hand)):
        _leaf(canvas, stalk[along], turn + lean, length * size, bend)


def _leaf(canvas: Canvas, at: ArrayLike, turn: float, length: float, hand: int) -> None:
    """Draw a leaf with a light and a dark half, a contour and side veins."""
    count = 48
    along = np.linspace(0.0, 1.0, count)
    spine = curve(
        [(0, 0), (0, length * 0.4), (0.10 * length * hand, length * 0.75), (0.26 * length * hand, length)], count
    )
    width = 0.215 * length * swell(along, 0.42, 0.95)
    tangent = np.gradient(spine, axis=0)
    tangent /= np.hypot(tangent[:, 0], tangent[:, 1])[:, None]
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])

    def lay(points: Points) -> Points:
        return place(points, turn, at)

    canvas.fill(lay(ribbon(spine, width + 0.7 * (width > 0.2))), "ink")
    for sign, colour in ((1.0, "sage"), (-1.0, "fir")):
        canvas.fill(lay(np.concatenate([spine, (spine + sign * normal * width[:, None])[::-1]])), colour)
    for sign, colour in ((1.0, "celadon"), (-1.0, "sage")):
        for point in range(6, count - 8, 6):
            reach = width[point]
            tip = spine[point] + sign * normal[point] * reach * 0.70 + tangent[point] * reach * 0.5
            vein = curve(
                [spine[point], spine[point] + sign * normal[point] * reach * 0.5 + tangent[point] * reach * 0.2, tip],
                10,
            )
            canvas.fill(lay(ribbon(vein, np.linspace(0.32, 0.1, 10))), colour)
    canvas.fill(lay(ribbon(spine[:-4], np.linspace(0.6, 0.15, count - 4))), "celadon")


def _frill(reach: float, spread_deg: float, jitter: NDArray[np.float64], depth: float) -> Points:
    """Return a peony petal: a fan with a frilled, notched rim, its foot at the origin, open towards +y."""
    side = np.linspace(-1.0, 1.0, 90)
    waves = jitter[0] * np.sin(5.0 * side + 6.0 * jitter[1]) + 0.6 * jitter[2] * np.sin(11.0 * side + 6.0 * jitter[3])
    notch = 0.9 * np.exp(-(((side - 0.3 * (jitter[4] - 0.5)) / 0.13) ** 2))
    rim = reach * (1.0 - 0.16 * side**2 - 0.30 * np.abs(side) ** 6 + depth * (waves - notch))
    angle = np.radians(spread_deg) * side * (1.0 - 0.12 * np.abs(side) ** 4)
    fan = rim[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    flank = np.linspace(1.0, 0.0, 12)[1:, None]
    belly = 1.0 - 0.25 * np.sin(np.pi * flank)
    right, left = fan[-1] * flank * [1.0, 1.0], fan[0] * flank[::-1]
    right[:, 0] *= belly[:, 0]
    left[:, 0] *= belly[::-1, 0]
    return np.concatenate([fan, right, left])


def _petal(
    canvas: Canvas,
    lay_at: NDArray[np.float64],
    turn: float,
    reach: float,
    spread: float,
    tone: int,
    jitter: np.random.Generator,
) -> None:
    shape = jitter.random(5)
    contour, shade, body, light, rim = (_TONES[max(0, min(len(_TONES) - 1, tone + step))] for step in (-2, -1, 0, 1, 2))
    canvas.fill(place(_frill(reach, spread, shape, 0.035), turn, lay_at), "ink" if tone < 2 else contour)
    canvas.fill(place(_frill(reach - 0.7, spread * 0.985, shape, 0.035), turn, lay_at), rim)
    canvas.fill(place(_frill(reach * 0.94, spread * 0.96, shape, 0.04), turn, lay_at), light)
    canvas.fill(place(_frill(reach * 0.84, spread * 0.86, shape, 0.07), turn, lay_at), body)
    canvas.fill(place(_frill(reach * 0.64, spread * 0.74, shape[::-1], 0.12), turn, lay_at), shade)
    for side in np.linspace(-0.78, 0.78, 9):
        line = np.linspace(0.30, 0.90 - 0.12 * side * side - 0.06 * abs(np.sin(7.0 * side)), 14)
        bow = np.radians(spread) * side * (0.72 + 0.22 * line)
        vein = reach * line[:, None] * np.column_stack([np.sin(bow), np.cos(bow)])
        canvas.fill(
            place(ribbon(vein, np.linspace(0.10, 0.34, 14) * np.linspace(1.0, 0.2, 14) * 2.0), turn, lay_at),
            shade if abs(side) > 0.3 else light,
        )


def _bloom(
    canvas: Canvas, at: ArrayLike, radius: float, first: float, tones: tuple[int, ...], jitter: np.random.Generator
) -> None:
    """Draw an open peony from its outer petals to its stamens."""
    centre = np.asarray(at, dtype=np.float64)
    whorls = (
        (8, 1.00, 38.0, 0.0, 0.0), (8, 0.86, 36.0, 22.0, 0.02), (7, 0.72, 38.0, 8.0, 0.05),
        (7, 0.58, 38.0, 30.0, 0.07), (6, 0.45, 42.0, 12.0, 0.09), (5, 0.32, 46.0, 40.0, 0.11),
    )  # fmt: skip
    for (count, reach, spread, offset, squash), tone in zip(whorls, tones, strict=True):
        heart = centre + radius * squash * np.array([0.35, 0.75])
        for number in jitter.permutation(count):
            turn = first + offset + 360.0 * number / count + 9.0 * (jitter.random() - 0.5)
            _petal(canvas, heart, turn, radius * reach * (0.95 + 0.1 * jitter.random()), spread, tone, jitter)
    heart = centre + radius * 0.11 * np.array([0.35, 0.75])
    canvas.fill(disc(radius * 0.135, heart), "bordeaux")
    for number in range(34):
        angle, reach = (
            number * 2.39996,
            radius * 0.155 * np.sqrt((number + 1.0) / 34.0),
        )  # the golden angle packs evenly
        stamen = heart + reach * np.array([np.sin(angle), np.cos(angle)])
        canvas.fill(disc(radius * 0.021, stamen), "ink")
        canvas.fill(disc(radius * 0.017, stamen), "gold" if number % 4 else "cream")


def _bud(canvas: Canvas, at: ArrayLike, size: float, turn: float) -> None:
    """Draw a bud of closed petals in its green cup."""
    for lean, length, width, colour in (
        (-26.0, 0.92, 0.62, "rose"), (26.0, 0.92, 0.62, "rose"), (-11.0, 1.0, 0.60, "coral"),
        (12.0, 1.0, 0.56, "blush"), (0.0, 0.90, 0.36, "cream"),
    ):  # fmt: skip
        canvas.fill(place(petal(size * length + 0.6, size * width + 1.2, 0.6, 0.7), turn + lean, at), "bordeaux")
        canvas.fill(place(petal(size * length, size * width, 0.6, 0.7), turn + lean, at), colour)
    for lean, length in ((-58.0, 0.62), (58.0, 0.62), (-22.0, 0.66), (22.0, 0.66)):
        _leaf(canvas, at, turn + lean, size * length, 1 if lean > 0 else -1)
    canvas.fill(disc(size * 0.13, at), "ink")
    canvas.fill(disc(size * 0.11, at), "sage")


def _blossom(canvas: Canvas, at: ArrayLike, size: float, first: float) -> None:
    """Draw a small five-petalled flower that fills the ground between the peonies."""
    for turn in around(5, first):
        canvas.fill(place(petal(size + 0.5, size * 0.92 + 1.0, 0.68, 0.55), turn, at), "ink")
        canvas.fill(place(petal(size, size * 0.92, 0.68, 0.55), turn, at), "cream")
        canvas.fill(place(petal(size * 0.72, size * 0.5, 0.66, 0.7), turn, at), "blush")
        for lean in (-9.0, 0.0, 9.0):
            canvas.line(place(np.array([[0.0, size * 0.2], [0.0, size * 0.66]]), turn + lean, at), 0.35, "rose")
    for turn in around(10, first + 18.0):
        canvas.fill(disc(size * 0.055, place(np.array([[0.0, size * 0.3]]), turn, at)[0]), "gold")
    canvas.fill(disc(size * 0.17, at), "bordeaux")
    canvas.fill(disc(size * 0.12, at), "gold")
