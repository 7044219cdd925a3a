"""What the line-scan camera sees of the printed rows: one strip at a time, the same one whenever it is asked again.

Drops spread (Gaussian, sigma 0.08 mm), the weave and the yarns modulate the light by 3–4 %, the lamp falls off by 9 %
towards the selvedges and drifts by 2 %, the encoder wanders by up to 1.5 camera pixels and stretches by up to 0.1 %,
the sensor adds noise (sigma 2). All of it is simulated; figures are defaults from practice, editable.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.raster import Raster
from simulators.faults import NozzleOut, Spot, parse_faults
from simulators.optics import DENSITY_SCALE, FULL_COVER, TEXTURE_ZERO, Optics, optics
from simulators.retained import Printed

__all__ = ["CELL", "MARGIN_ROWS", "Eye", "eye", "render"]

CELL = 4
"""Device pixels per camera pixel, both ways."""

MARGIN_ROWS = 16
"""Device rows behind a strip that must be printed before it is seen whole."""

SPREAD_MM = 0.08
TILE_ROWS = 512
BAND_ROWS = 256
NOISE_ROWS = 128
SHIFT_PX = 1.4
FALL_OFF = 0.09

cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """A raster and the tables its strips are rendered with."""

    raster: Raster
    optics: Optics

    @property
    def mm_per_px(self) -> float:
        """Size of a camera pixel on the cloth."""
        return CELL * 25.4 / self.raster.dpi

    @property
    def width_px(self) -> int:
        """Width of a strip, camera pixels."""
        return self.raster.width_px // CELL


def eye(raster: Raster) -> Eye:
    """Prepare the tables for a raster."""
    return Eye(raster, optics(raster.meta, raster.drop_volumes))


def render(view: Eye, printed: Sequence[Printed], *, ticket: int, row_start: int, height_px: int) -> NDArray[np.uint8]:
    """Render a strip.

    Parameters
    ----------
    view : Eye
    printed : sequence of Printed
        What of the ticket lies on the cloth, under which faults; all else is unprinted cloth.
    ticket : int
    row_start : int
        Device row of the strip's first camera row, a multiple of 4.
    height_px : int
        Camera rows.

    Returns
    -------
    uint8 (height_px, width_px, 3)
        RGB.
    """
    margin = MARGIN_ROWS // CELL
    first = row_start // CELL - margin
    cover = _coverage(view, printed, first, height_px + 2 * margin)
    sigma_px = SPREAD_MM / view.mm_per_px
    for plane in cover:
        cv2.GaussianBlur(plane, (3, 3), sigma_px, dst=plane)
    picture = _picture(view, cover, first)
    rows = np.array([row_start // CELL, row_start // CELL + height_px])
    picture = _wander(picture, ticket, rows, margin, height_px)
    return _noisy(picture, ticket, row_start)


def _coverage(view: Eye, printed: Sequence[Printed], first: int, count: int) -> list[NDArray[np.uint8]]:
    """Covered share, codes 0..FULL_COVER, of camera rows from ``first`` on: one (count, width_px) plane per ink."""
    cover = [np.zeros((count, view.width_px), np.uint8) for _ in view.raster.inks]
    low, high = first * CELL, (first + count) * CELL
    for span in printed:
        start, stop = max(span.from_row, low), min(span.to_row, high)
        if start >= stop:
            continue
        faults = parse_faults(span.faults)
        # whole camera rows, in bands that stay in the processor's cache; rows outside the span stay unprinted
        begin, end = start // CELL * CELL, -(-stop // CELL) * CELL
        for band in range(begin, end, BAND_ROWS):
            rows = min(BAND_ROWS, end - band)
            packed = view.raster.packed(band, rows)[:, :, : view.width_px]
            target = slice(band // CELL - first, (band + rows) // CELL - first)
            for ink, plane in enumerate(packed):
                volume = np.asarray(cv2.LUT(plane, view.optics.volume), np.uint8)
                for fault in faults:
                    if isinstance(fault, NozzleOut) and fault.ink == ink:
                        _silence(volume, plane, fault, band, view)
                volume[: max(start - band, 0)] = 0
                volume[max(stop - band, 0) :] = 0
                cover[ink][target] += volume[0::CELL] + volume[1::CELL] + volume[2::CELL] + volume[3::CELL]
        _blots(cover, [fault for fault in faults if isinstance(fault, Spot)], span, first, view)
    return cover


def _metres_to_row(metres: float, dpi: int) -> int:
    return round(metres * 1000 / 25.4 * dpi)


def _silence(volume: NDArray[np.uint8], plane: NDArray[np.uint8], fault: NozzleOut, begin: int, view: Eye) -> None:
    byte, place = divmod(fault.nozzle, 4)
    if byte >= volume.shape[1]:
        return
    rows = slice(max(_metres_to_row(fault.from_m, view.raster.dpi) - begin, 0), None)
    volume[rows, byte] = view.optics.volume[plane[rows, byte] & (0xFF ^ (0b11 << (6 - 2 * place)))]


def _blots(cover: list[NDArray[np.uint8]], spots: Sequence[Spot], span: Printed, first: int, view: Eye) -> None:
    """Put dark round blobs of the last ink (black) and a little of the others where the span holds them."""
    for spot in spots:
        if not span.from_row <= _metres_to_row(spot.at_m, view.raster.dpi) < span.to_row:
            continue
        y, x = spot.at_m * 1000 / view.mm_per_px - first, spot.x_mm / view.mm_per_px
        radius = spot.d_mm / 2 / view.mm_per_px
        height, width = cover[0].shape
        top, bottom = max(int(y - radius - 2), 0), min(int(y + radius + 3), height)
        left, right = max(int(x - radius - 2), 0), min(int(x + radius + 3), width)
        if top >= bottom or left >= right:
            continue
        # a pixel's centre lies half a pixel behind its index
        away = np.hypot(np.arange(top, bottom)[:, None] + 0.5 - y, np.arange(left, right)[None] + 0.5 - x)
        inside = np.clip(radius - away + 0.5, 0.0, 1.0)
        for ink, plane in enumerate(cover):
            blob = np.rint(inside * FULL_COVER * (1.0 if ink == len(cover) - 1 else 0.35)).astype(np.uint8)
            np.maximum(plane[top:bottom, left:right], blob, out=plane[top:bottom, left:right])


def _picture(view: Eye, cover: Sequence[NDArray[np.uint8]], first: int) -> NDArray[np.uint8]:
    """Codes (sRGB) of the covered cloth under the lamp: (count, width_px, 3)."""
    count, width = cover[0].shape
    texture = _texture(width)
    drift = 0.02 * math.sin(2 * math.pi * (first + count / 2) * view.mm_per_px / 37_000)
    channels = []
    for channel in range(3):
        density = np.empty((count, width), np.uint16)
        for start, stop, place in _tiled(first, count, TILE_ROWS):
            density[start:stop] = texture[place : place + stop - start]
        for ink, plane in enumerate(cover):
            density = cv2.add(density, cv2.LUT(plane, view.optics.density[ink, channel]))
        lamp = (round(drift * DENSITY_SCALE) + 100, 0, 0, 0)
        # OpenCV's stub knows no scalars here
        density = cv2.add(density, lamp)  # pyright: ignore[reportCallIssue, reportArgumentType]
        channels.append(cv2.LUT(density, _shifted(view.optics.code[channel].tobytes(), 100)))
    return np.asarray(cv2.merge(channels), np.uint8)


@lru_cache(maxsize=8)
def _shifted(table: bytes, by: int) -> NDArray[np.uint8]:
    """Table whose index has ``by`` added, so that a negative drift never underflows."""
    codes = np.frombuffer(table, np.uint8)
    return np.concatenate([np.full(by, codes[0]), codes[:-by]])


def _tiled(first: int, count: int, period: int) -> list[tuple[int, int, int]]:
    """Cut rows ``first``..``first + count`` where a tile of ``period`` rows begins anew: (start, stop, row in tile)."""
    pieces, start = [], 0
    while start < count:
        place = (first + start) % period
        stop = min(start + period - place, count)
        pieces.append((start, stop, place))
        start = stop
    return pieces


@lru_cache(maxsize=2)
def _texture(width: int) -> NDArray[np.uint16]:
    """Density codes of twill, yarns and the lamp's fall-off: (TILE_ROWS, width), the same for the same absolute row."""
    rng = np.random.default_rng(20_240_607)
    x, y = np.arange(width, dtype=np.float32)[None], np.arange(TILE_ROWS, dtype=np.float32)[:, None]
    # a twill line every 0.54 mm across and 1.35 mm along (3.2 and 8 pixels at 600 dpi)
    twill = 0.025 * np.sin(2 * np.pi * (x / 3.2 + y / 8.0), dtype=np.float32)
    grain = cv2.GaussianBlur(rng.standard_normal((TILE_ROWS, width), np.float32), (5, 3), 0.8)
    yarns = 0.022 * grain / grain.std()
    warp, weft = rng.standard_normal((1, width), np.float32), rng.standard_normal((TILE_ROWS, 1), np.float32)
    lamp = -np.log(1 - FALL_OFF * (2 * (x + 0.5) / width - 1) ** 2)
    density = twill + yarns + 0.003 * warp + 0.003 * weft + lamp
    return np.rint(density * DENSITY_SCALE + TEXTURE_ZERO).clip(0, 65535).astype(np.uint16)


def _shift(ticket: int, row: float) -> tuple[float, float]:
    """Where the encoder believes camera row ``row`` to be, off by (dx, dy) pixels; smooth in the row."""
    phase = ticket * 2.399963  # golden angle: tickets look different
    dy = 0.6 * math.sin(row / 2900 + phase) + 0.4 * math.sin(row / 1130 + 2 * phase)
    dx = 0.6 * math.sin(row / 3700 + 3 * phase) + 0.4 * math.sin(row / 1570 + 5 * phase)
    return SHIFT_PX * dx, SHIFT_PX * dy


def _wander(
    picture: NDArray[np.uint8], ticket: int, rows: NDArray[np.int64], margin: int, height: int
) -> NDArray[np.uint8]:
    """Cut the strip out of the picture with its margins, shifted and stretched as the encoder wanders."""
    (dx0, dy0), (dx1, dy1) = _shift(ticket, float(rows[0])), _shift(ticket, float(rows[1]))
    per_row_x, per_row_y = (dx1 - dx0) / height, (dy1 - dy0) / height
    from_picture = np.array([[1, per_row_x, dx0], [0, 1 + per_row_y, dy0 + margin]], np.float64)
    strip = cv2.warpAffine(
        picture,
        from_picture,
        (picture.shape[1], height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(strip, np.uint8)


@lru_cache(maxsize=2)
def _noise(width: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Sensor noise, sigma 2, apart in what is added and what is taken away: two uint8 (NOISE_ROWS, width, 3)."""
    noise = np.rint(np.random.default_rng(7).normal(0.0, 2.0, (NOISE_ROWS, width, 3)))
    return np.maximum(noise, 0).astype(np.uint8), np.maximum(-noise, 0).astype(np.uint8)


def _noisy(picture: NDArray[np.uint8], ticket: int, row_start: int) -> NDArray[np.uint8]:
    more, less = _noise(picture.shape[1])
    # another stretch of the tile for each strip, fixed by what the strip is
    offset = (ticket * 7919 + row_start // CELL * 31) % NOISE_ROWS
    for start, stop, place in _tiled(offset, picture.shape[0], NOISE_ROWS):
        rows = picture[start:stop]
        cv2.add(rows, more[place : place + stop - start], dst=rows)
        cv2.subtract(rows, less[place : place + stop - start], dst=rows)
    return picture
