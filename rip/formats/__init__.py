"""Artwork formats: what a file says about itself, and its rows as it stores them.

One module per format, found by the first bytes of a file. A header reader looks at everything that could hurt before a
decoder sees a byte: sizes, lengths, pages, strips. PNG and JPEG are decoded by libvips, TIFF and PSD mostly here, PDF
and SVG in a process of their own. Whatever is wrong with a file ends in one line of `ArtworkError`.
"""

from rip.formats.facts import ArtworkError
from rip.formats.opening import Artwork, open_artwork

__all__ = ["Artwork", "ArtworkError", "open_artwork"]
