"""TIFF and BigTIFF: finds the pixels, sees that they are all there, and decides who decodes them."""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import BinaryIO

import numpy as np

from rip.formats.facts import MAX_PROFILE_BYTES, Facts, Opened, Rows, Unreadable, check_held, check_size
from rip.formats.tiff_directory import Directory, dots_per_inch, read_directories
from rip.formats.tiff_pixels import (
    BLACK_IS_ZERO,
    ICCLAB,
    RGB,
    SEPARATED,
    YCBCR,
    Pixels,
    deliver,
    read_pixels,
)
from rip.formats.tiff_rows import Segments, segment_rows
from rip.formats.vips import vips_rows

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_WIDTH, _HEIGHT, _COMPRESSION, _FILL_ORDER, _ORIENTATION, _PLANAR, _PREDICTOR = 256, 257, 259, 266, 274, 284, 317
_STRIPS, _STRIP_ROWS, _STRIP_BYTES, _TILE_W, _TILE_H, _TILES, _TILE_BYTES = 273, 278, 279, 322, 323, 324, 325
_PROFILE = 34675

_JPEG, _FAX = 7, {2, 3, 4}
_CODECS = {1: "none", 5: "lzw", 8: "deflate", 32946: "deflate", 32773: "packbits"}
_REMEDY = "save it with LZW or Deflate compression"


def open_tiff(file: BinaryIO, page: int) -> Opened:
    """Read the directory of one page and see that its pixels are all there.

    Raises
    ------
    Unreadable
    """
    directory, pages = read_directories(file, page)
    width, height = directory.number(_WIDTH, 0), directory.number(_HEIGHT, 0)
    check_size(width, height)
    pixels = read_pixels(directory)
    compression = directory.number(_COMPRESSION, 1)
    _check_depth(compression, pixels)
    segments = _segments(directory, file, width, height, pixels)
    across, down = dots_per_inch(directory)
    profile, notes = _profile(directory)
    orientation = directory.number(_ORIENTATION, 1)
    facts = Facts(
        width_px=width,
        height_px=height,
        mode=pixels.mode,
        channels=3 if pixels.palette else pixels.colours,
        bits=segments.bits,
        alpha=pixels.alpha is not None,
        premultiplied=pixels.premultiplied,
        channel_names=pixels.names,
        palette=pixels.palette,
        dpi=across,
        dpi_down=down,
        profile=profile,
        orientation=orientation if 1 <= orientation <= 8 else 1,
        pages=pages,
        notes=pixels.notes + notes,
    )
    codec = _CODECS.get(compression)
    ordinary = pixels.bits >= 8 and directory.number(_FILL_ORDER, 1) == 1
    if codec is None or not ordinary or not segments.fits(codec):
        _check_libtiff(pixels, segments)
        return Opened(facts, partial(vips_rows, file, "tiff", facts, page=page, unlimited=True))
    predictor = directory.number(_PREDICTOR, 1) if codec in ("lzw", "deflate") else 1
    if predictor not in (1, 2):
        raise Unreadable(f"predictor {predictor} is for floating-point samples: save it with 8 or 16 bits")
    if codec == "none":
        _check_lengths(segments)
        facts = replace(facts, raw_offset=_raw_offset(segments, facts, pixels))
    return Opened(facts, partial(_rows, file, segments, pixels, codec, predictor == 2))


def _rows(
    file: BinaryIO, segments: Segments, pixels: Pixels, codec: str, predicted: bool, count: int
) -> Iterator[Rows]:
    for raw in segment_rows(file, segments, codec, predicted, count):
        yield deliver(raw, pixels)


def _check_depth(compression: int, pixels: Pixels) -> None:
    """Refuse compressions and depths that no decoder here takes."""
    bits = pixels.bits
    if compression not in {*_CODECS, *_FAX, _JPEG}:
        raise Unreadable(f"TIFF compression {compression} is not read: {_REMEDY}")
    if (compression == _JPEG and bits != 8) or (compression in _FAX and bits != 1):
        raise Unreadable(f"TIFF compression {compression} of {bits} bits is not read: {_REMEDY}")
    if pixels.photometric == YCBCR and compression != _JPEG:
        raise Unreadable("YCbCr without JPEG compression is not read: save it as RGB")
    single = pixels.samples == 1 and pixels.photometric != SEPARATED
    if bits < 8 and not (single and (bits == 1 or pixels.palette)):
        raise Unreadable(f"{bits} bits per sample are not read in this colour mode: save it with 8 bits")


def _segments(directory: Directory, file: BinaryIO, width: int, height: int, pixels: Pixels) -> Segments:
    """Find strips or tiles, and see that the file is long enough to hold them."""
    tiled = _TILE_W in directory
    if tiled:
        tile_w, tile_h = directory.number(_TILE_W, 0), directory.number(_TILE_H, 0)
        offsets, counts = directory.numbers(_TILES), directory.numbers(_TILE_BYTES)
    else:
        tile_w, tile_h = width, min(directory.number(_STRIP_ROWS, height), height)
        offsets, counts = directory.numbers(_STRIPS), directory.numbers(_STRIP_BYTES)
    if not (1 <= tile_w <= 1 << 20 and 1 <= tile_h <= 1 << 20):
        raise Unreadable(f"damaged: strips or tiles of {tile_w} × {tile_h} px")
    size = os.fstat(file.fileno()).st_size
    if len(offsets) == 1 and len(counts) == 0:  # allowed once, for a single strip: it reaches to the end
        counts = size - offsets
    separate = pixels.samples > 1 and directory.number(_PLANAR, 1) == 2
    bits = max(pixels.bits, 8)
    segments = Segments(
        width, height, pixels.samples, bits, separate, tiled, tile_w, tile_h, directory.order, offsets, counts
    )
    listed, needed = min(len(offsets), len(counts)), segments.number
    if listed < needed:
        raise Unreadable(f"cut or damaged: {listed} of {needed} strips or tiles are listed")
    segments = replace(segments, offsets=offsets[:needed], counts=counts[:needed])
    if segments.counts.min() < 1:
        raise Unreadable(f"damaged: {int((segments.counts < 1).sum())} of {needed} strips or tiles are empty")
    end = int((segments.offsets + segments.counts).max())
    if end > size:
        raise Unreadable(f"cut after {size} of at least {end} bytes")
    return segments


def _check_lengths(segments: Segments) -> None:
    """Refuse uncompressed strips or tiles that are too short for their pixels."""
    short = int((segments.counts < segments.sizes()).sum())
    if short:
        raise Unreadable(f"cut or damaged: {short} of {segments.number} strips or tiles are too short")


def _raw_offset(segments: Segments, facts: Facts, pixels: Pixels) -> int | None:
    """Return where the rows lie one after the other just as they are delivered, if they do."""
    as_stored = pixels.photometric in (BLACK_IS_ZERO, RGB, SEPARATED) or (
        pixels.photometric == ICCLAB and facts.bits == 8
    )
    native = facts.bits == 8 or segments.order == "<"
    whole = not segments.tiled and not segments.separate and pixels.samples == facts.channels
    upright = facts.orientation == 1
    following = np.array_equal(segments.offsets[1:], segments.offsets[:-1] + segments.sizes()[:-1])
    return int(segments.offsets[0]) if as_stored and native and whole and upright and following else None


def _check_libtiff(pixels: Pixels, segments: Segments) -> None:
    """See that libtiff, through libvips, will decode this row by row and in bounded memory.

    It is asked for JPEG, fax, single bits and very large strips only.
    """
    if segments.separate or pixels.mode == "lab" or pixels.premultiplied or pixels.notes:
        raise Unreadable(f"its compression or its large strips do not suit its colour mode: {_REMEDY} and small strips")
    if segments.tiled:
        held = 2 * segments.tile_h * segments.columns * segments.tile_w * segments.pixel_bytes
    else:
        held = 2 * int(segments.counts.max())
    check_held(held, "a TIFF of such large strips or tiles", "save it with smaller ones")


def _profile(directory: Directory) -> tuple[bytes | None, tuple[str, ...]]:
    try:
        profile = directory.data(_PROFILE, MAX_PROFILE_BYTES)
    except Unreadable:
        return None, ("the embedded colour profile is cut or too large: the default was taken instead",)
    return profile or None, ()
