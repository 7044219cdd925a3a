"""Streaks along the web, down to one dead nozzle: columns that stand out over many rows and in both halves of them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from qc.evidence import HIGH_PASS_PX, Evidence
from qc.onset import LIMITS_BY_BOX, Line, trace
from qc.residual import Pair

GROUP = 4  # blocks per step of the window search: 32 rows
WINDOWS = (6, 12, 24)  # groups: 192, 384 and 768 rows, and always the whole height
Z_FOUND = 8.0
Z_FAINT = 6.0  # the same for a line of one pixel that a nozzle has to explain
Z_HALF = 3.0
HAIR_MISFIT_PX = 1.2  # the same for a line of one pixel, which the mixed pixel on a hard edge looks like
FAINT = {1: 0.5, 3: 1.0, 9: 2.5}  # code values by width in px that are no defect however sure they are
ALTERNATING = 0.1  # of the slopes that do not cancel after all
HAIR_CLEAR = 2.0  # times the roughest of its neighbours that such a line must stand out
AROUND = np.array([[1] * 11 + [0] * 7 + [1] * 11], np.uint8)
EDGE_MISFIT_PX = 0.35  # by which an edge may stand wrong or soft all along the strip
OWN_SHARE = 0.14  # of the artwork's own structure along a column that may be left over by a wrong print model


def find_lines(pair: Pair, proof: Evidence, *, faint: bool = False) -> list[Line]:
    """Find streaks anywhere in the pair.

    Parameters
    ----------
    pair
        The comparable pictures.
    proof
        From :func:`evidence`.
    faint
        Give lines of one pixel too that stand out so little that they are not sure.

    Returns
    -------
    list of Line
        Strongest first, at most one within 0.5 mm.
    """
    blocks, width = pair.predicted_rows.shape[:2]
    if blocks < 6 or width < 24:
        return []
    hits: list[tuple[float, int, int, int, int, int]] = []
    groups = -(-blocks // GROUP)
    sizes = sorted({min(n, groups) for n in WINDOWS} | {groups})
    grouped = [_grouped(m) for m in (proof.a, proof.b, proof.own, proof.lift)]
    slope = _running_all(_groups(proof.slope)), _running(_groups(np.abs(proof.slope).max(0)))
    windows = [_Window(n, start, _edge(slope, start, n)) for n in sizes for start in _starts(groups, n)]
    for t in range(2):
        for channel in range(4):
            base = [_running(m[t, channel]) for m in grouped]
            for window in windows:
                hits += _hair_hits(base, window, LIMITS_BY_BOX[1][t], (t, channel, 1), Z_FAINT if faint else Z_FOUND)
            for box, around in ((3, 13), (9, 41)):
                narrow = [cv2.blur(m, (box, 1)) * box for m in base]
                wide = [cv2.blur(m, (around, 1)) * around for m in base]
                for window in windows:
                    hits += _window_hits(narrow, wide, window, LIMITS_BY_BOX[box][t], (t, channel, box))
    lines: list[Line] = []
    near = max(2.0, 0.5 / pair.frame.mm_per_px)
    for z, x, t, channel, box, _ in sorted(hits, reverse=True):
        if any(abs(x - line.x) <= near + line.width_px for line in lines):
            continue
        line = trace(pair, proof, x, t, channel, box)
        if line is not None and not any(_belongs(line, o, near) for o in lines):
            lines.append(replace(line, sure=z > Z_FOUND))
    return lines


def _belongs(line: Line, stronger: Line, near: float) -> bool:
    """The same streak again, or the opposite shadow that the high-pass throws beside a strong one."""
    apart = abs(line.x - stronger.x)
    shadow = line.share * stronger.share < 0 and abs(line.z) < 0.8 * abs(stronger.z)
    return apart <= near + stronger.width_px or (shadow and apart <= HIGH_PASS_PX / 2 + line.width_px)


@dataclass(frozen=True)
class _Window:
    """Some groups of rows, and how steep the artwork is across along them, per column."""

    groups: int
    start: int
    edge: np.ndarray

    @property
    def end(self) -> int:
        return self.start + self.groups

    @property
    def halves(self) -> tuple[tuple[int, int], tuple[int, int]]:
        middle = self.start + self.groups // 2
        return (self.start, middle), (middle, self.end)


def _starts(total: int, n: int) -> list[int]:
    return sorted(set(range(0, total - n + 1, max(1, n // 2))) | {total - n})


def _edge(slope: tuple[np.ndarray, np.ndarray], start: int, n: int) -> np.ndarray:
    """Change across, levels per px, that the rows of a window share, of the steepest channel.

    Signs that alternate cancel, and so does most of what a misfit leaves there.
    """
    signed, steep = slope
    shared = np.abs(signed[:, start + n] - signed[:, start]).max(0)
    shared += ALTERNATING * (steep[start + n] - steep[start])
    return cv2.dilate(shared[None] / (n * GROUP), np.ones((1, 5), np.uint8))[0]


def _groups(image: np.ndarray) -> np.ndarray:
    """Sums of ``GROUP`` blocks: (…, groups, width)."""
    spare = -image.shape[-2] % GROUP
    if spare:
        image = np.pad(image, (*((0, 0),) * (image.ndim - 2), (0, spare), (0, 0)))
    sums = image[..., ::GROUP, :].copy()
    for n in range(1, GROUP):
        sums += image[..., n::GROUP, :]
    return sums


def _grouped(image: np.ndarray) -> np.ndarray:
    """The same with all channels together as a fourth one: (templates, 4, groups, width)."""
    sums = _groups(image)
    return np.concatenate([sums, sums.sum(1, keepdims=True)], axis=1)


def _running_all(image: np.ndarray) -> np.ndarray:
    return np.stack([_running(channel) for channel in image])


def _running(image: np.ndarray) -> np.ndarray:
    out = np.zeros((image.shape[0] + 1, image.shape[1]), np.float32)
    np.cumsum(image, axis=0, out=out[1:])
    return out


Hit = tuple[float, int, int, int, int, int]
"""Significance, column, template, channel, box, first group."""


def _window_hits(
    narrow: list[np.ndarray], wide: list[np.ndarray], window: _Window, limit: float, tag: tuple[int, int, int]
) -> list[Hit]:
    """Columns that stand out in a window and in both its halves."""
    ca, cb = narrow[:2]
    a, b, o, lift = (m[window.end] - m[window.start] for m in narrow)
    wide_a, wide_b, wide_o, _ = (m[window.end] - m[window.start] for m in wide)
    informed = b > 0.05 * float(b.max())
    if np.count_nonzero(informed) < 24:
        return []
    # What the surroundings show too is tone, not a line.
    share = a / (b + 1e-9) - wide_a / (wide_b + 1e-9)
    z = share * np.sqrt(b)
    # Columns near others that scatter must stand out from those.
    scatter = 1.25 * cv2.blur(np.minimum(np.abs(z), 8)[None], (301, 1))[0]
    spread = np.maximum(max(1.0, 1.4826 * float(np.median(np.abs(z[informed][::15])))), scatter)
    z /= spread
    own = np.abs(o / (b + 1e-9) - wide_o / (wide_b + 1e-9))
    level = lift / (b + 1e-9)
    bound = np.maximum(limit, FAINT[tag[2]] * level) + EDGE_MISFIT_PX * window.edge * level
    bound += OWN_SHARE * cv2.dilate(own[None], np.ones((1, 3), np.uint8))[0]
    found: list[Hit] = []
    for x in np.flatnonzero((np.abs(z) > Z_FOUND) & (np.abs(share) > bound) & (b > 0)):
        if abs(z[x]) < np.abs(z[max(0, x - 2) : x + 3]).max():
            continue
        halves = []
        for u, v in window.halves:
            halves.append(np.sign(z[x]) * (ca[v, x] - ca[u, x]) / np.sqrt(cb[v, x] - cb[u, x] + 1e-9) / spread[x])
        if all(half > Z_HALF for half in halves):
            found.append((float(abs(z[x])), int(x), *tag, window.start))
    return found


def _hair_hits(
    base: list[np.ndarray], window: _Window, limit: float, tag: tuple[int, int, int], least_z: float
) -> list[Hit]:
    """Single columns that stand out of quiet neighbours on both sides, in a window and in its halves."""
    a, b, o, lift = (m[window.end] - m[window.start] for m in base)
    informed = b > 0.05 * float(b.max())
    informed[:4] = informed[-4:] = False
    if np.count_nonzero(informed) < 24:
        return []
    peak, step = _peak(a / (b + 1e-9))
    own, _ = _peak(o / (b + 1e-9))
    z = peak * np.sqrt(b)
    z /= max(1.0, 1.4826 * float(np.median(np.abs(z[informed][::15]))))
    rough = cv2.dilate(np.abs(peak)[None], AROUND)[0]
    level = lift / (b + 1e-9)
    bound = np.maximum(limit, FAINT[1] * level) + HAIR_MISFIT_PX * window.edge * level + OWN_SHARE * np.abs(own)
    bound = np.maximum(np.maximum(bound, step), HAIR_CLEAR * rough)
    found: list[Hit] = []
    for x in np.flatnonzero((np.abs(z) > least_z) & (np.abs(peak) > bound) & informed):
        halves = []
        for u, v in window.halves:
            part_a, part_b = (m[v, x - 4 : x + 5] - m[u, x - 4 : x + 5] for m in base[:2])
            halves.append(np.sign(z[x]) * _peak(part_a / (part_b + 1e-9))[0][4] * np.sqrt(part_b[4]))
        if all(half > Z_HALF for half in halves):
            found.append((float(abs(z[x])), int(x), *tag, window.start))
    return found


def _peak(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far each column stands above the mean of both its sides (2 to 4 px away), and how far those differ."""
    side = cv2.blur(level[None], (3, 1))[0]
    left, right = np.roll(side, 3), np.roll(side, -3)
    return level - (left + right) / 2, np.abs(left - right)
