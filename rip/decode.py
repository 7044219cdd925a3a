"""Pixels of artwork, band by band: upright, flat on white, in bounded memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rip.formats.facts import Facts, Rows, Unreadable
from rip.formats.opening import Artwork, opened
from rip.rawrows import Spool, turn_of_orientation

BAND_ROWS = 256


def bands(artwork: Artwork, rows: int = BAND_ROWS) -> Iterator[Rows]:
    """Decode a design from top to bottom.

    Parameters
    ----------
    artwork : Artwork
    rows : int
        Rows of each band; the last one may have fewer.

    Yields
    ------
    uint8 or uint16 (n, width_px, channels)
        Grey and RGB with 0 = black; CMYK and separations with 0 = no ink; Lab as ICC encodes it (L from 0 to the
        largest value; a and b with 128 of 255, or 128 × 257 of 65535, for neutral). Transparency is flattened on white
        or on no ink, the orientation tag applied. Arrays may be read-only.

    Raises
    ------
    ArtworkError
        If the file turns out cut or damaged on the way, or is another one than was opened.
    """
    with opened(artwork.path, artwork.page, artwork.dpi) as (kind, _, found):
        facts = found.facts
        turned = facts.orientation >= 5
        size = (facts.height_px, facts.width_px) if turned else (facts.width_px, facts.height_px)
        known = (artwork.format, artwork.width_px, artwork.height_px, artwork.mode, artwork.channels, artwork.bits)
        if (kind, *size, facts.mode, facts.channels, facts.bits) != known:
            raise Unreadable("it is not the file any more that was opened")
        upright = (flattened(band, facts) for band in found.rows(rows))
        yield from regrouped(upright if facts.orientation == 1 else _turned(upright, facts, rows), rows)


def flattened(band: Rows, facts: Facts) -> Rows:
    """Lay a band with transparency on white; others pass.

    Parameters
    ----------
    band : uint8 or uint16 (n, w, channels [+ 1])
    facts : Facts

    Returns
    -------
    Same dtype (n, w, channels)
    """
    if not facts.alpha:
        return band
    colours, alpha, full = band[..., :-1], band[..., -1:], np.iinfo(band.dtype).max
    if alpha.min() == full:
        return colours
    # full × full + full / 2 still fits into the next wider integer
    wide = np.uint16 if band.itemsize == 1 else np.uint32
    weight, lit = alpha.astype(wide), colours.astype(wide)
    lit *= np.array(full, wide) if facts.premultiplied else weight
    if facts.premultiplied:
        np.minimum(lit, full * weight, out=lit)
    lit += (full - weight) * np.array(_ground(facts), wide)
    lit += np.array(full // 2, wide)
    return (lit // np.array(full, wide)).astype(band.dtype)


def _ground(facts: Facts) -> tuple[int, ...]:
    """Return white, or no ink, in the encoding of the mode."""
    full = (1 << facts.bits) - 1
    if facts.mode == "lab":
        neutral = 128 if facts.bits == 8 else 128 * 257
        return full, neutral, neutral
    return ((full if facts.mode in ("grey", "rgb") else 0),) * facts.channels


def regrouped(parts: Iterator[Rows], rows: int) -> Iterator[Rows]:
    """Yield the same rows in bands of equal height."""
    held: list[Rows] = []
    count = 0
    for part in parts:
        while count + len(part) >= rows:
            taken, part = part[: rows - count], part[rows - count :]
            yield np.concatenate([*held, taken]) if held else np.ascontiguousarray(taken)
            held, count = [], 0
        if len(part):
            held.append(part)
            count += len(part)
    if held:
        yield np.concatenate(held)


def _turned(upright: Iterator[Rows], facts: Facts, rows: int) -> Iterator[Rows]:
    """Turn a picture by way of a temporary file: its first row may be its last column."""
    with tempfile.NamedTemporaryFile(prefix="foulard-") as file:
        for band in upright:
            file.write(np.ascontiguousarray(band).data)
        file.flush()
        stored = Spool(Path(file.name), 0, facts.width_px, facts.height_px, facts.channels, facts.bits)
        turns, mirror = turn_of_orientation(facts.orientation)
        height = facts.width_px if turns % 2 else facts.height_px
        for top in range(0, height, rows):
            yield stored.turned_rows(turns, mirror, top, min(rows, height - top))
