"""What the line-scan camera sees of the printed rows: one strip at a time, the same one whenever it is asked again.

Drops spread (Gaussian, sigma 0.08 mm on dry cloth, wider on wet), more liquor holds more ink at the surface, the weave
and the yarns modulate the light by 3–4 %, the lamp falls off by 9 %
towards the selvedges and drifts by 2 %, the encoder wanders by up to 1.5 camera pixels and stretches by up to 0.1 %,
the sensor adds noise (sigma 2). All of it is simulated; figures are defaults from practice, editable.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.raster import Raster
from simulators.cloth import NO_CLOTH, Cloth
from simulators.faults import parse_faults
from simulators.marks import Canvas, bend_px, draw, silent_nozzles
from simulators.optics import DENSITY_SCALE, FULL_COVER, TEXTURE_ZERO, Optics, optics
from simulators.retained import Printed

__all__ = ["CELL", "MARGIN_ROWS", "Eye", "Sight", "eye", "render"]

CELL = 4
"""Device pixels per camera pixel, both ways."""

MARGIN_ROWS = 16
"""Device rows behind a strip that must be printed before it is seen whole."""

SPREAD_MM = 0.08
SURFACE_PER_PICKUP = 0.3  # share of ink more per share of liquor more
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


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What there is to be seen: what of a ticket was printed under which faults, and on what cloth.

    ``start_row`` is the row of the job at the cloth's beginning; all rows that were not printed are bare cloth.
    """

    printed: Sequence[Printed]
    cloth: Cloth = NO_CLOTH
    start_row: int = 0


def eye(raster: Raster) -> Eye:
    """Prepare the tables for a raster."""
    return Eye(raster, optics(raster.meta, raster.drop_volumes))


def render(view: Eye, sight: Sight, *, ticket: int, row_start: int, height_px: int) -> NDArray[np.uint8]:
    """Render a strip.

    Parameters
    ----------
    view : Eye
    sight : Sight
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
    late = _late(view, sight, first, height_px + 2 * margin)
    # bent cloth shows rows that were printed before
    above = 0 if late is None else int(np.ceil(late.max()))
    cover = _coverage(view, sight.printed, first - above, height_px + 2 * margin + above)
    cover = _soaked(view, sight, cover, first - above)
    picture = _picture(view, cover, first - above)
    if late is not None:
        rows, columns = np.mgrid[: late.shape[0], : late.shape[1]].astype(np.float32)
        place = np.asarray(rows + above - late, np.float32)
        bent = cv2.remap(picture, columns, place, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        picture = np.asarray(bent, np.uint8)
    rows = np.array([row_start // CELL, row_start // CELL + height_px])
    picture = _wander(picture, ticket, rows, margin, height_px)
    return _noisy(picture, ticket, row_start)


def _late(view: Eye, sight: Sight, first: int, count: int) -> NDArray[np.float32] | None:
    """Camera rows (count, width_px) by which a bent weft shows the print too late; None where none is bent."""
    faults = [fault for span in sight.printed for fault in parse_faults(span.faults) if fault.name == "bow_skew"]
    if not faults:
        return None
    metres = (np.arange(first, first + count) * view.mm_per_px) / 1000
    late = bend_px(dict.fromkeys(faults), metres, view.width_px, view.mm_per_px)
    return late if late.any() else None


def _soaked(view: Eye, sight: Sight, cover: list[NDArray[np.uint8]], first: int) -> list[NDArray[np.uint8]]:
    """Coverage after the drops have spread, as wide as the cloth's moisture lets them."""
    count = cover[0].shape[0]
    for start, stop, spread, sides in _stretches(view, sight, first, count):
        sigma_px = SPREAD_MM / view.mm_per_px * spread
        size = (3, 3) if spread == 1.0 else (0, 0)
        reach = 0 if (start, stop) == (0, count) else 1 + int(4 * sigma_px)
        low, high = max(start - reach, 0), min(stop + reach, count)
        for ink, plane in enumerate(cover):
            soaked = cv2.GaussianBlur(plane[low:high], size, sigma_px)[start - low : stop - low]
            cover[ink][start:stop] = soaked if sides is None else np.rint(np.clip(soaked * sides, 0, FULL_COVER))
    return cover


def _stretches(
    view: Eye, sight: Sight, first: int, count: int
) -> list[tuple[int, int, float, NDArray[np.float64] | None]]:
    """Cut camera rows where the cloth changes: (start, stop, spread of the drops, gain across or None)."""
    cloth = sight.cloth
    if not cloth.stretches:
        return [(0, count, 1.0, None)]
    pitch_m = 25.4e-3 / view.raster.dpi
    metres = ((np.arange(first, first + count) + 0.5) * CELL - sight.start_row) * pitch_m
    places = np.clip((metres / cloth.stretch_m).astype(int), 0, cloth.stretches - 1)
    names = ("spread", "pickup_left_pct", "pickup_pct", "pickup_right_pct")
    looks = np.stack([cloth[name][places].round(2) for name in names], axis=1)
    cuts = [0, *(np.flatnonzero((looks[1:] != looks[:-1]).any(axis=1)) + 1).tolist(), count]
    pieces = []
    for start, stop in pairwise(cuts):
        spread, left, centre, right = looks[start].tolist()
        sides = None
        if left != centre or right != centre:
            across = np.interp(np.linspace(0, 2, view.width_px), [0, 1, 2], [left, centre, right])
            sides = 1 + SURFACE_PER_PICKUP * (across / max(centre, 1.0) - 1)
        pieces.append((start, stop, spread, sides))
    return pieces


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
                for nozzle, from_m, to_m in silent_nozzles(faults, ink):
                    _silence(volume, plane, nozzle, (from_m, to_m), band, view)
                volume[: max(start - band, 0)] = 0
                volume[max(stop - band, 0) :] = 0
                cover[ink][target] += volume[0::CELL] + volume[1::CELL] + volume[2::CELL] + volume[3::CELL]
        rows = slice(span.from_row // CELL - first, -(-span.to_row // CELL) - first)
        draw(Canvas(cover, first, rows, view.mm_per_px), faults)
    return cover


def _metres_to_row(metres: float, dpi: int) -> int:
    return round(metres * 1000 / 25.4 * dpi)


def _silence(
    volume: NDArray[np.uint8],
    plane: NDArray[np.uint8],
    nozzle: int,
    metres: tuple[float, float],
    begin: int,
    view: Eye,
) -> None:
    byte, place = divmod(nozzle, 4)
    if byte >= volume.shape[1]:
        return
    dpi = view.raster.dpi
    stop = None if math.isinf(metres[1]) else max(_metres_to_row(metres[1], dpi) - begin, 0)
    rows = slice(max(_metres_to_row(metres[0], dpi) - begin, 0), stop)
    volume[rows, byte] = view.optics.volume[plane[rows, byte] & (0xFF ^ (0b11 << (6 - 2 * place)))]


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
    """Sensor noise, sigma 2, apart in what is added and what is taken away: two uint8 (NOISE_ROWS, width, 3).

    The rows come again and again, so what a column has on average is taken out: it would be a line in the picture.
    """
    noise = np.random.default_rng(7).normal(0.0, 2.0, (NOISE_ROWS, width, 3))
    noise = np.rint(noise - noise.mean(axis=0))
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
