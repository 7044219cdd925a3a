"""The cloth of one job: what each stretch of it carries, from the padder to the washer.

One array per property, by position; a stretch is a tenth of a metre. A machine's zone is a slice of these arrays, so
nothing is moved while the cloth moves. The arrays are the only data of the plant that are changed in place: by the
machine the cloth is in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIELDS", "NO_CLOTH", "STAGES", "Cloth", "new_cloth"]

STAGES = ("padder", "press", "steamer", "washer")
"""The way of the cloth."""

STRETCH_M = 0.1

FIELDS = {
    "pickup_left_pct": 0.0,  # liquor taken up, percent of the dry cloth
    "pickup_pct": 0.0,
    "pickup_right_pct": 0.0,
    "chemistry": 1.0,  # share 0..1 of the chemistry that is still alive
    "moisture_pct": 7.0,
    "temp_c": 22.0,
    "hottest_c": 22.0,
    "ink_g_m2": 0.0,
    "spread": 1.0,  # how much wider than on dry cloth a drop spread
    "printed_h": 0.0,  # calendar hour it was printed at
    "steamed": 0.0,  # share of the steam its recipe wants
    "fixed": 0.0,  # share 0..1 of the dye that is fixed
    "dull": 0.0,  # loss of shade, percent
    "drops_m2": 0.0,  # condensation drops per square metre
    "salt_g_kg": 0.0,  # what can be washed out: chemistry of the padding
    "dye_g_kg": 0.0,  # and dye that is not fixed
    "stain_de": 0.0,  # colour difference of the white ground
}
"""What a stretch carries, and what it is on bare cloth."""

_INDEX = {name: index for index, name in enumerate(FIELDS)}

# what cloth is like that comes to a machine from outside this plant: well made
_BEFORE = {
    "padder": {},
    "press": {"pickup_left_pct": 70.0, "pickup_pct": 70.0, "pickup_right_pct": 70.0, "moisture_pct": 8.0,
              "hottest_c": 95.0, "salt_g_kg": 70.0},
    "steamer": {"ink_g_m2": 10.0},
    "washer": {"steamed": 1.0, "fixed": 0.9, "dye_g_kg": 1.1},
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Cloth:
    """Cloth of a job.

    Attributes
    ----------
    roll : int
        Its number, for as long as it exists.
    ticket : int
        The job it is in.
    length_m : float
        Of the whole roll.
    data : float64 (fields, stretches)
        In the order of ``FIELDS``; ``cloth[name]`` is a view of one row.
    begins_m : float
        Metre of the roll at which the ticket began: machines count from there.
    """

    roll: int
    ticket: int
    length_m: float
    data: NDArray[np.float64]
    begins_m: float = 0.0

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.data[_INDEX[name]]

    @property
    def stretches(self) -> int:
        """How many there are."""
        return self.data.shape[1]

    @property
    def stretch_m(self) -> float:
        """Length of one of them, about 0.1 m."""
        return self.length_m / max(self.stretches, 1)

    def passed(self, metres: float) -> int:
        """Stretches of the roll whose middle lies before this metre of the job."""
        count = self.data.shape[1]
        return min(max(int((metres + self.begins_m) / self.length_m * count + 0.5), 0), count) if count else 0

    def zone(self, entered_m: float, from_m: float, to_m: float) -> slice:
        """Stretches that lie between two places of a machine (metres behind its entry)."""
        return slice(self.passed(entered_m - to_m), self.passed(entered_m - from_m))

    def at(self, entered_m: float, place_m: float, name: str, otherwise: float) -> float:
        """Property of the stretch at a place of a machine; ``otherwise`` while no cloth of the job is there."""
        index = self.passed(entered_m - place_m)
        if not index > 0 or entered_m - place_m + self.begins_m > self.length_m:
            return otherwise
        return float(self.data[_INDEX[name], index - 1])


def new_cloth(stage: str, roll: int, length_m: float) -> Cloth:
    """Cloth as it comes to a machine, well made, if no machine of this plant has worked on it."""
    stretches = max(round(length_m / STRETCH_M), 1)
    data = np.repeat(np.array(list(FIELDS.values()))[:, None], stretches, axis=1)
    for before in STAGES[: STAGES.index(stage) + 1]:
        for name, value in _BEFORE[before].items():
            data[_INDEX[name]] = value
    return Cloth(roll, roll, length_m, data)


NO_CLOTH = Cloth(0, 0, 0.0, np.empty((len(FIELDS), 0)))
"""What lies in a machine that has no job."""
