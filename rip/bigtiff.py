"""Writing a BigTIFF of screened inks: one plane per ink, 2 bits per sample, uncompressed strips (TIFF 6.0, BigTIFF).

tifffile packs 2-bit samples only with a codec library and writes planes one after the other; screening makes all inks
of a band at once. So the directory is written first and the planes are filled in place.
"""

import struct
from dataclasses import dataclass

ROWS_PER_STRIP = 64

_ASCII, _SHORT, _LONG, _RATIONAL, _LONG8 = 2, 3, 4, 5, 16
_SIZES = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _LONG8: 8}
_CODES = {_SHORT: "H", _LONG: "I", _RATIONAL: "I", _LONG8: "Q"}
_ALIGN = 4096


@dataclass(frozen=True)
class Plan:
    """A BigTIFF without its pixels.

    Attributes
    ----------
    head : bytes
        Header and directory; the planes follow at once, one after the other.
    row_bytes : int
        Bytes of one row of one plane.
    plane_bytes : int
    size : int
        Bytes of the whole file.
    """

    head: bytes
    row_bytes: int
    plane_bytes: int
    size: int


def plan_bigtiff(width: int, height: int, inks: tuple[str, ...], bits: int, dpi: int, description: str) -> Plan:
    """Lay out the file.

    Parameters
    ----------
    width, height : int
        Pixels.
    inks : tuple of str
        ASCII ink names; four of them are declared as CMYK.
    bits : int
        Per sample.
    dpi : int
    description : str
        ASCII, goes into ImageDescription.
    """
    row_bytes = (width * bits + 7) // 8
    plane_bytes = row_bytes * height
    strips = -(-height // ROWS_PER_STRIP)
    last = height - ROWS_PER_STRIP * (strips - 1)
    counts = [row_bytes * ROWS_PER_STRIP] * (strips - 1) + [row_bytes * last]
    names = "\0".join(inks) + "\0"

    def tags(start: int) -> list[tuple[int, int, list[int] | bytes]]:
        offsets = [
            start + plane * plane_bytes + strip * row_bytes * ROWS_PER_STRIP
            for plane in range(len(inks))
            for strip in range(strips)
        ]
        return [
            (256, _LONG, [width]),
            (257, _LONG, [height]),
            (258, _SHORT, [bits] * len(inks)),
            (259, _SHORT, [1]),  # no compression
            (262, _SHORT, [5]),  # separated
            (270, _ASCII, description.encode("ascii") + b"\0"),
            (273, _LONG8, offsets),
            (277, _SHORT, [len(inks)]),
            (278, _LONG, [ROWS_PER_STRIP]),
            (279, _LONG8, counts * len(inks)),
            (282, _RATIONAL, [dpi, 1]),
            (283, _RATIONAL, [dpi, 1]),
            (284, _SHORT, [2]),  # planes
            (296, _SHORT, [2]),  # inch
            (305, _ASCII, b"Foulard\0"),
            (332, _SHORT, [1 if len(inks) == 4 else 2]),
            (333, _ASCII, names.encode("ascii")),
            (334, _SHORT, [len(inks)]),
        ]

    start = -(-len(_directory(tags(0))) // _ALIGN) * _ALIGN
    head = _directory(tags(start)).ljust(start, b"\0")
    return Plan(head, row_bytes, plane_bytes, start + plane_bytes * len(inks))


def _directory(tags: list[tuple[int, int, list[int] | bytes]]) -> bytes:
    header = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16)
    spill_at = len(header) + 8 + 20 * len(tags) + 8
    entries, spill = b"", b""
    for tag, kind, values in tags:
        data = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{_CODES[kind]}", *values)
        count = len(data) // _SIZES[kind]
        if len(data) <= 8:
            where = data.ljust(8, b"\0")
        else:
            where = struct.pack("<Q", spill_at + len(spill))
            spill += data + bytes(-len(data) % 8)
        entries += struct.pack("<HHQ", tag, kind, count) + where
    return header + struct.pack("<Q", len(tags)) + entries + bytes(8) + spill
