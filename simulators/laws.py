"""Laws the machines share: lags, ramps, heating, drying, and where the job's cloth is.

Figures are defaults from practice, editable, unless a docstring names a source. Temperatures in °C, moisture in percent
of the dry cloth's weight, times in seconds.
"""

import math
from dataclasses import dataclass

__all__ = [
    "CLOTH_KG_M2",
    "ROOM_C",
    "Drive",
    "Drying",
    "approach",
    "drying",
    "heat",
    "in_zone",
    "ramp",
    "standby",
]

ROOM_C = 22.0
CLOTH_KG_M2 = 0.09  # the machines do not know the cloth's weight; a shirt or scarf weighs 0.06–0.13 kg/m²
STANDBY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Drive:
    """What the PLC asks of the machine, and where the job's cloth is.

    Attributes
    ----------
    moving : bool
        The belt shall run at its speed, else stand.
    hot : bool
        Temperatures at their setpoints, else at standby.
    quick_stop : bool
        Stop by the emergency ramp.
    entered_m, length_m : float
        Metres of the job that went in (counting on behind its end), and its length.
    plant_s : float
        The plant's clock.
    """

    moving: bool = False
    hot: bool = False
    quick_stop: bool = False
    entered_m: float = 0.0
    length_m: float = 0.0
    plant_s: float = 0.0


def approach(value: float, target: float, tau_s: float, dt_s: float) -> float:
    """First-order lag: exact for any step."""
    return target + (value - target) * math.exp(-dt_s / tau_s)


def ramp(value: float, target: float, per_s: float, dt_s: float) -> float:
    """Move towards a target at a constant rate."""
    step = per_s * dt_s
    return min(value + step, target) if value < target else max(value - step, target)


def heat(value: float, target: float, up_k_min: float, down_k_min: float, tau_s: float, dt_s: float) -> float:
    """Closed-loop heating: a first-order lag whose rate is limited by the burner upwards and the losses downwards."""
    wanted = approach(value, target, tau_s, dt_s) - value
    return value + min(max(wanted, -down_k_min / 60 * dt_s), up_k_min / 60 * dt_s)


def standby(setpoint_c: float) -> float:
    """Temperature kept while no job runs: four fifths of the way from the room to the setpoint (default from practice).

    So a start takes minutes, as from standby in a mill, not the 20–60 minutes of a cold one.
    """
    return ROOM_C + STANDBY_SHARE * (setpoint_c - ROOM_C)


def in_zone(drive: Drive, from_m: float, to_m: float) -> float:
    """Share 0..1 of a stretch of the machine (metres behind its entry) that is filled with the job's cloth."""
    low, high = drive.entered_m - to_m, drive.entered_m - from_m
    return max(0.0, min(high, drive.length_m) - max(low, 0.0)) / (to_m - from_m)


@dataclass(frozen=True, slots=True)
class Drying:
    """What a dryer makes of the cloth: moisture at the exit (percent) and temperature of the cloth there (°C)."""

    moisture_pct: float
    cloth_c: float


def drying(entry_pct: float, air_c: float, fan_pct: float, dwell_s: float, cloth_kg_m2: float = CLOTH_KG_M2) -> Drying:
    """Convective drying of a thin cloth: constant rate down to 15 %, then falling towards the equilibrium.

    Heat transfer 200 W/m²K at full fan, both sides together; the cloth stays near the wet bulb
    until the rate falls. Default from practice; heat of evaporation with the heating of the water 2.4 MJ/kg.
    """
    critical, equilibrium = 15.0, 8.0 * math.exp(-(air_c - 80.0) / 50.0)
    wet_bulb_c = min(45.0 + 0.15 * air_c, air_c)
    heat_w_m2 = 200.0 * fan_pct / 100 * max(air_c - wet_bulb_c, 0.1)
    rate_pct_s = heat_w_m2 / 2.4e6 / cloth_kg_m2 * 100
    falling_s = dwell_s - max(entry_pct - critical, 0.0) / rate_pct_s
    if falling_s <= 0:
        return Drying(entry_pct - rate_pct_s * dwell_s, wet_bulb_c)
    start = min(entry_pct, critical)
    moisture = equilibrium + (start - equilibrium) * math.exp(-rate_pct_s * falling_s / (critical - equilibrium))
    return Drying(moisture, air_c - (air_c - wet_bulb_c) * math.exp(-falling_s / 12.0))
