"""ICC profiles as bytes: reading a header, and writing an output profile of 1 to 15 inks (ICC.1:2001-04, lut16)."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rip.colour import D50

CREATED = (2025, 1, 1, 0, 0, 0)
"""Fixed, so that the same condition gives the same bytes."""

_HEAD_BYTES = 128
_CHANNELS = {"GRAY": 1, "RGB ": 3, "CMY ": 3, "CMYK": 4, "Lab ": 3, "XYZ ": 3}
_CHANNELS |= {f"{count:X}CLR": count for count in range(1, 16)}
_ADDITIVE = ("GRAY", "RGB ")


class ProfileError(ValueError):
    """A profile that cannot be used; the message says why."""


@dataclass(frozen=True)
class Header:
    """What a profile says of itself.

    Attributes
    ----------
    device_class, space, connection : str
        Four-letter signatures of class, device space and connection space.
    channels : int
        Device channels.
    """

    device_class: str
    space: str
    connection: str
    channels: int

    @property
    def additive(self) -> bool:
        """Whether 0 in a device channel is dark (grey, RGB) and not bare cloth."""
        return self.space in _ADDITIVE


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


def read_header(profile: bytes) -> Header:
    """Return the header of a profile; raises `ProfileError` if it is cut or of a kind no ink set or artwork has."""
    if len(profile) < _HEAD_BYTES + 4 or profile[36:40] != b"acsp":
        raise ProfileError("is not an ICC profile")
    size = int.from_bytes(profile[:4], "big")
    if size > len(profile):
        raise ProfileError(f"is cut: {len(profile)} of {size} bytes")
    device_class, space, connection = (profile[at : at + 4].decode("latin-1") for at in (12, 16, 20))
    if space not in _CHANNELS or connection not in ("Lab ", "XYZ "):
        raise ProfileError(f"is for {space.strip()!r} to {connection.strip()!r}, which nothing here has")
    return Header(device_class, space, connection, _CHANNELS[space])


def device_space(inks: int, cmyk_order: bool) -> str:
    """Return the signature of an ink set's device space; `cmyk_order`: its inks are cyan, magenta, yellow (, black)."""
    if inks == 1:
        return "GRAY"
    return {3: "CMY ", 4: "CMYK"}[inks] if cmyk_order and inks in (3, 4) else f"{inks:X}CLR"


def encode_lab(lab: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Encode CIELAB (…, 3) as uint16, the form of ICC version 2: L* 100 is 0xFF00, a* and b* 0 are 0x8000."""
    scaled = np.stack([lab[..., 0] * 652.8, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1)
    return np.clip(np.rint(scaled), 0, 65535).astype(np.uint16)


def write_profile(title: str, space: str, white_xyz: NDArray[np.float64], to_lab: Lut, to_device: Lut) -> bytes:
    """Return the bytes of a profile of class prtr with connection space Lab.

    Parameters
    ----------
    title : str
        ASCII; shown by programs that list profiles.
    space : str
        Signature of the device space, see `device_space`.
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
    return _assemble("prtr", space, "Lab ", tags)


def write_table(lut: Lut) -> tuple[bytes, bytes]:
    """Dress a table of 3 inputs as two profiles that do nothing but apply it, so that LittleCMS interpolates in it.

    The first takes three channels, named RGB, unchanged into the connection space; the second is the table from there.
    """
    straight = np.tile(np.array([0, 65535], np.uint16), (3, 1))
    corners = np.stack(np.meshgrid(*straight, indexing="ij"), axis=-1).astype(np.uint16)
    into = _assemble("scnr", "RGB ", "XYZ ", {b"A2B0": _lut16(Lut(straight, corners))})
    return into, _assemble("prtr", f"{lut.grid.shape[-1]:X}CLR", "XYZ ", {b"B2A0": _lut16(lut)})


def _assemble(device_class: str, space: str, connection: str, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    first = _HEAD_BYTES + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", first + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI12s4s",
        first + len(body),
        bytes(4),
        0x02400000,
        device_class.encode("ascii"),
        space.encode("ascii"),
        connection.encode("ascii"),
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
    return header.ljust(_HEAD_BYTES, b"\0") + table + body


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
