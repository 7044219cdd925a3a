"""How this camera sees each colour of this print: a smooth change of every colour, learned from the strip itself.

The prediction of a print is a model of inks on cloth; where dyes overlap, model and cloth differ by what depends on the
colour alone. A cubic in the three channels and the medians of frequent colours hold that. A defect is a small or a
grossly different part of a colour's area, so it neither teaches them (robust statistics) nor fits within their bounds.
"""

from functools import cache

import cv2
import numpy as np

# Largest change of a colour, code values: a floor plus a share of its brightest channel (default from practice).
MAX_CHANGE, MAX_CHANGE_SHARE = 10.0, 0.12
STEPS = 32  # per channel, of the table a colour's change is looked up in
TERMS = 20
CELLS = 16  # per channel, of the cells in which what the cubic leaves is learned
# Pixels of a colour from which its own change is trusted half; a defect seldom covers half of so much of one colour.
TRUSTED_HALF = 100

NO_CHANGE = np.zeros((STEPS**3, 3), np.float32)


def learn_changes(expected: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Learn the change of every colour: a cubic, and the median of what it leaves where a colour is frequent.

    In the cubic a colour counts by the root of its area, so rare ones are heard too.

    Parameters
    ----------
    expected
        uint8 (n, 3) colours.
    rest
        float32 (n, 3) captured minus predicted there.

    Returns
    -------
    float32 (steps³, 3)
        Table for :func:`changes`, bounded.
    """
    fit = _fit(expected, rest)
    left = rest - _cubic(expected) @ fit
    lattice, terms = _lattice()
    table = terms @ fit + _smooth(np.repeat(np.repeat(np.repeat(_medians(expected, left), 2, 0), 2, 1), 2, 2))
    bound = (MAX_CHANGE + MAX_CHANGE_SHARE * lattice.max(1))[:, None]
    return np.clip(table, -bound, bound).astype(np.float32)


def changes(picture: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Change of every pixel of a uint8 (h, w, 3) picture by a table of :func:`learn_changes`, float32 (h, w, 3)."""
    coarse = cv2.LUT(picture, (np.arange(256) * STEPS // 256).astype(np.uint8)).astype(np.int32)
    index = coarse[..., 0] * (STEPS * STEPS)
    index += coarse[..., 1] * STEPS
    index += coarse[..., 2]
    return np.take(table, index, axis=0)


def _fit(expected: np.ndarray, rest: np.ndarray) -> np.ndarray:
    cell = (expected // 32).astype(np.int64) @ np.array([64, 8, 1])
    share = 1.0 / np.sqrt(np.maximum(np.bincount(cell, minlength=512), 50))[cell]
    terms = _cubic(expected)
    ridge = np.eye(TERMS) * 1e-4 * share.sum()
    fit = np.zeros((TERMS, 3), np.float32)
    for k in range(3):
        weight, coef = share, np.zeros(TERMS)
        for _ in range(4):
            lhs = terms * weight[:, None]
            coef = np.linalg.solve(lhs.T @ terms + ridge, lhs.T @ rest[:, k])
            off = rest[:, k] - terms @ coef
            scale = max(2.0, 1.4826 * float(np.median(np.abs(off))))
            weight = share / (1 + (off / (2 * scale)) ** 2) ** 2
        fit[:, k] = coef
    return fit


def _medians(expected: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Median of what is left in each cell of colours, drawn to zero where one is rare: (cells, cells, cells, 3)."""
    step = 256 // CELLS
    cell = (expected // step).astype(np.int64) @ np.array([CELLS * CELLS, CELLS, 1])
    count = np.bincount(cell, minlength=CELLS**3)
    first = np.concatenate([[0], np.cumsum(count)])[:-1]
    often = np.flatnonzero(count > 8)
    out = np.zeros((CELLS**3, 3), np.float32)
    for k in range(3):
        ordered = left[np.lexsort((left[:, k], cell)), k]
        out[often, k] = ordered[first[often] + count[often] // 2]
    out[often] *= (count[often] / (count[often] + TRUSTED_HALF))[:, None]
    return out.reshape(CELLS, CELLS, CELLS, 3)


def _smooth(cube: np.ndarray) -> np.ndarray:
    """Mean over three steps along each channel; (steps, steps, steps, 3) to (steps³, 3)."""
    for _ in range(3):
        flat = np.ascontiguousarray(cube).reshape(STEPS, -1)
        cube = cv2.blur(flat, (1, 3)).reshape(STEPS, STEPS, STEPS, 3).transpose(1, 2, 0, 3)
    return np.ascontiguousarray(cube).reshape(-1, 3)


@cache
def _lattice() -> tuple[np.ndarray, np.ndarray]:
    step = 256 // STEPS
    middle = np.arange(STEPS, dtype=np.float32) * step + (step - 1) / 2
    lattice = np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), -1).reshape(-1, 3)
    return lattice, _cubic(lattice)


def _cubic(colours: np.ndarray) -> np.ndarray:
    """Terms up to the third degree, float32 (n, 20), of colours (n, 3) in 0..255."""
    r, g, b = (colours.astype(np.float32) / 127.5 - 1).T
    square = (r * r, g * g, b * b, r * g, r * b, g * b)
    cube = (
        r * r * r,
        g * g * g,
        b * b * b,
        r * r * g,
        r * r * b,
        g * g * r,
        g * g * b,
        b * b * r,
        b * b * g,
        r * g * b,
    )
    return np.stack([np.ones_like(r), r, g, b, *square, *cube], -1)
