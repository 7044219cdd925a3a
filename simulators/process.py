"""What the PLC needs to know of a machine: a table of pure functions over the machine's own state of physics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.laws import Drive

__all__ = ["Process", "Setpoints"]

Setpoints = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Process:
    """One machine's process.

    Attributes
    ----------
    profile : str
        Name of its device profile.
    content_m : float
        Metres of cloth between the entry and the exit, where the metres are counted.
    setpoints : Mapping[str, float]
        What its setpoints are when it is switched on for the first time.
    power_up : Callable
        Physics on the first power-up, at standby for these setpoints.
    step : Callable
        Physics after ``dt_s`` seconds.
    ready : Callable
        Whether Starting is done: everything at its setpoint.
    actuals : Callable
        The process values it publishes, by tag name.
    alarms : Callable
        Names of the alarms whose condition is given now.
    new_job : Callable
        Physics with the counters of consumption at zero.
    """

    profile: str
    content_m: float
    setpoints: Setpoints
    power_up: Callable[[Setpoints], Any]
    step: Callable[[Any, Setpoints, Drive, float], Any]
    ready: Callable[[Any, Setpoints], bool]
    actuals: Callable[[Any], dict[str, float]]
    alarms: Callable[[Any, Setpoints, Drive], frozenset[str]]
    new_job: Callable[[Any], Any]
