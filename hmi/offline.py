"""What needs no line: `foulard rip`, `foulard raster` and `foulard inspect`."""

import resource
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import qc
import recipes
import rip
from controller import Desk, JobRequest
from controller.work import condition, inks_of
from hmi.errors import BadInput

MOST_ROWS = 20_000
"""Rows in one array: 2.6 GB at the widest press, which is as much as a small machine holds."""


@dataclass(frozen=True)
class RipRequest:
    """What `foulard rip` is asked for; None leaves a value to the fabric's recipe or to the file."""

    design: Path
    fabric: str
    length_m: float
    repeat: str = "straight"
    width_mm: float | None = None
    inks: int | None = None
    dpi: int | None = None


def rip_design(request: RipRequest, out: Path) -> dict[str, Any]:
    """Make the raster and a preview in `out`; returns what `foulard rip --json` prints.

    Raises
    ------
    controller.Refused, rip.ArtworkError, rip.LayoutError, BadInput
        With one message for people.
    """
    control = Desk.check(
        JobRequest(request.design, request.fabric, request.length_m, request.repeat, request.width_mm,
                   request.design.stem)
    )  # fmt: skip
    for_rip = _condition(control, request)
    began, steps = time.perf_counter(), dict[str, float]()

    def progress(step: str, share: float) -> None:
        steps[step] = time.perf_counter() - began

    raster = rip.rip(request.design, for_rip, length_m=request.length_m, repeat=request.repeat,
                     width_mm=request.width_mm, folder=out, progress=progress)  # fmt: skip
    preview = out / "preview.jpg"
    Image.fromarray(rip.preview(raster, for_rip)).save(preview, quality=88)
    total_rows = raster.total_rows(request.length_m)
    ml = rip.ink_ml(raster, request.length_m)
    full_ml = total_rows * raster.width_px * raster.drop_pl * 1e-9
    notes = raster.meta.get("notes", [])
    return {
        "raster": str(raster.path), "preview": str(preview), "sha256": raster.sha256,
        "inks": list(raster.inks), "dpi": raster.dpi, "bits": raster.bits, "width_px": raster.width_px,
        "period_rows": raster.period_rows, "total_rows": total_rows,
        "ink_ml": {name: round(value, 3) for name, value in ml.items()},
        "coverage": {name: round(value / full_ml, 5) for name, value in ml.items()},
        "seconds": _durations(steps), "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "warnings": notes, "notes": notes,
    }  # fmt: skip


def _condition(control: recipes.ControlRecipe, request: RipRequest) -> rip.Condition:
    """Return the recipe's condition with the ink set and the resolution asked for."""
    for_rip = condition(control)
    try:
        if request.inks is not None:
            for_rip = replace(for_rip, inks=inks_of(control.recipe.ink_set.channels(request.inks)))
        return for_rip if request.dpi is None else replace(for_rip, dpi=request.dpi)
    except ValueError as error:
        raise BadInput(str(error)) from error


def _durations(ends: dict[str, float]) -> dict[str, float]:
    """Return how long each step took, seconds, from when each ended; steps follow one another."""
    began, durations = 0.0, {}
    for step, end in ends.items():
        durations[step] = round(end - began, 3)
        began = end
    return durations


def raster_rows(path: Path, start: int, count: int, out: Path) -> dict[str, Any]:
    """Write drop levels of rows of the job, uint8 (inks, rows, pixels); returns what `foulard raster rows` prints.

    Raises
    ------
    rip.RasterError, BadInput
        Not a sound raster; rows that no job has.
    """
    raster = rip.Raster.open(path)
    if start < 0 or not 1 <= count <= MOST_ROWS:
        msg = f"rows {start}+{count} are not possible; give a start from 0 and 1 to {MOST_ROWS} rows"
        raise BadInput(msg)
    np.save(out, raster.rows(start, count), allow_pickle=False)
    return {"rows": str(out), "start": start, "count": count, "inks": list(raster.inks), "width_px": raster.width_px}


def inspect_pictures(expected: Path, captured: Path, mm_per_px: float) -> dict[str, Any]:
    """Compare two pictures of the same size; returns what `foulard inspect --json` prints.

    Raises
    ------
    rip.ArtworkError, BadInput
        A picture that cannot be read; sizes that differ; an impossible pixel size.
    """
    if not 0 < mm_per_px <= 100:
        msg = f"--mm-per-px {mm_per_px:g} is not possible; give a pixel's size on the cloth, up to 100 mm"
        raise BadInput(msg)
    try:
        comparison = qc.compare(_picture(expected), _picture(captured), mm_per_px)
    except rip.ArtworkError:
        raise
    except ValueError as error:
        raise BadInput(str(error)) from error
    return {
        "findings": [
            {"cls": item.cls, "at_m": round(item.at_m, 4), "x_mm": round(item.x_mm, 2),
             "length_mm": round(item.length_mm, 2), "width_mm": round(item.width_mm, 2), "points": item.points}
            for item in comparison.findings
        ],
        "shift_px": [round(float(value), 2) for value in comparison.shift_px],
    }  # fmt: skip


def _picture(path: Path) -> np.ndarray:
    artwork = rip.open_artwork(path)
    if artwork.mode not in ("rgb", "grey"):
        msg = f"{path.name} is a {artwork.mode} picture; a camera gives RGB or grey, so give one of these"
        raise BadInput(msg)
    rows = np.concatenate(list(rip.bands(artwork)))
    codes = rows if artwork.bits == 8 else (rows >> 8).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(codes, (*codes.shape[:2], 3)))
