"""The historian: every tag of every machine, once a second, as far as it changes; curves of it by time and by metre.

`sample` says what is worth keeping, `block` packs an hour of it, `rollup` makes minutes and hours of it, `curve` and
`metres` what people look at. All of these are pure. `shelf` keeps blocks in the database, `running` the hour that runs
in memory, `recorder` does the work, `runs` finds the operations of jobs, `desk` is the door for people.
"""

from controller.history.block import Samples
from controller.history.curve import Curve
from controller.history.desk import MOST_POINTS, HistoryDesk, Recorded
from controller.history.keeping import Keeping
from controller.history.metres import MetreCurve, Passed
from controller.history.recorder import Recorder
from controller.history.shelf import Shelf

__all__ = [
    "MOST_POINTS",
    "Curve",
    "HistoryDesk",
    "Keeping",
    "MetreCurve",
    "Passed",
    "Recorded",
    "Recorder",
    "Samples",
    "Shelf",
]
