"""One look at a pair of pictures: checks, detectors in order, and positions on the cloth."""

from dataclasses import dataclass

import cv2
import numpy as np

from qc.evidence import Evidence, evidence
from qc.finding import Finding, defect_points
from qc.inks import Inks, name_ink
from qc.onset import Line, trace
from qc.residual import CHANNELS, ROWS, Frame, Pair, make_pair
from qc.spots import Blob, find_blobs
from qc.streaks import find_lines

# A blob as long and slim as this is a streak that is broad or strong enough to be seen as an area.
STREAK_MM = 30.0
STREAK_SLIM = 8.0


@dataclass(frozen=True)
class Look:
    """What one look saw: the comparable pictures, streak evidence, lines and blobs."""

    pair: Pair
    proof: Evidence
    lines: tuple[Line, ...]
    blobs: tuple[Blob, ...]


def check_pair(expected: np.ndarray, captured: np.ndarray, mm_per_px: float) -> None:
    """Refuse pictures that cannot be compared.

    Raises
    ------
    ValueError
        If dtype or shape is wrong, a side is zero, sizes differ or the scale is not a positive number.
    """
    for name, image in (("expected", expected), ("captured", captured)):
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            kind = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
            raise ValueError(f"the {name} picture is {kind}; give uint8 RGB of shape (height, width, 3)")
        if 0 in image.shape:
            raise ValueError(
                f"the {name} picture is empty: {image.shape[1]} × {image.shape[0]} px; give at least 1 × 1"
            )
    if expected.shape != captured.shape:
        raise ValueError(
            f"the expected picture is {expected.shape[1]} × {expected.shape[0]} px and the captured one "
            f"{captured.shape[1]} × {captured.shape[0]} px; both must have the same size"
        )
    if not (np.isfinite(mm_per_px) and mm_per_px > 0):
        raise ValueError(f"mm_per_px is {mm_per_px}; give the size of a pixel in mm, above 0")


def look(
    expected: np.ndarray,
    captured: np.ndarray,
    mm_per_px: float,
    previous: tuple[np.ndarray, np.ndarray] | None = None,
    inks: Inks | None = None,
    sought: tuple[Line, ...] = (),
) -> Look:
    """Register, predict and run all detectors.

    Parameters
    ----------
    expected, captured
        uint8 (h, w, 3) RGB, checked.
    mm_per_px
        Size of a pixel in mm.
    previous
        Tail rows (expected, captured) of the strip before, or None.
    inks
        What lies on the cloth of each ink, tail rows included, if it is known.
    sought
        Lines that a look at fewer rows found, in blocks of this picture: more rows may average a faint one away.
    """
    pair = make_pair(expected, captured, mm_per_px, previous)
    blobs, mask = find_blobs(pair)
    if any(b.cls == "misprint" for b in blobs):
        # What is wrong has been part of what light and tone were learned from.
        wide = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        for b in blobs:
            if b.cls == "misprint":
                wide[b.top : b.bottom, b.left : b.right] = True
        if wide.mean() < 0.5:
            pair = make_pair(expected, captured, mm_per_px, previous, wide)
            blobs, _ = find_blobs(pair)
    proof = evidence(pair, blobs)
    lines = find_lines(pair, proof, faint=inks is not None)
    lines += [_sought(pair, proof, line) for line in sought if not _among(line, lines, mm_per_px)]
    if inks is not None:
        lines = [named for line in lines if (named := name_ink(pair, proof, line, inks)) is not None]
    blobs = [b for b in blobs if not any(_on_line(pair, b, line) for line in lines)]
    return Look(pair, proof, tuple(lines), tuple(blobs))


def _among(line: Line, lines: list[Line], mm_per_px: float) -> bool:
    near = max(2.0, 0.5 / mm_per_px)
    return any(abs(line.x - other.x) <= near + other.width_px for other in lines)


def _sought(pair: Pair, proof: Evidence, line: Line) -> Line:
    """The line as these rows place it; where they cannot, as it was found."""
    return trace(pair, proof, round(line.x), line.template, line.channel, line.box) or line


def _on_line(pair: Pair, blob: Blob, line: Line) -> bool:
    f = pair.frame.factor
    left, right, width = blob.left * f, blob.right * f, (blob.right - blob.left) * f
    slack = max(2.0, 1.0 / pair.frame.mm_per_px)
    near = left - slack - line.width_px / 2 <= line.x <= right + slack + line.width_px / 2
    slim = width <= max(2 * line.width_px + 4, 1.5 / pair.frame.mm_per_px, (blob.bottom - blob.top) * f / STREAK_SLIM)
    overlaps = blob.top * f < (line.end + 2) * ROWS and blob.bottom * f > (line.begin - 2) * ROWS
    return blob.cls == "spot" and near and slim and overlaps


def place(frame: Frame, x: float, y: float, at_m: float, x_mm: float) -> tuple[float, float]:
    """Position on the cloth (metres along, mm across) of a full-size pixel edge."""
    dx, dy = frame.field.at(x, y - frame.tail)
    return at_m + (y - frame.tail - dy) * frame.mm_per_px / 1000, x_mm + (x - dx) * frame.mm_per_px


def blob_finding(frame: Frame, blob: Blob, at_m: float, x_mm: float, key: str) -> Finding:
    """Finding of a blob: its centre, or for a slim one along the web its beginning."""
    f = frame.factor
    mid_m, mid_x = place(frame, (blob.left + blob.right) * f / 2, (blob.top + blob.bottom) * f / 2, at_m, x_mm)
    length, width = (blob.bottom - blob.top) * frame.px_mm, (blob.right - blob.left) * frame.px_mm
    if blob.cls == "spot" and length >= STREAK_MM and length >= STREAK_SLIM * width:
        return Finding(
            "streak",
            mid_m - length / 2000,
            mid_x,
            length,
            width,
            defect_points("streak", length, width),
            blob.bottom >= frame.height - 6,
            key,
            blob.channel,
            blob.contrast,
            blob.score,
        )
    cls = "misprint" if blob.cls == "misprint" else "spot"
    return Finding(
        cls,
        mid_m,
        mid_x,
        length,
        width,
        defect_points(cls, length, width),
        False,
        key,
        blob.channel,
        blob.contrast,
        blob.score,
    )


def line_finding(frame: Frame, line: Line, at_m: float, x_mm: float, key: str) -> Finding:
    """Finding of a line: where it begins and its centre across."""
    begin_m, mid_x = place(frame, line.x + 0.5, line.begin * ROWS, at_m, x_mm)
    end_m, _ = place(frame, line.x + 0.5, line.end * ROWS, at_m, x_mm)
    length, width = (end_m - begin_m) * 1000, line.width_px * frame.mm_per_px
    return Finding(
        "streak",
        begin_m,
        mid_x,
        length,
        width,
        defect_points("streak", length, width),
        line.open,
        key,
        "all" if line.channel == 3 else CHANNELS[line.channel],
        line.share,
        line.z,
    )
