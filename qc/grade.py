"""Four-point grading of a roll (ASTM D5430) from its findings."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from qc.finding import MAX_POINTS, Finding, defect_points

# A roll with a running defect over 10 continuous yards is not first quality whatever its points (ASTM D5430 practice).
MAX_RUN_M = 9.1


@dataclass(frozen=True)
class Grade:
    """Result of grading: points, points per 100 m², quality ``"first"`` or ``"second"`` and why."""

    points: int
    points_per_100m2: float
    quality: Literal["first", "second"]
    reason: str = ""


def grade(findings: Iterable[Finding], length_m: float, width_mm: float, limit_per_100m2: float) -> Grade:
    """Grade a roll by the four-point system.

    A defect costs 1 to 4 points by its longest side (see :func:`qc.finding.defect_points`), a continuous one 4 points
    for every metre of roll it occupies, and no metre of roll costs more than 4 points (ASTM D5430, metric variant).
    Points per 100 m² = total × 100 000 / (metres × width in mm). The roll is second quality above the limit, with any
    misprint, or with a defect that runs on for more than 9.1 m (10 yards).

    Parameters
    ----------
    findings
        Defects of the roll; of findings with the same key only the last one counts.
    length_m, width_mm
        Inspected length in m and width in mm, both > 0.
    limit_per_100m2
        Highest points per 100 m² of first quality, ≥ 0.

    Raises
    ------
    ValueError
        If length, width or limit is not a finite number in range.
    """
    for name, value, low in (("length_m", length_m, 0.0), ("width_mm", width_mm, 0.0)):
        if not (math.isfinite(value) and value > low):
            raise ValueError(
                f"{name} is {value}; grading needs a length and width above 0. Grade after cloth was seen."
            )
    if not (math.isfinite(limit_per_100m2) and limit_per_100m2 >= 0):
        raise ValueError(f"limit_per_100m2 is {limit_per_100m2}; give a limit of 0 or more points per 100 m².")
    latest: dict[object, Finding] = {}
    for number, finding in enumerate(findings):
        latest[finding.key or number] = finding
    per_metre: dict[int, int] = defaultdict(int)
    reason = ""
    for finding in latest.values():
        points = defect_points(finding.cls, finding.length_mm, finding.width_mm)
        first = math.floor(finding.begin_m + 1e-9)
        metres = range(first, first + 1)
        if finding.cls == "streak" and points >= MAX_POINTS:
            points = MAX_POINTS
            metres = range(first, max(first + 1, math.ceil(finding.end_m - 1e-9)))
        for metre in metres:
            per_metre[metre] += points
        if finding.cls == "misprint":
            reason = reason or f"misprint at {finding.at_m:.2f} m"
        elif finding.length_mm > MAX_RUN_M * 1000:
            reason = reason or f"{finding.cls} runs for {finding.length_mm / 1000:.1f} m from {finding.at_m:.2f} m"
    total = sum(min(MAX_POINTS, points) for points in per_metre.values())
    rate = total * 100_000 / (length_m * width_mm)
    if rate > limit_per_100m2:
        reason = reason or f"{rate:.1f} points per 100 m² are above the limit of {limit_per_100m2:g}"
    return Grade(total, rate, "second" if reason else "first", reason)
