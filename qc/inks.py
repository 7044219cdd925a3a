"""Which ink's nozzle drew a line, and since when: what the inks themselves say.

Brightness alone cannot tell an ink that is not used here from one that is hidden by others. With the coverage of each
ink at hand, rows without the ink say nothing, and rows with it say much.
"""

from dataclasses import dataclass, replace

import numpy as np

from qc.evidence import Evidence
from qc.onset import Z_KEPT, Line, likely_begin, noise
from qc.residual import ROWS, Pair

# Of an ink's film over three columns. One dead nozzle of four leaves 0.012 or more on simulated prints, a column of the
# sensor that stands out 0.003 (default from practice).
LEAST_SHARE = 0.006


@dataclass(frozen=True)
class Inks:
    """What lies on the cloth of each ink.

    Attributes
    ----------
    coverage
        float32 (inks, h, w) 0..1 per camera pixel, of the same rows as the pictures, tail of the strip before included.
    absorption
        float32 (inks, 3): by how many natural units full coverage lowers each channel's code value.
    """

    coverage: np.ndarray
    absorption: np.ndarray


def name_ink(pair: Pair, proof: Evidence, line: Line, inks: Inks) -> Line | None:
    """Return a line of one pixel with the ink that explains it best and where that ink's rows say it begins.

    None if it is sure by brightness, yet no ink that lies there misses enough for a nozzle: a column of the sensor that
    stands half a code value too high looks like that where the print is dark.

    Parameters
    ----------
    pair, proof
        The pictures and their evidence.
    line
        As found by brightness; any other than a brighter line of one pixel comes back as it is.
    inks
        Coverage and absorption.
    """
    x, end = round(line.x), int(line.end)
    if line.box > 1 or line.share <= 0 or not 4 <= x < proof.rest.shape[2] - 5:
        return line
    sides = [x - 4, x - 3, x - 2, x + 2, x + 3, x + 4]
    rest = proof.rest[:, :, x - 1 : x + 2].mean(2) - proof.rest[:, :, sides].mean(2)
    # The mean of three columns less that of six varies half as much as one column: 1/3 + 1/6.
    weight = 2 * proof.weight[:, :, x - 1 : x + 2].mean(2)
    level = pair.predicted_rows[:, x, :].T
    best: tuple[float, Line] = (Z_KEPT, line)
    missing: list[float] = []
    for ink in range(len(inks.coverage)):
        film = level * inks.absorption[ink][:, None] * _covered(pair, inks.coverage[ink], x)
        a, b = (weight * film * rest).sum(0), (weight * film * film).sum(0)
        begin, share, scatter, gain = int(line.begin), 0.0, 1.0, a
        for _ in range(3):
            share = float(a[begin:end].sum() / (b[begin:end].sum() + 1e-9))
            scatter = noise(a, b, share)
            gain = (share * a - share * share * b / 2) / scatter
            total = np.concatenate([[0.0], np.cumsum(gain[:end])])
            begin = min(int(np.argmin(total)), end - 1)
        if b[begin:end].sum() > 0:
            missing.append(share)
        z = share * np.sqrt(b[begin:end].sum() / scatter)
        if z > best[0]:
            best = float(z), replace(line, begin=likely_begin(gain, end, pair.frame.mm_per_px), ink=ink)
    return None if missing and max(missing) < LEAST_SHARE else best[1]


def _covered(pair: Pair, coverage: np.ndarray, x: int) -> np.ndarray:
    """Mean coverage of an ink around a column in each block of rows; the displacement is below a pixel or two."""
    blocks = len(pair.predicted_rows)
    dx, _ = pair.frame.field.at(x, coverage.shape[0] / 2)
    at = int(np.clip(round(x - dx), 1, coverage.shape[1] - 2))
    rows = coverage[: blocks * ROWS, at - 1 : at + 2].mean(1)
    return rows.reshape(blocks, ROWS).mean(1)
