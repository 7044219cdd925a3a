"""A drawing table in millimetres: flat colours on a supersampled plane or repeat, averaged down in linear light."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Points in millimetres, float64 (n, 2), x to the right and y along the cloth."""

_SUBPIXEL_BITS = 4


class Canvas:
    """Flat-colour drawing of one tile, each colour one screen as in textile printing.

    Parameters
    ----------
    width_mm, height_mm : float
        Size of the tile.
    px_per_mm : int
        Resolution of the finished picture.
    palette : mapping of str to str
        Colour name to ``"#rrggbb"`` in sRGB, at most 256; the first one is the ground.
    repeat_mm : sequence of (float, float)
        Displacements at which everything is drawn again. With the neighbours of the tile here, what leaves
        on one edge enters at the edge it meets.
    supersample : int
        Samples per finished pixel and axis.
    """

    def __init__(
        self,
        width_mm: float,
        height_mm: float,
        px_per_mm: int,
        palette: Mapping[str, str],
        repeat_mm: Sequence[tuple[float, float]] = ((0.0, 0.0),),
        supersample: int = 3,
    ) -> None:
        self._supersample = supersample
        self._samples_per_mm = px_per_mm * supersample
        self._size_mm = np.array([width_mm, height_mm])
        self._repeat_mm = np.array(repeat_mm, dtype=np.float64)
        self._number = {name: number for number, name in enumerate(palette)}
        self._srgb = np.array([list(bytes.fromhex(colour[1:])) for colour in palette.values()], dtype=np.float64)
        height, width = round(height_mm * self._samples_per_mm), round(width_mm * self._samples_per_mm)
        self._index = np.zeros((height, width), dtype=np.uint8)

    def fill(self, outline: Points, colour: str) -> None:
        """Fill a closed outline.

        Parameters
        ----------
        outline : Points
            float64 (n, 2), mm.
        colour : str
            Name of a colour of the palette.
        """
        for placed in self._placed(outline, 0.0):
            cv2.fillPoly(self._index, [placed], (self._number[colour],), cv2.LINE_8, _SUBPIXEL_BITS)

    def line(self, path: Points, width_mm: float, colour: str, closed: bool = False) -> None:
        """Draw a line of constant width with round ends.

        Parameters
        ----------
        path : Points
            float64 (n, 2), mm.
        width_mm : float
            Width of the line.
        colour : str
            Name of a colour of the palette.
        closed : bool
            Whether the last point is joined to the first.
        """
        thickness = max(1, round(width_mm * self._samples_per_mm))
        for placed in self._placed(path, width_mm):
            cv2.polylines(self._index, [placed], closed, (self._number[colour],), thickness, cv2.LINE_8, _SUBPIXEL_BITS)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the finished picture.

        Returns
        -------
        NDArray[np.uint8]
            sRGB (height, width, 3). Edge pixels are mixed in linear light, as the eye mixes ink and cloth.
        """
        height, width = (side // self._supersample for side in self._index.shape)
        picture = np.empty((height, width, 3), dtype=np.uint8)
        linear = np.zeros((256, 3))
        linear[: len(self._srgb)] = srgb_to_linear(self._srgb / 255.0)
        to_srgb = np.rint(linear_to_srgb(np.arange(65536) / 65535.0) * 255.0).astype(np.uint8)
        for channel in range(3):
            table = np.rint(linear[:, channel] * 65535.0).astype(np.uint16)
            mean = cv2.resize(table[self._index], (width, height), interpolation=cv2.INTER_AREA)
            picture[:, :, channel] = to_srgb[np.asarray(mean, np.uint16)]
        return picture

    def _placed(self, points: Points, margin_mm: float) -> list[NDArray[np.int32]]:
        low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
        seen = np.all((self._repeat_mm + high > 0.0) & (self._repeat_mm + low < self._size_mm), axis=1)
        # A whole coordinate is the middle of a sample for OpenCV, hence the half.
        return [
            np.rint(((points + offset) * self._samples_per_mm - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
            for offset in self._repeat_mm[seen]
        ]


def neighbours(width_mm: float, height_mm: float, drop: float = 0.0) -> list[tuple[float, float]]:
    """Return where a tile lies again around itself.

    Parameters
    ----------
    width_mm, height_mm : float
        Size of the tile.
    drop : float
        Part of the height by which the next column lies lower: 0 straight, 0.5 half-drop.

    Returns
    -------
    list of (float, float)
        Displacements in mm, two tiles around.
    """
    steps = range(-2, 3)
    return [(column * width_mm, (row + column * drop) * height_mm) for column in steps for row in steps]


def srgb_to_linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decode sRGB values 0..1 of any shape to linear light 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Encode linear light 0..1 of any shape to sRGB values 0..1 (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0) ** (1 / 2.4) - 0.055)
