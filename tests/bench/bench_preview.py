"""How soon a large piece is seen, beside libvips showing the same artwork.

A carré of 90 × 90 cm at 600 dpi (452 Mpx, an RGB TIFF of 1.36 GB) is prepared for silk. Then a worker that has not seen
the job yet gives what a browser asks for when the job's page is opened: the layout's figures and every tile of the
whole piece at the level that fills a window of 1280 × 800. Prints one JSON object:

- ``prepare_s``: reading, separating, screening, sealing, pyramid and preview;
- ``first_view_s``: all of the first view, as JPEG, the worker already running; the worst of three jobs' workers;
- ``tile_s``: the slowest of 20 tiles of 512 × 512 px anywhere at one to one, ×16 and 1/8;
- ``libvips_thumbnail_s``: libvips reducing the design (not the print) to the same size.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
import tifffile
from bench_rip import DPI, picture

import rip
from controller.request import control_recipe
from controller.work import LayoutTask, PrepareTask, TileTask, draw_tile, prepare, survey
from controller.workers import Workers

PIECE_MM, BAND, STRIP, WINDOW_PX = 900.0, 1024, 64, (1280, 800)


def carre(path: Path) -> None:
    """Write the artwork band by band: no process here holds it whole."""
    side = round(PIECE_MM / 25.4 * DPI)
    one = picture(side, BAND)
    with tifffile.TiffWriter(path) as tif:
        strips = (
            np.roll(one[top % BAND :][:STRIP], 977 * (top // BAND), axis=1)[: side - top].tobytes()
            for top in range(0, side, STRIP)
        )
        tif.write(strips, shape=(side, side, 3), dtype=np.uint8, photometric="rgb", rowsperstrip=STRIP,
                  resolution=(DPI, DPI), resolutionunit="INCH")  # fmt: skip


def first_view(layout: LayoutTask) -> float:
    """Seconds for the figures of the layout and the tiles of the first view."""
    begin = time.perf_counter()
    survey(layout)
    zoom = layout.zoom
    level = max(
        level for level in range(zoom.levels)
        if all(side <= room for side, room in zip(zoom.size(level), WINDOW_PX, strict=True))
    )  # fmt: skip
    columns, rows = zoom.tiles(level)
    for row in range(rows):
        for column in range(columns):
            draw_tile(TileTask(layout, "proof", level, column, row))
    return time.perf_counter() - begin


def slowest_tile(layout: LayoutTask) -> float:
    """Seconds of the slowest of some tiles near and far."""
    zoom, random, times = layout.zoom, np.random.default_rng(3), []
    for level in (zoom.one_to_one, zoom.levels - 1, zoom.one_to_one - 3):
        columns, rows = zoom.tiles(level)
        for _ in range(20 // 3 + 1):
            task = TileTask(layout, "proof", level, int(random.integers(columns)), int(random.integers(rows)))
            begin = time.perf_counter()
            draw_tile(task)
            times.append(time.perf_counter() - begin)
    return max(times)


def measure(folder: Path) -> dict[str, Any]:
    """Measure everything; the keys are those of the module's text."""
    design = folder / "carre.tif"
    carre(design)
    control = control_recipe("silk-twill").model_dump(mode="json")
    layout = rip.Layout(width_mm=PIECE_MM).stated()
    task = PrepareTask((design,), control, layout, PIECE_MM / 1000, "carre", (), folder / "rasters", folder / "kept",
                       folder / "job")  # fmt: skip
    begin = time.perf_counter()
    made = prepare(task)
    figures: dict[str, Any] = {"prepare_s": time.perf_counter() - begin}
    seen = LayoutTask(made.raster, made.sha256, control, made.meta["width_px"], made.total_rows)
    times = []
    for _ in range(3):
        with Workers(1) as pool:
            pool.begin()
            pool.submit(os.getpid).result()
            times.append(pool.submit(first_view, seen).result())
            figures["tile_s"] = pool.submit(slowest_tile, seen).result()
    figures["first_view_s"] = max(times)
    begin = time.perf_counter()
    pyvips.Image.thumbnail(str(design), max(WINDOW_PX)).jpegsave_buffer()
    figures["libvips_thumbnail_s"] = time.perf_counter() - begin
    return {name: round(value, 3) for name, value in figures.items()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.stdout.write(json.dumps(measure(Path(name)), indent=1) + "\n")
