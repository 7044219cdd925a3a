"""What the samples of a TIFF pixel mean (TIFF 6.0 and its technical notes), and how to deliver them."""

from dataclasses import dataclass

import numpy as np

from rip.formats.facts import MAX_CHANNELS, Mode, Rows, Unreadable, one_line
from rip.formats.tiff_directory import Directory

_BITS, _PHOTOMETRIC, _SAMPLES, _COLORMAP, _INK_SET, _INK_NAMES, _EXTRA, _FORMAT = 258, 262, 277, 320, 332, 333, 338, 339

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, INDEXED, SEPARATED, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
_MODES: dict[int, tuple[Mode, int]] = {
    WHITE_IS_ZERO: ("grey", 1),
    BLACK_IS_ZERO: ("grey", 1),
    RGB: ("rgb", 3),
    INDEXED: ("rgb", 1),
    YCBCR: ("rgb", 3),
    CIELAB: ("lab", 3),
    ICCLAB: ("lab", 3),
}
_PROCESS_INKS = ("cyan", "magenta", "yellow", "black")
_PREMULTIPLIED, _STRAIGHT = 1, 2


@dataclass(frozen=True)
class Pixels:
    """How samples make a pixel.

    Attributes
    ----------
    photometric : int
        As in the file.
    mode : Mode
        See `Facts`.
    samples : int
        Per pixel in the file.
    bits : int
        Per sample in the file: 1, 2, 4, 8 or 16.
    colours : int
        The first samples are colours (of an indexed file, its index).
    alpha : int or None
        The sample that is the transparency.
    premultiplied : bool
    names : tuple of str
        Of separations.
    palette : tuple of (r, g, b) or None
    notes : tuple of str
    """

    photometric: int
    mode: Mode
    samples: int
    bits: int
    colours: int
    alpha: int | None
    premultiplied: bool
    names: tuple[str, ...] = ()
    palette: tuple[tuple[int, int, int], ...] | None = None
    notes: tuple[str, ...] = ()


def read_pixels(directory: Directory) -> Pixels:
    """Sort samples into colours, transparency and what is left out.

    Raises
    ------
    Unreadable
    """
    samples, bits = _samples(directory)
    photometric = directory.number(_PHOTOMETRIC, -1)
    extras = tuple(directory.numbers(_EXTRA)[: 2 * MAX_CHANNELS].tolist())
    if photometric == SEPARATED:
        return _separations(directory, samples, bits, extras)
    if photometric not in _MODES:
        raise Unreadable(f"photometric interpretation {photometric} is not read: save it as grey, RGB, CMYK or Lab")
    mode, colours = _MODES[photometric]
    if samples < colours or (photometric == INDEXED and samples > 1):
        raise Unreadable(f"{samples} samples per pixel do not fit its colour mode")
    kinds = (extras + (0,) * samples)[: samples - colours]
    alpha = next((colours + at for at, kind in enumerate(kinds) if kind in (_PREMULTIPLIED, _STRAIGHT)), None)
    left_out = samples - colours - (alpha is not None)
    if mode == "grey" and left_out > 1:
        raise Unreadable(f"grey with {left_out} further channels: save plates as separations, where 0 means no ink")
    notes = (f"{left_out} further channel(s) of the file left out",) if left_out else ()
    palette = _palette(directory, bits) if photometric == INDEXED else None
    premultiplied = alpha is not None and kinds[alpha - colours] == _PREMULTIPLIED
    return Pixels(photometric, mode, samples, bits, colours, alpha, premultiplied, (), palette, notes)


def _samples(directory: Directory) -> tuple[int, int]:
    """Return samples per pixel and bits per sample, after refusing what is not unsigned integers of one size."""
    samples = directory.number(_SAMPLES, 1)
    depths, kinds = set(directory.numbers(_BITS).tolist()) or {1}, set(directory.numbers(_FORMAT).tolist())
    if not 1 <= samples <= 2 * MAX_CHANNELS:
        raise Unreadable(f"{samples} samples per pixel: at most {2 * MAX_CHANNELS} are read")
    if 3 in kinds:
        raise Unreadable("floating-point samples have no defined white: save it with 8 or 16 bits")
    if kinds - {1, 4}:
        raise Unreadable("signed or complex samples are not read: save it with 8 or 16 bits")
    if len(depths) > 1 or not depths <= {1, 2, 4, 8, 16}:
        raise Unreadable(f"{' and '.join(map(str, sorted(depths)[:4]))} bits per sample: save it with 8 or 16 bits")
    return samples, depths.pop()


def _separations(directory: Directory, samples: int, bits: int, extras: tuple[int, ...]) -> Pixels:
    """Plates: CMYK if that is what they are, else every sample that is no transparency."""
    alpha = samples - 1 if samples > 1 and extras and extras[-1] in (_PREMULTIPLIED, _STRAIGHT) else None
    premultiplied = alpha is not None and extras[-1] == _PREMULTIPLIED
    colours = samples - (alpha is not None)
    if colours > MAX_CHANNELS:
        raise Unreadable(f"{colours} separations: at most {MAX_CHANNELS} are read")
    stated = directory.data(_INK_NAMES, 1 << 20)[:4096].split(b"\0")
    names = tuple(one_line(name.decode("utf-8", "replace"), 60) for name in stated if name)[:colours]
    process = directory.number(_INK_SET, 1) == 1
    if colours == 4 and (process or tuple(name.lower() for name in names) == _PROCESS_INKS):
        return Pixels(SEPARATED, "cmyk", samples, bits, 4, alpha, premultiplied)
    notes = ()
    if len(names) < colours:
        known = _PROCESS_INKS if process and colours > 4 and not names else names
        names = known + tuple(f"channel {at + 1}" for at in range(len(known), colours))
        notes = (f"the file does not name all its inks: taken as {', '.join(names)}",)
    return Pixels(SEPARATED, "separations", samples, bits, colours, alpha, premultiplied, names, None, notes)


def _palette(directory: Directory, bits: int) -> tuple[tuple[int, int, int], ...]:
    """Return the colours of an indexed file; old writers stored 8 bits where 16 belong."""
    table = directory.numbers(_COLORMAP)
    if bits > 8:
        raise Unreadable("a palette of 65536 colours is not read: save it as RGB")
    if len(table) != 3 << bits:
        raise Unreadable("its palette is missing or damaged")
    table = table.reshape(3, -1) >> (8 if table.max() > 255 else 0)
    return tuple((int(r), int(g), int(b)) for r, g, b in table.T)


def deliver(raw: Rows, pixels: Pixels) -> Rows:
    """Turn samples of the file into rows as `Facts` promises them.

    Parameters
    ----------
    raw : uint8 or uint16 (n, w, samples)
    pixels : Pixels

    Returns
    -------
    Same dtype (n, w, channels [+ 1 for the transparency])
        Grey and RGB with 0 = black; palettes looked up; Lab as ICC encodes it: L from 0 to the largest value, a and b
        with 128 (of 255) or 128 × 257 (of 65535) for neutral.
    """
    if pixels.palette is not None:
        return np.array(pixels.palette, np.uint8)[raw[..., 0]]
    if pixels.samples > pixels.colours + (pixels.alpha is not None):
        raw = raw[..., [*range(pixels.colours), *([] if pixels.alpha is None else [pixels.alpha])]]
    if pixels.photometric == WHITE_IS_ZERO:
        return np.concatenate([~raw[..., :1], raw[..., 1:]], axis=2)
    if pixels.mode == "lab":
        return _lab(raw, pixels.photometric)
    return raw


def _lab(raw: Rows, photometric: int) -> Rows:
    lab = raw.copy()
    if photometric == CIELAB:  # a and b are signed
        lab[..., 1:3] ^= np.array(1 << (8 * raw.itemsize - 1), raw.dtype)
    if raw.itemsize == 2:
        scaled = slice(1, 3) if photometric == CIELAB else slice(0, 3)
        lab[..., scaled] = widen_lab(lab[..., scaled])
    return lab


def widen_lab(values: Rows) -> Rows:
    """Scale 16-bit values of 256 steps per unit (ICC version 2) to 257 (version 4), uint16."""
    wide = values.astype(np.uint32)
    return np.minimum(wide + ((wide + 128) >> 8), 65535).astype(np.uint16)
