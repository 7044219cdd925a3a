"""Loop steamer: it keeps the dwell, so its speed is content / dwell, and the first metre leaves after the whole dwell.

Heat and water: steam gives its heat of condensation (2257 kJ/kg at 100 °C) to the cloth, whose moisture it becomes, to
the walls, where it drains, and to the chamber that it warms; some leaves by the vent. Heating 1 kg of cloth from 25 to
102 °C at 1.4 kJ/kgK condenses 0.048 kg (calculated). A boiler dip lets air in, and air lowers the temperature at which
steam condenses (27 K per part of air, from the steam table at 1 bar).
A print that comes in wet bleeds. Other figures: default from practice, editable.
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

from simulators.cloth import Cloth
from simulators.laws import (
    CLOTH_KG_M,
    CLOTH_KG_M2,
    CLOTH_KJ_KG_K,
    ROOM_C,
    WATER_KJ_KG_K,
    Drive,
    Heated,
    approach,
    bleeding,
    ramp,
    standby,
    tension,
)
from simulators.packml import Verb
from simulators.process import Process, Setpoints

__all__ = ["STEAMER", "Steamer"]

CONTENT_M = 160.0
LOOP_M = 2.0  # one loop down and up again takes twice this
SATURATION_C = 100.0
SATURATED_UP_TO_C = 105.0
SUPPLY_BAR = 5.0
STEAM_KJ_KG = 2257.0
CHAMBER = Heated(store_kj_k=900.0, most_kw=200.0, up_k_min=2.5, tau_s=60.0)
WALL_KW_K = 0.3
VENT_KG_H = {True: 25.0, False: 10.0}
CEILING_KW = 2.0
TENSION_N = 40.0
DYE_G_PER_G_INK = 0.1
BEST_FIXATION = 0.92  # 85–95 % for acid and disperse inks
DULL_PCT_MIN = 0.35  # dullness per minute in steam that is too dry
LATE_H = 24.0  # print to steam: ATP Color, Textile chemistry


@dataclass(frozen=True, slots=True)
class Steamer:
    """Physics of the steamer; units in the names. ``condensed_kg`` is the share of the steam that became water."""

    speed_m_min: float
    chamber_temp_c: float
    ceiling_temp_c: float
    air_pct: float
    overpressure_pa: float
    steam_pressure_bar: float
    steam_flow_kg_h: float
    exit_moisture_pct: float
    fixation_pct: float = 0.0
    waited_h: float = 0.0
    web_tension_n: float = TENSION_N
    steam_kg: float = 0.0
    condensed_kg: float = 0.0
    energy_kwh: float = 0.0


def power_up(sp: Setpoints) -> Steamer:
    """Physics at standby."""
    return Steamer(
        speed_m_min=0.0,
        chamber_temp_c=standby(sp["chamber_temp_sp_c"]),
        ceiling_temp_c=standby(sp["ceiling_temp_sp_c"]),
        air_pct=3.0,
        overpressure_pa=20.0,
        steam_pressure_bar=SUPPLY_BAR,
        steam_flow_kg_h=25.0,
        exit_moisture_pct=8.0,
    )


def _saturated(sp: Setpoints) -> bool:
    return sp["chamber_temp_sp_c"] <= SATURATED_UP_TO_C


def _target_c(now: Steamer, sp: Setpoints, drive: Drive) -> float:
    chamber_sp = sp["chamber_temp_sp_c"]
    if not drive.hot:
        return standby(chamber_sp)
    target_c = chamber_sp + drive.upset("superheat.k")
    return target_c - 27.0 * max(now.air_pct - 1.0, 0.0) / 100 if _saturated(sp) else target_c


def step(now: Steamer, sp: Setpoints, drive: Drive, cloth: Cloth, dt_s: float) -> Steamer:
    """Physics after ``dt_s`` seconds."""
    wanted = CONTENT_M / sp["dwell_sp_min"] if drive.moving else 0.0
    speed = ramp(now.speed_m_min, wanted, 10.0 if drive.quick_stop else 2.0, dt_s)
    entered_m = drive.entered_m + speed / 60 * dt_s
    # the boiler's own swing, ten minutes long, and the pipe's loss under load
    swing_bar = 0.1 * math.sin(2 * math.pi * drive.plant_s / 600)
    dip_bar = drive.upset("steam_pressure_drop.bar")
    pressure = SUPPLY_BAR - 0.002 * now.steam_flow_kg_h + swing_bar - dip_bar
    air = 0.4 + 30.0 * max(dip_bar / SUPPLY_BAR, 0.0) if drive.hot else 3.0

    fresh = slice(cloth.passed(drive.entered_m), cloth.passed(entered_m))
    _arrive(cloth, fresh, drive)
    inside = cloth.zone(entered_m, 0.0, CONTENT_M)
    cloth_kj = _steam(cloth, inside, now, sp, drive, dt_s) if inside.start < inside.stop else 0.0
    walls_kw = WALL_KW_K * (now.chamber_temp_c - ROOM_C)
    supply = replace(CHAMBER, most_kw=CHAMBER.most_kw * max(pressure, 0.1) / SUPPLY_BAR)
    chamber, steam_kw = supply.step(
        now.chamber_temp_c, _target_c(now, sp, drive), walls_kw + cloth_kj / dt_s - CEILING_KW, dt_s
    )
    condensed_kg = steam_kw * dt_s / STEAM_KJ_KG
    vent_kg_h = VENT_KG_H[drive.hot] * max(pressure, 0.1) / SUPPLY_BAR
    ceiling_sp = (sp["ceiling_temp_sp_c"] if drive.hot else standby(sp["ceiling_temp_sp_c"])) - drive.upset(
        "condensation.k"
    )
    wanted_pa = 80.0 * (1 - dip_bar / SUPPLY_BAR) if drive.hot else 20.0
    power_kw = 2.0 + CEILING_KW + (5.0 if speed > 0 else 0.0)
    return replace(
        now,
        speed_m_min=speed,
        chamber_temp_c=chamber,
        ceiling_temp_c=approach(now.ceiling_temp_c, ceiling_sp, 90.0, dt_s),
        air_pct=approach(now.air_pct, air, 120.0, dt_s),
        overpressure_pa=approach(now.overpressure_pa, wanted_pa, 15.0, dt_s),
        steam_pressure_bar=pressure,
        steam_flow_kg_h=condensed_kg / dt_s * 3600 + vent_kg_h,
        exit_moisture_pct=cloth.at(entered_m, CONTENT_M, "moisture_pct", now.exit_moisture_pct),
        fixation_pct=100 * cloth.at(entered_m, CONTENT_M, "fixed", now.fixation_pct / 100),
        waited_h=drive.calendar_h - cloth.at(entered_m, 0.0, "printed_h", drive.calendar_h - now.waited_h),
        web_tension_n=tension(now.web_tension_n, TENSION_N, drive, dt_s),
        steam_kg=now.steam_kg + condensed_kg + vent_kg_h * dt_s / 3600,
        condensed_kg=now.condensed_kg + condensed_kg,
        energy_kwh=now.energy_kwh + power_kw * dt_s / 3600,
    )


def _arrive(cloth: Cloth, fresh: slice, drive: Drive) -> None:
    """When the entering stretches were printed (those from outside just now), and how far wet ones bleed."""
    printed_h = cloth["printed_h"][fresh]
    just_now = np.where(printed_h > 0, printed_h, drive.calendar_h)
    cloth["printed_h"][fresh] = just_now - drive.upset("fixation_delay.hours")
    cloth["spread"][fresh] += bleeding(cloth["moisture_pct"][fresh])


def _steam(cloth: Cloth, zone: slice, now: Steamer, sp: Setpoints, drive: Drive, dt_s: float) -> float:
    """Steam the stretches inside; returns the heat they need of the chamber, kJ."""
    kg = cloth.stretch_m * CLOTH_KG_M
    chamber_c, superheat_k = now.chamber_temp_c, now.chamber_temp_c - SATURATION_C
    moisture, temp_c = cloth["moisture_pct"][zone], cloth["temp_c"][zone]
    rise = (chamber_c - temp_c) * (1 - math.exp(-dt_s / 5.0))
    heat_kj_kg = (CLOTH_KJ_KG_K + moisture * (WATER_KJ_KG_K / 100)) * rise
    # below the boiling point the cloth is heated by what condenses on it
    condensed = np.where(temp_c < SATURATION_C - 1.0, np.maximum(heat_kj_kg, 0.0) / STEAM_KJ_KG, 0.0) * 100
    equilibrium = 1.0 + 11.0 * math.exp(-max(superheat_k, 0.0) / 8.0)
    drying = np.where(moisture > equilibrium, (moisture - equilibrium) * (1 - math.exp(-dt_s / 60.0)), 0.0)
    drying = drying if superheat_k > 0 else 0.0
    after = moisture + condensed - drying
    cloth["moisture_pct"][zone], cloth["temp_c"][zone] = after, temp_c + rise
    np.maximum(cloth["hottest_c"][zone], temp_c, out=cloth["hottest_c"][zone])
    if drive.hot:
        _fix(cloth, zone, now, sp, drive, dt_s)
    return (float(heat_kj_kg.sum()) + float(np.sum(drying)) / 100 * STEAM_KJ_KG) * kg


def _fix(cloth: Cloth, zone: slice, now: Steamer, sp: Setpoints, drive: Drive, dt_s: float) -> None:
    """Fixation by temperature, moisture and time; dry steam dulls, a cold ceiling drips.

    The recipe's dwell is what its dye needs: the steamer does not know the dye.
    """
    saturated = _saturated(sp)
    too_hot_k = max(now.chamber_temp_c - sp["chamber_temp_sp_c"] - 2.0, 0.0)
    cold_k = max(sp["chamber_temp_sp_c"] - 0.5 - now.chamber_temp_c, 0.0)
    rate = math.exp(-cold_k / 3.0) * (math.exp(-too_hot_k / 30.0) if saturated else 1.0)
    steamed = cloth["steamed"][zone] + rate * dt_s / 60 / sp["dwell_sp_min"]
    # half a day is free, then a percent of the dye reacts away each hour
    fresh = 1.0 - np.clip((drive.calendar_h - cloth["printed_h"][zone] - LATE_H / 2) * 0.01, 0.0, 0.5)
    fixed = BEST_FIXATION * (1 - np.exp(-3.5 * steamed)) * cloth["chemistry"][zone] * fresh
    cloth["steamed"][zone], cloth["fixed"][zone] = steamed, fixed
    cloth["dye_g_kg"][zone] = cloth["ink_g_m2"][zone] * DYE_G_PER_G_INK * (1 - fixed) / CLOTH_KG_M2
    if saturated and too_hot_k > 0:
        cloth["dull"][zone] += DULL_PCT_MIN * dt_s / 60 * min(too_hot_k / 10.0, 3.0)
    if now.ceiling_temp_c < now.chamber_temp_c:
        cloth["drops_m2"][zone] += 0.02 * (now.chamber_temp_c - now.ceiling_temp_c) * dt_s / 60


def _air_limit_pct(sp: Setpoints) -> float:
    return 1.0 if _saturated(sp) else 3.0


def ready(now: Steamer, sp: Setpoints) -> bool:
    """Chamber within 0.5 K (saturated) or 2 K, ceiling within 2 K, air below 1 % (saturated) or 3 %."""
    tolerance_k = 0.5 if _saturated(sp) else 2.0
    return (
        abs(now.chamber_temp_c - sp["chamber_temp_sp_c"]) <= tolerance_k
        and abs(now.ceiling_temp_c - sp["ceiling_temp_sp_c"]) <= 2.0
        and now.air_pct <= _air_limit_pct(sp)
    )


def actuals(now: Steamer) -> dict[str, float]:
    """Published process values; the dwell is 0 while the machine stands."""
    values = asdict(now)
    del values["condensed_kg"]
    return {
        **values,
        "dwell_min": CONTENT_M / now.speed_m_min if now.speed_m_min > 1.0 else 0.0,
        "superheat_k": now.chamber_temp_c - SATURATION_C,
        "loop_count": CONTENT_M / (2 * LOOP_M),
        "content_m": CONTENT_M,
    }


def alarms(now: Steamer, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    given = {
        "steam_pressure_low": now.steam_pressure_bar < 3.0,
        "superheat_high": drive.moving and _saturated(sp) and now.chamber_temp_c > sp["chamber_temp_sp_c"] + 3.0,
        "air_high": drive.moving and now.air_pct > _air_limit_pct(sp),
        "chamber_cold": drive.moving and now.chamber_temp_c < sp["chamber_temp_sp_c"] - 1.0,
        "ceiling_cold": drive.moving and now.ceiling_temp_c < now.chamber_temp_c,
        "fixation_late": drive.moving and now.waited_h > LATE_H,
        "web_break": now.web_tension_n < 0.05 * TENSION_N,
        "tension_low": drive.moving and now.web_tension_n < 0.5 * TENSION_N,
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Steamer) -> Steamer:
    """Counters of consumption at zero."""
    return replace(now, steam_kg=0.0, condensed_kg=0.0, energy_kwh=0.0, waited_h=0.0)


STEAMER = Process(
    name="steamer",
    profile="loop-steamer",
    content_m=CONTENT_M,
    runout_m=0.0,
    setpoints={"chamber_temp_sp_c": 102.0, "dwell_sp_min": 10.0, "ceiling_temp_sp_c": 110.0},
    power_up=power_up,
    step=step,
    ready=ready,
    actuals=actuals,
    alarms=alarms,
    trips={"web_break": Verb.ABORT, "tension_low": Verb.HOLD},
    new_job=new_job,
)
