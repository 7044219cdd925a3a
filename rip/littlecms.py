"""Applying ICC profiles to pixels: LittleCMS through imagecodecs, for up to 15 channels."""

from functools import lru_cache
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from rip.icc import Header, ProfileError, read_header

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

INTENT = imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC
"""White of the design is bare cloth."""

EXACT = imagecodecs.CMS.FLAGS.NOOPTIMIZE | imagecodecs.CMS.FLAGS.NOCACHE
"""Every pixel through every curve and table of both profiles: LittleCMS folds them into one coarse grid otherwise."""

_NAMES = {"GRAY": "gray", "RGB ": "rgb", "CMY ": "cmy", "CMYK": "cmyk", "Lab ": "lab"}
_NAMES |= {f"{count:X}CLR": f"mch{count}" for count in range(1, 16)}


def _name_multichannel() -> None:
    """Teach imagecodecs names for LittleCMS's multichannel pixel types, which it has but gives no name to.

    The table is private to it; a version without the table, or with these names of its own, does no harm: sets it
    cannot name are then refused with its own message.
    """
    formats: dict[str, tuple[int, ...]] = getattr(imagecodecs._cms, "_CMS_FORMATS", {})
    for count in range(1, 16):
        formats.setdefault(f"mch{count}", (int(imagecodecs.CMS.PT[f"MCH{count}"]), count, 0, 0, 0))


_name_multichannel()


@lru_cache
def builtin(name: str) -> bytes:
    """Return a profile LittleCMS makes itself: "srgb" or "lab4"."""
    return imagecodecs.cms_profile(name)


def gridpoints(nodes: int) -> int:
    """Return flags for folding a transform into one grid of so many nodes per input channel (2..255), then fast."""
    return (nodes << 16) | imagecodecs.CMS.FLAGS.NOCACHE


def transform(pixels: Pixels, source: bytes, target: bytes, flags: int = EXACT) -> NDArray[np.uint16]:
    """Apply two profiles, relative colorimetric, without black point compensation.

    Parameters
    ----------
    pixels : uint8 or uint16 (…, channels of the source)
        Lab is in the encoding of ICC version 4: in 16 bits L* 100 is 65535, a* and b* 0 are 0x8080; in 8 bits 255 and
        128.
    source, target : bytes
        ICC profiles.
    flags : int
        `EXACT` or `gridpoints`.

    Returns
    -------
    uint16 (…, channels of the target)

    Raises
    ------
    ProfileError
        If LittleCMS cannot make a transform of the two.
    """
    have, want = read_header(source), read_header(target)
    if pixels.shape[-1] != have.channels:
        raise ProfileError(f"is for {have.channels} channels, the pixels have {pixels.shape[-1]}")
    flat = np.ascontiguousarray(pixels).reshape(_shape(-1, have))
    out = np.empty(_shape(flat.shape[1], want), np.uint16)
    apply: Any = imagecodecs.cms_transform  # its declaration leaves out that `out` may be an array
    try:
        apply(
            flat,
            source,
            target,
            out=out,
            colorspace=_NAMES[have.space],
            outcolorspace=_NAMES[want.space],
            planar=False,
            outplanar=False,
            intent=INTENT,
            flags=flags,
        )
    except (imagecodecs.CmsError, ValueError) as error:
        raise ProfileError(f"cannot be used: {error}") from None
    return out.reshape(*pixels.shape[:-1], want.channels)


def _shape(count: int, header: Header) -> tuple[int, ...]:
    return (1, count) if header.space == "GRAY" else (1, count, header.channels)
