"""Physics of the single-pass press: belt, heads, meniscus, dryer, ink.

Figures are defaults from practice, editable: heads heat 1.5 K/min, meniscus settles in 3 s, dryer tau 90 s.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from simulators.laws import Drive, approach, heat, ramp, standby
from simulators.process import Process, Setpoints

__all__ = ["PRESS", "Printer", "refill", "spend"]

TANK_L = 20.0
INKS = 4


@dataclass(frozen=True, slots=True)
class Printer:
    """Physics of the press; units in the names."""

    speed_m_min: float
    head_temp_c: float
    meniscus_mbar: float
    head_gap_mm: float
    dryer_temp_c: float
    unwind_tension_n: float
    room_rh_pct: float
    levels_l: tuple[float, ...] = (TANK_L,) * INKS
    used_ml: tuple[float, ...] = (0.0,) * INKS
    energy_kwh: float = 0.0


def power_up(sp: Setpoints) -> Printer:
    """Physics at standby, heads capped."""
    return Printer(
        speed_m_min=0.0,
        head_temp_c=standby(sp["head_temp_sp_c"]),
        meniscus_mbar=sp["meniscus_sp_mbar"],
        head_gap_mm=sp["head_gap_sp_mm"],
        dryer_temp_c=standby(sp["dryer_temp_sp_c"]),
        unwind_tension_n=sp["unwind_tension_sp_n"],
        room_rh_pct=57.0,
    )


def step(now: Printer, sp: Setpoints, drive: Drive, dt_s: float) -> Printer:
    """Physics after ``dt_s`` seconds; the ink is spent where the rows are printed (:func:`spend`)."""
    speed = ramp(
        now.speed_m_min, sp["speed_sp_m_min"] if drive.moving else 0.0, 30.0 if drive.quick_stop else 4.0, dt_s
    )
    head_sp, dryer_sp = sp["head_temp_sp_c"], sp["dryer_temp_sp_c"]
    power_kw = 3.0 + (25.0 if drive.hot else 5.0) + (6.0 if speed > 0 else 0.0)
    return replace(
        now,
        speed_m_min=speed,
        head_temp_c=heat(now.head_temp_c, head_sp if drive.hot else standby(head_sp), 1.5, 1.5, 40.0, dt_s),
        meniscus_mbar=approach(now.meniscus_mbar, sp["meniscus_sp_mbar"], 3.0, dt_s),
        head_gap_mm=ramp(now.head_gap_mm, sp["head_gap_sp_mm"], 0.2, dt_s),
        dryer_temp_c=heat(now.dryer_temp_c, dryer_sp if drive.hot else standby(dryer_sp), 12.0, 6.0, 90.0, dt_s),
        unwind_tension_n=approach(now.unwind_tension_n, sp["unwind_tension_sp_n"], 1.0, dt_s),
        # the hall's air conditioning swings by 2 % within half an hour
        room_rh_pct=57.0 + 2.0 * math.sin(2 * math.pi * drive.plant_s / 1800),
        energy_kwh=now.energy_kwh + power_kw * dt_s / 3600,
    )


def spend(now: Printer, ml: Sequence[float]) -> Printer:
    """Take ink (ml, in the order of the raster's inks) out of the tanks."""
    spent = tuple(ml) + (0.0,) * (INKS - len(ml))
    return replace(
        now,
        levels_l=tuple(max(level - used / 1000, 0.0) for level, used in zip(now.levels_l, spent, strict=True)),
        used_ml=tuple(before + used for before, used in zip(now.used_ml, spent, strict=True)),
    )


def refill(now: Printer) -> Printer:
    """Exchange the tanks that are below 15 %: the simulated operator does so while the press is reset."""
    return replace(now, levels_l=tuple(TANK_L if level < 0.15 * TANK_L else level for level in now.levels_l))


def ready(now: Printer, sp: Setpoints) -> bool:
    """Heads within 0.5 K, meniscus within 1 mbar, gap within 0.05 mm, dryer within 3 K."""
    return (
        abs(now.head_temp_c - sp["head_temp_sp_c"]) <= 0.5
        and abs(now.meniscus_mbar - sp["meniscus_sp_mbar"]) <= 1.0
        and abs(now.head_gap_mm - sp["head_gap_sp_mm"]) <= 0.05
        and abs(now.dryer_temp_c - sp["dryer_temp_sp_c"]) <= 3.0
    )


def actuals(now: Printer) -> dict[str, float]:
    """Published process values."""
    values = asdict(now)
    levels, used = values.pop("levels_l"), values.pop("used_ml")
    return {
        **values,
        **{f"ink{number}_level_l": level for number, level in enumerate(levels, 1)},
        **{f"ink{number}_used_ml": ml for number, ml in enumerate(used, 1)},
    }


def alarms(now: Printer, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    given = {
        "ink_low": min(now.levels_l) < 0.15 * TANK_L,
        "head_temperature": drive.moving and abs(now.head_temp_c - sp["head_temp_sp_c"]) > 2.0,
        "meniscus": drive.moving and abs(now.meniscus_mbar - sp["meniscus_sp_mbar"]) > 5.0,
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Printer) -> Printer:
    """Counters of consumption at zero, low tanks exchanged."""
    return replace(refill(now), used_ml=(0.0,) * INKS, energy_kwh=0.0)


PRESS = Process(
    profile="press",
    content_m=0.0,
    setpoints={
        "speed_sp_m_min": 20.0,
        "head_temp_sp_c": 34.0,
        "meniscus_sp_mbar": -18.0,
        "head_gap_sp_mm": 2.0,
        "dryer_temp_sp_c": 110.0,
        "unwind_tension_sp_n": 40.0,
    },
    power_up=power_up,
    step=step,
    ready=ready,
    actuals=actuals,
    alarms=alarms,
    new_job=new_job,
)
