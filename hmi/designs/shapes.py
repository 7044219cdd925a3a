"""Outlines and paths the designs are composed of, in millimetres; a shape grows from the origin along +y."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmi.designs.canvas import Points


def place(points: Points, turn_deg: float = 0.0, at: ArrayLike = (0.0, 0.0), scale: ArrayLike = 1.0) -> Points:
    """Scale, turn (from +y towards +x) and move points.

    Parameters
    ----------
    points : Points
        float64 (n, 2), mm.
    turn_deg : float
        Angle by which +y is turned towards +x.
    at : array_like
        Where the origin goes, mm.
    scale : array_like
        One factor, or one for x and one for y (−1 mirrors).

    Returns
    -------
    Points
        float64 (n, 2), mm.
    """
    turn = np.radians(turn_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (points * np.asarray(scale)) @ matrix + np.asarray(at)


def around(count: int, first_deg: float = 0.0) -> Iterator[float]:
    """Yield `count` angles in degrees, evenly around the circle."""
    for number in range(count):
        yield first_deg + 360.0 * number / count


def bearing(path: Points) -> NDArray[np.float64]:
    """Return which way a path runs at each of its points: float64 (n,), degrees from +y towards +x."""
    across, along = np.gradient(path, axis=0).T
    return np.degrees(np.arctan2(across, along))


def disc(radius: float, at: ArrayLike = (0.0, 0.0)) -> Points:
    """Return a circle of `radius` mm around `at`."""
    angle = np.linspace(0.0, 2.0 * np.pi, max(16, min(720, round(radius * 14))), endpoint=False)
    return radius * np.column_stack([np.sin(angle), np.cos(angle)]) + np.asarray(at)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """Return a rectangle by its edges, mm."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def star(points: int, outer: float, inner: float) -> Points:
    """Return a star (or with two radii alike a polygon) with one point on +y.

    Parameters
    ----------
    points : int
        Number of points.
    outer, inner : float
        Radii of the points and of the corners between them, mm.
    """
    angle = np.linspace(0.0, 2.0 * np.pi, 2 * points, endpoint=False)
    radius = np.where(np.arange(2 * points) % 2 == 0, outer, inner)
    return radius[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])


def swell(along: NDArray[np.float64], belly: float, fullness: float) -> NDArray[np.float64]:
    """Return the half width 0..1 of a petal along its length.

    Parameters
    ----------
    along : NDArray[np.float64]
        Place on the length, 0 base to 1 tip.
    belly : float
        Where the petal is widest, 0..1.
    fullness : float
        Below 1 round like a spoon, above 1 slender with long points.
    """
    return np.maximum(np.sin(np.pi * along ** (np.log(0.5) / np.log(belly))), 0.0) ** fullness


def petal(length: float, width: float, belly: float = 0.58, fullness: float = 0.8) -> Points:
    """Return a petal of `length` × `width` mm from the origin along +y; `belly` and `fullness` as in `swell`."""
    along = (1.0 - np.cos(np.linspace(0.0, np.pi, 40))) / 2.0
    half = width / 2.0 * swell(along, belly, fullness)
    return np.concatenate(
        [np.column_stack([half, along * length]), np.column_stack([-half, along * length])[::-1]],
    )


def veins(
    length: float, width: float, count: int, reach: tuple[float, float], belly: float = 0.58, fullness: float = 0.8
) -> Iterator[Points]:
    """Yield `count` lines that follow the swell of the petal with the same measures.

    Parameters
    ----------
    length, width, belly, fullness : float
        The petal.
    count : int
        Number of lines, side by side.
    reach : (float, float)
        Where they begin and end on the length, 0..1; outer ones end earlier.
    """
    for side in np.linspace(-0.72, 0.72, count) if count > 1 else (0.0,):
        along = np.linspace(reach[0], reach[1] - 0.22 * side * side, 24)
        yield np.column_stack([side * width / 2.0 * swell(along, belly, fullness), along * length])


def ribbon(path: Points, half_width: ArrayLike) -> Points:
    """Return the outline of a band along a path.

    Parameters
    ----------
    path : Points
        float64 (n, 2), mm.
    half_width : array_like
        mm; one number or one for every point.
    """
    tangent = np.gradient(path, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) * np.broadcast_to(half_width, len(path))[:, None]
    return np.concatenate([path + normal, (path - normal)[::-1]])


def curve(controls: ArrayLike, count: int = 60) -> Points:
    """Return a Bézier curve through the first and the last of its control points, (n, 2) mm."""
    points = np.repeat(np.asarray(controls, dtype=np.float64)[None], count, axis=0)
    along = np.linspace(0.0, 1.0, count)[:, None, None]
    while points.shape[1] > 1:
        points = (1.0 - along) * points[:, :-1] + along * points[:, 1:]
    return points[:, 0]


def tendril(length: float, turns: float, count: int = 120) -> Points:
    """Return a tendril that leaves the origin along +y and curls towards +x ever tighter.

    Parameters
    ----------
    length : float
        Length of the path, mm.
    turns : float
        How many times it turns round in all.
    count : int
        Number of points.
    """
    heading = 2.0 * np.pi * turns * np.linspace(0.0, 1.0, count - 1) ** 1.9
    step = length / (count - 1) * np.column_stack([np.sin(heading), np.cos(heading)])
    return np.concatenate([np.zeros((1, 2)), np.cumsum(step, axis=0)])
