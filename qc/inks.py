"""Which ink's nozzle drew a line, and since when: what the inks themselves say.

Brightness alone cannot tell an ink that is not used here from one that is hidden by others. With the coverage of each
ink at hand, rows without the ink say nothing, and rows with it say much.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from qc.evidence import Evidence
from qc.onset import Line, likely_begin, noise
from qc.residual import ROWS, Pair

# Of an ink's film over three columns. One dead nozzle of four leaves 0.012 or more on simulated prints, a column of the
# sensor that stands out 0.003 (default from practice).
LEAST_SHARE = 0.006
# Significance with which a nozzle has to explain a line, and how much of the line's own it has to reach. In simulated
# prints mixed pixels on edges had up to 10.1 and 0.51, dead nozzles 14 and more a strip or two after their beginning.
Z_NOZZLE = 12.0
EXPLAINED = 0.5


@dataclass(frozen=True)
class Inks:
    """What lies on the cloth of each ink.

    Attributes
    ----------
    nozzles
        Gives what each nozzle put under the camera's columns ``left`` up to ``right``: float32 (inks, h, n × columns)
        0..1, n nozzles to a column, of the same rows as the pictures, tail of the strip before included.
    absorption
        float32 (inks, 3): by how many natural units full coverage lowers each channel's code value.
    """

    nozzles: Callable[[int, int], np.ndarray]
    absorption: np.ndarray


def name_ink(pair: Pair, proof: Evidence, line: Line, inks: Inks) -> Line | None:
    """Return a line of one pixel with the ink that explains it best and where that ink's rows say it begins.

    None if no nozzle explains it, however sure it is by brightness: nothing else draws so fine a line, and the mixed
    pixel on an edge, or a column of the sensor that stands half a code value off, look like one. Where it is brighter
    a nozzle's ink is missing; where it is darker there is too much of it, as from a jet that went astray.

    Parameters
    ----------
    pair, proof
        The pictures and their evidence.
    line
        As found by brightness; any other than a line of one pixel comes back as it is.
    inks
        What lies there, and what it takes from the light.
    """
    x, end = round(line.x), int(line.end)
    if line.box > 1 or not 4 <= x < proof.rest.shape[2] - 5:
        return line if line.sure else None
    sides = [x - 4, x - 3, x - 2, x + 2, x + 3, x + 4]
    rest = proof.rest[:, :, x - 1 : x + 2].mean(2) - proof.rest[:, :, sides].mean(2)
    rest *= np.sign(line.share)
    # The mean of three columns less that of six varies half as much as one column: 1/3 + 1/6.
    weight = 2 * proof.weight[:, :, x - 1 : x + 2].mean(2)
    level = pair.predicted_rows[:, x, :].T
    best: tuple[float, Line | None] = (max(Z_NOZZLE, EXPLAINED * line.z), None)
    missing: list[float] = []
    covered, drawn = _drawn(pair, inks, x)
    for ink, absorption in enumerate(inks.absorption):
        light = level * absorption[:, None]
        film = light * covered[ink]
        a, b = (weight * film * rest).sum(0), (weight * film * film).sum(0)
        begin, share, _ = _begun(a, b, int(line.begin), end)
        if b[begin:end].sum() > 0:
            missing.append(share)
        pull, power = (weight * light * rest).sum(0), (weight * light * light).sum(0)
        for nozzle in drawn[ink].T:
            a, b = pull * nozzle, power * nozzle * nozzle
            begin, share, gain = _begun(a, b, int(line.begin), end)
            z = share * np.sqrt(b[begin:end].sum() / noise(a, b, share))
            if z > best[0]:
                best = float(z), replace(line, begin=likely_begin(gain, end, pair.frame.mm_per_px), ink=ink)
    return None if missing and max(missing) < LEAST_SHARE else best[1]


def _begun(a: np.ndarray, b: np.ndarray, begin: int, end: int) -> tuple[int, float, np.ndarray]:
    """Block with which a line begins by its evidence, the share that is missing from there, and its gain per block."""
    share, gain = 0.0, a
    for _ in range(3):
        share = float(a[begin:end].sum() / (b[begin:end].sum() + 1e-9))
        gain = (share * a - share * share * b / 2) / noise(a, b, share)
        total = np.concatenate([[0.0], np.cumsum(gain[:end])])
        begin = min(int(np.argmin(total)), end - 1)
    return begin, share, gain


def _drawn(pair: Pair, inks: Inks, x: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean coverage of each ink in three columns, and each nozzle's part of it, per block of rows.

    Where an ink is pale a nozzle's own drops are few and far between: which blocks got some says twice as much as
    their mean. The displacement is below a pixel or two.
    """
    blocks, width = pair.predicted_rows.shape[:2]
    dx, _ = pair.frame.field.at(x, blocks * ROWS / 2)
    at = int(np.clip(round(x - dx), 1, width - 2))
    nozzles = inks.nozzles(at - 1, at + 2)[:, : blocks * ROWS]
    by_block = nozzles.reshape(len(nozzles), blocks, ROWS, -1).mean(2)
    return by_block.mean(2), by_block / by_block.shape[2]
