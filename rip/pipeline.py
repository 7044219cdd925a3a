"""The whole way: design file → layout → ink tones → screened period on disk."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.cloth import Cloth
from rip.condition import Condition
from rip.fill import Rows, fill_band
from rip.formats.opening import Artwork, open_artwork
from rip.hot import Screen
from rip.mask import load_mask
from rip.packed import stored_bits
from rip.period import Fill, screen_period
from rip.plan import Plan
from rip.raster import Raster, RasterError
from rip.repeat import Repeat, parse_repeat, plan_repeat
from rip.spool import spool
from rip.table import load_table, palette_table
from rip.tones import tone_notes, tones_of
from rip.writer import RasterWriter

VERSION = 2
"""Goes into every key: raise it when the same input gives other drops."""

ASSUMED_DPI = 150.0
"""Resolution taken for a design that states none; default from practice, editable by giving the width."""

PLACEMENT = "row r of the job is row r mod period_rows of this file; column x is column x"

Progress = Callable[[str, float], None]
Bytes = NDArray[np.uint8]


def rip(
    design: Path,
    condition: Condition,
    *,
    length_m: float,
    repeat: str = "straight",
    width_mm: float | None = None,
    folder: Path,
    progress: Progress | None = None,
) -> Raster:
    """Prepare one period of a design for a condition; the same input is found again in the folder.

    Parameters
    ----------
    design : Path
        PNG, JPEG, TIFF, PSD, PDF or SVG.
    condition : Condition
    length_m : float
        Length of the job; the raster serves any length.
    repeat : str
        KIND[:DROP], see `rip.repeat.parse_repeat`.
    width_mm : float, optional
        Physical width of one repeat. Without it the file's resolution decides; without that 150 dpi is assumed and
        said in `meta["notes"]`.
    folder : Path
        Cache of artwork, rasters, masks, profiles and tables; made if needed.
    progress : callable, optional
        Called with a step ("read", "separate", "screen", "write") and its done share 0..1.

    Raises
    ------
    ArtworkError
        If the design cannot be read.
    LayoutError
        If the repeat cannot be laid out.
    OSError
        If the disk is full.
    """
    if not length_m > 0:
        raise ValueError(f"length_m {length_m:g} must be above 0")
    report = progress or (lambda step, share: None)
    folder.mkdir(parents=True, exist_ok=True)
    report("read", 0.0)
    artwork = open_artwork(design)
    size_mm, notes = _size(artwork, width_mm)
    laid, cloth = parse_repeat(repeat), Cloth(condition.width_px, condition.dpi)
    plan = plan_repeat(laid, size_mm, cloth, length_m=length_m)
    key = _key(artwork, plan, condition)
    path = folder / f"{key}.tif"
    if kept := _kept(path):
        report("write", 1.0)
        return kept
    source = spool(artwork, *plan.sources_px[0], folder / "artwork", report, wrap=True)
    report("separate", 0.0)
    fill, entries, colour_notes = _fill(artwork, plan, source.rows, condition, folder / "profiles")
    report("separate", 1.0)
    notes = (*artwork.notes, *notes, *colour_notes, *plan.notes)
    meta = _meta(artwork, plan, condition, key, size_mm, notes) | {
        "repeat": repeat,
        "drop_px": _drop_px(laid, plan, cloth),
    }
    screen = Screen(load_mask(plan.mask_rows, folder / "masks"), condition.drop_volumes, len(condition.inks))
    with RasterWriter(path, meta) as writer:
        screen_period(fill, screen, writer, entries, progress=report)
        report("write", 0.0)
        writer.finish()
    report("write", 1.0)
    return Raster.open(path, check=False)


def _size(artwork: Artwork, width_mm: float | None) -> tuple[tuple[float, float], tuple[str, ...]]:
    """Return width and height of one repeat, mm, and what had to be assumed."""
    if width_mm is not None:
        return (width_mm, width_mm * artwork.height_px / artwork.width_px), ()
    if artwork.size_mm is not None:
        return artwork.size_mm, ()
    width, height = (side / ASSUMED_DPI * 25.4 for side in (artwork.width_px, artwork.height_px))
    return (width, height), (f"the file states no resolution: {ASSUMED_DPI:g} dpi assumed",)


def _key(artwork: Artwork, plan: Plan, condition: Condition) -> str:
    basis = {
        "rip": VERSION,
        "design": [artwork.sha256, artwork.page, artwork.width_px, artwork.height_px],
        "plan": asdict(plan),
        "condition": condition.digest,
    }
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode("ascii")).hexdigest()


def _kept(path: Path) -> Raster | None:
    """Return the raster of that key if it is there and sound."""
    try:
        return Raster.open(path) if path.is_file() else None
    except RasterError:
        return None


def _fill(
    artwork: Artwork, plan: Plan, rows: Rows, condition: Condition, folder: Path
) -> tuple[Fill, Bytes | None, tuple[str, ...]]:
    """Return what fills a band of the plan, the table if it fills it with colours, and what had to be assumed."""
    mode = artwork.mode
    notes = tone_notes(mode, artwork.profile, condition, names=artwork.channel_names)
    if mode == "rgb" and artwork.bits == 8:
        table = load_table(condition, artwork.profile, folder)
        return lambda first, out: fill_band(plan, [rows], first, len(out), out), table.entries, notes

    def toned(first: int, count: int) -> Bytes:
        return tones_of(rows(first, count), mode, artwork.profile, condition, folder, names=artwork.channel_names)

    ground = palette_table([plan.ground], condition, None, folder)[0].tolist()
    return lambda first, out: fill_band(plan, [toned], first, len(out), out, ground), None, notes


def _drop_px(repeat: Repeat, plan: Plan, cloth: Cloth) -> int | None:
    """Rows by which a column of repeats lies lower than the one to its left; None where rows are shifted instead."""
    if repeat.axis == "across":
        return None
    share = isinstance(repeat.shift, Fraction)
    return round(repeat.shift * plan.sources_px[0][1] if share else cloth.along_px(float(repeat.shift)))


def _meta(
    artwork: Artwork,
    plan: Plan,
    condition: Condition,
    key: str,
    size_mm: tuple[float, float],
    notes: tuple[str, ...],
) -> dict[str, object]:
    return {
        "key": key,
        "rip_version": VERSION,
        "design": artwork.path.name.encode("ascii", "replace").decode("ascii"),
        "design_sha256": artwork.sha256,
        "repeat_width_mm": size_mm[0],
        "tile_w_px": plan.sources_px[0][0],
        "tile_h_px": plan.sources_px[0][1],
        "scale_error": plan.scale_error,
        "mask_rows": plan.mask_rows,
        "width_px": plan.width_px,
        "period_rows": plan.period_rows,
        "wraps": plan.wraps,
        "placement": PLACEMENT,
        "dpi": condition.dpi,
        "bits": stored_bits(len(condition.drop_volumes)),
        "inks": [{"name": ink.name, "lab": list(ink.lab)} for ink in condition.inks],
        "white_lab": list(condition.white_lab),
        "drop_volumes": list(condition.drop_volumes),
        "drop_pl": condition.drop_pl,
        "condition_sha256": condition.digest,
        "profile": "computed default from the ink solids, not measured" if condition.profile is None else "customer's",
        "notes": list(notes),
    }
