"""How like itself a picture is when it is moved around its edges: guessed from a reduced one, verified at full size."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rip.fill import Rows

MOST_PARTS = 16
"""A tile and its drop are looked for at x/n of the artwork, n up to 16."""

LIKELY = 0.8
"""Correlation of the reduced picture that is worth a look."""

ROWS_VERIFIED, ROWS_FIRST = 48, 8
"""Rows that are compared, and after how many a picture that is not even near itself is let go."""

OTHER_LEVELS, OTHER_SHARE = 24.0, 0.004
"""Pixels that differ by more than so many levels of 255 are of another motif; so many of them are too many."""

_SOFT = 2
_STEP = 1 / 64

Shift = tuple[Fraction, Fraction]
"""By how much of its width and height a picture is moved."""

STILL: Shift = (Fraction(0), Fraction(0))


def candidates(small: NDArray[np.float32]) -> list[Shift]:
    """Return the shifts x/n, y/m after which the reduced picture, float32 (h, w, 3), is nearly itself."""
    spectrum = np.fft.fft2(small - small.mean(axis=(0, 1)), axes=(0, 1))
    power = (np.abs(spectrum) ** 2).sum(axis=2)
    if power.sum() == 0:
        return []
    parts = sorted({Fraction(part, whole) for whole in range(1, MOST_PARTS + 1) for part in range(whole)})
    shares = np.array([float(part) for part in parts])
    down, right = (np.fft.fftfreq(size, 1 / size) for size in power.shape)

    def correlation(along: float, across: float) -> NDArray[np.float64]:
        """Correlation at all shares, moved by a little more."""
        rows = np.exp(2j * np.pi * np.outer(shares + along, down))
        columns = np.exp(2j * np.pi * np.outer(right, shares + across))
        return (rows @ power @ columns).real / power.sum()

    here = correlation(0, 0)
    # a smooth picture is also like itself moved a little: only the summits count
    around = [correlation(*by) for by in ((_STEP, 0), (-_STEP, 0), (0, _STEP), (0, -_STEP))]
    summit = np.all([here >= near - 1e-9 for near in around], axis=0)
    found = [(parts[x], parts[y]) for y, x in np.argwhere((here > LIKELY) & summit).tolist()]
    return [shift for shift in found if shift != STILL]


class Likeness:
    """How like itself an artwork is at full size, by rows spread over it.

    Parameters
    ----------
    rows : callable
        (first row, count) → uint8 (count, width, 3).
    width, height : int
    """

    def __init__(self, rows: Rows, width: int, height: int) -> None:
        self._rows, self._width, self._height = rows, width, height
        random = np.random.default_rng(0)
        places = np.unique(np.linspace(0, height - 1, ROWS_VERIFIED).astype(int))
        # in no order, so that the first few already speak for all
        self._places: list[int] = random.permutation(places).tolist()
        self._lines = [_line(rows, place, 0.0, width, height) for place in self._places]
        others = [
            np.roll(line, by, axis=0)
            for line, by in zip(self._lines, random.integers(width, size=len(places)), strict=True)
        ]
        anywhere = [
            np.abs(line - other).max(axis=1).mean()
            for line, other in zip(self._lines, [*others[1:], others[0]], strict=True)
        ]
        self._anywhere = float(np.mean(anywhere))
        self._known: dict[Shift, float] = {}

    def of(self, shift: Shift) -> float:
        """Return 1 − (difference of the rows to the moved ones) / (difference to rows anywhere).

        It is 0 if some motif is another one after the shift, however small its share of the picture.
        """
        if shift not in self._known:
            self._known[shift] = self._of(shift)
        return self._known[shift]

    def _of(self, shift: Shift) -> float:
        if self._anywhere == 0:
            return 0.0
        total, other, number = 0.0, 0.0, 0
        across, along = float(shift[0] * self._width), float(shift[1] * self._height)
        for number, (place, line) in enumerate(zip(self._places, self._lines, strict=True), 1):
            difference = np.abs(line - _line(self._rows, place + along, across, self._width, self._height)).max(axis=1)
            total += float(difference.mean())
            other += float((difference > OTHER_LEVELS).mean())
            if other > OTHER_SHARE * len(self._lines):
                return 0.0
            if number == ROWS_FIRST and total > number * self._anywhere / 4:
                break
        return 1 - total / number / self._anywhere


def _line(rows: Rows, y: float, x: float, width: int, height: int) -> NDArray[np.float32]:
    """Return row y from column x on, taken round the edges and softened, as shifts are rarely whole pixels.

    Returns
    -------
    float32 (width, 3)
    """
    first, part = int(np.floor(y)) - _SOFT, y - np.floor(y)
    wanted = np.arange(first, first + 2 * _SOFT + 2) % height
    band = np.concatenate(
        [rows(int(run[0]), len(run)) for run in np.split(wanted, np.flatnonzero(np.diff(wanted) != 1) + 1)]
    )
    weight = np.ones(len(wanted), np.float32)
    weight[0], weight[-1] = 1 - part, part
    line = np.tensordot(weight / weight.sum(), band.astype(np.float32), 1)
    columns = np.arange(-_SOFT, width + _SOFT + 1) + int(np.floor(x))
    taps = np.ones(2 * _SOFT + 2, np.float32)
    taps[0], taps[-1] = 1 - (x - np.floor(x)), x - np.floor(x)
    wrapped = line[columns % width]
    return np.stack(
        [np.convolve(wrapped[:, channel], taps[::-1] / taps.sum(), "valid") for channel in range(3)], axis=1
    )
