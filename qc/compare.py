"""Compare two pictures once, without a web around them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qc.finding import Finding
from qc.look import blob_finding, check_pair, line_finding, look


@dataclass(frozen=True)
class Comparison:
    """Findings of one comparison, worst first.

    ``shift_px`` is the displacement (dx, dy) of the captured picture at its centre, ``difference`` the mean absolute
    difference in grey levels left after registration and tone.
    """

    findings: tuple[Finding, ...]
    shift_px: tuple[float, float]
    difference: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "findings": [f.to_dict() for f in self.findings],
            "shift_px": list(self.shift_px),
            "difference": self.difference,
        }


def compare(
    expected: np.ndarray, captured: np.ndarray, mm_per_px: float, *, at_m: float = 0.0, x_mm: float = 0.0
) -> Comparison:
    """Compare the expected look of a print with a camera picture of it.

    Parameters
    ----------
    expected, captured
        uint8 (h, w, 3) RGB of the same size.
    mm_per_px
        Size of a pixel in mm, > 0.
    at_m, x_mm
        Position of the first row in metres and of the left edge in mm.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the pictures differ in size, are empty, not uint8 RGB, or the scale is not positive.
    """
    check_pair(expected, captured, mm_per_px)
    seen = look(expected, captured, mm_per_px)
    found = [line_finding(seen.pair.frame, line, at_m, x_mm, "") for line in seen.lines]
    found += [blob_finding(seen.pair.frame, blob, at_m, x_mm, "") for blob in seen.blobs]
    order = {"misprint": 0, "streak": 1, "spot": 2}
    found.sort(key=lambda f: (order[f.cls], -f.score))
    found = [replace(f, key=f"{f.cls}-{n}") for n, f in enumerate(found, 1)]
    height, width = expected.shape[:2]
    pair = seen.pair
    left = np.abs(pair.captured - pair.predicted)[pair.valid] if pair.valid.any() else np.zeros(1)
    return Comparison(tuple(found), pair.frame.field.at((width - 1) / 2, (height - 1) / 2), float(left.mean()))
