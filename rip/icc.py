"""Writing an ICC v2 CMYK printer profile (ICC.1:2001-04): header, tag table, two lut16 tables."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rip.colour import D50

CREATED = (2025, 1, 1, 0, 0, 0)
"""Fixed, so that the same condition gives the same bytes."""


@dataclass(frozen=True)
class Lut:
    """One lut16 table.

    Attributes
    ----------
    curves : uint16 (inputs, entries)
        Input tables.
    grid : uint16 (g, …, g, outputs)
        The first input varies slowest.
    """

    curves: NDArray[np.uint16]
    grid: NDArray[np.uint16]


def encode_lab(lab: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Encode CIELAB (…, 3) in the 16-bit form of ICC version 2: L* 100 is 0xFF00, a* and b* 0 are 0x8000."""
    scaled = np.stack([lab[..., 0] * 652.8, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1)
    return np.clip(np.rint(scaled), 0, 65535).astype(np.uint16)


def write_profile(title: str, white_xyz: NDArray[np.float64], to_lab: Lut, to_device: Lut) -> bytes:
    """Return the bytes of a profile of class prtr, CMYK to Lab.

    Parameters
    ----------
    title : str
        ASCII; shown by programs that list profiles.
    white_xyz : float (3,)
        Media white.
    to_lab, to_device : Lut
        Tags A2B0 and B2A0; with only these, every rendering intent uses them.
    """
    tags = {
        b"desc": _description(title),
        b"cprt": b"text" + bytes(4) + b"No copyright, use freely\0",
        b"wtpt": b"XYZ " + bytes(4) + _xyz(white_xyz),
        b"A2B0": _lut16(to_lab),
        b"B2A0": _lut16(to_device),
    }
    table, body = struct.pack(">I", len(tags)), b""
    first = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", first + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = first + len(body)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI12s4s",
        size,
        bytes(4),
        0x02400000,
        b"prtr",
        b"CMYK",
        b"Lab ",
        *CREATED,
        b"acsp",
        bytes(4),
        0,
        bytes(4),
        bytes(4),
        0,
        1,  # media-relative colorimetric
        _xyz(D50),
        bytes(4),
    )
    return header.ljust(128, b"\0") + table + body


def _xyz(xyz: NDArray[np.float64]) -> bytes:
    return struct.pack(">3i", *(round(float(value) * 65536) for value in xyz))


def _description(title: str) -> bytes:
    text = title.encode("ascii") + b"\0"
    no_unicode, no_scriptcode = bytes(8), bytes(3 + 67)
    return b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + no_unicode + no_scriptcode


def _lut16(lut: Lut) -> bytes:
    inputs, entries = lut.curves.shape
    outputs = lut.grid.shape[-1]
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    straight = np.tile(np.array([0, 65535], ">u2"), outputs)
    return (
        b"mft2"
        + bytes(4)
        + struct.pack(">4B", inputs, outputs, lut.grid.shape[0], 0)
        + identity
        + struct.pack(">2H", entries, 2)
        + lut.curves.astype(">u2").tobytes()
        + lut.grid.astype(">u2").tobytes()
        + straight.tobytes()
    )
