"""PDF and SVG pages: rendered by a process of its own (`render.py`), read here as rows of RGB."""

import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rip.formats.facts import MAX_PAGES, Facts, Opened, Rows, Unreadable, check_size, one_line
from rip.formats.render import FACTS_BYTES

DEFAULT_DPI = 300.0

MEMORY_MB = 1536
"""Address space of a renderer; default from practice, editable. A page that needs more is refused."""

OPENING_S, SECONDS_PER_MPX = 8, 0.5
"""Time a renderer may take to open a page, and per megapixel of it; default from practice, editable."""

_PATIENCE = 4
"""Seconds to wait per second of processor time: other work may be going on."""

_SVG_SIDE_PX = 32767
"""Largest side Cairo draws."""

_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
"""All a renderer gets of it: there are secrets in others."""

_RENDERER = Path(__file__).with_name("render.py")
_NAMES = {"pdf": "PDF", "svg": "SVG"}


def is_svg(head: bytes) -> bool:
    """Tell whether a file begins like SVG: text, perhaps with a declaration or comments, with an <svg> element."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"<") and b"<svg" in head


def open_page(path: Path, kind: str, page: int, dpi: float | None) -> Opened:
    """Ask a renderer for the size of a page.

    Raises
    ------
    Unreadable
        If the page cannot be opened, or only with more memory or time than it is given.
    """
    resolution = DEFAULT_DPI if dpi is None else dpi
    with _renderer("facts", path, kind, page, resolution, OPENING_S) as output:
        found = _facts(output, OPENING_S)
    if found["pages"] > MAX_PAGES:
        raise Unreadable(f"{found['pages']} pages, more than {MAX_PAGES}")
    width, height = found["width"], found["height"]
    check_size(width, height)
    if kind == "svg" and max(width, height) > _SVG_SIDE_PX:
        raise Unreadable(
            f"{width} × {height} px is more than {_SVG_SIDE_PX} px a side: render it at a lower resolution"
        )
    notes = () if dpi is not None else (f"{_NAMES[kind]} page rendered at {DEFAULT_DPI:g} dpi",)
    if kind == "pdf":
        notes += ("PDF page rendered to RGB: CMYK and spot colours in it were converted without their profiles",)
    facts = Facts(width, height, "rgb", 3, 8, dpi=resolution, dpi_down=resolution, pages=found["pages"], notes=notes)
    return Opened(facts, partial(_rows, path, kind, page, resolution, width, height))


def _rows(path: Path, kind: str, page: int, dpi: float, width: int, height: int, count: int) -> Iterator[Rows]:
    seconds = OPENING_S + math.ceil(SECONDS_PER_MPX * width * height / 1e6)
    with _renderer("rows", path, kind, page, dpi, seconds) as output:
        found = _facts(output, seconds)
        if (found["width"], found["height"]) != (width, height):
            raise Unreadable("it is not the file any more that was opened")
        for top in range(0, height, count):
            rows = min(count, height - top)
            yield np.frombuffer(_read(output, rows * width * 3, seconds), np.uint8).reshape(rows, width, 3)


@contextmanager
def _renderer(what: str, path: Path, kind: str, page: int, dpi: float, seconds: int) -> Iterator[int]:
    """Start a renderer and yield the descriptor of its output; it ends when nobody reads on."""
    command = [sys.executable, "-I", str(_RENDERER), kind, what, str(path.absolute())]
    process = subprocess.Popen(  # noqa: S603  (no shell; our own script; the file is an argument)
        [*command, str(page), str(dpi), str(MEMORY_MB), str(seconds)],
        cwd="/",
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.fileno()
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _facts(output: int, seconds: int) -> dict[str, Any]:
    found = json.loads(bytes(_read(output, FACTS_BYTES, seconds)))
    if "error" in found:
        raise Unreadable(f"cannot be rendered ({one_line(found['error'], 120)})")
    return found


def _read(output: int, count: int, seconds: int) -> bytearray:
    """Read so many bytes; the renderer limits its own processor time, this is for one that waits for something."""
    ready = select.poll()
    ready.register(output, select.POLLIN)
    until = time.monotonic() + _PATIENCE * seconds
    data = bytearray()
    while len(data) < count:
        piece = b""
        if ready.poll(max(0.0, until - time.monotonic()) * 1000):
            piece = os.read(output, min(count - len(data), 1 << 20))
        if not piece:
            raise Unreadable(
                f"cannot be rendered within {seconds} s and {MEMORY_MB} MB of memory, or it is damaged: save it as TIFF"
            )
        data += piece
    return data
