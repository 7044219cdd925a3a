"""Raster image processing: from artwork to the drops of one period of the layout.

Artwork is laid out over the print width, separated into inks through the condition's profile and one table of all
colours, screened to two or four bits per ink and kept on disk under the hash of all that decides it. A job of any
length is that one period and a placement rule (row r of the job is period row r mod period_rows), so cost follows the
artwork.
Pure functions over arrays; knows no job, no machine, no database. Names load on first use, so that the press can read
a raster (`rip.raster`) without loading any colour code; no module here is named like a public function.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rip.appearance import proof
    from rip.colour import lab_to_srgb
    from rip.condition import Condition, Ink
    from rip.decode import bands
    from rip.formats.facts import ArtworkError
    from rip.formats.opening import Artwork, open_artwork
    from rip.picture import preview
    from rip.pipeline import rip
    from rip.plan import LayoutError
    from rip.raster import Raster, RasterError, ink_ml
    from rip.repeat import Repeat, parse_repeat

_HOME = {
    "Artwork": "formats.opening",
    "ArtworkError": "formats.facts",
    "Condition": "condition",
    "Ink": "condition",
    "LayoutError": "plan",
    "Raster": "raster",
    "RasterError": "raster",
    "Repeat": "repeat",
    "bands": "decode",
    "ink_ml": "raster",
    "lab_to_srgb": "colour",
    "open_artwork": "formats.opening",
    "parse_repeat": "repeat",
    "preview": "picture",
    "proof": "appearance",
    "rip": "pipeline",
}

__all__ = [
    "Artwork",
    "ArtworkError",
    "Condition",
    "Ink",
    "LayoutError",
    "Raster",
    "RasterError",
    "Repeat",
    "bands",
    "ink_ml",
    "lab_to_srgb",
    "open_artwork",
    "parse_repeat",
    "preview",
    "proof",
    "rip",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'rip' has no attribute {name!r}")
    return getattr(import_module(f"rip.{_HOME[name]}"), name)
