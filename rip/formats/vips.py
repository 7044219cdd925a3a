"""libvips as a decoder: sequential, without a cache, and only through the loaders named here."""

import logging
import os
import queue
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pyvips

from rip.formats.facts import Facts, Rows, Unreadable, one_line

PORTION_BYTES = 3 << 20
"""Rows are handed on in portions of about this size; larger ones are no faster and cost memory."""

_AHEAD = 32
"""Pieces of a row or a few that may wait: libvips decodes while the rows before are worked on."""

_STRICT = {
    "png": "error",  # checksums notice all damage; warnings are about harmless chunks
    "jpeg": "warning",  # libjpeg only warns about damage, and paints grey
    "tiff": "error",  # warnings are about unknown tags
}

# what a decoder complains about comes with its error
logging.getLogger("pyvips").setLevel(logging.ERROR)
pyvips.cache_set_max(0)
# only the loaders named below are ever called; those that libvips itself does not trust are out of reach besides
pyvips.block_untrusted_set(True)


def vips_rows(
    file: BinaryIO, loader: str, facts: Facts, count: int, *, page: int = 0, unlimited: bool = False
) -> Iterator[Rows]:
    """Decode a file row by row.

    Parameters
    ----------
    file : BinaryIO
        A real file.
    loader : {"png", "jpeg", "tiff"}
    facts : Facts
        What the header promised; anything else is an error.
    count : int
        Rows at a time, fewer if they are long.
    page : int
        Of a TIFF.
    unlimited : bool
        Lift libtiff's limit of 50 MB on what it holds at once.

    Raises
    ------
    Unreadable
        If the file turns out cut, damaged or other than its header says.
    """
    options = {"access": "sequential", "fail_on": _STRICT[loader]}
    if loader == "tiff":
        options |= {"page": page, "unlimited": unlimited}
    os.lseek(file.fileno(), 0, os.SEEK_SET)  # libvips reads from where the descriptor stands
    try:
        source = pyvips.Source.new_from_descriptor(file.fileno())
        image = getattr(pyvips.Image, f"{loader}load_source")(source, **options)
    except pyvips.Error as error:
        raise _refusal(error) from None
    samples = facts.channels + facts.alpha
    bits = {"uchar": 8, "ushort": 16}.get(image.format)
    grey_palette = facts.palette is not None and image.bands == samples - 2
    promised = (facts.width_px, facts.height_px, facts.bits)
    if (image.width, image.height, bits) != promised or not (image.bands == samples or grey_palette):
        raise Unreadable("its parts contradict each other")
    dtype = np.dtype(np.uint8 if bits == 8 else np.uint16)
    row_bytes = image.width * image.bands * dtype.itemsize
    portion = row_bytes * min(count, max(1, PORTION_BYTES // row_bytes))
    missing = image.height
    for data in _portions(_stream(image), portion):
        rows = np.frombuffer(data, dtype).reshape(-1, image.width, image.bands)
        missing -= len(rows)
        yield _expanded(rows, samples) if grey_palette else rows
    if missing:
        raise Unreadable(f"cannot be decoded: {missing} of {image.height} rows are missing")


def _stream(image: Any) -> Iterator[bytes]:
    """Yield the pixels of an image from top to bottom as libvips decodes them, in a thread of its own."""
    pieces: queue.Queue[bytes | Unreadable | None] = queue.Queue(_AHEAD)
    nobody_reads = threading.Event()

    def take(piece: bytes | bytearray | memoryview) -> int:
        if nobody_reads.is_set():
            return -1
        pieces.put(bytes(piece))
        return len(piece)

    def decode() -> None:
        end = None
        try:
            target = pyvips.TargetCustom()
            target.on_write(take)
            image.rawsave_target(target)
        except pyvips.Error as error:
            end = _refusal(error)
        finally:
            pieces.put(end)

    thread = threading.Thread(target=decode, daemon=True)
    thread.start()
    piece: bytes | Unreadable | None = b""
    try:
        while isinstance(piece := pieces.get(), bytes):
            yield piece
    finally:
        nobody_reads.set()
        while isinstance(piece, bytes):
            piece = pieces.get()
        thread.join()
    if piece is not None:
        raise piece


def _portions(pieces: Iterator[bytes], size: int) -> Iterator[bytearray]:
    """Join and part pieces to portions of equal size; the last one may be smaller."""
    portion = bytearray()
    for piece in pieces:
        portion += piece
        while len(portion) >= size:
            rest = portion[size:]
            del portion[size:]
            yield portion
            portion = rest
    if portion:
        yield portion


def _expanded(rows: Rows, samples: int) -> Rows:
    """Repeat the grey that libvips makes of a palette without colours."""
    grey = np.repeat(rows[..., :1], 3, axis=2)
    return np.concatenate([grey, rows[..., 1:]], axis=2) if samples > 3 else grey


def _refusal(error: pyvips.Error) -> Unreadable:
    """Return the first thing the decoder said, without the name of the module that said it."""
    lines = [line for line in error.detail.splitlines() if line.strip()] or [str(error)]
    reason = one_line(lines[0].split(": ", 1)[-1], 120)
    return Unreadable(f"cannot be decoded, it may be cut or damaged ({reason})")
