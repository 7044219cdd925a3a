"""What needs no line: `foulard rip` and `foulard inspect`."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import qc
import rip
from controller import Desk, JobRequest
from controller.work import PrepareTask, prepare
from hmi.errors import BadInput


def rip_design(
    design: Path, fabric: str, length_m: float, repeat: str, width_mm: float | None, out: Path
) -> dict[str, Any]:
    """Make the raster and a preview in `out`; returns what `foulard rip --json` prints.

    Raises
    ------
    controller.Refused, rip.ArtworkError
        With one message for people.
    """
    control = Desk.check(JobRequest(design, fabric, length_m, repeat, width_mm, design.stem))
    done = prepare(PrepareTask(design, control.model_dump(mode="json"), length_m, repeat, width_mm, out, out))
    raster = rip.Raster.open(done.raster)
    return {
        "raster": str(done.raster), "preview": str(out / "preview.jpg"), "sha256": done.sha256,
        "inks": list(raster.inks), "dpi": raster.dpi, "bits": raster.bits, "width_px": raster.width_px,
        "period_rows": raster.period_rows, "total_rows": done.total_rows,
        "ink_ml": {name: round(ml, 3) for name, ml in done.planned_ml.items()}, "notes": done.meta.get("notes", []),
    }  # fmt: skip


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
    rip.read_artwork(path)
    with Image.open(path) as picture:
        return np.ascontiguousarray(np.asarray(picture.convert("RGB"), np.uint8))
