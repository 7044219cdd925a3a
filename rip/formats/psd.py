"""Composite picture of a PSD or PSB file (Adobe Photoshop File Formats Specification): raw or PackBits, plane by plane.

Photoshop keeps the flattened picture at the end of the file, already on white, when "maximise compatibility" is on.
Its planes are read row by row from their places, so that the layers before them cost nothing.
"""

import os
import struct
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

import numpy as np

from rip.formats.facts import (
    MAX_CHANNELS,
    MAX_PROFILE_BYTES,
    Facts,
    Mode,
    Opened,
    Rows,
    Unreadable,
    check_size,
    one_line,
    take,
    unpack,
)
from rip.formats.psd_rows import Planes, find_planes, plane_rows
from rip.formats.tiff_pixels import widen_lab

SIGNATURE = b"8BPS"

_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _MULTICHANNEL, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 7, 8, 9
_MODES: dict[int, tuple[Mode, int]] = {
    _BITMAP: ("grey", 1),
    _GREY: ("grey", 1),
    _INDEXED: ("rgb", 1),
    _RGB: ("rgb", 3),
    _CMYK: ("cmyk", 4),
    _DUOTONE: ("grey", 1),
    _LAB: ("lab", 3),
}
_DPI, _NAMES, _CHANNEL_KINDS, _PROFILE, _NAMES_UNICODE, _VERSION, _CHANNEL_KINDS_NEW = (
    1005,
    1006,
    1007,
    1039,
    1045,
    1057,
    1077,
)
_SPOT = 2
_PROCESS_INKS = ("cyan", "magenta", "yellow", "black")
_MAX_RESOURCES = 10_000
_MAX_RESOURCE_BYTES = MAX_PROFILE_BYTES


def open_psd(file: BinaryIO) -> Opened:
    """Read header and resources, and find the planes of the composite.

    Raises
    ------
    Unreadable
    """
    take(file, 4)
    version, _, channels, height, width, depth, colour = unpack(">H6sHIIHH", file)
    if version not in (1, 2):
        raise Unreadable(f"PSD version {version} is not read")
    check_size(width, height)
    if depth not in (8, 16) and (depth, colour) != (1, _BITMAP):
        raise Unreadable(f"{depth} bits per channel are not read: save it with 8 or 16 bits")
    if colour not in _MODES and colour != _MULTICHANNEL:
        raise Unreadable(f"PSD colour mode {colour} is not read: save it as RGB, CMYK, grey, Lab or multichannel")
    table = _block(file, ">I", 1 << 20)
    resources = _resources(file)
    _skip(file, ">I" if version == 1 else ">Q")  # layers and masks
    if resources.get(_VERSION, b"\0\0\0\0\1")[4:5] == b"\0":
        raise Unreadable('it has no composite picture: save it with "maximise compatibility", or as TIFF')
    mode, picked, names, notes = _channels(colour, channels, resources)
    palette = _palette(table) if colour == _INDEXED else None
    planes = find_planes(file, version, channels, (width, height), depth)
    across, down = _dpi(resources.get(_DPI, b""))
    facts = Facts(
        width_px=width,
        height_px=height,
        mode=mode,
        channels=3 if palette else len(picked),
        bits=max(depth, 8),
        channel_names=names,
        palette=palette,
        dpi=across,
        dpi_down=down,
        profile=resources.get(_PROFILE) or None,
        notes=notes,
    )
    return Opened(facts, partial(_rows, file, planes, picked, colour, palette))


def _block(file: BinaryIO, layout: str, most: int) -> bytes:
    (length,) = unpack(layout, file)
    if length > most:
        raise Unreadable(f"damaged: a block of {length} bytes where at most {most} belong")
    return take(file, length)


def _skip(file: BinaryIO, layout: str) -> None:
    (length,) = unpack(layout, file)
    if file.tell() + length > os.fstat(file.fileno()).st_size:
        raise Unreadable("cut or damaged: it ends before its composite picture")
    file.seek(length, 1)


def _resources(file: BinaryIO) -> dict[int, bytes]:
    """Read the image resources that are of use here."""
    (length,) = unpack(">I", file)
    end = file.tell() + length
    found: dict[int, bytes] = {}
    for _ in range(_MAX_RESOURCES):
        if file.tell() + 12 > end:
            break
        _, kind, name = unpack(">4sHB", file)
        file.seek(name + (name + 1) % 2, 1)
        (size,) = unpack(">I", file)
        if kind in (_DPI, _NAMES, _CHANNEL_KINDS, _PROFILE, _NAMES_UNICODE, _VERSION, _CHANNEL_KINDS_NEW):
            if size > _MAX_RESOURCE_BYTES:
                raise Unreadable(f"damaged: a resource of {size} bytes")
            found[kind] = take(file, size)
        else:
            file.seek(size, 1)
        file.seek(size % 2, 1)
    file.seek(end)
    return found


def _channels(
    colour: int, channels: int, resources: dict[int, bytes]
) -> tuple[Mode, tuple[int, ...], tuple[str, ...], tuple[str, ...]]:
    """Return mode, the planes to read, names of separations and notes."""
    separations: tuple[Mode, int] = ("separations", channels)
    mode, colours = _MODES.get(colour, separations)
    if not 0 < colours <= channels or channels > 56:
        raise Unreadable(f"damaged: {channels} channels in this colour mode")
    named = _names(resources)
    notes = ["duotone: taken as grey"] if colour == _DUOTONE else []
    picked = list(range(colours))
    if colour == _CMYK:
        kinds = _channel_kinds(resources)
        picked += [colours + at for at in range(channels - colours) if kinds[at : at + 1] == (_SPOT,)]
    if len(picked) > MAX_CHANNELS:
        raise Unreadable(f"{len(picked)} separations: at most {MAX_CHANNELS} are read")
    if channels > len(picked):
        notes.append(f"{channels - len(picked)} further channel(s) of the file left out")
    if colour != _MULTICHANNEL and len(picked) == colours:
        return mode, tuple(picked), (), tuple(notes)
    base = _PROCESS_INKS if colour == _CMYK else ()
    extra = [at - len(base) for at in picked[len(base) :]]
    names = base + tuple(named[at] if at < len(named) else f"channel {at + len(base) + 1}" for at in extra)
    if len(named) <= max(extra):
        notes.append(f"the file does not name all its inks: taken as {', '.join(names)}")
    return "separations", tuple(picked), names, tuple(notes)


def _names(resources: dict[int, bytes]) -> tuple[str, ...]:
    """Return the names of channels beyond the colours: UTF-16 with a count each, or Pascal strings."""
    names, at = [], 0
    data = resources.get(_NAMES_UNICODE, b"")[:16384]
    while at + 4 <= len(data):
        size = 2 * int.from_bytes(data[at : at + 4], "big")
        text = data[at + 4 : at + 4 + size].decode("utf-16-be", "replace")
        names.append(one_line(text.rstrip("\0"), 60))
        at += 4 + size
    if names:
        return tuple(names)
    data = resources.get(_NAMES, b"")[:16384]
    while at < len(data):
        size = data[at]
        names.append(one_line(data[at + 1 : at + 1 + size].decode("mac-roman", "replace"), 60))
        at += 1 + size
    return tuple(names)


def _channel_kinds(resources: dict[int, bytes]) -> tuple[int, ...]:
    """Return for each further channel whether it is a mask (0, 1) or a spot colour (2)."""
    new = resources.get(_CHANNEL_KINDS_NEW, b"")
    if len(new) >= 4 + 13:
        return tuple(new[at + 12] for at in range(4, len(new) - 12, 13))
    old = resources.get(_CHANNEL_KINDS, b"")
    return tuple(old[at + 12] for at in range(0, len(old) - 13, 14))


def _palette(table: bytes) -> tuple[tuple[int, int, int], ...]:
    if len(table) != 768:
        raise Unreadable("the palette is damaged")
    return tuple(zip(table[:256], table[256:512], table[512:], strict=True))


def _dpi(data: bytes) -> tuple[float | None, float | None]:
    """Read pixels per inch in 16.16 fixed point; whatever unit is shown to people, this one is stored."""
    if len(data) < 16:
        return None, None
    across, _, _, down = struct.unpack(">IHHI", data[:12])
    return across / 65536, down / 65536


def _rows(
    file: BinaryIO,
    planes: Planes,
    picked: tuple[int, ...],
    colour: int,
    palette: tuple[tuple[int, int, int], ...] | None,
    count: int,
) -> Iterator[Rows]:
    """Yield rows as `Facts` promises them."""
    for top in range(0, planes.height, count):
        rows = min(count, planes.height - top)
        band = np.stack([plane_rows(file, planes, plane, top, rows) for plane in picked], axis=-1)
        if palette is not None:
            band = np.array(palette, np.uint8)[band[..., 0]]
        elif colour in (_CMYK, _MULTICHANNEL):  # inks are stored with 0 for full
            band = ~band
        elif colour == _LAB and band.itemsize == 2:
            band[..., 1:] = widen_lab(band[..., 1:])
        yield band
