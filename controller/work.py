"""What runs in worker processes: the only place where recipes, rip and qc meet.

Each function takes one frozen task and gives one frozen result, both picklable, so that any
`concurrent.futures.Executor` can run them. Arrays never leave the worker; pictures are written to the job's folder.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import qc
import recipes
import rip
from controller.kept import kept

PREVIEW_PX = 1600
"""Longest side of the job's preview picture."""

STRIP_PICTURE_SCALE = 1 / 8
"""Strip pictures for people: 1.35 mm per pixel at the camera's 0.169 mm; about 40 kB each."""

CROP_PX = 256
"""Side of a finding's picture, in camera pixels (facts of inspection practice: 256 px crops)."""


@dataclass(frozen=True)
class PrepareTask:
    """Separate and screen the designs of a job."""

    designs: tuple[Path, ...]
    control_recipe: dict[str, Any]
    layout: dict[str, Any]
    length_m: float
    title: str
    label: tuple[str, ...]
    cache: Path
    kept: Path
    job_folder: Path


@dataclass(frozen=True)
class Prepared:
    """The raster, by reference, and what it will take."""

    raster: Path
    sha256: str
    total_rows: int
    mm_per_row: float
    meta: dict[str, Any]
    planned_ml: dict[str, float]


@dataclass(frozen=True)
class LayoutTask:
    """The layout of a job whose raster is made: all that its pictures are made of."""

    raster: Path
    sha256: str
    control_recipe: dict[str, Any]
    width_px: int
    rows: int

    @property
    def version(self) -> str:
        """Changes whenever the same address would show another picture."""
        return f"{self.sha256[:16]}-{self.control_recipe['digest'][:8]}-{rip.TILES_VERSION}"

    @property
    def zoom(self) -> rip.Zoom:
        """Levels and tiles of the picture."""
        return rip.Zoom(self.width_px, self.rows)


@dataclass(frozen=True)
class TileTask:
    """One tile of a layout's picture."""

    layout: LayoutTask
    view: rip.View
    level: int
    column: int
    row: int


@dataclass(frozen=True)
class LookTask:
    """Compare one captured strip with the print it should be."""

    captured: Path
    captured_before: Path | None
    shape: tuple[int, int]
    shape_before: tuple[int, int]
    raster: Path
    raster_sha256: str
    control_recipe: dict[str, Any]
    row_start: int
    mm_per_row: float
    index: int
    mm_per_px: float
    x_mm: float
    job_folder: Path
    tail: int = qc.TAIL_ROWS
    sought: qc.Seen | None = None

    @property
    def at_m(self) -> float:
        """Where the strip begins on the cloth."""
        return self.row_start * self.mm_per_row / 1000


@dataclass(frozen=True)
class Looked:
    """What one strip shows by itself; its evidence lies beside the strip until it is judged."""

    seen: qc.Seen
    evidence: Path
    picture: str


@dataclass(frozen=True)
class Inspected:
    """What was found, what runs on, and where the pictures are (names within the job's folder)."""

    findings: tuple[dict[str, Any], ...]
    inspection: str
    picture: str


def condition(control: recipes.ControlRecipe, profile: bytes | None = None) -> rip.Condition:
    """Return what the RIP needs to know of a control recipe: the cloth's white, the inks, the print mode.

    The ICC profile of the ink set is only for separating designs; raises ValueError if it is not one of these inks.
    """
    recipe = control.recipe
    return rip.Condition(
        width_mm=recipe.fabric.print_width_mm,
        dpi=recipe.print_mode.dpi,
        white_lab=recipe.fabric.white_lab,
        inks=inks_of(recipe.ink_set.inks),
        drop_volumes=recipe.print_mode.drop_volumes,
        drop_pl=recipe.print_mode.drop_pl,
        total_limit_pct=recipe.ink_set.total_limit_pct,
        black_start=recipe.ink_set.black_start,
        profile=profile,
    )


def cloth(control: recipes.ControlRecipe) -> rip.Cloth:
    """Return the fabric lot of a control recipe under its press: width, resolution, shrinkage, skew and bow."""
    fabric, for_rip = control.recipe.fabric, condition(control)
    return rip.Cloth(for_rip.width_px, for_rip.dpi, fabric.shrink_warp_pct, fabric.shrink_weft_pct, fabric.skew_mm,
                     fabric.bow_mm)  # fmt: skip


def nozzles_of(data: bytes, control: recipes.ControlRecipe) -> rip.Nozzles:
    """Return what a file says of the nozzles of a control recipe's press; raises `rip.NozzleError`."""
    for_rip = condition(control)
    return rip.read_nozzles(data, [ink.name for ink in for_rip.inks], for_rip.width_px)


def piece_names(title: str, designs: int) -> list[str]:
    """Return what the designs of a job are called: its title, numbered if there are several."""
    return [title] if designs == 1 else [f"{title} {number + 1}" for number in range(designs)]


def inks_of(inks: Sequence[recipes.Ink]) -> tuple[rip.Ink, ...]:
    """Return a recipe's inks as the RIP knows them."""
    return tuple(rip.Ink(ink.name, ink.lab, ink.limit_pct, ink.linear, ink.light_of, ink.strength) for ink in inks)


def check_design(path: Path) -> rip.Artwork:
    """Read a design's header and all its pixels, to know that it can be printed; raises `rip.ArtworkError`."""
    artwork = rip.open_artwork(path)
    for _ in rip.bands(artwork):
        pass
    return artwork


def prepare(task: PrepareTask) -> Prepared:
    """Separate, screen and preview.

    Raises
    ------
    rip.ArtworkError
        The design cannot be read.
    ValueError
        The layout is impossible, e.g. a repeat wider than the file format carries; or a file the job was frozen with is
        gone.
    """
    control = recipes.ControlRecipe.model_validate(task.control_recipe)
    profile = None if control.profile is None else kept(control.profile, task.kept)
    for_rip, layout = condition(control, profile), rip.read_layout(task.layout)
    nozzles = None if control.nozzles is None else nozzles_of(kept(control.nozzles, task.kept), control)
    raster = rip.rip(task.designs, for_rip, layout=layout, length_m=task.length_m, cloth=cloth(control),
                     nozzles=nozzles, names=piece_names(task.title, len(task.designs)), label=task.label,
                     folder=task.cache)  # fmt: skip
    task.job_folder.mkdir(parents=True, exist_ok=True)
    _write_jpeg(
        task.job_folder / "preview.jpg", rip.preview(raster, for_rip, PREVIEW_PX, rows=raster.total_rows(task.length_m))
    )
    return Prepared(
        raster=Path(raster.path),
        sha256=raster.sha256,
        total_rows=raster.total_rows(task.length_m),
        mm_per_row=25.4 / raster.dpi,
        meta=raster.meta,
        planned_ml=rip.ink_ml(raster, task.length_m),
    )


def survey(task: LayoutTask) -> rip.AreaInk:
    """Say how the ink stands to the cloth's limit; makes the pyramid that coarse tiles are cut from.

    Raises
    ------
    rip.RasterError
        The raster is gone or cut.
    """
    return rip.area_ink(rip.load_pyramid(_raster(task.raster, task.sha256)), _condition_of(task))


def surveyed(task: LayoutTask) -> rip.AreaInk | None:
    """Say the same if there is no work to do for it."""
    try:
        pyramid = rip.find_pyramid(_raster(task.raster, task.sha256))
    except rip.RasterError:
        return None
    return None if pyramid is None else rip.area_ink(pyramid, _condition_of(task))


def draw_tile(task: TileTask) -> bytes:
    """Return a tile as JPEG; raises `rip.RasterError` if the raster is gone or cut."""
    layout = task.layout
    raster, for_rip = _raster(layout.raster, layout.sha256), _condition_of(layout)
    picture = rip.tile(raster, for_rip, layout.rows, task.level, task.column, task.row, task.view)
    return _jpeg(picture, [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444])


def look(task: LookTask) -> Looked:
    """Look at one strip: the long part, which needs no other strip's result; writes its picture and its evidence."""
    raster = _raster(task.raster, task.raster_sha256)
    for_rip = condition(recipes.ControlRecipe.model_validate(task.control_recipe))
    step = round(task.mm_per_px * raster.dpi / 25.4)
    captured = _captured(task.captured, task.shape)
    tail, before = 0, None
    if task.captured_before is not None and task.captured_before.exists():
        tail = min(task.tail, task.shape_before[0])
        before = _captured(task.captured_before, task.shape_before)[-tail:]
    rows = task.row_start - tail * step, (tail + task.shape[0]) * step
    coverage = raster.coverage(*rows, step)[:, :, : task.shape[1]]
    proof = rip.proof(coverage, for_rip)
    seen, evidence = qc.see_strip(
        proof[tail:],
        captured,
        mm_per_px=task.mm_per_px,
        previous=None if before is None else (proof[:tail], before),
        inks=qc.Inks(lambda left, right: raster.nozzles(*rows, left * step, right * step, step), _absorption(for_rip)),
        sought=task.sought,
    )
    kept = task.captured.with_suffix(f".{tail}.npy")
    np.save(kept, evidence, allow_pickle=False)
    picture = f"strips/{task.index:05d}.jpg"
    small = cv2.resize(captured, None, fx=STRIP_PICTURE_SCALE, fy=STRIP_PICTURE_SCALE, interpolation=cv2.INTER_AREA)
    _write_jpeg(task.job_folder / picture, small)
    return Looked(seen, kept, picture)


def reaches_back(task: LookTask, looked: Looked, inspection: str) -> bool:
    """Whether the strip must be looked at again with all of the strip before: a streak may have begun there."""
    known = qc.Inspection.from_json(inspection) if inspection else qc.Inspection()
    return task.tail < task.shape_before[0] and qc.reaches_back(known, looked.seen, at_m=task.at_m, x_mm=task.x_mm)


def judge(task: LookTask, looked: Looked, inspection: str) -> Inspected:
    """Join what a strip shows to what the strips before it left behind: milliseconds, but strip after strip."""
    state, findings = qc.judge_strip(
        qc.Inspection.from_json(inspection) if inspection else qc.Inspection(),
        looked.seen,
        np.load(looked.evidence, mmap_mode="r", allow_pickle=False),
        at_m=task.at_m,
        x_mm=task.x_mm,
    )
    captured = _captured(task.captured, task.shape)
    rows = tuple(_row(finding, captured, task) for finding in findings)
    return Inspected(findings=rows, inspection=state.to_json(), picture=looked.picture)


def counting_on(inspection: str) -> str:
    """Return an inspection that begins anew behind a gap, where no streak runs on; its findings get new names."""
    return qc.Inspection(count=qc.Inspection.from_json(inspection).count).to_json() if inspection else ""


@functools.lru_cache(maxsize=4)
def _raster(path: Path, sha256: str) -> rip.Raster:
    """The raster to look at: its drops are not checked again, the press has done that before it printed them."""
    return rip.Raster.open(path, sha256, check=False)


def _condition_of(task: LayoutTask) -> rip.Condition:
    return condition(recipes.ControlRecipe.model_validate(task.control_recipe))


def _captured(path: Path, shape: tuple[int, int]) -> np.ndarray:
    return np.asarray(np.memmap(path, np.uint8, "r", shape=(*shape, 3)))


def _absorption(for_rip: rip.Condition) -> np.ndarray:
    """By how much full coverage of each ink lowers the code values of the proof, natural units (inks, 3)."""
    count = len(for_rip.inks)
    solids = np.concatenate([np.zeros((count, 1)), np.eye(count)], axis=1).astype(np.float32)
    codes = rip.proof(solids[:, None, :], for_rip)[0].astype(np.float32) + 1
    return np.log(codes[0] / codes[1:])


def _row(finding: qc.Finding, captured: np.ndarray, task: LookTask) -> dict[str, Any]:
    y = round((finding.at_m - task.at_m) * 1000 / task.mm_per_px)
    x = round((finding.x_mm - task.x_mm) / task.mm_per_px)
    name = f"findings/{finding.key}.jpg"
    picture = None
    if not (task.job_folder / name).exists():
        half = CROP_PX // 2
        top = int(np.clip(y - half, 0, max(captured.shape[0] - CROP_PX, 0)))
        left = int(np.clip(x - half, 0, max(captured.shape[1] - CROP_PX, 0)))
        _write_jpeg(task.job_folder / name, captured[top : top + CROP_PX, left : left + CROP_PX])
        picture = name
    return {
        "key": finding.key, "defect": finding.cls, "at_m": finding.at_m, "x_mm": finding.x_mm,
        "length_mm": finding.length_mm, "width_mm": finding.width_mm, "points": finding.points,
        **({"picture": picture} if picture else {}),
    }  # fmt: skip


def _write_jpeg(path: Path, rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_jpeg(rgb))


def _jpeg(rgb: np.ndarray, options: Sequence[int] = ()) -> bytes:
    how = [cv2.IMWRITE_JPEG_QUALITY, 85, *options]
    return cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), how)[1].tobytes()
