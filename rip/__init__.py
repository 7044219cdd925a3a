"""Raster image processing: from artwork to the drops of one period of the layout.

Artwork is laid out as a repeat over the print width, separated into inks through the condition's own ICC profile,
screened to two bits per ink and kept on disk under the hash of all that decides it. A job of any length is that one
period and a placement rule (row r of the job is period row r mod period_rows), so cost follows the artwork.
Pure functions over arrays; knows no job, no machine, no database. Names load on first use, so that the press can read
a raster (`rip.raster`) without loading any colour code; no module here is named like a public function.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rip.appearance import proof
    from rip.artwork import Artwork, ArtworkError, read_artwork
    from rip.colour import lab_to_srgb
    from rip.condition import Condition, Ink
    from rip.layout import Layout, LayoutError, Repeat, plan_layout
    from rip.picture import preview
    from rip.pipeline import rip
    from rip.raster import Raster, RasterError, ink_ml

_HOME = {
    "Artwork": "artwork",
    "ArtworkError": "artwork",
    "Condition": "condition",
    "Ink": "condition",
    "Layout": "layout",
    "LayoutError": "layout",
    "Raster": "raster",
    "RasterError": "raster",
    "Repeat": "layout",
    "ink_ml": "raster",
    "lab_to_srgb": "colour",
    "plan_layout": "layout",
    "preview": "picture",
    "proof": "appearance",
    "read_artwork": "artwork",
    "rip": "pipeline",
}

__all__ = [
    "Artwork",
    "ArtworkError",
    "Condition",
    "Ink",
    "Layout",
    "LayoutError",
    "Raster",
    "RasterError",
    "Repeat",
    "ink_ml",
    "lab_to_srgb",
    "plan_layout",
    "preview",
    "proof",
    "read_artwork",
    "rip",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'rip' has no attribute {name!r}")
    return getattr(import_module(f"rip.{_HOME[name]}"), name)
