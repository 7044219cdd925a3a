"""From artwork pixels to ink tones, through ICC profiles and LittleCMS."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from rip.artwork import Pixels

BAND_PX = 4_000_000
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
"""White of the design is bare cloth; black point compensation fits the dark end to the inks, so shadows keep detail."""


def separate(
    pixels: Pixels, embedded: bytes | None, profile: bytes, total_limit_pct: float
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return ink tones and what had to be assumed.

    Parameters
    ----------
    pixels : Pixels
        Grey, RGB or CMYK.
    embedded : bytes or None
        ICC profile found in the file; honoured if it is sound and fits the pixels.
    profile : bytes
        ICC profile of the condition.
    total_limit_pct : float
        Applied to device CMYK, which no profile has limited.

    Returns
    -------
    inks : uint8 (h, w, 4)
        Tone of each ink, 0 = none, 255 = solid.
    notes : tuple of str
    """
    data, mode, notes = pixels.data, pixels.mode, []
    transform = None
    if embedded:
        try:
            transform = _transform(ImageCms.ImageCmsProfile(io.BytesIO(embedded)), mode, profile)
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            notes.append(f"the embedded colour profile cannot be used ({reason}): the default was taken instead")
    if transform is None and mode == "CMYK":
        notes.append("CMYK without a profile: taken as ink amounts of this condition")
        return _limited(data, total_limit_pct), tuple(notes)
    if transform is None:
        notes.append(f"{'grey' if mode == 'L' else 'RGB'} without a profile: taken as sRGB")
        if mode == "L":
            data, mode = np.repeat(data[..., None], 3, axis=2), "RGB"
        transform = _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), mode, profile)
    inks = np.empty((*data.shape[:2], 4), np.uint8)
    rows = max(1, BAND_PX // data.shape[1])
    for first in range(0, len(data), rows):
        band = Image.fromarray(np.ascontiguousarray(data[first : first + rows]))
        if band.mode != mode:  # four channels read as RGBA
            band = Image.frombytes(mode, band.size, band.tobytes())
        inks[first : first + rows] = np.asarray(transform.apply(band))
    return inks, tuple(notes)


def _transform(source: ImageCms.ImageCmsProfile, mode: str, profile: bytes) -> ImageCms.ImageCmsTransform:
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.ImageCmsTransform(source, target, mode, "CMYK", INTENT, flags=FLAGS)


def _limited(inks: NDArray[np.uint8], total_limit_pct: float) -> NDArray[np.uint8]:
    """Take ink above the total limit from the coloured inks in proportion; black stays."""
    limit = int(total_limit_pct * 2.55)
    limited = np.empty_like(inks)
    rows = max(1, BAND_PX // inks.shape[1])
    for first in range(0, len(inks), rows):
        band = inks[first : first + rows].astype(np.int32)
        coloured = band[..., :3].sum(axis=2)
        allowed = np.minimum(coloured, limit - band[..., 3])
        band[..., :3] = band[..., :3] * allowed[..., None] // np.maximum(coloured, 1)[..., None]
        limited[first : first + rows] = band
    return limited
