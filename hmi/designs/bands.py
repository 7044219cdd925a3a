"""Border ornaments laid along a frame: a straight side or a ring. Along it runs s, across it n, both in millimetres."""

from collections.abc import Callable
from functools import partial

import numpy as np

from hmi.designs.canvas import Canvas, Points
from hmi.designs.shapes import around, disc, petal, place, ribbon, swell

Frame = Callable[[Points], Points]
"""Maps (s, n) points to the plane."""


def _lay_side(points: Points, distance: float, quarter: int) -> Points:
    return place(points + np.array([0.0, distance]), 90.0 * quarter)


def side(distance: float, quarter: int) -> Frame:
    """Return the frame of one side of a square: `distance` mm from its centre, n outwards, turned by quarters."""
    return partial(_lay_side, distance=distance, quarter=quarter)


def _lay_ring(points: Points, radius: float) -> Points:
    angle = points[:, 0] / radius
    return (radius + points[:, 1])[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])


def ring(radius: float) -> Frame:
    """Return the frame of a ring of `radius` mm around the origin, n outwards; it closes after 2π·radius."""
    return partial(_lay_ring, radius=radius)


def guilloche(
    canvas: Canvas,
    frame: Frame,
    start: float,
    waves: int,
    length: float,
    height: float,
    strands: tuple[str, str],
    edge: str,
    eye: tuple[str, str],
) -> None:
    """Draw two strands woven over and under each other with a pearl in every eye.

    Parameters
    ----------
    canvas : Canvas
        What is drawn on.
    frame : Frame
        Where the band lies; n = 0 is its middle.
    start, length : float
        Where it begins and how long it is, mm.
    waves : int
        Number of whole waves in the length.
    height : float
        Height of the band, mm.
    strands, edge, eye
        Colours of the two strands, of their contour, and of the pearl and its heart.
    """
    wave = length / waves
    thick = height * 0.085
    swing = height / 2.0 - thick * 1.6

    def strand(sign: float, begin: float, end: float, colour: str) -> None:
        s = np.linspace(begin, end, max(8, round((end - begin) / wave * 48)))
        path = np.column_stack([s, sign * swing * np.sin(2.0 * np.pi * (s - start) / wave)])
        core = path[1:-1]
        canvas.fill(frame(ribbon(path, thick + 0.45)), edge)
        canvas.fill(frame(ribbon(path, thick)), colour)
        canvas.line(frame(core + np.array([0.0, thick * 0.1])), 0.35, edge)

    strand(-1.0, start, start + length, strands[1])
    strand(1.0, start, start + length, strands[0])
    for crossing in range(0, 2 * waves + 1, 2):
        middle = start + crossing * wave / 2.0
        strand(-1.0, max(start, middle - wave * 0.22), min(start + length, middle + wave * 0.22), strands[1])
    for eye_number in range(2 * waves):
        at = np.array([[start + (eye_number + 0.5) * wave / 2.0, 0.0]])
        centre = frame(at)[0]
        canvas.fill(disc(height * 0.135, centre), edge)
        canvas.fill(disc(height * 0.115, centre), eye[0])
        canvas.fill(disc(height * 0.05, centre), eye[1])


def rope(
    canvas: Canvas,
    frame: Frame,
    start: float,
    strands: int,
    length: float,
    height: float,
    colours: tuple[str, str],
    edge: str,
) -> None:
    """Draw a twisted cord.

    Parameters
    ----------
    canvas, frame, start, length, height
        As in `guilloche`.
    strands : int
        Number of turns in the length.
    colours : (str, str)
        The strands, in turn; each carries a thread of the other.
    edge : str
        Contour.
    """
    pitch = length / strands
    across = np.linspace(-1.0, 1.0, 15)
    lean = pitch * (0.75 * across + 0.22 * np.sin(np.pi * across))
    round_off = pitch * 0.5 * (1.0 - np.sqrt(np.maximum(0.0, 1.0 - across**4)))
    for number in range(strands):
        middle = start + (number + 0.5) * pitch + lean
        n = across * height / 2.0
        for grow, colour in ((0.5, edge), (0.5 - 0.28 / pitch, colours[number % 2])):
            left = np.column_stack([middle - grow * pitch + round_off * 0.6, n])
            right = np.column_stack([middle + grow * pitch - round_off * 0.6, n])
            canvas.fill(frame(np.concatenate([left, right[::-1]])), colour)
        thread = np.column_stack([middle, n])[3:-3]
        taper = 0.09 * pitch * swell(np.linspace(0.0, 1.0, len(thread)), 0.5, 0.6)
        for offset in (-0.17, 0.13):
            canvas.fill(frame(ribbon(thread + np.array([offset * pitch, 0.0]), taper)), colours[1 - number % 2])


def pearls(
    canvas: Canvas, frame: Frame, start: float, count: int, length: float, radius: float, colours: tuple[str, ...]
) -> None:
    """Draw `count` pearls of `radius` mm evenly on n = 0, each as one disc in the other per colour given."""
    for number in range(count):
        centre = frame(np.array([[start + (number + 0.5) * length / count, 0.0]]))[0]
        for depth, colour in enumerate(colours):
            canvas.fill(disc(radius * (1.0 - depth / len(colours)), centre), colour)


def fan(canvas: Canvas, frame: Frame, s: float, base: float, size: float, lobes: int, colours: tuple[str, ...]) -> None:
    """Draw a palmette of `lobes` leaves that opens towards +n.

    Parameters
    ----------
    canvas, frame
        As in `guilloche`.
    s, base : float
        Where its foot stands, mm.
    size : float
        Length of its middle leaf, mm.
    lobes : int
        Number of leaves, odd.
    colours : (contour, leaf, heart of the leaf, foot)
        What it is drawn in.
    """
    contour, leaf, heart, foot = colours
    middle = lobes // 2
    foot_at = np.array([s, base])
    for number in sorted(range(lobes), key=lambda lobe: -abs(lobe - middle)):
        away = (number - middle) / middle
        length, width = size * (1.0 - 0.42 * away * away), size * 1.9 / lobes
        turn = 78.0 * away
        bend = np.array([0.10 * size * away, 0.0])
        for scale, extra, colour in ((1.0, 0.05, contour), (0.94, 0.0, leaf), (0.62, -0.35, heart)):
            outline = petal(length * scale, width * (scale + extra), 0.72, 0.75)
            outline = outline + bend * (outline[:, 1:] / size) ** 2
            canvas.fill(frame(place(outline, turn, foot_at)), colour)
    for radius, colour in ((0.15, contour), (0.12, foot), (0.05, contour)):
        canvas.fill(frame(disc(size * radius, foot_at)), colour)


def flower(canvas: Canvas, at: Points, radius: float, petals: int, colours: tuple[str, str, str, str]) -> None:
    """Draw a flower of two whorls around a point.

    Parameters
    ----------
    canvas : Canvas
        What is drawn on.
    at : Points
        Its middle, (2,) mm.
    radius : float
        Length of the outer petals, mm.
    petals : int
        Number in each whorl.
    colours : (contour, outer petals, inner petals, heart)
        What it is drawn in.
    """
    contour, outer, inner, heart = colours
    width = 2.6 * np.pi * radius / petals / 1.6
    for scale, colour, turned in ((1.0, outer, 0.5), (0.66, inner, 0.0)):
        for turn in around(petals, turned * 360.0 / petals):
            canvas.fill(place(petal(radius * scale, width * scale, 0.66, 0.6), turn, at), contour)
            canvas.fill(place(petal(radius * scale * 0.94, width * scale * 0.86, 0.66, 0.6), turn, at), colour)
            line = np.array([[0.0, 0.3 * radius * scale], [0.0, 0.72 * radius * scale]])
            canvas.line(place(line, turn, at), 0.025 * radius, contour)
    canvas.fill(disc(radius * 0.2, at), contour)
    canvas.fill(disc(radius * 0.16, at), heart)
