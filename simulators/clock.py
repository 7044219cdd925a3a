"""The plant's clock: how many seconds pass in the plant while one passes on the wall."""

import math
from dataclasses import dataclass

__all__ = ["Clock", "parse_speed"]

FASTEST = 1000.0


def parse_speed(text: str) -> float | None:
    """Plant seconds per wall second, or None for ``max``.

    Raises
    ------
    ValueError
        If the text is neither ``max`` nor a number above 0 and up to 1000.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= FASTEST:
        raise ValueError(f"speed {text!r} is neither 'max' nor a number above 0 and up to {FASTEST:g}")
    return speed


@dataclass(frozen=True, slots=True)
class Clock:
    """Speed of the plant's time; None means as fast as computing allows while something changes."""

    speed: float | None = 1.0

    def due(self, wall_s: float, busy: bool) -> float:
        """Plant seconds to compute for ``wall_s`` seconds on the wall; infinite: until nothing changes any more.

        At ``max`` an idle machine runs in real time, so that waiting burns no processor.
        """
        if self.speed is None:
            return math.inf if busy else wall_s
        return wall_s * self.speed
