"""What every block of rows says about a streak in every column.

A dead nozzle takes a fixed share of one ink's film from one column, so the brightness there rises by that share times
the ink's density at each place. Two templates are matched to the residual: the *film* (predicted brightness × its
density, what a missing or extra share of ink changes) and the *light* (predicted brightness, what a scratch or smear
changes). Rows and pixels count by 1/tolerance²; where an ink is not used there is no evidence for or against.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from qc.residual import ROWS, Pair
from qc.spots import Blob

HIGH_PASS_PX = 41
EDGE_SHARE = 0.12  # of the slope across, in px of misfit, that adds to the noise


@dataclass(frozen=True)
class Matched:
    """Matched residual of every block, column, template and channel.

    ``a`` and ``b`` are float32 (templates, channels, blocks, width): weighted residual times template, and template
    squared; ``a / b`` estimates the share of film or light that is missing, ``a / sqrt(b)`` is its significance.
    """

    a: np.ndarray
    b: np.ndarray


@dataclass(frozen=True)
class Evidence(Matched):
    """Matched residual, and what could explain it but a streak.

    ``own`` is the same as ``a`` for the artwork's own local structure: what a slightly wrong print model could leave.
    ``lift`` is the same for one code value: what any change of a level would leave. ``slope`` (3, blocks, width) is the
    change across, levels per px: times ``lift`` it is what a misfit of one pixel would leave. ``rest`` and ``weight``
    (3, blocks, width) are the residual and the weights themselves.
    """

    own: np.ndarray
    lift: np.ndarray
    slope: np.ndarray
    rest: np.ndarray
    weight: np.ndarray


def evidence(pair: Pair, blobs: list[Blob]) -> Evidence:
    """Match the residual of each block row with both templates.

    Parameters
    ----------
    pair
        The comparable pictures.
    blobs
        Spots and misprints already found; wide ones carry no streak evidence.
    """
    blocks, width = pair.predicted_rows.shape[:2]
    usable = _usable(pair, blobs)
    a = np.empty((2, 3, blocks, width), np.float32)
    b, own, lift = np.empty_like(a), np.empty_like(a), np.empty_like(a)
    slope, kept, weights = (np.empty((3, blocks, width), np.float32) for _ in range(3))
    for k in range(3):
        p, c = cv2.extractChannel(pair.predicted_rows, k), cv2.extractChannel(pair.captured_rows, k)
        rest = (c - p) * usable
        # Two passes: the second takes the local level from residuals clipped around the first.
        rest -= cv2.blur(rest, (HIGH_PASS_PX, 1))
        bright = p + 20
        noise = float(1.4826 * np.median(np.abs(rest[:, ::11] / bright[:, ::11])) + 1e-4)
        bright *= noise
        bound = 2.5 * bright
        rest -= cv2.blur(np.minimum(np.maximum(rest, -bound), bound), (HIGH_PASS_PX, 1))
        bound = 8 * bright
        rest = np.minimum(np.maximum(rest, -bound), bound)
        across = cv2.Sobel(p, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
        slope[k] = across
        side = cv2.dilate(np.abs(across), np.ones((1, 5), np.uint8))
        bright *= bright
        bright += (EDGE_SHARE * side) ** 2
        weight = usable / bright
        kept[k], weights[k] = rest, weight
        local = p - cv2.blur(p, (HIGH_PASS_PX, 1))
        # White cloth is at least this bright even where the strip shows none of it.
        white = max(238.0, float(np.percentile(p[::8, ::13], 99.5)) * 1.02)
        film = cv2.log(np.maximum(p, 4))
        film = p * np.maximum(np.float32(np.log(white)) - film, 0)
        for t, template in enumerate((film, p)):
            pull = weight * template
            np.multiply(pull, rest, out=a[t, k])
            np.multiply(pull, template, out=b[t, k])
            np.multiply(pull, local, out=own[t, k])
            lift[t, k] = pull
    return Evidence(a, b, own, lift, slope, kept, weights)


def _usable(pair: Pair, blobs: list[Blob]) -> np.ndarray:
    blocks, width = pair.predicted_rows.shape[:2]
    usable = np.ones((blocks, width), np.float32)
    f = pair.frame.factor
    cols = np.flatnonzero(pair.valid.any(0))
    rows = np.flatnonzero(pair.valid.any(1))
    if not len(cols) or not len(rows):
        return np.zeros_like(usable)
    usable[:, : cols[0] * f] = 0
    usable[:, (cols[-1] + 1) * f :] = 0
    usable[: -(-rows[0] * f // ROWS)] = 0
    usable[(rows[-1] + 1) * f // ROWS :] = 0
    for blob in blobs:
        if blob.bottom - blob.top > 4 * (blob.right - blob.left):
            continue
        pad = round(1.0 / pair.frame.mm_per_px)
        y0, y1 = blob.top * f // ROWS, -(-blob.bottom * f // ROWS)
        usable[max(0, y0 - 1) : y1 + 1, max(0, blob.left * f - pad) : blob.right * f + pad] = 0
    return usable


def column(proof: Matched, x: int, template: int, channel: int, box: int) -> tuple[np.ndarray, np.ndarray]:
    """Evidence (a, b) per block of a column ``box`` px wide; for one px less what its sides (2 to 4 px away) show."""
    a, b = _sums(proof, template, channel, max(0, x - box // 2), x + box // 2 + 1)
    if box > 1:
        return a, b
    left = _sums(proof, template, channel, max(0, x - 4), max(1, x - 1))
    right = _sums(proof, template, channel, x + 2, x + 5)
    return a - b * (left[0] + right[0]) / (left[1] + right[1] + 1e-9), b


def _sums(proof: Matched, template: int, channel: int, left: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    pick = slice(None) if channel == 3 else slice(channel, channel + 1)
    return (
        proof.a[template, pick, :, left:right].sum((0, 2), dtype=np.float64),
        proof.b[template, pick, :, left:right].sum((0, 2), dtype=np.float64),
    )
