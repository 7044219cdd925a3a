"""JPEG (ITU-T T.81) with its JFIF, EXIF, ICC and Adobe markers; libjpeg decodes it, through libvips."""

from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from rip.formats.facts import Facts, Mode, Opened, Unreadable, check_held, check_size, take, unpack
from rip.formats.tiff_directory import dots_per_inch, exif_directory, exif_orientation
from rip.formats.vips import vips_rows

SIGNATURE = b"\xff\xd8\xff"

_MODES: dict[int, Mode] = {1: "grey", 3: "rgb", 4: "cmyk"}
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SCAN, _END, _EXIF, _ICC, _JFIF = 0xDA, 0xD9, 0xE1, 0xE2, 0xE0
_MAX_MARKERS = 10_000
_REMEDY = "save it as a baseline JPEG, or as TIFF"


@dataclass
class _Markers:
    """What stands before the first scan."""

    frame: tuple[int, bytes] = (0, b"")
    scanned: int = 0
    jfif: bytes = b""
    exif: bytes = b""
    profile: dict[int, bytes] = field(default_factory=dict)
    profile_parts: int = 0


def open_jpeg(file: BinaryIO) -> Opened:
    """Read the markers before the pixels.

    Raises
    ------
    Unreadable
    """
    markers = _read_markers(file)
    kind, frame = markers.frame
    if len(frame) < 6:
        raise Unreadable("cut or damaged: it has no frame header")
    depth, count = frame[0], frame[5]
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if kind not in (_BASELINE, _EXTENDED, _PROGRESSIVE) or depth != 8:
        raise Unreadable(f"this kind of JPEG (frame {kind & 15}, {depth} bits) is not read: {_REMEDY}")
    if count not in _MODES or len(frame) < 6 + 3 * count:
        raise Unreadable(f"a JPEG of {count} components is not read: save it as grey, RGB or CMYK")
    check_size(width, height)
    if kind == _PROGRESSIVE or markers.scanned < count:
        held = 2 * _coefficients(width, height, frame[6:], count)
        check_held(held, "a progressive JPEG of this size", _REMEDY)
    profile, notes = _profile(markers)
    across, down = _dpi(markers)
    facts = Facts(
        width_px=width,
        height_px=height,
        mode=_MODES[count],
        channels=count,
        bits=8,
        dpi=across,
        dpi_down=down,
        profile=profile,
        orientation=exif_orientation(markers.exif),
        notes=notes,
    )
    return Opened(facts, partial(vips_rows, file, "jpeg", facts))


def _read_markers(file: BinaryIO) -> _Markers:
    found = _Markers()
    take(file, 2)
    for _ in range(_MAX_MARKERS):
        lead, code = take(file, 2)
        while code == 0xFF:
            code = take(file, 1)[0]
        if lead != 0xFF or code == _END:
            raise Unreadable("cut or damaged: it has no pixels")
        if code in {0, 1, *range(0xD0, 0xD9)}:  # markers without a length have no place here
            continue
        (length,) = unpack(">H", file)
        data = take(file, max(0, length - 2))
        if code == _SCAN:
            found.scanned = data[0] if data else 0
            return found
        if code in _FRAMES:
            found.frame = code, data
        elif code == _JFIF and data.startswith(b"JFIF\0"):
            found.jfif = data
        elif code == _EXIF and data.startswith(b"Exif\0\0"):
            found.exif = found.exif or data[6:]
        elif code == _ICC and data.startswith(b"ICC_PROFILE\0") and len(data) > 14:
            found.profile[data[12]] = data[14:]
            found.profile_parts = data[13]
    raise Unreadable(f"more than {_MAX_MARKERS} markers before the first pixel")


def _coefficients(width: int, height: int, components: bytes, count: int) -> int:
    """Return how many coefficients libjpeg holds when scans follow one another."""
    factors = [(components[3 * at + 1] >> 4 or 1, components[3 * at + 1] & 15 or 1) for at in range(count)]
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    return sum((width * h // across + 8) * (height * v // down + 8) for h, v in factors)


def _profile(markers: _Markers) -> tuple[bytes | None, tuple[str, ...]]:
    """Join the parts of the ICC profile (ICC.1, annex B.4)."""
    if not markers.profile:
        return None, ()
    if sorted(markers.profile) != list(range(1, markers.profile_parts + 1)):
        return None, ("a part of the embedded colour profile is missing: the default was taken instead",)
    return b"".join(markers.profile[part] for part in sorted(markers.profile)), ()


def _dpi(markers: _Markers) -> tuple[float | None, float | None]:
    """Return the resolution of JFIF, or else of EXIF."""
    if len(markers.jfif) >= 12 and markers.jfif[7] in (1, 2):
        inches = 1.0 if markers.jfif[7] == 1 else 2.54
        across, down = int.from_bytes(markers.jfif[8:10], "big"), int.from_bytes(markers.jfif[10:12], "big")
        return across * inches, down * inches
    directory = exif_directory(markers.exif)
    try:
        return dots_per_inch(directory) if directory else (None, None)
    except Unreadable:
        return None, None
