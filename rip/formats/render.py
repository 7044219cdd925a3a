"""Renders one page of a PDF or SVG file to rows of RGB on its standard output; run as a process of its own.

Page descriptions are programs. They run in a process without further rights, with limits on memory and time, so that
whatever is wrong with them ends with this process. It imports nothing of the room, because it is run as a script with
an isolated interpreter (python -I). It writes facts or a complaint as JSON, padded with spaces, then the rows.

    render.py pdf|svg facts|rows FILE PAGE DPI MEMORY_MB SECONDS
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

POINTS_PER_INCH, CSS_PX_PER_INCH = 72.0, 96.0
BAND_BYTES = 32 << 20
SVG_BAND_ROWS = 128
"""libvips keeps two rows of tiles of an SVG; higher bands would have it render tiles again and again."""

MARGIN = 8
"""Rows rendered beyond a band and thrown away: pictures are interpolated from their neighbours."""

MAX_SVG_BYTES = 64 << 20
FACTS_BYTES = 2048


def limit(memory_mb: int, seconds: int) -> None:
    """Take away what a renderer has no need of."""
    for what, value in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))


def bands(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield first row and rows to render, first row and rows to keep (from the first one rendered)."""
    step = max(MARGIN, BAND_BYTES // (3 * width))
    for top in range(0, height, step):
        rows = min(step, height - top)
        first, last = max(0, top - MARGIN), min(height, top + rows + MARGIN)
        yield first, last - first, top - first, rows


def pdf(path: str, page_number: int, dpi: float) -> tuple[dict[str, Any], Iterator[memoryview]]:
    """Open a PDF page with PDFium: what it is, and its pixels from above, RGB uint8 row by row.

    ValueError says in one sentence why it cannot be read.
    """
    import ctypes

    import pypdfium2.raw as pdfium

    pdfium.FPDF_InitLibrary()
    document = pdfium.FPDF_LoadDocument(os.fsencode(path), None)
    if not document:
        reasons = {4: "it needs a password", 5: "its kind of encryption is not read"}
        raise ValueError(reasons.get(pdfium.FPDF_GetLastError(), "it is no sound PDF"))
    pages = pdfium.FPDF_GetPageCount(document)
    if not 0 <= page_number < pages:
        raise ValueError(f"page {page_number + 1} of {pages} does not exist")
    page = pdfium.FPDF_LoadPage(document, page_number)
    if not page:
        raise ValueError(f"page {page_number + 1} is damaged")
    points = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    width, height = (round(side * dpi / POINTS_PER_INCH) for side in points)
    facts = {"width": width, "height": height, "pages": pages}

    def rows() -> Iterator[memoryview]:
        for first, count, skip, keep in bands(width, height):
            pixels = (ctypes.c_ubyte * (3 * width * count))()
            bitmap = pdfium.FPDFBitmap_CreateEx(width, count, pdfium.FPDFBitmap_BGR, pixels, 3 * width)
            if not bitmap:
                raise ValueError("no memory for the page")
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, count, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, -first, width, height, 0, pdfium.FPDF_REVERSE_BYTE_ORDER)
            pdfium.FPDFBitmap_Destroy(bitmap)
            yield memoryview(pixels).cast("B")[3 * width * skip : 3 * width * (skip + keep)]

    return facts, rows()


def svg(path: str, page_number: int, dpi: float) -> tuple[dict[str, Any], Iterator[memoryview]]:
    """Open an SVG file with librsvg, through libvips; from memory, so that it has no folder to load files from.

    Gives and raises what `pdf` does.
    """
    import pyvips

    pyvips.cache_set_max(0)
    pyvips.operation_block_set("VipsForeignLoad", True)
    pyvips.operation_block_set("VipsForeignLoadSvgBuffer", False)
    if page_number:
        raise ValueError(f"page {page_number + 1} of 1 does not exist")
    with Path(path).open("rb") as file:
        text = file.read(MAX_SVG_BYTES + 1)
    if len(text) > MAX_SVG_BYTES:
        raise ValueError(f"more than {MAX_SVG_BYTES >> 20} MB of SVG")
    # libvips multiplies its scale by dpi / 72, whatever the unit in the file
    scale = dpi / CSS_PX_PER_INCH / (CSS_PX_PER_INCH / POINTS_PER_INCH)
    try:
        image = pyvips.Image.svgload_buffer(
            text, dpi=CSS_PX_PER_INCH, scale=scale, access="sequential", fail_on="error"
        )
        picture = image.flatten(background=[255.0])[0:3].cast("uchar")
    except pyvips.Error as error:
        lines = [line for line in error.detail.splitlines() if line.strip()] or [str(error)]
        raise ValueError(lines[0].split(": ", 1)[-1]) from None
    facts = {"width": image.width, "height": image.height, "pages": 1}

    def rows() -> Iterator[memoryview]:
        region = pyvips.Region.new(picture)
        for top in range(0, image.height, SVG_BAND_ROWS):
            yield region.fetch(0, top, image.width, min(SVG_BAND_ROWS, image.height - top))

    return facts, rows()


def main(kind: str, what: str, path: str, page: str, dpi: str, memory_mb: str, seconds: str) -> None:
    """Write facts or a complaint, then rows."""
    limit(int(memory_mb), int(seconds))
    out = sys.stdout.buffer
    try:
        facts, rows = {"pdf": pdf, "svg": svg}[kind](path, int(page), float(dpi))
    except (ValueError, ArithmeticError, MemoryError, OSError) as error:
        facts, rows = {"error": str(error)[:200] or "not enough memory"}, iter(())
    out.write(json.dumps(facts).encode().ljust(FACTS_BYTES))
    out.flush()
    if what == "rows":
        for band in rows:
            out.write(band)
        out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
