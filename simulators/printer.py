"""Physics of the single-pass press: belt, heads, meniscus, sub-tanks, dryer, ink.

A drop on wet cloth spreads. Figures are defaults from practice, editable: heads heat 1.5 K/min, meniscus settles in
3 s, the electric dryer behind the heads warms 12 K/min and takes what it evaporates of the ink's water. Where the cloth
leaves the dryer a gauge shows what is left.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from simulators.cloth import Cloth
from simulators.laws import (
    CLOTH_KG_M,
    CLOTH_KG_M2,
    FREE_WATER_PCT,
    LATENT_KJ_KG,
    LEADER_PCT,
    ROOM_C,
    WIDTH_M,
    Drive,
    Heated,
    approach,
    bleeding,
    dried,
    heated,
    ramp,
    standby,
    tension,
)
from simulators.packml import Verb
from simulators.process import Process, Setpoints

__all__ = ["INKS", "INK_G_ML", "PRESS", "Printer", "lay_ink", "refill", "spend"]

TANK_L = 20.0
INKS = 4
INK_G_ML = 1.05
INK_WATER = 0.8  # share of the ink's weight that is water
DYE_G_PER_G_INK = 0.1
HEADS = Heated(store_kj_k=120.0, most_kw=6.0, up_k_min=1.5, tau_s=40.0)
HEAD_LOSS_KW_K = 0.05
DRYER_M = 4.0
DRYER_AT_M = 1.0  # behind the heads
DRYER = Heated(store_kj_k=150.0, most_kw=60.0, up_k_min=12.0, tau_s=90.0)
DRYER_LOSS_KW_K = 0.15
DRYER_FAN_PCT = 40.0
GAUGE_AT_M = DRYER_AT_M + DRYER_M


@dataclass(frozen=True, slots=True)
class Printer:
    """Physics of the press; units in the names, inks in the order of the raster's."""

    speed_m_min: float
    head_temp_c: float
    meniscus_mbar: float
    head_gap_mm: float
    dryer_temp_c: float
    unwind_tension_n: float
    room_rh_pct: float
    belt_slip_pct: float = 0.0
    entry_moisture_pct: float = 8.0
    residual_moisture_pct: float = LEADER_PCT
    levels_l: tuple[float, ...] = (TANK_L,) * INKS
    sub_tanks_pct: tuple[float, ...] = (80.0,) * INKS
    used_ml: tuple[float, ...] = (0.0,) * INKS
    energy_kwh: float = 0.0
    dryer_kwh: float = 0.0


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


def step(now: Printer, sp: Setpoints, drive: Drive, cloth: Cloth, dt_s: float) -> Printer:
    """Physics after ``dt_s`` seconds; the ink is spent where the rows are printed (:func:`spend`)."""
    speed = ramp(
        now.speed_m_min, sp["speed_sp_m_min"] if drive.moving else 0.0, 30.0 if drive.quick_stop else 4.0, dt_s
    )
    entered_m = drive.entered_m + speed / 60 * dt_s
    head_sp = sp["head_temp_sp_c"]
    head_c, _ = HEADS.step(
        now.head_temp_c, head_sp if drive.hot else standby(head_sp), HEAD_LOSS_KW_K * (now.head_temp_c - ROOM_C), dt_s
    )
    _print(cloth, slice(cloth.passed(drive.entered_m), cloth.passed(entered_m)), drive)
    dryer_c, dryer_kw = _dry(cloth, cloth.zone(entered_m, DRYER_AT_M, GAUGE_AT_M), now, sp, drive, dt_s)
    starved = int(drive.upset("ink_starvation.ink")) if drive.upset("ink_starvation.on") else None
    # the sub-tank swings with the vacuum, and the vacuum with an empty sub-tank
    vacuum = sp["meniscus_sp_mbar"] + drive.upset("vacuum_loss.mbar")
    vacuum += 3.0 * math.sin(drive.plant_s) if starved is not None else 0.0
    gap = sp["head_gap_sp_mm"] + (2.0 if drive.upset("splice.on") else 0.0)
    power_kw = 3.0 + (5.0 if drive.hot else 1.0) + (6.0 if speed > 0 else 0.0) + dryer_kw
    return replace(
        now,
        speed_m_min=speed,
        head_temp_c=head_c,
        meniscus_mbar=approach(now.meniscus_mbar, vacuum, 3.0, dt_s),
        head_gap_mm=ramp(now.head_gap_mm, gap, 4.0 if drive.upset("splice.on") else 0.2, dt_s),
        dryer_temp_c=dryer_c,
        unwind_tension_n=tension(now.unwind_tension_n, sp["unwind_tension_sp_n"], drive, dt_s),
        # the hall's air conditioning swings by 2 % within half an hour
        room_rh_pct=57.0 + 2.0 * math.sin(2 * math.pi * drive.plant_s / 1800),
        belt_slip_pct=approach(now.belt_slip_pct, 0.05 + drive.upset("belt_slip.pct") if speed > 0 else 0.0, 2.0, dt_s),
        entry_moisture_pct=cloth.at(entered_m, -0.15, "moisture_pct", now.entry_moisture_pct),
        residual_moisture_pct=cloth.at(entered_m, GAUGE_AT_M, "moisture_pct", now.residual_moisture_pct),
        sub_tanks_pct=tuple(
            approach(level, 2.0 if ink == starved else 80.0, 15.0, dt_s) for ink, level in enumerate(now.sub_tanks_pct)
        ),
        energy_kwh=now.energy_kwh + power_kw * dt_s / 3600,
        dryer_kwh=now.dryer_kwh + dryer_kw * dt_s / 3600,
    )


def lay_ink(cloth: Cloth, ink_ml: Sequence[float], entered_m: float) -> None:
    """Say how much ink (ml, all inks together) each stretch of the job will get, as far as it is before the heads."""
    ahead, first = cloth.passed(entered_m), cloth.passed(0.0)
    cloth["ink_g_m2"][ahead:] = np.asarray(ink_ml)[ahead - first :] * INK_G_ML / (cloth.stretch_m * WIDTH_M)


def _print(cloth: Cloth, fresh: slice, drive: Drive) -> None:
    """Print the stretches that pass the heads: drops spread, the ink brings water and loose dye."""
    if fresh.start == fresh.stop:
        return
    if drive.upset("ink_starvation.on"):
        cloth["ink_g_m2"][fresh] *= 1 - 1 / INKS
    moisture, ink_g_m2 = cloth["moisture_pct"][fresh], cloth["ink_g_m2"][fresh]
    cloth["spread"][fresh] = 1.0 + bleeding(moisture)
    cloth["moisture_pct"][fresh] = moisture + ink_g_m2 * INK_WATER / (CLOTH_KG_M2 * 1000) * 100
    cloth["dye_g_kg"][fresh] = ink_g_m2 * DYE_G_PER_G_INK / CLOTH_KG_M2
    cloth["printed_h"][fresh] = drive.calendar_h


def _dry(cloth: Cloth, zone: slice, now: Printer, sp: Setpoints, drive: Drive, dt_s: float) -> tuple[float, float]:
    """Temperature of the dryer and its electricity, kW."""
    air_c, cloth_kj = now.dryer_temp_c, 0.0
    if zone.start < zone.stop:
        kg = cloth.stretch_m * CLOTH_KG_M
        before = cloth["moisture_pct"][zone]
        after = dried(before, air_c, DRYER_FAN_PCT, dt_s)
        temp_c, heat_kj_kg = heated(cloth["temp_c"][zone], after, air_c, dt_s)
        cloth_kj = (float((before - after).sum()) / 100 * LATENT_KJ_KG + float(heat_kj_kg.sum())) * kg
        cloth["moisture_pct"][zone], cloth["temp_c"][zone] = after, temp_c
    dryer_sp = sp["dryer_temp_sp_c"]
    losses_kw = DRYER_LOSS_KW_K * (air_c - ROOM_C) + cloth_kj / dt_s
    heater = replace(DRYER, most_kw=DRYER.most_kw * (1 - drive.upset("cold_dryer.pct") / 100))
    return heater.step(air_c, dryer_sp if drive.hot else standby(dryer_sp), losses_kw, dt_s)


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
    levels, subs, used = values.pop("levels_l"), values.pop("sub_tanks_pct"), values.pop("used_ml")
    return {
        **values,
        **{f"ink{number}_level_l": level for number, level in enumerate(levels, 1)},
        **{f"ink{number}_sub_tank_pct": level for number, level in enumerate(subs, 1)},
        **{f"ink{number}_used_ml": ml for number, ml in enumerate(used, 1)},
    }


def alarms(now: Printer, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    runs = drive.moving and now.speed_m_min > 0
    printed_at_gauge = runs and GAUGE_AT_M < drive.entered_m < GAUGE_AT_M + drive.length_m
    tension_sp = sp["unwind_tension_sp_n"]
    given = {
        "ink_low": min(now.levels_l) < 0.15 * TANK_L,
        "head_temperature": drive.moving and abs(now.head_temp_c - sp["head_temp_sp_c"]) > 2.0,
        "meniscus": drive.moving and abs(now.meniscus_mbar - sp["meniscus_sp_mbar"]) > 5.0,
        "head_strike": drive.upset("head_strike.on") > 0,
        "ink_starved": min(now.sub_tanks_pct) < 15.0,
        "cloth_lifted": drive.upset("crease.on") > 0,
        "cloth_wet": runs and now.entry_moisture_pct > FREE_WATER_PCT,
        "print_wet": printed_at_gauge and now.residual_moisture_pct > FREE_WATER_PCT,
        "weft_bent": runs and max(abs(drive.upset("bow_skew.bow_mm")), abs(drive.upset("bow_skew.skew_mm"))) > 10.0,
        "belt_slip": runs and abs(now.belt_slip_pct) > 0.2,
        "web_break": now.unwind_tension_n < 0.05 * tension_sp,
        "tension_low": drive.moving and now.unwind_tension_n < 0.5 * tension_sp,
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Printer) -> Printer:
    """Counters of consumption at zero, low tanks exchanged; the gauge has the leader cloth before it."""
    full = refill(now)
    return replace(full, used_ml=(0.0,) * INKS, energy_kwh=0.0, dryer_kwh=0.0, residual_moisture_pct=LEADER_PCT)


PRESS = Process(
    name="press",
    profile="press",
    content_m=0.0,
    runout_m=GAUGE_AT_M,
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
    trips={
        "head_strike": Verb.ABORT,
        "cloth_lifted": Verb.HOLD,
        "meniscus": Verb.HOLD,
        "ink_starved": Verb.HOLD,
        "web_break": Verb.ABORT,
        "tension_low": Verb.HOLD,
    },
    new_job=new_job,
)
