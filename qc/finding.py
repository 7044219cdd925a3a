"""What inspection reports: one defect, where it lies, how big it is, what it costs."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

DefectClass = Literal["spot", "streak", "misprint"]

# ASTM D5430 four-point steps on the longest side in mm (3, 6 and 9 inches as the trade rounds them) and their points.
SIZE_STEPS_MM = ((75.0, 1), (150.0, 2), (230.0, 3))
MAX_POINTS = 4


@dataclass(frozen=True)
class Finding:
    """One defect on the cloth.

    Attributes
    ----------
    cls
        ``"spot"``, ``"streak"`` (runs along the web) or ``"misprint"`` (a region whose content is wrong).
    at_m
        Position along the web in metres: the centre of a spot or misprint, the beginning of a streak.
    x_mm
        Centre across the web in mm.
    length_mm, width_mm
        Extent along and across the web in mm.
    points
        Four-point penalty of this defect alone (ASTM D5430), before the cap per metre.
    open
        A streak that still ran at the end of what was seen.
    key
        Stays the same while a defect grows from strip to strip.
    channel
        Camera channel that shows it most: ``"red"``, ``"green"``, ``"blue"`` or ``"all"``.
    contrast
        Relative difference to the expected brightness in that channel; positive means lighter (ink is missing).
    score
        Strength in units of the local noise.
    """

    cls: DefectClass
    at_m: float
    x_mm: float
    length_mm: float
    width_mm: float
    points: int
    open: bool = False
    key: str = ""
    channel: str = "all"
    contrast: float = 0.0
    score: float = 0.0

    @property
    def begin_m(self) -> float:
        """First metre the defect touches."""
        return self.at_m if self.cls == "streak" else self.at_m - self.length_mm / 2000

    @property
    def end_m(self) -> float:
        """Last metre the defect touches."""
        return self.begin_m + self.length_mm / 1000

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def defect_points(cls: DefectClass, length_mm: float, width_mm: float) -> int:
    """Points of one defect by ASTM D5430 (metric steps as mills use them).

    Up to 75 mm 1 point, up to 150 mm 2, up to 230 mm 3, longer 4, by the longest side; a streak longer than the last
    step is a continuous defect: 4 points for every metre it occupies, begun metres counting whole.

    Parameters
    ----------
    cls
        Class of the defect.
    length_mm, width_mm
        Extent along and across the web in mm.
    """
    longest = max(length_mm, width_mm)
    for limit, points in SIZE_STEPS_MM:
        if longest <= limit:
            return points
    if cls == "streak":
        return MAX_POINTS * max(1, math.ceil(length_mm / 1000 - 1e-9))
    return MAX_POINTS
