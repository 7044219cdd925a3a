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
    from rip.inkmap import NEAR_COLOUR, OVER_COLOUR, heat_colours
    from rip.inkuse import PRICE_PER_L, AreaInk, area_ink, ink_use
    from rip.picture import preview
    from rip.pipeline import rip
    from rip.plan import LayoutError
    from rip.pyramid import find_pyramid, load_pyramid
    from rip.raster import Raster, RasterError, ink_ml
    from rip.repeat import Repeat, parse_repeat
    from rip.tiles import TILE_PX, TILES_VERSION, TileError, View, Zoom, tile

_HOME = {
    "AreaInk": "inkuse",
    "Artwork": "formats.opening",
    "ArtworkError": "formats.facts",
    "Condition": "condition",
    "Ink": "condition",
    "LayoutError": "plan",
    "NEAR_COLOUR": "inkmap",
    "OVER_COLOUR": "inkmap",
    "PRICE_PER_L": "inkuse",
    "Raster": "raster",
    "RasterError": "raster",
    "Repeat": "repeat",
    "TILES_VERSION": "tiles",
    "TILE_PX": "tiles",
    "TileError": "tiles",
    "View": "tiles",
    "Zoom": "tiles",
    "area_ink": "inkuse",
    "bands": "decode",
    "find_pyramid": "pyramid",
    "heat_colours": "inkmap",
    "ink_ml": "raster",
    "ink_use": "inkuse",
    "lab_to_srgb": "colour",
    "load_pyramid": "pyramid",
    "open_artwork": "formats.opening",
    "parse_repeat": "repeat",
    "preview": "picture",
    "proof": "appearance",
    "rip": "pipeline",
    "tile": "tiles",
}

__all__ = [
    "NEAR_COLOUR",
    "OVER_COLOUR",
    "PRICE_PER_L",
    "TILES_VERSION",
    "TILE_PX",
    "AreaInk",
    "Artwork",
    "ArtworkError",
    "Condition",
    "Ink",
    "LayoutError",
    "Raster",
    "RasterError",
    "Repeat",
    "TileError",
    "View",
    "Zoom",
    "area_ink",
    "bands",
    "find_pyramid",
    "heat_colours",
    "ink_ml",
    "ink_use",
    "lab_to_srgb",
    "load_pyramid",
    "open_artwork",
    "parse_repeat",
    "preview",
    "proof",
    "rip",
    "tile",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'rip' has no attribute {name!r}")
    return getattr(import_module(f"rip.{_HOME[name]}"), name)
