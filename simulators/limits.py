"""What a PLC does with a value written to it: numbers are clamped into the range of their tag, NaN is refused."""

import math

from drivers.profile import TagSpec

__all__ = ["accept"]


def accept(spec: TagSpec, value: bool | int | float | str) -> bool | int | float | str:
    """Value the machine takes over for a written one.

    Raises
    ------
    ValueError
        If the value is not a number where one is needed.
    """
    if isinstance(value, (bool, str)):
        return value
    if math.isnan(value):
        raise ValueError(f"{spec.name}: NaN is not a value")
    low = -math.inf if spec.low is None else spec.low
    high = math.inf if spec.high is None else spec.high
    return min(max(value, low), high) if not low <= value <= high else value
