"""What the PLC needs to know of a machine: a table of pure functions over the machine's own state of physics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.cloth import Cloth
from simulators.laws import Drive
from simulators.packml import Verb

__all__ = ["Process", "Setpoints"]

Setpoints = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Process:
    """One machine's process.

    Attributes
    ----------
    name : str
        The machine's name, as in the way of the cloth.
    profile : str
        Name of its device profile.
    content_m : float
        Metres of cloth between the entry and the place where the metres are counted.
    runout_m : float
        Metres behind that place until the cloth has left the machine.
    setpoints : Mapping[str, float]
        What its setpoints are when it is switched on for the first time.
    power_up : Callable
        Physics on the first power-up, at standby for these setpoints.
    step : Callable
        Physics after ``dt_s`` seconds; what happens to the cloth is written into it.
    ready : Callable
        Whether Starting is done: everything at its setpoint.
    actuals : Callable
        The process values it publishes, by tag name.
    alarms : Callable
        Names of the alarms whose condition is given now.
    trips : Mapping[str, Verb]
        Alarms that latch and act on the machine by themselves: its interlocks.
    new_job : Callable
        Physics with the counters of consumption at zero.
    """

    name: str
    profile: str
    content_m: float
    runout_m: float
    setpoints: Setpoints
    power_up: Callable[[Setpoints], Any]
    step: Callable[[Any, Setpoints, Drive, Cloth, float], Any]
    ready: Callable[[Any, Setpoints], bool]
    actuals: Callable[[Any], dict[str, float]]
    alarms: Callable[[Any, Setpoints, Drive], frozenset[str]]
    trips: Mapping[str, Verb]
    new_job: Callable[[Any], Any]
