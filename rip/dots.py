"""Drops as the round dots they make on the cloth."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

DOT_PX = {1: 1.13, 2: 1.3, 3: 2**0.5, 4: 2**0.5}
"""Diameter of the largest drop's dot, in device pixels, by doublings. Seen large, it just covers its pixel; smaller
drops have an area as their volume, since the cloth takes up as much everywhere. That keeps the mean colour of the
proof, whose formula spreads light between dots by itself; where a dot is only a few picture pixels, their partly
covered edges spread it once more, so it is drawn smaller there. Default from practice, editable."""

_SUB = 8
"""Samples along each side of a picture pixel, for smooth edges."""


def dots(levels: NDArray[np.uint8], drop_volumes: tuple[float, ...], doublings: int) -> NDArray[np.float32]:
    """Return how far each pixel of a magnified picture is covered by dots.

    Parameters
    ----------
    levels : uint8 (inks, h + 2, w + 2)
        Drop levels of a window and of one pixel all around it, whose dots reach in.
    drop_volumes : tuple of float
        Relative volume of each level.
    doublings : int
        A device pixel is shown as 2**doublings pixels a side. 0: as one pixel, covered by the volume of its drop.

    Returns
    -------
    float32 (inks, h << doublings, w << doublings)
        0..1.
    """
    if doublings == 0:
        return np.take(np.array(drop_volumes, np.float32), levels[:, 1:-1, 1:-1], mode="clip")
    inks, height, width = levels.shape[0], levels.shape[1] - 2, levels.shape[2] - 2
    side = 1 << doublings
    stamps = _stamps(drop_volumes, doublings)
    cover = np.zeros((inks, height, width, side * side), np.float32)
    for down in range(3):
        for across in range(3):
            # a pixel that lies in the upper left of a stamp belongs to the drop to its lower right
            drops = levels[:, 2 - down : 2 - down + height, 2 - across : 2 - across + width]
            np.maximum(cover, np.take(stamps[down, across], drops, axis=0, mode="clip"), out=cover)
    return cover.reshape(inks, height, width, side, side).swapaxes(2, 3).reshape(inks, height * side, width * side)


@lru_cache(maxsize=8)
def _stamps(drop_volumes: tuple[float, ...], doublings: int) -> NDArray[np.float32]:
    """Share of each picture pixel under a dot, in the 3 × 3 device pixels around it: (3, 3, levels, side * side)."""
    side = 1 << doublings
    along = ((np.arange(3 * side * _SUB) + 0.5) / (side * _SUB) - 1.5) ** 2
    distance = np.sqrt(along[:, None] + along)
    radii = DOT_PX[doublings] / 2 * np.sqrt(np.array(drop_volumes))
    inside = (distance < radii[:, None, None]).reshape(len(radii), 3, side, _SUB, 3, side, _SUB)
    return inside.mean(axis=(3, 6), dtype=np.float32).transpose(1, 3, 0, 2, 4).reshape(3, 3, len(radii), side * side)
