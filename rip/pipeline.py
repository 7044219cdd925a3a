"""The whole way: design file → ink tones → layout → screened period on disk."""

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.artwork import Artwork, Pixels, decode_artwork, flatten
from rip.bigtiff import plan_bigtiff
from rip.condition import Condition
from rip.layout import Layout, Repeat, plan_layout
from rip.mask import load_mask
from rip.profile import load_profile
from rip.raster import BITS, Raster, RasterError
from rip.screen import Screener, ink_thresholds
from rip.separation import separate
from rip.tiling import lay_band, resample_rows

VERSION = 1
"""Goes into every key: raise it when the same input gives other drops."""

ASSUMED_DPI = 150.0
"""Resolution taken for a design that states none; default from practice, editable by giving the width."""

BAND_ROWS = 64
PLACEMENT = "row r of the job is row r mod period_rows of this file; column x is column x"

Progress = Callable[[str, float], None]


def rip(
    design: Path,
    condition: Condition,
    *,
    length_m: float,
    repeat: Repeat,
    width_mm: float | None = None,
    folder: Path,
    progress: Progress | None = None,
) -> Raster:
    """Prepare one period of a design for a condition; the same input is found again in the folder.

    Parameters
    ----------
    design : Path
        PNG, JPEG or TIFF.
    condition : Condition
    length_m : float
        Length of the job; the raster serves any length.
    repeat : {"straight", "half-drop"}
    width_mm : float, optional
        Physical width of one repeat. Without it the file's resolution decides; without that 150 dpi is assumed and
        said in `meta["notes"]`.
    folder : Path
        Cache of rasters, masks and profiles; made if needed.
    progress : callable, optional
        Called with a step ("read", "separate", "screen", "write") and its done share 0..1.

    Raises
    ------
    ArtworkError
        If the design cannot be read.
    LayoutError
        If the repeat cannot be laid out.
    """
    if not length_m > 0:
        raise ValueError(f"length_m {length_m:g} must be above 0")
    report = progress or (lambda step, share: None)
    folder.mkdir(parents=True, exist_ok=True)
    report("read", 0.0)
    artwork, image = decode_artwork(design)
    notes = []
    if width_mm is None:
        dpi = artwork.dpi
        if dpi is None:
            dpi = ASSUMED_DPI
            notes.append(f"the file states no resolution: {ASSUMED_DPI:g} dpi assumed")
        width_mm = artwork.width_px / dpi * 25.4
    layout = plan_layout(condition.width_px, condition.dpi, (artwork.width_px, artwork.height_px), width_mm, repeat)
    report("read", 1.0)
    key = _key(artwork, layout, condition)
    path = folder / f"{key}.tif"
    if kept := _kept(path):
        report("write", 1.0)
        return kept
    report("separate", 0.0)
    pixels = _reduced(flatten(image), layout)
    del image
    profile = load_profile(condition, folder / "profiles")
    inks, colour_notes = separate(pixels, artwork.profile, profile, condition.total_limit_pct)
    del pixels
    notes.extend(colour_notes)
    report("separate", 1.0)
    meta = _meta(artwork, layout, condition, key, width_mm, notes)
    mask = load_mask(layout.mask_rows, folder / "masks")
    _write(path, inks, layout, condition, mask, meta, report)
    return Raster.open(path)


def _key(artwork: Artwork, layout: Layout, condition: Condition) -> str:
    basis = {"rip": VERSION, "design": artwork.sha256, "layout": asdict(layout), "condition": condition.digest}
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode("ascii")).hexdigest()


def _kept(path: Path) -> Raster | None:
    """Return the raster of that key if it is there and sound."""
    if not (path.is_file() and path.with_suffix(".json").is_file()):
        return None
    try:
        return Raster.open(path)
    except RasterError:
        return None


def _reduced(pixels: Pixels, layout: Layout) -> Pixels:
    """Reduce a design that is finer than the press before any colour is computed."""
    rows, columns = pixels.data.shape[:2]
    height, width = min(rows, layout.tile_h_px), min(columns, layout.tile_w_px)
    if (height, width) == (rows, columns):
        return pixels
    reduced = np.empty((height, width, *pixels.data.shape[2:]), np.uint8)
    for start in range(0, height, BAND_ROWS):
        count = min(BAND_ROWS, height - start)
        reduced[start : start + count] = resample_rows(pixels.data, width, height, start, count)
    return Pixels(reduced, pixels.mode)


def _meta(
    artwork: Artwork, layout: Layout, condition: Condition, key: str, width_mm: float, notes: list[str]
) -> dict[str, object]:
    return {
        "key": key,
        "rip_version": VERSION,
        "design": artwork.path.name.encode("ascii", "replace").decode("ascii"),
        "design_sha256": artwork.sha256,
        "repeat": layout.repeat,
        "repeat_width_mm": width_mm,
        "tile_w_px": layout.tile_w_px,
        "tile_h_px": layout.tile_h_px,
        "height_error": layout.height_error,
        "mask_rows": layout.mask_rows,
        "width_px": layout.width_px,
        "period_rows": layout.period_rows,
        "placement": PLACEMENT,
        "dpi": condition.dpi,
        "bits": BITS,
        "inks": [{"name": ink.name, "lab": list(ink.lab)} for ink in condition.inks],
        "white_lab": list(condition.white_lab),
        "drop_volumes": list(condition.drop_volumes),
        "drop_pl": condition.drop_pl,
        "condition_sha256": condition.digest,
        "profile": "computed default from the ink solids, not measured",
        "notes": notes,
    }


def _write(
    path: Path,
    inks: NDArray[np.uint8],
    layout: Layout,
    condition: Condition,
    mask: NDArray[np.uint16],
    meta: dict[str, object],
    report: Progress,
) -> None:
    """Screen the period into a file beside the path, then move it there; the sidecar with the hash comes last."""
    names = tuple(ink.name for ink in condition.inks)
    plan = plan_bigtiff(layout.width_px, layout.period_rows, names, BITS, condition.dpi, json.dumps(meta))
    partial = path.with_name(f".{uuid.uuid4().hex}.tif")
    sidecar = path.with_suffix(".json")
    try:
        with partial.open("wb") as file:
            file.write(plan.head)
            # a full disk must fail here, not while writing through the memory map
            os.posix_fallocate(file.fileno(), 0, plan.size)
        shape = (len(names), layout.period_rows, plan.row_bytes)
        planes = np.memmap(partial, np.uint8, "r+", len(plan.head), shape)
        screeners = [Screener(ink_thresholds(mask, condition.drop_volumes, ink)) for ink in range(len(names))]
        padded = np.zeros((len(names), BAND_ROWS, plan.row_bytes * 4), np.uint8)
        for start in range(0, layout.period_rows, BAND_ROWS):
            count = min(BAND_ROWS, layout.period_rows - start)
            lay_band(inks, layout, start, padded[:, :count])
            for ink, screener in enumerate(screeners):
                screener.screen(padded[ink, :count], start, planes[ink, start : start + count])
            report("screen", (start + count) / layout.period_rows)
        report("write", 0.0)
        planes.flush()
        del planes
        with partial.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    partial_sidecar = partial.with_suffix(".json")
    partial_sidecar.write_text(json.dumps({"sha256": digest, **meta}, indent=1), encoding="utf-8")
    partial_sidecar.replace(sidecar)
    report("write", 1.0)
