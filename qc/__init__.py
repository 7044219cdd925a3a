"""Quality control: camera strip × expected print → findings, grade.

Pure functions over arrays: pictures come in, frozen findings go out. Each strip is registered on what the print
should look like, the camera's light and the print model's small errors are learned and removed, and what is left
is judged by tolerances the strip itself sets. What must be remembered between strips is in ``Inspection``.
This room knows neither jobs nor machines, neither rasters nor inks.
"""

from qc.compare import Comparison, compare
from qc.finding import DefectClass, Finding, defect_points
from qc.grade import Grade, grade
from qc.inks import Inks
from qc.inspection import TAIL_ROWS, Inspection, Seen, judge_strip, reaches_back, see_strip

__all__ = [
    "TAIL_ROWS",
    "Comparison",
    "DefectClass",
    "Finding",
    "Grade",
    "Inks",
    "Inspection",
    "Seen",
    "compare",
    "defect_points",
    "grade",
    "judge_strip",
    "reaches_back",
    "see_strip",
]
