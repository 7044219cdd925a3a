"""Opens artwork of any format: found by its first bytes, never by its name; every file is taken for hostile."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rip.formats import jpeg, pages, png, psd, tiff
from rip.formats.facts import (
    DPI_RANGE,
    MAX_FILE_BYTES,
    ArtworkError,
    Facts,
    Mode,
    Opened,
    Unreadable,
    believable_dpi,
    one_line,
    profile_fault,
)

_SUFFIXES = {
    "png": {".png"},
    "jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "tiff": {".tif", ".tiff"},
    "psd": {".psd", ".psb"},
    "pdf": {".pdf", ".ai"},
    "svg": {".svg"},
}
_HEAD_BYTES = 4096


@dataclass(frozen=True)
class Artwork:
    """What a design file says about itself, upright (orientation tag applied).

    Attributes
    ----------
    path : Path
    format : {"png", "jpeg", "tiff", "psd", "pdf", "svg"}
    pages, page : int
        How many there are, and which of them this is, from 0.
    width_px, height_px : int
    mode : {"grey", "rgb", "cmyk", "lab", "separations"}
    channels : int
        Colour channels; transparency is not counted.
    bits : int
        8 or 16.
    alpha : bool
        Whether the file has transparency; pixels are delivered flat on white (no ink).
    channel_names : tuple of str
        Of separations, as the file names them, or "channel 1" and so on.
    palette : tuple of (r, g, b) or None
        Of indexed designs, 8 bits; pixels are delivered as RGB all the same.
    dpi : float or None
        Across the picture; None if the file states none, or one outside of 30..4800.
    size_mm : tuple of 2 float, or None
        Width and height; None without a resolution.
    profile : bytes or None
        Embedded ICC profile, if it is sound and fits the mode.
    notes : tuple of str
        What had to be assumed, one line each.
    sha256 : str
        Of the file.
    """

    path: Path
    format: str
    pages: int
    page: int
    width_px: int
    height_px: int
    mode: Mode
    channels: int
    bits: int
    alpha: bool
    channel_names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...] | None
    dpi: float | None
    size_mm: tuple[float, float] | None
    profile: bytes | None
    notes: tuple[str, ...]
    sha256: str


def open_artwork(path: Path, *, page: int = 0, dpi: float | None = None) -> Artwork:
    """Read the header of a design, in bounded time and memory.

    Parameters
    ----------
    path : Path
    page : int
        Of a TIFF or PDF, from 0.
    dpi : float, optional
        Resolution at which a PDF or SVG page is rendered, 30..4800; 300 if not given, with a note. Other formats have
        their own.

    Raises
    ------
    ArtworkError
        One line naming the file and the reason.
    """
    path = Path(path)
    if dpi is not None and believable_dpi(dpi) is None:
        raise ArtworkError(f"{one_line(path.name)}: {dpi:g} dpi is outside of {DPI_RANGE[0]:g}..{DPI_RANGE[1]:g}")
    with opened(path, page, dpi) as (kind, file, found):
        facts = found.facts
        across, down, dpi_notes = _resolution(facts)
        profile, profile_notes = _profile(facts)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    turned = facts.orientation >= 5
    width, height = facts.width_px, facts.height_px
    size = (width / across * 25.4, height / down * 25.4) if across and down else None
    return Artwork(
        path=path,
        format=kind,
        pages=facts.pages,
        page=page,
        width_px=height if turned else width,
        height_px=width if turned else height,
        mode=facts.mode,
        channels=facts.channels,
        bits=facts.bits,
        alpha=facts.alpha,
        channel_names=facts.channel_names,
        palette=facts.palette,
        dpi=down if turned else across,
        size_mm=(size[1], size[0]) if size and turned else size,
        profile=profile,
        notes=facts.notes + _name_notes(path, kind) + dpi_notes + profile_notes,
        sha256=digest,
    )


@contextmanager
def opened(path: Path, page: int, dpi: float | None) -> Iterator[tuple[str, io.BufferedReader, Opened]]:
    """Open a file by its first bytes; yields format, file and what its header says.

    Raises
    ------
    ArtworkError
        Also for what goes wrong while rows are read inside of the context.
    """
    name = one_line(path.name)
    try:
        if not path.is_file():
            raise Unreadable("no such file")
        size = path.stat().st_size
        if size == 0:
            raise Unreadable("the file is empty")
        if size > MAX_FILE_BYTES:
            raise Unreadable(f"larger than {MAX_FILE_BYTES >> 30} GiB")
        if page < 0:
            raise Unreadable(f"page {page + 1} does not exist")
        with path.open("rb") as file:
            kind = sniff(file.read(_HEAD_BYTES))
            file.seek(0)
            yield kind, file, _open(kind, path, file, page, dpi)
    except Unreadable as refusal:
        raise ArtworkError(f"{name}: {one_line(refusal, 400)}") from None
    except MemoryError:
        raise ArtworkError(f"{name}: not enough memory to read it") from None
    except OSError as error:
        raise ArtworkError(f"{name}: cannot be read ({one_line(error.strerror or error, 80)})") from None


def sniff(head: bytes) -> str:
    """Return the format that begins with these bytes.

    Raises
    ------
    Unreadable
        If none does.
    """
    if head.startswith(png.SIGNATURE):
        return "png"
    if head.startswith(jpeg.SIGNATURE):
        return "jpeg"
    if head.startswith(tiff.SIGNATURES):
        return "tiff"
    if head.startswith(psd.SIGNATURE):
        return "psd"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if pages.is_svg(head):
        return "svg"
    raise Unreadable("not a PNG, JPEG, TIFF, PSD, PDF or SVG file")


def _open(kind: str, path: Path, file: BinaryIO, page: int, dpi: float | None) -> Opened:
    if kind == "tiff":
        return tiff.open_tiff(file, page)
    if kind in ("pdf", "svg"):
        return pages.open_page(path, kind, page, dpi)
    if page:
        raise Unreadable(f"page {page + 1} of 1 does not exist")
    return {"png": png.open_png, "jpeg": jpeg.open_jpeg, "psd": psd.open_psd}[kind](file)


def _resolution(facts: Facts) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Return what can be believed of the stated resolution."""
    across, down = believable_dpi(facts.dpi), believable_dpi(facts.dpi_down)
    if across is None or down is None:
        if facts.dpi is None:
            return None, None, ()
        low, high = DPI_RANGE
        return None, None, (f"the file states {facts.dpi:.6g} dpi, outside of {low:g}..{high:g}: not believed",)
    if abs(across - down) > 0.005 * across:
        return across, down, (f"its pixels are not square: {across:.6g} dpi across, {down:.6g} dpi down",)
    return across, across, ()


def _profile(facts: Facts) -> tuple[bytes | None, tuple[str, ...]]:
    if facts.profile is None:
        return None, ()
    fault = profile_fault(facts.profile, facts.mode, facts.channels)
    if fault is None:
        return facts.profile, ()
    return None, (f"the embedded colour profile cannot be used ({fault}): the default was taken instead",)


def _name_notes(path: Path, kind: str) -> tuple[str, ...]:
    suffix = path.suffix.lower()
    known = suffix in set().union(*_SUFFIXES.values())
    if known and suffix not in _SUFFIXES[kind]:
        return (f"the name ends in {suffix}, but the file is {kind.upper()}: read as what it is",)
    return ()
