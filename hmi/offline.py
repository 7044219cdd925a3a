"""What needs no line: `foulard rip`, `foulard atlas`, `foulard raster` and `foulard inspect`."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import qc
import recipes
import rip
from controller import control_recipe
from controller.request import MAX_LENGTH_M
from controller.work import cloth, condition, inks_of
from hmi.errors import BadInput, reading, writing
from hmi.memory import peak_rss

ATLAS_DPI = 150
"""At which a patch of the atlas is 16 mm; default from practice."""

ATLAS_STEPS = 6

MOST_AB = 128
"""Of a Lab colour: what ICC profiles hold."""

MOST_ROWS = 20_000
"""Rows in one array: 2.6 GB at the widest press, which is as much as a small machine holds."""


@dataclass(frozen=True)
class RipRequest:
    """What `foulard rip` is asked for; None leaves a value to the fabric's recipe or to the file.

    `dead` names nozzles that do not print: "ink=number,number;ink=…"; `nozzles` is a file with these and with gains, as
    `rip.read_nozzles` reads it; `profile` is an ICC output profile of this fabric
    with these inks, in place of the computed default.
    """

    designs: tuple[Path, ...]
    fabric: str
    layout: rip.Layout
    length_m: float | None = None
    inks: int | None = None
    dpi: int | None = None
    print_width_mm: float | None = None
    dead: str = ""
    profile: Path | None = None
    nozzles: Path | None = None


def rip_designs(request: RipRequest, out: Path) -> dict[str, Any]:
    """Make the raster and a preview in `out`; returns what `foulard rip --json` prints.

    Raises
    ------
    controller.Refused, rip.ArtworkError, rip.LayoutError, rip.ColourwayError, BadInput
        With one message for people.
    """
    control = control_recipe(request.fabric)
    for_rip = _condition(control, request)
    if request.layout.pieces is None and not 0 < (request.length_m or 0) <= MAX_LENGTH_M:
        msg = f"--length-m {request.length_m} is not possible: give up to {MAX_LENGTH_M:g} m, or --pieces"
        raise BadInput(msg)
    lot = replace(cloth(control), width_px=for_rip.width_px, dpi=for_rip.dpi)
    began, steps = time.perf_counter(), dict[str, float]()

    def progress(step: str, share: float) -> None:
        steps[step] = time.perf_counter() - began

    nozzles, preview = _nozzles(request, for_rip), out / "preview.png"
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        raster = rip.rip(request.designs, for_rip, layout=request.layout, length_m=request.length_m, cloth=lot,
                         nozzles=nozzles, label=_label(request), folder=out, progress=progress)  # fmt: skip
        total_rows = raster.total_rows(request.length_m)
        Image.fromarray(rip.preview(raster, for_rip, rows=total_rows)).save(preview)
        progress("preview", 1.0)
    ml = rip.ink_ml(raster, request.length_m)
    full_ml = total_rows * raster.width_px * raster.drop_pl * 1e-9
    return {
        "raster": str(raster.path), "preview": str(preview), "sha256": raster.sha256,
        "inks": list(raster.inks), "dpi": raster.dpi, "bits": raster.bits, "width_px": raster.width_px,
        "period_rows": raster.period_rows, "total_rows": total_rows,
        "ink_ml": {name: round(value, 3) for name, value in ml.items()},
        "coverage": {name: round(value / full_ml, 5) for name, value in ml.items()},
        "seconds": _durations(steps), "peak_rss_mb": round(peak_rss() / 1e6),
        "warnings": raster.meta["warnings"], "notes": raster.meta["notes"],
        "pieces": [piece["name"] for piece in raster.meta["pieces"]], "palettes": raster.meta["palettes"],
    }  # fmt: skip


def _condition(control: recipes.ControlRecipe, request: RipRequest) -> rip.Condition:
    """Return the recipe's condition with the ink set, the resolution and the width asked for."""
    changed: dict[str, Any] = {"dpi": request.dpi, "width_mm": request.print_width_mm}
    try:
        if request.inks is not None:
            changed["inks"] = inks_of(control.recipe.ink_set.channels(request.inks))
        if request.profile is not None:
            with reading(f"--profile {request.profile}", "an ICC output profile, or none for the default"):
                changed["profile"] = request.profile.read_bytes()
        elif request.inks is None:  # the recipe's is for the recipe's inks
            changed["profile"] = recipes.profile(control.recipe)
        return replace(condition(control), **{name: value for name, value in changed.items() if value is not None})
    except ValueError as error:
        raise BadInput(str(error)) from error


def _label(request: RipRequest) -> tuple[str, ...]:
    names = dict.fromkeys(design.stem for design in request.designs)
    return (*tuple(names)[:3], request.fabric)


def _nozzles(request: RipRequest, for_rip: rip.Condition) -> rip.Nozzles | None:
    """Return the state of the press's nozzles that a file and "ink=number,number;ink=…" say together."""
    if not request.dead and request.nozzles is None:
        return None
    names = [ink.name for ink in for_rip.inks]
    state = rip.Nozzles(for_rip.width_px, ((),) * len(names))
    if request.nozzles is not None:
        try:
            with reading(f"--nozzles {request.nozzles}", "a JSON file of nozzles, see docs/layouts.md"):
                state = rip.read_nozzles(request.nozzles.read_bytes(), names, for_rip.width_px)
        except rip.NozzleError as error:
            msg = f"--nozzles {request.nozzles}: {error}"
            raise BadInput(msg) from error
    columns = {name: set(dead) for name, dead in zip(names, state.dead, strict=True)}
    for part in request.dead.split(";") if request.dead else ():
        name, equals, numbers = part.strip().partition("=")
        if name not in columns or not equals:
            msg = f"--dead {part!r:.60} is not possible: give INK=N,N with an ink of {', '.join(names)}"
            raise BadInput(msg)
        try:
            columns[name] |= {int(number) for number in numbers.split(",")}
        except ValueError as error:
            msg = f"--dead {part!r:.60}: nozzles are whole numbers from 0"
            raise BadInput(msg) from error
    try:
        return replace(state, dead=tuple(tuple(sorted(columns[name])) for name in names))
    except ValueError as error:
        raise BadInput(str(error)) from error


def draw_atlas(fabric: str, steps: int | None, around: str, out: Path) -> dict[str, Any]:
    """Draw a colour atlas and the layout that prints it; returns what `foulard atlas` prints.

    Parameters
    ----------
    fabric
        Name of a recipe.
    steps
        RGB steps per channel, 2 to 32; `ATLAS_STEPS` unless told.
    around
        Instead: "L,a,b" of the colour whose neighbours are drawn.
    out
        Folder for the sheet and its layout.

    Raises
    ------
    controller.Refused, BadInput
        An unknown fabric; steps or a colour that are not possible.
    """
    control_recipe(fabric)
    if around and steps is not None:
        msg = "--around and --steps exclude each other: neighbours have steps of their own; leave one out"
        raise BadInput(msg)
    try:
        if around:
            atlas = rip.lab_atlas(rip.round_about(_lab(around), reach=2))
        else:
            atlas = rip.rgb_atlas(ATLAS_STEPS if steps is None else steps)
    except ValueError as error:
        raise BadInput(str(error)) from error
    sheet, layout = out / "atlas.png", out / "atlas-layout.json"
    replaced = {"#{:02x}{:02x}{:02x}".format(*patch.rgb): patch.lab for patch in atlas.patches if patch.lab is not None}
    laid = rip.read_layout({"pieces": 1} | ({"colourway": {"replace": replaced}} if replaced else {}))
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        Image.fromarray(atlas.picture).save(sheet, dpi=(ATLAS_DPI, ATLAS_DPI))
        layout.write_text(json.dumps(laid.stated()), "utf-8")
    return {"sheet": str(sheet), "layout": str(layout), "patches": len(atlas.patches)}


def _lab(text: str) -> tuple[float, float, float]:
    """Read "L,a,b"."""
    try:
        lightness, a, b = (float(part) for part in text.split(","))
        if not (0 <= lightness <= 100 and abs(a) <= MOST_AB and abs(b) <= MOST_AB):
            raise ValueError("out of range")
    except ValueError as error:
        msg = f"--around {text!r:.40} is no Lab colour: give L,a,b with L in 0..100, a and b in ±{MOST_AB}"
        raise BadInput(msg) from error
    return lightness, a, b


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
        Not a sound raster; rows that the job has not; a file that cannot be written.
    """
    raster = rip.Raster.open(path)
    if start < 0 or not 1 <= count <= MOST_ROWS:
        msg = f"rows {start}+{count} are not possible; give a start from 0 and 1 to {MOST_ROWS} rows"
        raise BadInput(msg)
    if raster.job_rows is not None and start + count > raster.job_rows:
        msg = f"rows {start}+{count} are not all in the job; it has {raster.job_rows} rows, the first is 0"
        raise BadInput(msg)
    with writing(out):
        _save(out, raster.rows(start, count))
    return {"rows": str(out), "start": start, "count": count, "inks": list(raster.inks), "width_px": raster.width_px}


def _save(path: Path, levels: np.ndarray) -> None:
    """Write an uint8 array as a NumPy file of exactly this name, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            head = {"descr": "|u1", "fortran_order": False, "shape": levels.shape}
            np.lib.format.write_array_header_1_0(file, head)
            for plane in levels:  # np.save does not say why a disk takes no more
                file.write(np.ascontiguousarray(plane).data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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
