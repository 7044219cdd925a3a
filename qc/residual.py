"""Registered, predicted and captured picture side by side, and how far apart they may be at each pixel."""

from dataclasses import dataclass

import cv2
import numpy as np

from qc import tone
from qc.register import Field, register

ROWS = 8  # camera rows per block in the picture that streaks are sought in
WORK_MM = 0.34
# Beside the print lies bare cloth that a shift brings into view; graders ignore an inch there (ASTM D5430 practice).
EDGE_MM = 1.4
CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True)
class Frame:
    """Where a pair's pixels lie on the cloth: all that is needed of it once the detectors have run.

    Attributes
    ----------
    field
        Displacement of the captured picture in full-size px, of the current strip.
    factor, mm_per_px
        Full-size px per working px; mm per full-size px.
    tail
        Rows of the strip before that stand on top.
    blocks, width
        Size of the pictures that streaks are sought in.
    height
        Working rows.
    """

    field: Field
    factor: int
    mm_per_px: float
    tail: int
    blocks: int
    width: int
    height: int

    @property
    def px_mm(self) -> float:
        """Size of a working pixel in mm."""
        return self.factor * self.mm_per_px


@dataclass(frozen=True)
class Pair:
    """Two pictures made comparable.

    Attributes
    ----------
    predicted, captured
        float32 and uint8 (h, w, 3) at working scale (``factor`` full-size pixels per pixel).
    valid
        bool (h, w): the expected picture reaches this pixel.
    predicted_rows, captured_rows
        float32 (blocks, full width, 3): means of ``ROWS`` rows.
    frame
        Where the pixels lie.
    """

    predicted: np.ndarray
    captured: np.ndarray
    valid: np.ndarray
    predicted_rows: np.ndarray
    captured_rows: np.ndarray
    frame: Frame


def make_pair(
    expected: np.ndarray,
    captured: np.ndarray,
    mm_per_px: float,
    previous: tuple[np.ndarray, np.ndarray] | None = None,
    ignore: np.ndarray | None = None,
) -> Pair:
    """Register, warp and predict: everything the detectors look at.

    Parameters
    ----------
    expected, captured
        uint8 (h, w, 3) RGB.
    mm_per_px
        Size of a pixel in mm.
    previous
        Expected and captured tail rows of the strip before, uint8 (t, w, 3); put on top, registered by itself.
    ignore
        bool at working scale: a wrong region found before, from which light and tone must not be learned.
    """
    factor = int(np.clip(round(WORK_MM / mm_per_px), 1, 8))
    while min(expected.shape[:2]) // factor < 48 and factor > 1:
        factor -= 1
    limit_px = float(np.clip(1.4 / mm_per_px, 8, 24))
    field = register(_reduce(expected, factor), _reduce(captured, factor), factor, limit_px)
    map_x, map_y = field.maps(*expected.shape[:2])
    tail = 0
    if previous is not None and len(previous[0]):
        tail = len(previous[0])
        before = register(_reduce(previous[0], factor), _reduce(previous[1], factor), factor, limit_px)
        if tail < 64 or before.p == (0.0, 0.0, 0.0, 0.0):
            before = Field(
                (field.p[0] - field.p[2], field.p[1], 0.0, field.p[3]),
                (field.q[0] - field.q[2], field.q[1], 0.0, field.q[3]),
                *previous[0].shape[:2],
            )
        top_x, top_y = before.maps(tail, expected.shape[1])
        map_x, map_y = np.vstack([top_x, map_x]), np.vstack([top_y, map_y + tail])
        expected = np.vstack([previous[0], expected])
        captured = np.vstack([previous[1], captured])
    height, width = expected.shape[:2]
    moved = np.empty_like(expected)
    for top in range(0, height, 128):  # bands stay in the cache
        cut = slice(top, min(top + 128, height))
        fixed = cv2.convertMaps(map_x[cut], map_y[cut], cv2.CV_16SC2)
        cv2.remap(expected, *fixed, cv2.INTER_LINEAR, dst=moved[cut], borderMode=cv2.BORDER_REPLICATE)
    e, c = _reduce(moved, factor), _reduce(captured, factor)
    e_rows, c_rows = _row_means(moved), _row_means(captured)
    # Softness first: the tone of fine lines can only be learned once they are as soft as the captured ones.
    sigma = tone.spread(e_rows, c_rows)
    if sigma:
        e = cv2.GaussianBlur(e, (0, 0), sigma / factor) if sigma / factor > 0.3 else e
        e_rows = cv2.GaussianBlur(e_rows, (0, 0), sigmaX=sigma, sigmaY=0.01)
    look = tone.learn(e, c, factor * mm_per_px, ignore)
    valid = np.ones(e.shape[:2], bool)
    left, right, top, bottom = _margins(map_x, map_y, height, width)
    edge = max(2, round(EDGE_MM / mm_per_px)) if width * mm_per_px > 40 * EDGE_MM else 2
    left, right, bottom = max(left, edge), max(right, edge), max(bottom, edge)
    top = max(top, edge) if previous is None else top
    if not any(field.p + field.q):  # the artwork has no structure, so the shift is unknown
        edge = max(edge, min(8, width // 20))
        top, bottom, left, right = max(top, edge), max(bottom, edge), max(left, edge), max(right, edge)
    h, w = e.shape[:2]
    valid[: -(-top // factor)] = False
    valid[h - -(-bottom // factor) :] = False
    valid[:, : -(-left // factor)] = False
    valid[:, w - -(-right // factor) :] = False
    frame = Frame(field, factor, mm_per_px, tail, len(e_rows), width, h)
    return Pair(look.apply(e), c, valid, look.apply(e_rows), c_rows, frame)


def tolerance(pair: Pair, difference: np.ndarray) -> np.ndarray:
    """Robust noise at each working pixel and channel, float32 (h, w, 3).

    Binned by predicted brightness (16 steps) and local range of the prediction (8 steps); a bin's value is its MAD, or
    its 93 % point where tails are heavier, blended with a model where pixels are few.

    Parameters
    ----------
    pair
        The comparable pictures.
    difference
        float32 (h, w, 3) captured minus predicted, lightly blurred.
    """
    shown = cv2.convertScaleAbs(pair.predicted)
    box = np.ones((5, 5), np.uint8)
    span = cv2.subtract(cv2.dilate(shown, box), cv2.erode(shown, box))
    steps = np.minimum(7, np.log2(np.arange(256) / 4 + 1) * 1.4).astype(np.uint8)
    index = cv2.add(cv2.LUT(shown, (np.arange(256) // 16 * 8).astype(np.uint8)), cv2.LUT(span, steps))
    size = cv2.convertScaleAbs(difference, alpha=4.0)
    step = max(1, int(np.sqrt(index.shape[0] * index.shape[1] / 400_000)))
    bright = np.repeat(np.arange(16) * 16 + 8.0, 8)
    wide = np.tile([float(np.mean(np.flatnonzero(steps == n))) if (steps == n).any() else 128.0 for n in range(8)], 16)
    model = np.sqrt(2.0**2 + (0.02 * bright) ** 2) + 0.10 * wide
    tables = np.empty((1, 256, 3), np.float32)
    usable = pair.valid[::step, ::step].ravel()
    for k in range(3):
        where = index[::step, ::step, k].ravel()[usable].astype(np.int64)
        counts = np.bincount(where * 256 + size[::step, ::step, k].ravel()[usable], minlength=128 * 256)
        summed = np.cumsum(counts.reshape(128, 256), axis=1)
        n = summed[:, -1]
        middle = 1.4826 * (summed < n[:, None] * 0.5).sum(1) / 4
        tail = (summed < n[:, None] * 0.93).sum(1) / 4 / 1.81
        seen = np.maximum(np.maximum(middle, np.minimum(tail, 1.8 * middle)), 1.0)
        sure = n > 200
        scale = float(np.clip(np.median(seen[sure] / model[sure]), 0.5, 2.0)) if sure.any() else 1.0
        blend = (n * seen + 200 * model * scale) / (n + 200)
        tables[0, :128, k] = np.maximum(blend, 0.6 * model * scale)
        tables[0, 128:, k] = tables[0, 127, k]
    return cv2.LUT(index, tables)


def _reduce(image: np.ndarray, factor: int) -> np.ndarray:
    if factor == 1:
        return image
    height, width = image.shape[0] // factor, image.shape[1] // factor
    return cv2.resize(image[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA)


def _row_means(image: np.ndarray) -> np.ndarray:
    blocks = max(1, image.shape[0] // ROWS)
    out = np.empty((blocks, *image.shape[1:]), np.float32)
    for b in range(blocks):
        band = image[b * ROWS : (b + 1) * ROWS]
        out[b] = cv2.reduce(band, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F).reshape(image.shape[1:])
    return out


def _margins(map_x: np.ndarray, map_y: np.ndarray, height: int, width: int) -> tuple[int, int, int, int]:
    left = int(np.ceil(max(0.0, -float(map_x[:, 0].min())))) + 3
    right = int(np.ceil(max(0.0, float(map_x[:, -1].max()) - (width - 1)))) + 3
    top = int(np.ceil(max(0.0, -float(map_y[0].min())))) + 3
    bottom = int(np.ceil(max(0.0, float(map_y[-1].max()) - (height - 1)))) + 3
    return left, right, top, bottom
