"""Reading artwork: PNG, JPEG and TIFF files from anywhere, so every file is taken for hostile until it has decoded."""

import hashlib
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PX = 600_000_000
"""Largest artwork, pixels: 140 cm square at 444 dpi; above it memory, not colour, decides."""

DPI_RANGE = (30.0, 4800.0)
"""A resolution tag outside of this is taken for a mistake (1 dpi and 72000 dpi are common ones)."""

FORMATS = ("PNG", "JPEG", "TIFF")

MODES = {
    "1": "grey",
    "L": "grey",
    "LA": "grey with transparency",
    "I;16": "16-bit grey",
    "I;16B": "16-bit grey",
    "I;16L": "16-bit grey",
    "I;16N": "16-bit grey",
    "P": "palette",
    "PA": "palette",
    "RGB": "RGB",
    "RGBA": "RGB with transparency",
    "RGBX": "RGB",
    "CMYK": "CMYK",
}
"""Pillow's name of each mode that is read."""

# Pillow warns above this and refuses above twice this; `_open` turns both into one error.
Image.MAX_IMAGE_PIXELS = MAX_PX

_DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


class ArtworkError(ValueError):
    """The file is no artwork that can be printed; one line: file name and reason."""


@dataclass(frozen=True)
class Artwork:
    """What a design file says about itself, upright (orientation tag applied).

    Attributes
    ----------
    path : Path
    width_px, height_px : int
    mode : str
        Pillow's mode: "L", "RGB", "CMYK" …
    dpi : float or None
        None if the file states none, or one outside of 30..4800.
    size_mm : tuple of 2 float, or None
        Width and height; None without a resolution.
    profile : bytes or None
        Embedded ICC profile, as found.
    sha256 : str
        Of the file.
    """

    path: Path
    width_px: int
    height_px: int
    mode: str
    dpi: float | None
    size_mm: tuple[float, float] | None
    profile: bytes | None
    sha256: str


@dataclass(frozen=True)
class Pixels:
    """Decoded artwork: `data` is uint8 (h, w) grey, (h, w, 3) RGB or (h, w, 4) CMYK (0 = no ink), flat on white."""

    data: NDArray[np.uint8]
    mode: str


def _open(path: Path) -> Image.Image:
    """Open and decode the file, upright; every way to fail becomes an `ArtworkError`."""

    def refuse(reason: object) -> ArtworkError:
        return ArtworkError(f"{path.name}: {' '.join(str(reason).split())}")

    if not path.is_file():
        raise refuse("no such file")
    if path.stat().st_size == 0:
        raise refuse("the file is empty")
    too_large = f"more than {MAX_PX // 1_000_000} megapixels: reduce it to the resolution of the press"
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
            if image.mode not in MODES:
                raise refuse(f"colour mode {image.mode} is not read: save it as grey, RGB or CMYK of 8 bits")
            image.load()
            return ImageOps.exif_transpose(image)
    except ArtworkError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refuse(too_large) from None
    except UnidentifiedImageError:
        raise refuse("not a PNG, JPEG or TIFF image") from None
    except _DECODE_ERRORS as error:
        raise refuse(f"cannot be decoded, it may be cut or damaged ({error})") from error


def read_artwork(path: Path) -> Artwork:
    """Decode a design once and return what it says about itself.

    Raises
    ------
    ArtworkError
        One line naming the file and the reason.
    """
    return decode_artwork(path)[0]


def decode_artwork(path: Path) -> tuple[Artwork, Image.Image]:
    """Return what a design says about itself, and its decoded picture.

    Raises
    ------
    ArtworkError
        One line naming the file and the reason.
    """
    path = Path(path)
    image = _open(path)
    dpi = _dpi(image)
    width, height = image.size
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    profile = image.info.get("icc_profile")
    artwork = Artwork(
        path=path,
        width_px=width,
        height_px=height,
        mode=image.mode,
        dpi=dpi,
        size_mm=(width / dpi * 25.4, height / dpi * 25.4) if dpi else None,
        profile=bytes(profile) if profile else None,
        sha256=digest,
    )
    return artwork, image


def flatten(image: Image.Image) -> Pixels:
    """Return a decoded picture as grey, RGB or CMYK of 8 bits, transparency flattened on white."""
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint32)
        return Pixels(((deep * 255 + 32767) // 65535).astype(np.uint8), "L")
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image).convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in {"L", "RGB", "CMYK"}:
        image = image.convert("RGB")
    return Pixels(np.asarray(image), image.mode)


def _dpi(image: Image.Image) -> float | None:
    stated = image.info.get("dpi")
    if stated is None:
        return None
    try:
        dpi = float(stated[0] if isinstance(stated, tuple) else stated)
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        return None
    return dpi if DPI_RANGE[0] <= dpi <= DPI_RANGE[1] else None
