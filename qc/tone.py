"""What the picture should look like to this camera: light, tone per channel, change of colours, drop spread.

All four are learned inside the strip from robust statistics, so a defect (a small or grossly different part) cannot
teach them, and all are bounded, so a wrong print cannot be explained away.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from qc.colour import NO_CHANGE, changes, learn_changes

CELL_MM = 2.7
LIGHT_SIGMA_MM = 35.0
# Bounds of what camera and print model may do; beyond them it is a defect (default from practice, editable).
MAX_LOCAL_LIGHT = 0.04
SPREADS_PX = (0.0, 0.5, 0.65, 0.8, 0.95, 1.1, 1.25, 1.4, 1.6, 1.8)


@dataclass(frozen=True)
class Tone:
    """Learned look: ``light * (curve(expected) + change(expected))``.

    ``light`` is float32 (rows, cols, 3) on a coarse grid, ``curve`` float32 (256, 3), ``colour`` a table as
    :func:`qc.colour.changes` takes it.
    """

    light: np.ndarray
    curve: np.ndarray
    colour: np.ndarray

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """Predict the captured look of a registered picture (h, w, 3), uint8 or float32; returns float32."""
        whole = picture if picture.dtype == np.uint8 else cv2.convertScaleAbs(picture)
        change = self.curve - np.arange(256, dtype=np.float32)[:, None]
        toned = cv2.LUT(whole, np.ascontiguousarray(change[None])) + picture
        toned += changes(whole, self.colour)
        light = cv2.resize(self.light, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_LINEAR)
        toned *= light
        return toned


def learn(expected: np.ndarray, captured: np.ndarray, px_mm: float, ignore: np.ndarray | None = None) -> Tone:
    """Learn light, curve and colours from a registered pair at working scale.

    Parameters
    ----------
    expected, captured
        uint8 (h, w, 3) RGB.
    px_mm
        Size of a working pixel in mm.
    ignore
        bool (h, w): known defects, not to learn from.
    """
    height, width = expected.shape[:2]
    cell = int(np.clip(round(CELL_MM / px_mm), 2, 16))
    cols, rows = max(2, width // cell), max(2, height // cell)
    step = max(1, int(np.sqrt(height * width / 120_000)))
    box = np.ones((5, 5), np.uint8)
    soft = cv2.blur(expected, (3, 3))
    e_s = soft[::step, ::step]
    c_s = cv2.blur(captured, (3, 3))[::step, ::step].astype(np.float32)
    # Edges mix two colours and follow the drop spread; the colour model learns from the calmer half.
    span = cv2.subtract(cv2.dilate(soft, box), cv2.erode(soft, box))[::step, ::step].max(axis=2)
    level = e_s.max(axis=2) // 16
    limits = [np.median(span[level == n]) if (level == n).any() else 0 for n in range(16)]
    calm = span <= np.maximum(8, np.array(limits))[level]
    e_cell = cv2.resize(expected, (cols, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    c_cell = cv2.resize(captured, (cols, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    trusted = np.ones((rows, cols), np.float32)
    if ignore is not None and not ignore.all():
        calm &= ~ignore[::step, ::step]
        trusted = 1 - cv2.resize(ignore.astype(np.float32), (cols, rows), interpolation=cv2.INTER_AREA)
        trusted = np.maximum(trusted * 2 - 1, 0) + np.float32(1e-6)
    cell_mm = px_mm * width / cols
    identity = np.repeat(np.arange(256, dtype=np.float32)[:, None], 3, axis=1)
    curve, colour = identity, NO_CHANGE
    colours = np.asarray(e_s[calm], np.uint8)
    light = np.ones((rows, cols, 3), np.float32)
    for _ in range(2):
        predicted = Tone(np.ones((2, 2, 3), np.float32), curve, colour).apply(e_cell)
        light = _light(predicted, c_cell, cell_mm, trusted)
        lit = cv2.resize(light, (c_s.shape[1], c_s.shape[0]), interpolation=cv2.INTER_LINEAR)
        flat = (c_s / lit)[calm]
        curve = _curve(colours, flat - changes(colours[None], colour)[0])
        toned = np.stack([curve[colours[:, k], k] for k in range(3)], -1)
        colour = learn_changes(colours[::3], (flat - toned)[::3])
    return Tone(light, curve, colour)


def _light(predicted: np.ndarray, captured: np.ndarray, cell_mm: float, trusted: np.ndarray) -> np.ndarray:
    rows, cols = predicted.shape[:2]
    wide = 4 if cols * cell_mm > 400 else 2
    x, y = np.linspace(-1, 1, cols), np.linspace(-1, 1, rows)
    basis = [np.broadcast_to(x**n, (rows, cols)) for n in range(wide + 1)]
    basis += [np.broadcast_to((y**n)[:, None], (rows, cols)) for n in ((1, 2) if rows > 8 else (1,))]
    design = np.stack(basis, -1).reshape(-1, len(basis))
    log = np.log((captured + 4) / (np.maximum(predicted, 0) + 4))
    bright = predicted**2 / (predicted**2 + 40.0**2) * trusted[..., None]
    sigma = max(0.8, LIGHT_SIGMA_MM / cell_mm)
    thin = max(1, rows * cols // 8000) | 1
    out = np.empty_like(predicted)
    for k in range(3):
        target, base = log[..., k].ravel(), bright[..., k].ravel() + 1e-4 * trusted.ravel()
        y, w, some = target[::thin], base[::thin], design[::thin]
        centre = float(np.median(y))
        coef = np.zeros(design.shape[1])
        for turn in range(5):
            off = y - centre - some @ coef
            scale = max(0.01, 1.4826 * float(np.median(np.abs(off)))) if turn else 0.12
            lhs = some * (w / (1 + (off / (2 * scale)) ** 2) ** 2)[:, None]
            gram = lhs.T @ some
            gram += 1e-5 * np.eye(len(gram)) * (np.trace(gram) + 1e-9)
            coef = np.linalg.solve(gram, lhs.T @ (y - centre))
        fit = design @ coef + centre
        off = (target - fit).reshape(rows, cols).astype(np.float32)
        trust = (base.reshape(rows, cols) * (np.abs(off) < 0.10)).astype(np.float32)
        top = cv2.GaussianBlur(np.clip(off, -MAX_LOCAL_LIGHT, MAX_LOCAL_LIGHT) * trust, (0, 0), sigma)
        local = top / (cv2.GaussianBlur(trust, (0, 0), sigma) + 0.05)
        out[..., k] = np.exp(fit.reshape(rows, cols) + local)
    return out


def _curve(expected: np.ndarray, flat: np.ndarray) -> np.ndarray:
    levels = np.arange(256, dtype=np.float32)
    curve = np.empty((256, 3), np.float32)
    for k in range(3):
        e, c = expected[..., k].ravel(), flat[..., k].ravel()
        order = np.argsort(e, kind="stable")
        e, c = e[order], c[order]
        edges = np.searchsorted(e, np.arange(0, 257, 8))
        at, change = [], []
        for low, high in pairwise(edges):
            if high - low >= 20:
                level = float(e[low:high].mean())
                bound = 8 + 0.15 * level
                at.append(level)
                change.append(float(np.clip(np.median(c[low:high]) - np.median(e[low:high]), -bound, bound)))
        if at:  # beyond the levels seen the change goes on in proportion
            at, change = [0.0, *at, 255.0], [change[0] * 0.5, *change, change[-1] * 255 / max(at[-1], 32.0)]
        shift = np.interp(levels, at, change) if at else np.zeros(256)
        curve[:, k] = levels + cv2.GaussianBlur(shift.astype(np.float32)[None], (0, 0), 5.0)[0]
    return curve


def spread(expected_rows: np.ndarray, captured_rows: np.ndarray) -> float:
    """Gaussian sigma in px across the web that makes the expected row means as soft as the captured ones.

    Parameters
    ----------
    expected_rows, captured_rows
        float32 (blocks, w, 3) registered means of some rows.
    """
    step = max(1, len(expected_rows) // 16)
    e, c = expected_rows[::step], captured_rows[::step]
    # Light is not known yet: bring the captured rows to the expected level over a wide neighbourhood.
    c = c * ((cv2.blur(e, (201, 1)) + 4) / (cv2.blur(c, (201, 1)) + 4))
    c -= cv2.blur(c, (9, 1))
    costs = []
    for sigma in SPREADS_PX:
        soft = cv2.GaussianBlur(e, (0, 0), sigmaX=sigma, sigmaY=0.01) if sigma else e
        soft = soft - cv2.blur(soft, (9, 1))
        gain = float(np.clip((soft * c).sum() / ((soft * soft).sum() + 1e-9), 0.8, 1.25))
        off = np.minimum(np.abs(c - gain * soft), 40)
        costs.append(float((off * off).mean()))
    best = int(np.argmin(costs))
    if costs[best] > 0.99 * costs[0]:
        return 0.0
    if not 0 < best < len(costs) - 1:
        return SPREADS_PX[best]
    cut = slice(best - 1, best + 2)
    bend, slope, _ = np.polyfit(np.array(SPREADS_PX[cut]), costs[cut], 2)
    return (
        float(np.clip(-slope / (2 * bend), SPREADS_PX[best - 1], SPREADS_PX[best + 1]))
        if bend > 0
        else SPREADS_PX[best]
    )
