"""For how long what is kept."""

from dataclasses import dataclass

from controller.history.rollup import MINUTE_S
from controller.history.sample import HOUR_S

SAMPLE_S = 1
"""The finest step: samples are at most so close, s."""


@dataclass(frozen=True)
class Keeping:
    """Days that samples, minutes and hours are kept before they are deleted; default from practice."""

    samples_days: int = 90
    minutes_days: int = 90
    hours_days: int = 730

    @property
    def days(self) -> dict[int, int]:
        """Days by the step that is kept, s, the finest first."""
        return {SAMPLE_S: self.samples_days, MINUTE_S: self.minutes_days, HOUR_S: self.hours_days}
