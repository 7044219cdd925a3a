"""PNG (W3C PNG, third edition): everything needed stands before the pixels, which libvips decodes row by row."""

import zlib
from functools import partial
from typing import BinaryIO

from rip.formats.facts import MAX_PROFILE_BYTES, Facts, Opened, Unreadable, check_held, check_size, take, unpack
from rip.formats.tiff_directory import exif_orientation
from rip.formats.vips import vips_rows

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits allowed with each colour type: grey, RGB, palette, grey and alpha, RGB and alpha."""

_MAX_CHUNKS = 1000
_MAX_CHUNK_BYTES = 64 << 20


def open_png(file: BinaryIO) -> Opened:
    """Read the chunks before the pixels.

    Raises
    ------
    Unreadable
    """
    take(file, len(SIGNATURE))
    length, kind = unpack(">I4s", file)
    if (length, kind) != (13, b"IHDR"):
        raise Unreadable("cut or damaged: the PNG header is missing")
    width, height, depth, colour, packing, filtering, interlace = unpack(">IIBBBBB", file)
    take(file, 4)
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        raise Unreadable("the PNG header is damaged")
    check_size(width, height)
    chunks = _chunks_before_pixels(file)
    palette = _palette(chunks.get(b"PLTE")) if colour == 3 else None
    channels = 1 if colour in (0, 4) else 3
    has_alpha = colour >= 4 or b"tRNS" in chunks
    bits = 16 if depth == 16 else 8
    if interlace:
        held = width * height * (channels + has_alpha) * bits // 8
        check_held(held, "an interlaced PNG of this size", "save it without interlacing")
    across, down = _dpi(chunks.get(b"pHYs"))
    profile, notes = _profile(chunks.get(b"iCCP"))
    facts = Facts(
        width_px=width,
        height_px=height,
        mode="grey" if channels == 1 else "rgb",
        channels=channels,
        bits=bits,
        alpha=has_alpha,
        palette=palette,
        dpi=across,
        dpi_down=down,
        profile=profile,
        orientation=exif_orientation(chunks.get(b"eXIf", b"")),
        notes=notes,
    )
    return Opened(facts, partial(vips_rows, file, "png", facts))


def _chunks_before_pixels(file: BinaryIO) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for _ in range(_MAX_CHUNKS):
        length, kind = unpack(">I4s", file)
        if kind == b"IDAT":
            return found
        if length > _MAX_CHUNK_BYTES or kind == b"IEND":
            raise Unreadable("cut or damaged: it has no pixels")
        if kind in (b"PLTE", b"tRNS", b"pHYs", b"iCCP", b"eXIf"):
            found[kind] = take(file, length)
        else:
            file.seek(length, 1)
        file.seek(4, 1)
    raise Unreadable(f"more than {_MAX_CHUNKS} chunks before the first pixel")


def _palette(data: bytes | None) -> tuple[tuple[int, int, int], ...]:
    if not data or len(data) % 3 or len(data) > 768:
        raise Unreadable("the palette is damaged")
    return tuple((data[at], data[at + 1], data[at + 2]) for at in range(0, len(data), 3))


def _dpi(data: bytes | None) -> tuple[float | None, float | None]:
    """Read pixels per metre."""
    if data is None or len(data) != 9 or data[8] != 1:
        return None, None
    across, down = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    return _per_inch(across), _per_inch(down)


def _profile(data: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    if data is None:
        return None, ()
    packed = data.partition(b"\0")[2][1:]
    try:
        profile = zlib.decompressobj().decompress(packed, MAX_PROFILE_BYTES)
    except zlib.error:
        profile = b""
    if not profile:
        return None, ("the embedded colour profile cannot be unpacked: the default was taken instead",)
    return profile, ()


def _per_inch(per_metre: int) -> float:
    """Convert a resolution; whole pixels per metre hide a round number of pixels per inch."""
    dpi = per_metre * 0.0254
    return float(round(dpi)) if abs(dpi - round(dpi)) <= 0.0127 else dpi
