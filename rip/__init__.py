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
    from rip.arrange import Motif
    from rip.atlas import lab_atlas, rgb_atlas, round_about
    from rip.cloth import Cloth
    from rip.colour import lab_to_srgb
    from rip.colourway import Colourway, ColourwayError
    from rip.condition import Condition, Ink
    from rip.decode import bands
    from rip.formats.facts import ArtworkError
    from rip.formats.opening import Artwork, open_artwork
    from rip.inkmap import NEAR_COLOUR, OVER_COLOUR, heat_colours
    from rip.inkuse import PRICE_PER_L, AreaInk, area_ink, ink_use
    from rip.layout import Layout, read_layout
    from rip.nozzlefile import NozzleError, read_nozzles
    from rip.nozzles import Nozzles
    from rip.picture import preview
    from rip.pipeline import ASSUMED_DPI, job_length_m, rip
    from rip.plan import LayoutError
    from rip.pyramid import find_pyramid, load_pyramid
    from rip.raster import Raster, RasterError, ink_ml
    from rip.repeat import Repeat, parse_repeat
    from rip.tiles import TILE_PX, TILES_VERSION, TileError, View, Zoom, tile

_HOME = {
    "ASSUMED_DPI": "pipeline",
    "AreaInk": "inkuse",
    "Artwork": "formats.opening",
    "ArtworkError": "formats.facts",
    "Cloth": "cloth",
    "Colourway": "colourway",
    "ColourwayError": "colourway",
    "Condition": "condition",
    "Ink": "condition",
    "Layout": "layout",
    "LayoutError": "plan",
    "Motif": "arrange",
    "NEAR_COLOUR": "inkmap",
    "NozzleError": "nozzlefile",
    "Nozzles": "nozzles",
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
    "job_length_m": "pipeline",
    "lab_atlas": "atlas",
    "lab_to_srgb": "colour",
    "load_pyramid": "pyramid",
    "open_artwork": "formats.opening",
    "parse_repeat": "repeat",
    "preview": "picture",
    "proof": "appearance",
    "read_layout": "layout",
    "read_nozzles": "nozzlefile",
    "rgb_atlas": "atlas",
    "rip": "pipeline",
    "round_about": "atlas",
    "tile": "tiles",
}

__all__ = [
    "ASSUMED_DPI",
    "NEAR_COLOUR",
    "OVER_COLOUR",
    "PRICE_PER_L",
    "TILES_VERSION",
    "TILE_PX",
    "AreaInk",
    "Artwork",
    "ArtworkError",
    "Cloth",
    "Colourway",
    "ColourwayError",
    "Condition",
    "Ink",
    "Layout",
    "LayoutError",
    "Motif",
    "NozzleError",
    "Nozzles",
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
    "job_length_m",
    "lab_atlas",
    "lab_to_srgb",
    "load_pyramid",
    "open_artwork",
    "parse_repeat",
    "preview",
    "proof",
    "read_layout",
    "read_nozzles",
    "rgb_atlas",
    "rip",
    "round_about",
    "tile",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'rip' has no attribute {name!r}")
    return getattr(import_module(f"rip.{_HOME[name]}"), name)
