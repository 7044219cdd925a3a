"""Text and codes as bitmaps of device pixels."""

import unicodedata

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

Bitmap = NDArray[np.bool_]

QUIET_MODULES = 4
"""Free margin of a QR code on all sides; ISO/IEC 18004."""

WEIGHT = 600
"""Of the font, 400 is regular: thin strokes fade on cloth."""

_SIZE, _BASE, _MARGIN = 0.72, 0.74, 0.15
"""Size of the font, its base line, and free margin left and right, as parts of the line's height."""


def text_bitmap(text: str, height_px: int) -> Bitmap:
    """Draw one line of text in the fonts that OpenCV brings along: Latin with all accents, Greek, Cyrillic, Chinese.

    Parameters
    ----------
    text : str
        Line breaks and other control characters become spaces.
    height_px : int
        Of the line with its margin, at least 8.

    Returns
    -------
    bool (height_px, width)
    """
    text = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text) or " "
    margin, size = max(1, round(height_px * _MARGIN)), max(4, round(height_px * _SIZE))
    font = cv2.FontFace("sans")
    # spaces at the end have no width of their own
    left, _, width, _ = cv2.getTextSize((1, 1), f"{text}|", (0, 0), font, size, WEIGHT)
    field = np.zeros((height_px, max(1, left + width + 2 * margin)), np.uint8)
    cv2.putText(field, text, (margin, round(height_px * _BASE)), (255,), font, size, WEIGHT)
    return field > 127


def digit_bitmaps(height_px: int) -> Bitmap:
    """Draw the digits 0 … 9, all of one width: bool (10, height_px, width)."""
    drawn = [text_bitmap(str(digit), height_px) for digit in range(10)]
    width = max(bitmap.shape[1] for bitmap in drawn)
    sides = [divmod(width - bitmap.shape[1], 2) for bitmap in drawn]
    return np.stack(
        [np.pad(bitmap, ((0, 0), (half, half + odd))) for bitmap, (half, odd) in zip(drawn, sides, strict=True)]
    )


def code_modules(text: str) -> Bitmap:
    """Return the QR code of a text with its quiet zone, one module per element; True is dark. Error level M.

    Raises
    ------
    ValueError
        If the text is too long for a code.
    """
    try:
        code = segno.make_qr(text, error="m", boost_error=False)
    except segno.DataOverflowError:
        raise ValueError(f"{len(text)} characters are too many for a QR code: shorten {text[:40]!r}…") from None
    return np.pad(np.array([list(row) for row in code.matrix], np.bool_), QUIET_MODULES)


def enlarged(bitmap: Bitmap, scale: int) -> Bitmap:
    """Return the bitmap with every element as scale × scale pixels."""
    return np.repeat(np.repeat(bitmap, scale, axis=0), scale, axis=1)
