"""Spots and wrong regions: hysteresis on the residual, then what the connected parts look like."""

from dataclasses import dataclass

import cv2
import numpy as np

from qc.residual import CHANNELS, Pair, tolerance

# Multiples of the robust noise; the floor lets pass what nobody sees (defaults from practice, editable).
HIGH, LOW = 6.5, 3.2
FLOOR_LEVELS, FLOOR_SHARE = 12.0, 0.06
MERGE_MM = 1.5
MIN_AREA_MM2 = 0.35
REGION_WINDOW_MM = 6.0
REGION_SHARE = 0.33
REGION_MIN_MM = 8.0
REGION_MIN_PX = 16
REGION_SURE_MM = 28.0
# Coarse look: blocks whose mean difference or lack of likeness no tolerance learned in the strip may excuse.
BLOCK_MM, BLOCK_PX = 20.0, 56
GROSS_LEVELS, UNLIKE_LEVELS, UNLIKE = 24.0, 12.0, 0.3


@dataclass(frozen=True)
class Blob:
    """A connected part of the picture that differs; coordinates in working px of the pair."""

    cls: str
    left: int
    top: int
    right: int
    bottom: int
    area: int
    channel: str
    contrast: float
    score: float


def find_blobs(pair: Pair) -> tuple[list[Blob], np.ndarray]:
    """Find spots and misprinted regions.

    Parameters
    ----------
    pair
        The comparable pictures.

    Returns
    -------
    blobs
        Spots and misprints; where a misprint lies there are no spots.
    mask
        bool (h, w) at working scale: pixels that differ and belong to a blob.
    """
    difference = cv2.subtract(pair.captured, pair.predicted, dtype=cv2.CV_32F)
    difference = cv2.GaussianBlur(difference, (3, 3), 0.7)
    allowed = tolerance(pair, difference)
    ratio = np.abs(difference)
    floor = FLOOR_SHARE * pair.predicted
    floor += FLOOR_LEVELS
    np.maximum(floor, HIGH * allowed, out=floor)  # one limit for both: floor and noise
    ratio /= floor
    strength = cv2.max(cv2.max(ratio[..., 0], ratio[..., 1]), ratio[..., 2])
    strength[~pair.valid] = 0
    sure = (strength > 1).view(np.uint8)
    weak = (strength > LOW / HIGH).view(np.uint8)
    wrong = _wrong_content(pair, difference)
    if not sure.any() and not wrong.any():
        return [], np.zeros(pair.valid.shape, bool)
    regions = _regions(pair, sure, weak, wrong, difference, strength)
    blobs = list(regions)
    taken = np.zeros(pair.valid.shape, np.uint8)
    pad = round(4.0 / pair.frame.px_mm)
    for blob in regions:
        taken[max(0, blob.top - pad) : blob.bottom + pad, max(0, blob.left - pad) : blob.right + pad] = 1
    reach = max(1, round(MERGE_MM / pair.frame.px_mm / 2))
    # Bridging starts from parts with a sure pixel; faint parts alone are noise.
    count, found, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    labels = np.asarray(found, np.int32)
    holds = np.zeros(count, bool)
    holds[np.unique(labels[sure > 0])] = True
    holds[0] = False
    keep = holds[labels] & (taken == 0)
    grown = cv2.dilate(keep.view(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    mask = np.zeros(pair.valid.shape, bool)
    for blob in regions:
        cut = (slice(blob.top, blob.bottom), slice(blob.left, blob.right))
        mask[cut] |= weak[cut] > 0
    min_sure = max(2, round(MIN_AREA_MM2 / pair.frame.px_mm**2))
    for label in range(1, count):
        left, top, w, h = stats[label, :4]
        cut = (slice(top, top + h), slice(left, left + w))
        part = keep[cut] & (labels[cut] == label)
        if np.count_nonzero(part & (sure[cut] > 0)) < min_sure:
            continue
        mask[cut] |= part
        blobs.append(_measure("spot", part, left, top, difference[cut], pair.predicted[cut], strength[cut]))
    return blobs, mask


def _measure(
    cls: str, part: np.ndarray, left: int, top: int, difference: np.ndarray, predicted: np.ndarray, strength: np.ndarray
) -> Blob:
    rows, cols = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
    change = difference[part].mean(0) / (predicted[part].mean(0) + 8)
    k = int(np.argmax(np.abs(change)))
    even = np.abs(change).min() > 0.6 * np.abs(change[k])
    return Blob(
        cls,
        int(left + cols[0]),
        int(top + rows[0]),
        int(left + cols[-1] + 1),
        int(top + rows[-1] + 1),
        int(np.count_nonzero(part)),
        "all" if even else CHANNELS[k],
        float(change[k]),
        float(strength[part].max() * HIGH),
    )


def _wrong_content(pair: Pair, difference: np.ndarray) -> np.ndarray:
    """Blocks with grossly other colour, or with structure that does not correlate; uint8 (h, w)."""
    height, width = difference.shape[:2]
    side = min(max(round(BLOCK_MM / pair.frame.px_mm), BLOCK_PX), max(height // 2, 1), max(width // 2, 1))
    if side < 16:
        return np.zeros((height, width), np.uint8)
    quarter = max(1, side // 8)
    small = (width // quarter, height // quarter)

    def shrink(image: np.ndarray) -> np.ndarray:
        return cv2.resize(image, small, interpolation=cv2.INTER_AREA)

    p = cv2.cvtColor(shrink(pair.predicted), cv2.COLOR_RGB2GRAY)
    c = cv2.cvtColor(shrink(pair.captured), cv2.COLOR_RGB2GRAY).astype(np.float32)
    off = shrink(np.abs(difference)).max(axis=2) * shrink(pair.valid.astype(np.float32))

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.blur(image, (8, 8), borderType=cv2.BORDER_REFLECT)

    level_p, level_c, off = mean(p), mean(c), mean(off)
    var_p, var_c = mean(p * p) - level_p**2, mean(c * c) - level_c**2
    alike = (mean(p * c) - level_p * level_c) / np.sqrt(np.maximum(var_p * var_c, 1.0))
    unlike = (alike < UNLIKE) & (var_p > 64) & (var_c > 64) & (off > UNLIKE_LEVELS)
    bad = ((off > GROSS_LEVELS) | unlike).astype(np.uint8)
    return cv2.resize(bad, (width, height), interpolation=cv2.INTER_NEAREST)


def _regions(
    pair: Pair, sure: np.ndarray, weak: np.ndarray, wrong: np.ndarray, difference: np.ndarray, strength: np.ndarray
) -> list[Blob]:
    """Misprints: wide areas where many pixels differ and the content is not the expected one with a drop on it."""
    side = max(3, round(REGION_WINDOW_MM / pair.frame.px_mm) | 1)
    dense = cv2.boxFilter(sure.astype(np.float32), -1, (side, side), borderType=cv2.BORDER_REFLECT) > REGION_SHARE
    dense |= wrong > 0
    if not dense.any():
        return []
    reach = max(3, round(8.0 / pair.frame.px_mm) | 1)
    joined = cv2.morphologyEx(dense.view(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, _labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    half = side // 2
    for label in range(1, count):
        left, top, w, h = (int(v) for v in stats[label, :4])
        left, top = max(0, left - half), max(0, top - half)
        right, bottom = min(weak.shape[1], left + w + 2 * half), min(weak.shape[0], top + h + 2 * half)
        cut = (slice(top, bottom), slice(left, right))
        part = weak[cut] > 0
        if part.mean() < 0.25:  # only the coarse look tells
            part |= wrong[cut] > 0
        rows, cols = _extent(part)
        if not len(rows) or not len(cols):
            continue
        part = part[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        left, top = left + int(cols[0]), top + int(rows[0])
        short = min(part.shape) * pair.frame.px_mm
        if short < REGION_MIN_MM or min(part.shape) < REGION_MIN_PX:
            continue
        cut = (slice(top, top + part.shape[0]), slice(left, left + part.shape[1]))
        if short < REGION_SURE_MM and not _foreign(pair, part, cut, difference[cut]):
            continue
        found.append(_measure("misprint", part, left, top, difference[cut], pair.predicted[cut], strength[cut]))
    return _merge(found, round(10.0 / pair.frame.px_mm))


def _extent(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns that hold a fair share of the part's pixels, so that single noisy pixels do not widen it."""
    by_row, by_col = part.sum(1), part.sum(0)
    return np.flatnonzero(by_row > 0.15 * by_row.max()), np.flatnonzero(by_col > 0.15 * by_col.max())


def _foreign(pair: Pair, part: np.ndarray, cut: tuple[slice, slice], difference: np.ndarray) -> bool:
    """Whether a smaller region holds other content (own structure, straight sides) rather than one round drop."""
    captured = cv2.cvtColor(pair.captured[cut], cv2.COLOR_RGB2GRAY).astype(np.float32)
    predicted = cv2.cvtColor(pair.predicted[cut], cv2.COLOR_RGB2GRAY)
    filled = float(part.mean())
    c, p = cv2.blur(captured, (3, 3)), cv2.blur(predicted, (3, 3))
    inside = cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if np.count_nonzero(inside) < 30:
        inside = part
    sign = difference[part].mean(1)
    two_signs = min(float((sign > 0).mean()), float((sign < 0).mean()))
    rough = float(c[inside].std())
    alike = float(np.corrcoef(c[inside], p[inside])[0, 1]) if rough > 0 and p[inside].std() > 0 else 0.0
    return filled > 0.90 or two_signs > 0.15 or (rough > 14 and alike < 0.5)


def _merge(blobs: list[Blob], gap: int) -> list[Blob]:
    merged: list[Blob] = []
    for blob in sorted(blobs, key=lambda b: -b.area):
        for i, other in enumerate(merged):
            if (
                blob.left < other.right + gap
                and other.left < blob.right + gap
                and blob.top < other.bottom + gap
                and other.top < blob.bottom + gap
            ):
                merged[i] = Blob(
                    other.cls,
                    min(blob.left, other.left),
                    min(blob.top, other.top),
                    max(blob.right, other.right),
                    max(blob.bottom, other.bottom),
                    blob.area + other.area,
                    other.channel,
                    other.contrast,
                    max(blob.score, other.score),
                )
                break
        else:
            merged.append(blob)
    return merged if len(merged) == len(blobs) else _merge(merged, gap)
