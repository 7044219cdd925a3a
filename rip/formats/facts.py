"""What every format must say about a file before a pixel is decoded, and the limits all of them share."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import imagecodecs
import numpy as np
from numpy.typing import NDArray

Mode = Literal["grey", "rgb", "cmyk", "lab", "separations"]

Rows = NDArray[Any]
"""uint8 or uint16 (n, width, samples)."""

MAX_PX = 600_000_000
"""Largest artwork, pixels: 140 cm square at 444 dpi."""

MAX_SIDE_PX = 300_000
"""Longest side: 12.7 m at 600 dpi. A row of the widest must still fit into memory many times."""

MAX_FILE_BYTES = 16 << 30
"""600 Mpx of twelve 16-bit channels are 14.4 GB."""

MAX_PAGES = 1000
MAX_CHANNELS = 16

MAX_HELD_BYTES = 400_000_000
"""What a decoder may have to hold at once: an interlaced PNG, a progressive JPEG, a row of tiles."""

MAX_PROFILE_BYTES = 32 << 20

DPI_RANGE = (30.0, 4800.0)
"""A resolution outside of this is taken for a mistake (1 dpi and 72000 dpi are common ones)."""

_PROFILE_SPACES = {"grey": {b"GRAY"}, "rgb": {b"RGB "}, "cmyk": {b"CMYK"}, "lab": {b"Lab "}}
_PROFILE_CLASSES = {b"scnr", b"mntr", b"prtr", b"spac"}


class ArtworkError(ValueError):
    """The file is no artwork that can be printed; one line: file name and reason."""


class Unreadable(ValueError):
    """Why a file cannot be read, without its name; `rip.formats.opening` puts the name in front."""


@dataclass(frozen=True)
class Facts:
    """What a file's header says, and what its rows will be: uint8 or uint16 (n, width_px, channels [+ 1]).

    Grey and RGB have 0 for black, CMYK and separations 0 for no ink. Lab is encoded as ICC does: L from 0 to the
    largest value, a and b with 128 (of 255) or 128 × 257 (of 65535) for neutral.

    Attributes
    ----------
    width_px, height_px : int
        As stored, before the orientation tag is applied.
    mode : {"grey", "rgb", "cmyk", "lab", "separations"}
    channels : int
        Colour channels.
    bits : int
        8 or 16, of the rows as delivered.
    alpha : bool
        Whether the last sample of a delivered pixel is its transparency.
    premultiplied : bool
        Whether colours already carry the transparency.
    channel_names : tuple of str
        Of separations.
    palette : tuple of (r, g, b) or None
        Of an indexed file; its rows are delivered as RGB all the same.
    dpi, dpi_down : float or None
        Across and down the picture, as stated.
    profile : bytes or None
        ICC profile as found, not looked at yet.
    orientation : int
        EXIF orientation 1..8.
    pages : int
    raw_offset : int or None
        Where the rows lie in the file, one after the other, exactly as they are delivered.
    notes : tuple of str
        What had to be assumed.
    """

    width_px: int
    height_px: int
    mode: Mode
    channels: int
    bits: int
    alpha: bool = False
    premultiplied: bool = False
    channel_names: tuple[str, ...] = ()
    palette: tuple[tuple[int, int, int], ...] | None = None
    dpi: float | None = None
    dpi_down: float | None = None
    profile: bytes | None = None
    orientation: int = 1
    pages: int = 1
    raw_offset: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """An opened file: its facts, and a way to its rows, top to bottom as stored, some `count` at a time."""

    facts: Facts
    rows: Callable[[int], Iterator[Rows]]


def one_line(text: object, longest: int = 200) -> str:
    """Return printable text on one line; what comes out of a file may hold anything."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def take(file: BinaryIO, count: int) -> bytes:
    """Read exactly that many bytes; Unreadable if the file ends before."""
    data = file.read(count)
    if len(data) != count:
        raise Unreadable("cut or damaged: it ends inside of its header")
    return data


def unpack(layout: str, file: BinaryIO) -> tuple[Any, ...]:
    """Read and unpack a fixed structure."""
    return struct.unpack(layout, take(file, struct.calcsize(layout)))


def check_size(width_px: int, height_px: int) -> None:
    """Raise Unreadable for pictures without pixels, of a single row or column, and above the limits."""
    if width_px < 1 or height_px < 1:
        raise Unreadable("the picture has no pixels")
    if width_px < 2 or height_px < 2:
        raise Unreadable(f"the picture is {width_px} × {height_px} px: a design needs at least 2 px each way")
    if max(width_px, height_px) > MAX_SIDE_PX or width_px * height_px > MAX_PX:
        raise Unreadable(
            f"{width_px} × {height_px} px is more than {MAX_PX // 1_000_000} megapixels or {MAX_SIDE_PX} px a side: "
            "reduce it to the resolution of the press"
        )


def check_held(held_bytes: int, what: str, remedy: str) -> None:
    """Raise Unreadable for what could only be decoded by holding more than MAX_HELD_BYTES at once."""
    if held_bytes > MAX_HELD_BYTES:
        needed, limit = held_bytes // 1_000_000, MAX_HELD_BYTES // 1_000_000
        raise Unreadable(f"{what} needs {needed} MB of memory to be decoded, more than {limit} MB: {remedy}")


def believable_dpi(dpi: float | None) -> float | None:
    """Return the resolution if it is within `DPI_RANGE`."""
    return dpi if dpi is not None and DPI_RANGE[0] <= dpi <= DPI_RANGE[1] else None


def profile_fault(profile: bytes, mode: str, channels: int) -> str | None:
    """Return why an ICC profile cannot be used for these pixels, or None if it can.

    Size, signature, class, colour space and tag table are looked at first (ICC.1), then LittleCMS has to make a
    transform of it.
    """
    size = int.from_bytes(profile[:4], "big")
    if len(profile) < 132 or not 132 <= size <= len(profile) or profile[36:40] != b"acsp":
        return "it is cut or damaged"
    if profile[12:16] not in _PROFILE_CLASSES:
        return "it is no profile of a device"
    expected = _PROFILE_SPACES.get(mode) or {f"{channels:X}CLR".encode()} | ({b"CMYK"} if channels == 4 else set())
    if profile[16:20] not in expected:
        return f"it is for {one_line(profile[16:20].decode('latin-1'))}, not for {mode}"
    tags = int.from_bytes(profile[128:132], "big")
    if not 0 < tags <= 200 or 132 + 12 * tags > size:
        return "its table of contents is damaged"
    for at in range(132, 132 + 12 * tags, 12):
        start, length = struct.unpack(">II", profile[at + 4 : at + 12])
        if start + length > size:
            return "its table of contents is damaged"
    try:
        imagecodecs.cms_profile_validate(profile)
        if mode != "separations":  # LittleCMS would precompute 7 nodes to the power of the channels
            pixel = np.zeros((1, 1, channels) if channels > 1 else (1, 1), np.uint8)
            space = {"grey": "gray", "lab": "lab"}.get(mode, mode)
            imagecodecs.cms_transform(pixel, profile, _SRGB, colorspace=space, outcolorspace="rgb")
    except (RuntimeError, ValueError) as error:
        return f"the colour engine refuses it ({one_line(error, 80)})"
    return None


_SRGB = imagecodecs.cms_profile("srgb")
