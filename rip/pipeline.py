"""The whole way: designs and a layout → plan → ink tones → screened period on disk, and the job that uses it."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from rip.advice import advice
from rip.arrange import Motif, arrange, size_of
from rip.channels import channels_of
from rip.cloth import Cloth
from rip.condition import Condition
from rip.formats.opening import Artwork, open_artwork
from rip.hot import Screen
from rip.labels import overlays_of
from rip.layout import Layout
from rip.mask import load_mask
from rip.nozzles import Limits, Nozzles
from rip.packed import stored_bits
from rip.period import screen_period
from rip.plan import LayoutError, Plan
from rip.raster import Raster, RasterError, write_job
from rip.sources import Source, check_colourway, colour_notes, inked, plate_warnings, read_sources
from rip.writer import RasterWriter

VERSION = 5
"""Goes into every key: raise it when the same input gives other drops."""

ASSUMED_DPI = 150.0
"""Resolution taken for a design that states none; default from practice, editable by giving the size."""

PLACEMENT = "row r of the job is row r mod period_rows of this file; column x is column x"

Progress = Callable[[str, float], None]


def rip(
    designs: Path | Sequence[Path],
    condition: Condition,
    *,
    layout: Layout | None = None,
    length_m: float | None = None,
    cloth: Cloth | None = None,
    nozzles: Nozzles | None = None,
    names: Sequence[str] = (),
    label: Sequence[str] = (),
    folder: Path,
    progress: Progress | None = None,
) -> Raster:
    """Prepare designs for a condition; the same input is found again in the folder.

    Parameters
    ----------
    designs : Path or sequence of Path
        PNG, JPEG, TIFF, PSD, PDF or SVG; several for a strike-off or a composed shawl.
    condition : Condition
    layout : Layout, optional
        A straight repeat of the design's own size unless told.
    length_m : float, optional
        Length of the job; a job by the piece has its own. The raster of a repeat serves any length.
    cloth : Cloth, optional
        The fabric lot, of the condition's width and resolution; one that does not shrink unless told.
    nozzles : Nozzles, optional
        State of the press's nozzles.
    names : sequence of str
        What the designs, and so their pieces, are called; as their files unless told.
    label : sequence of str
        Lines of the header, if the layout asks for one; the first begins every code.
    folder : Path
        Cache of artwork, rasters, masks, profiles and tables; made if needed.
    progress : callable, optional
        Called with a step ("read", "separate", "screen", "write") and its done share 0..1.

    Returns
    -------
    Raster
        Of one period, or of the job that lays pieces or marks over it.

    Raises
    ------
    ArtworkError
        If a design cannot be read.
    LayoutError, ColourwayError
        If it cannot be laid out, or its colours cannot be printed.
    OSError
        If the disk is full.
    """
    layout, cloth = layout or Layout(), cloth or Cloth(condition.width_px, condition.dpi)
    report = progress or (lambda step, share: None)
    report("read", 0.0)
    paths = [designs] if isinstance(designs, Path) else list(designs)
    artworks = [open_artwork(path, page=layout.page, dpi=condition.dpi) for path in paths]
    sized = layout.width_mm is not None or layout.piece_mm is not None
    check_colourway(layout.colourway, artworks)
    motifs, assumed = _motifs(artworks, names or [path.stem for path in paths], sized=sized)
    plan, placed = arrange(layout, motifs, cloth, length_m)
    rows = _rows(plan, cloth, length_m)
    overlays = overlays_of(layout, plan, condition, rows, label)
    key = _key(artworks, plan, condition, layout, nozzles)
    path, advised = folder / f"{key}.tif", folder / f"{key}.advice.json"
    raster, warnings = _kept(path, advised)
    if raster is None:
        folder.mkdir(parents=True, exist_ok=True)
        sources = read_sources(plan, placed, artworks, folder / "artwork", colours=layout.colours, progress=report)
        report("separate", 0.0)
        ink = inked(plan, sources, condition, folder / "profiles", layout.colourway)
        report("separate", 1.0)
        mask = load_mask(plan.period_rows, folder / "masks", wraps=plan.wraps)
        screen = Screen(mask, condition.drop_volumes, len(condition.inks), nozzles, _limits(condition))
        with RasterWriter(path, _about(artworks, sources, plan, condition, key)) as writer:
            screen_period(ink.fill, screen, writer, ink.entries, progress=report)
            report("write", 0.0)
            writer.finish()
        warnings = list(advice(layout, plan, sources))
        advised.write_text(json.dumps(warnings), "utf-8")
        raster = Raster.open(path, check=False)
    report("write", 1.0)
    size_mm = size_of(layout, motifs[0])
    read = (note for artwork in artworks for note in artwork.notes)
    notes = (*read, *assumed, *colour_notes(artworks, condition, layout.colourway))
    told = {
        "layout": layout.stated(),
        "repeat_width_mm": size_mm[0],
        "repeat_height_mm": size_mm[1],
        "drop_px": _drop_px(layout, plan, cloth),
        "pieces": [asdict(piece) for piece in plan.pieces],
        "notes": list(dict.fromkeys((*notes, *plan.notes))),
        "warnings": [*plate_warnings(artworks, condition, layout.colourway), *warnings],
    }
    if not overlays and not plan.pieces:
        return raster.telling(told)
    basis = json.dumps([overlays.to_list(), rows, told], sort_keys=True).encode()
    return write_job(folder / f"{key}-{hashlib.sha256(basis).hexdigest()[:16]}.json", raster, overlays, rows, told)


def job_length_m(layout: Layout, motifs: Sequence[Motif], cloth: Cloth) -> float:
    """Return the length of a job by the piece, from the sizes of its designs; raises `LayoutError`."""
    plan, _ = arrange(layout, motifs, cloth, None)
    return _rows(plan, cloth, None) / cloth.press_px(1000)


def _motifs(artworks: Sequence[Artwork], names: Sequence[str], *, sized: bool) -> tuple[list[Motif], tuple[str, ...]]:
    """Return the designs' names and sizes, and what had to be assumed."""
    motifs, notes = [], []
    for artwork, name in zip(artworks, names, strict=True):
        size = artwork.size_mm
        if size is None:
            width, height = (side / ASSUMED_DPI * 25.4 for side in (artwork.width_px, artwork.height_px))
            size = (width, height)
            if not sized:
                notes.append(f"the file states no resolution: {ASSUMED_DPI:g} dpi assumed")
        motifs.append(Motif(name, size))
    return motifs, tuple(notes)


def _rows(plan: Plan, cloth: Cloth, length_m: float | None) -> int:
    if plan.job_rows is not None:
        return plan.job_rows
    if length_m is None or not length_m > 0:
        raise LayoutError(f"a job by the metre needs a length above 0 m, {length_m} was given", "length_m")
    return cloth.rows(length_m)


def _key(artworks: Sequence[Artwork], plan: Plan, condition: Condition, layout: Layout, nozzles: Nozzles | None) -> str:
    """Hash of all that decides the drops of the period; what only decides the job is left out."""
    laid = asdict(replace(plan, pieces=(), job_rows=None, notes=()))
    basis = {
        "rip": VERSION,
        "designs": [[artwork.sha256, artwork.page, artwork.width_px, artwork.height_px] for artwork in artworks],
        "plan": laid,
        "colours": [layout.colours, layout.colourway and layout.colourway.model_dump(mode="json")],
        "nozzles": nozzles and nozzles.digest,
        "condition": condition.digest,
    }
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode("ascii")).hexdigest()


def _limits(condition: Condition) -> Limits:
    channels = channels_of(condition)
    return Limits(tuple(int(limit) for limit in channels.limits), channels.total)


def _kept(path: Path, advised: Path) -> tuple[Raster | None, list[str]]:
    """Return the raster of that key if it is there and sound, with what was advised."""
    try:
        if path.is_file() and advised.is_file():
            return Raster.open(path), json.loads(advised.read_text("utf-8"))
    except (RasterError, ValueError):
        pass  # it is made again
    return None, []


def _drop_px(layout: Layout, plan: Plan, cloth: Cloth) -> int | None:
    """Rows by which a column of repeats lies lower than the one to its left; None where it is otherwise."""
    repeat = layout.laid
    if cloth.skew_mm or cloth.bow_mm:
        return None
    if repeat.axis == "across" or layout.pieces is not None or layout.turn or layout.flip != "none":
        return None
    if isinstance(repeat.shift, Fraction):
        return round(repeat.shift * plan.sources_px[0][1])
    return round(cloth.along_px(repeat.shift))


def _about(
    artworks: Sequence[Artwork], sources: Sequence[Source], plan: Plan, condition: Condition, key: str
) -> dict[str, Any]:
    """What a raster says of itself: nothing that another job of the same drops would say otherwise."""
    first = artworks[0]
    return {
        "key": key,
        "rip_version": VERSION,
        "design": first.path.name.encode("ascii", "replace").decode("ascii"),
        "designs_sha256": [artwork.sha256 for artwork in artworks],
        "palettes": [source.palette for source in sources],
        "tile_w_px": plan.sources_px[0][0],
        "tile_h_px": plan.sources_px[0][1],
        "scale_error": plan.scale_error,
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
    }
