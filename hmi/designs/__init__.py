"""Sample designs of the house, so that a line can print before anyone has uploaded artwork.

Each is drawn by its own module from a few numbers: the same picture on every machine, at a whole number of pixels
per millimetre, so that its true size is exact in pixels and in the file's resolution. `write` puts them where the
line reads artwork from; the press side reads repeat width from the file like from any customer's design.
"""

import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hmi.designs import carre, dunes, peony, stripe

__all__ = ["Sample", "UnknownSampleError", "draw", "samples", "write"]

_MM_PER_INCH = 25.4
# Codes of the PNG specification (W3C, third edition): colour type, rendering intent, unit of pHYs.
_TRUECOLOUR, _PERCEPTUAL, _PER_METRE = 2, 0, 1


@dataclass(frozen=True)
class Sample:
    """One sample design.

    Attributes
    ----------
    name : str
        Its file name without ``.png``.
    title : str
        What people call it.
    repeat : {"straight", "half-drop"}
        How it repeats: half-drop lays every second column half a height lower.
    width_mm : float
        Width of one repeat.
    """

    name: str
    title: str
    repeat: Literal["straight", "half-drop"]
    width_mm: float


class UnknownSampleError(ValueError):
    """There is no sample design of that name; the message lists those there are."""


@dataclass(frozen=True)
class _Drawing:
    sample: Sample
    px_per_mm: int
    draw: Callable[[], NDArray[np.uint8]]


_DRAWINGS = {
    drawing.sample.name: drawing
    for drawing in (
        _Drawing(Sample("carre-lyon", "Carré Lyon", "straight", carre.SIDE_MM), carre.PX_PER_MM, carre.draw),
        _Drawing(Sample("pivoine-half-drop", "Pivoine", "half-drop", peony.SIDE_MM), peony.PX_PER_MM, peony.draw),
        _Drawing(Sample("rayure-club", "Rayure Club", "straight", stripe.SIDE_MM), stripe.PX_PER_MM, stripe.draw),
        _Drawing(Sample("ombre-dunes", "Ombré Dunes", "straight", dunes.SIDE_MM), dunes.PX_PER_MM, dunes.draw),
    )
}


def samples() -> tuple[Sample, ...]:
    """Return the sample designs in the order they are shown."""
    return tuple(drawing.sample for drawing in _DRAWINGS.values())


def draw(name: str) -> Image.Image:
    """Draw one repeat of a sample design.

    Parameters
    ----------
    name : str
        Name of the sample.

    Returns
    -------
    PIL.Image.Image
        sRGB picture; ``info["dpi"]`` holds its resolution.

    Raises
    ------
    UnknownSampleError
        If there is none of that name.
    """
    drawing = _DRAWINGS.get(name)
    if drawing is None:
        raise UnknownSampleError(f"no sample design is called {name!r}; choose one of {', '.join(_DRAWINGS)}")
    picture = Image.fromarray(drawing.draw())
    picture.info["dpi"] = (drawing.px_per_mm * _MM_PER_INCH, drawing.px_per_mm * _MM_PER_INCH)
    return picture


def write(folder: Path) -> dict[str, Path]:
    """Write the sample designs that are not yet in a folder.

    Parameters
    ----------
    folder : Path
        Where they go; made if it is missing.

    Returns
    -------
    dict of str to Path
        Name of the sample to its PNG file, marked as sRGB and with its true resolution.

    Raises
    ------
    OSError
        If the folder cannot be written. A file is there whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {sample.name: folder / f"{sample.name}.png" for sample in samples()}
    for name, path in paths.items():
        if not path.exists():
            _write_whole(path, _png(draw(name)))
    return paths


def _png(picture: Image.Image) -> bytes:
    # Pillow filters every line, which nearly doubles a picture of flat colours.
    pixels = np.asarray(picture)
    height, width, channels = pixels.shape
    lines = np.zeros((height, 1 + width * channels), dtype=np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    px_per_m = [round(dpi / _MM_PER_INCH * 1000.0) for dpi in picture.info["dpi"]]
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _TRUECOLOUR, 0, 0, 0)),
        (b"sRGB", bytes([_PERCEPTUAL])),
        (b"pHYs", struct.pack(">IIB", *px_per_m, _PER_METRE)),
        (b"IDAT", zlib.compress(lines.tobytes(), 6)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
