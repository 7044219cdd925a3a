"""Loop steamer: it keeps the dwell, so its speed is content / dwell, and the first metre leaves after the whole dwell.

Figures are defaults from practice, editable. Calculated: heating 1 kg of cloth from 25 to 102 °C at 1.4 kJ/kgK
condenses 0.048 kg of steam.
"""

import math
from dataclasses import asdict, dataclass, replace

from simulators.laws import CLOTH_KG_M2, Drive, approach, heat, in_zone, ramp, standby
from simulators.process import Process, Setpoints

__all__ = ["STEAMER", "Steamer"]

CONTENT_M = 160.0
LOOP_M = 2.0  # one loop down and up again takes twice this
WIDTH_M = 1.4
SATURATION_C = 100.0
SATURATED_UP_TO_C = 105.0
CHAMBER_KJ_K = 900.0


@dataclass(frozen=True, slots=True)
class Steamer:
    """Physics of the steamer; units in the names."""

    speed_m_min: float
    chamber_temp_c: float
    ceiling_temp_c: float
    air_pct: float
    overpressure_pa: float
    steam_pressure_bar: float
    steam_flow_kg_h: float
    exit_moisture_pct: float
    steam_kg: float = 0.0
    energy_kwh: float = 0.0


def power_up(sp: Setpoints) -> Steamer:
    """Physics at standby."""
    return Steamer(
        speed_m_min=0.0,
        chamber_temp_c=standby(sp["chamber_temp_sp_c"]),
        ceiling_temp_c=standby(sp["ceiling_temp_sp_c"]),
        air_pct=3.0,
        overpressure_pa=20.0,
        steam_pressure_bar=5.0,
        steam_flow_kg_h=25.0,
        exit_moisture_pct=8.0,
    )


def step(now: Steamer, sp: Setpoints, drive: Drive, dt_s: float) -> Steamer:
    """Physics after ``dt_s`` seconds."""
    wanted = CONTENT_M / sp["dwell_sp_min"] if drive.moving else 0.0
    speed = ramp(now.speed_m_min, wanted, 10.0 if drive.quick_stop else 2.0, dt_s)
    chamber_sp, ceiling_sp = sp["chamber_temp_sp_c"], sp["ceiling_temp_sp_c"]
    chamber = heat(now.chamber_temp_c, chamber_sp if drive.hot else standby(chamber_sp), 2.5, 3.0, 60.0, dt_s)
    ceiling = heat(now.ceiling_temp_c, ceiling_sp if drive.hot else standby(ceiling_sp), 4.0, 3.0, 60.0, dt_s)

    cloth_kg_h = speed * 60 * WIDTH_M * CLOTH_KG_M2 * in_zone(drive, 0.0, 10.0)
    condensed = 1.4 * (chamber - 25.0) / 2257 + now.exit_moisture_pct / 100  # kg steam per kg cloth
    warming_kj_s = max(CHAMBER_KJ_K * (chamber - now.chamber_temp_c) / dt_s, 0.0)
    flow_target = (60.0 if drive.hot else 25.0) + cloth_kg_h * condensed + warming_kj_s / 2257 * 3600
    flow = approach(now.steam_flow_kg_h, flow_target, 20.0, dt_s)
    # the boiler's own swing, ten minutes long, and the pipe's loss under load
    pressure = 5.0 - 0.002 * flow + 0.1 * math.sin(2 * math.pi * drive.plant_s / 600)
    moist = 8.0 if chamber_sp <= SATURATED_UP_TO_C else 1.0
    return replace(
        now,
        speed_m_min=speed,
        chamber_temp_c=chamber,
        ceiling_temp_c=ceiling,
        air_pct=approach(now.air_pct, 0.4 if drive.hot else 3.0, 180.0, dt_s),
        overpressure_pa=approach(now.overpressure_pa, 80.0 if drive.hot else 20.0, 15.0, dt_s),
        steam_pressure_bar=pressure,
        steam_flow_kg_h=flow,
        exit_moisture_pct=approach(now.exit_moisture_pct, moist, 60.0, dt_s),
        steam_kg=now.steam_kg + flow * dt_s / 3600,
        energy_kwh=now.energy_kwh + (2.0 + (5.0 if speed > 0 else 0.0)) * dt_s / 3600,
    )


def _air_limit_pct(sp: Setpoints) -> float:
    return 1.0 if sp["chamber_temp_sp_c"] <= SATURATED_UP_TO_C else 3.0


def ready(now: Steamer, sp: Setpoints) -> bool:
    """Chamber within 0.5 K (saturated) or 2 K, ceiling within 2 K, air below 1 % (saturated) or 3 %."""
    tolerance_k = 0.5 if sp["chamber_temp_sp_c"] <= SATURATED_UP_TO_C else 2.0
    return (
        abs(now.chamber_temp_c - sp["chamber_temp_sp_c"]) <= tolerance_k
        and abs(now.ceiling_temp_c - sp["ceiling_temp_sp_c"]) <= 2.0
        and now.air_pct <= _air_limit_pct(sp)
    )


def actuals(now: Steamer) -> dict[str, float]:
    """Published process values; the dwell is 0 while the machine stands."""
    return {
        **asdict(now),
        "dwell_min": CONTENT_M / now.speed_m_min if now.speed_m_min > 1.0 else 0.0,
        "superheat_k": now.chamber_temp_c - SATURATION_C,
        "loop_count": CONTENT_M / (2 * LOOP_M),
        "content_m": CONTENT_M,
    }


def alarms(now: Steamer, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    saturated = sp["chamber_temp_sp_c"] <= SATURATED_UP_TO_C
    given = {
        "steam_pressure_low": now.steam_pressure_bar < 3.0,
        "superheat_high": drive.moving and saturated and now.chamber_temp_c > sp["chamber_temp_sp_c"] + 3.0,
        "air_high": drive.moving and now.air_pct > _air_limit_pct(sp),
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Steamer) -> Steamer:
    """Counters of consumption at zero."""
    return replace(now, steam_kg=0.0, energy_kwh=0.0)


STEAMER = Process(
    profile="loop-steamer",
    content_m=CONTENT_M,
    setpoints={"chamber_temp_sp_c": 102.0, "dwell_sp_min": 10.0, "ceiling_temp_sp_c": 110.0},
    power_up=power_up,
    step=step,
    ready=ready,
    actuals=actuals,
    alarms=alarms,
    new_job=new_job,
)
