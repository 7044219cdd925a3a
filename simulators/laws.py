"""Laws the machines share: lags, ramps, heating, drying, web tension.

Figures are defaults from practice, editable, unless a docstring names a source. Temperatures in °C, moisture in percent
of the dry cloth's weight, times in seconds, heat in kJ and power in kW.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLOTH_KG_M",
    "CLOTH_KG_M2",
    "CLOTH_KJ_KG_K",
    "FREE_WATER_PCT",
    "LATENT_KJ_KG",
    "LEADER_PCT",
    "ROOM_C",
    "WATER_KJ_KG_K",
    "WIDTH_M",
    "Drive",
    "Heated",
    "approach",
    "bleeding",
    "dried",
    "heated",
    "ramp",
    "standby",
    "tension",
    "wet_bulb_c",
]

ROOM_C = 22.0
WIDTH_M = 1.4
CLOTH_KG_M2 = 0.09  # the machines do not know the cloth's weight; a shirt or scarf weighs 0.06–0.13 kg/m²
CLOTH_KG_M = WIDTH_M * CLOTH_KG_M2
CLOTH_KJ_KG_K = 1.4  # dry cloth; facts of the trade, as in the steamer's condensate
WATER_KJ_KG_K = 4.19
LATENT_KJ_KG = 2358.0
"""Heat of evaporation of water at 60 °C, the wet bulb of a stenter (steam tables)."""

LEADER_PCT = 7.0
"""Moisture of the leader cloth that lies in a machine between two jobs: what cotton has in the air of a hall."""

FREE_WATER_PCT = 14.0
"""Moisture above which water runs between the fibres, and dye with it."""

BLEEDS_PER_PCT = 0.12

CRITICAL_PCT = 15.0  # above it the water is free and evaporates as from a wet surface
STANDBY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Drive:
    """What the PLC asks of the machine, where the job's cloth is, and what is wrong.

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
        The plant's clock: seconds this machine has lived through.
    calendar_h : float
        Hours by the calendar all machines share.
    upsets : Mapping[str, float]
        Parameters of the faults that are active, by ``fault.parameter``.
    """

    moving: bool = False
    hot: bool = False
    quick_stop: bool = False
    entered_m: float = 0.0
    length_m: float = 0.0
    plant_s: float = 0.0
    calendar_h: float = 0.0
    upsets: Mapping[str, float] = field(default_factory=dict)

    def upset(self, name: str) -> float:
        """Value of ``fault.parameter``; 0 while that fault is not active."""
        return self.upsets.get(name, 0.0)


def approach(value: float, target: float, tau_s: float, dt_s: float) -> float:
    """First-order lag: exact for any step."""
    return target + (value - target) * math.exp(-dt_s / tau_s)


def ramp(value: float, target: float, per_s: float, dt_s: float) -> float:
    """Move towards a target at a constant rate."""
    step = per_s * dt_s
    return min(value + step, target) if value < target else max(value - step, target)


def standby(setpoint_c: float) -> float:
    """Temperature kept while no job runs: four fifths of the way from the room to the setpoint (default from practice).

    So a start takes minutes, as from standby in a mill, not the 20–60 minutes of a cold one.
    """
    return ROOM_C + STANDBY_SHARE * (setpoint_c - ROOM_C)


def tension(now_n: float, wanted_n: float, drive: Drive, dt_s: float) -> float:
    """Web tension: a dancer's lag of 1 s; a broken web has none, a dancer at its limit a part of it."""
    left = 0.0 if drive.upset("web_break.on") else 1.0 - drive.upset("tension_loss.pct") / 100
    return approach(now_n, wanted_n * left, 0.2 if left == 0 else 1.0, dt_s)


@dataclass(frozen=True, slots=True)
class Heated:
    """A heated mass: how fast its controller warms it and what its heater can do.

    ``store_kj_k`` is its heat capacity, ``most_kw`` the heater's power, ``up_k_min`` the warm-up that is allowed.
    """

    store_kj_k: float
    most_kw: float
    up_k_min: float
    tau_s: float

    def step(self, temp_c: float, target_c: float, losses_kw: float, dt_s: float) -> tuple[float, float]:
        """Temperature after ``dt_s`` and the power (kW) spent; what goes in, is lost or stored, nothing else.

        The controller makes up for the losses it sees and warms with lag ``tau_s``; a heater that is too weak for its
        losses lets the temperature fall, and cooling is by the losses alone.
        """
        wanted_k_s = min((target_c - temp_c) / max(self.tau_s, dt_s), self.up_k_min / 60)
        power_kw = min(max(losses_kw + self.store_kj_k * wanted_k_s, 0.0), self.most_kw)
        return temp_c + (power_kw - losses_kw) * dt_s / self.store_kj_k, power_kw


def bleeding(moisture_pct: NDArray[np.float64]) -> NDArray[np.float64]:
    """By which share a drop gets wider on cloth of this moisture (stretches,): 12 % for each percent of free water.

    Default from practice.
    """
    return BLEEDS_PER_PCT * np.clip(moisture_pct - FREE_WATER_PCT, 0.0, 25.0)


def wet_bulb_c(air_c: float) -> float:
    """Temperature of wet cloth in a dryer's air: 60–75 °C in practice."""
    return min(45.0 + 0.15 * air_c, air_c)


def dried(moisture_pct: NDArray[np.float64], air_c: float, fan_pct: float, dt_s: float) -> NDArray[np.float64]:
    """Moisture (stretches,) after ``dt_s`` in a dryer: constant rate down to 15 %, then falling towards equilibrium.

    Heat transfer 200 W/m²K at full fan, both sides together; the cloth stays near the wet bulb until the rate falls.
    Default from practice; the result is exact for any step.
    """
    equilibrium = 8.0 * math.exp(-(air_c - 80.0) / 50.0)
    # a dryer colder than the drying law knows dries no further than the fibre's own regain
    equilibrium = min(equilibrium, CRITICAL_PCT - 1.0)
    heat_kw_m2 = 0.2 * fan_pct / 100 * max(air_c - wet_bulb_c(air_c), 0.1)
    rate_pct_s = heat_kw_m2 / LATENT_KJ_KG / CLOTH_KG_M2 * 100
    free_s = np.clip((moisture_pct - CRITICAL_PCT) / rate_pct_s, 0.0, dt_s)
    after_free = moisture_pct - rate_pct_s * free_s
    falling = np.exp((free_s - dt_s) * (rate_pct_s / (CRITICAL_PCT - equilibrium)))
    return np.minimum(equilibrium + (after_free - equilibrium) * falling, moisture_pct)


def heated(
    temp_c: NDArray[np.float64], moisture_pct: NDArray[np.float64], air_c: float, dt_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cloth temperature (stretches,) after ``dt_s`` in a dryer, and the heat it took per kg of dry cloth (kJ/kg).

    Free water keeps it at the wet bulb, with a lag of 3 s; behind that it follows the air with a lag of 12 s.
    """
    wet = moisture_pct > CRITICAL_PCT
    share = np.where(wet, 1 - math.exp(-dt_s / 3.0), 1 - math.exp(-dt_s / 12.0))
    rise = (np.where(wet, wet_bulb_c(air_c), air_c) - temp_c) * share
    return temp_c + rise, (CLOTH_KJ_KG_K + moisture_pct * (WATER_KJ_KG_K / 100)) * rise
