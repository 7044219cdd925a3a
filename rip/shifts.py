"""By how many device pixels the columns or rows of a repeat are shifted, until the first shift comes again."""

import math
from fractions import Fraction

from rip.cloth import Cloth

SNAP_PARTS = 32
SNAP_MM = 0.25
SNAP_PITCH = 0.01
"""A length of a brick within this of x/n of the repeat, n up to 32, is taken as x/n: the period stays short."""


def shifts_down(shift: Fraction | float, pitch: int, cloth: Cloth) -> tuple[int, ...]:
    """Return the rows by which columns are shifted until the first shift comes again."""
    if isinstance(shift, Fraction):
        return _shifts_of(shift, pitch)
    rows = round(cloth.along_px(shift)) % pitch
    return tuple(column * rows % pitch for column in range(pitch // math.gcd(rows, pitch)))


def _shifts_of(share: Fraction, pitch: int) -> tuple[int, ...]:
    parts = share.denominator
    return tuple(round(Fraction(lane * share.numerator % parts, parts) * pitch) for lane in range(parts))


def shifts_across(
    shift: Fraction | float, pitch: int, cloth: Cloth, most: int | None
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the columns by which rows are shifted until the first shift comes again, and notes."""
    if isinstance(shift, Fraction):
        return _shifts_of(shift, pitch), ()
    exact = cloth.across_px(shift)
    near = min(cloth.across_px(SNAP_MM), pitch * SNAP_PITCH)
    px_per_mm = cloth.across_px(1)
    for parts in range(1, SNAP_PARTS + 1):
        share = Fraction(round(exact * parts / pitch), parts)
        off = float(share * pitch) - exact
        if share.denominator == parts and abs(off) <= near:
            told = f"brick by {shift:g} mm taken as {share % 1} of the repeat, {abs(off) / px_per_mm:.2f} mm off"
            return _shifts_of(share % 1, pitch), (told,) if abs(off) > 1 else ()
    columns = round(exact) % pitch
    count = pitch // math.gcd(columns, pitch)
    if most is not None:
        count = max(1, min(count, most))
    told = f"brick by {shift:g} mm is no fraction of the repeat: the print repeats only after {count} rows of repeats"
    return tuple(row * columns % pitch for row in range(count)), (told,)
