"""Padder and three-chamber stenter: the cloth takes up liquor and is dried.

Figures are defaults from practice, editable: pick-up falls 0.65 % per kN/m of nip load and rises 0.15 % per m/min; the
burners heat 12 K/min and lose 10 % of the gas in the flue. Heat of the chambers: warming the cloth, evaporating its
water, warming the exhaust air (1.02 kJ/kgK), the walls, and what steel and insulation store.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from simulators.cloth import Cloth
from simulators.laws import (
    CLOTH_KG_M,
    LATENT_KJ_KG,
    LEADER_PCT,
    ROOM_C,
    Drive,
    Heated,
    approach,
    dried,
    heated,
    ramp,
    standby,
    tension,
)
from simulators.packml import Verb
from simulators.process import Process, Setpoints

__all__ = ["PADDER", "Padder"]

CHAMBERS = 3
CHAMBER_M = 4.0
DRYER_M = CHAMBERS * CHAMBER_M
PAD_TO_DRYER_M = 2.0
CONTENT_M = PAD_TO_DRYER_M + DRYER_M + 1.0
TROUGH_L = 60.0  # a litre of liquor weighs a kilogram
REFILL_KG_S = 0.5
ROOM_HUMIDITY_G_KG = 10.0
BURNER = Heated(store_kj_k=250.0, most_kw=110.0, up_k_min=12.0, tau_s=60.0)
FLUE = 0.9  # share of the gas that heats the chamber
WALL_KW_K = 0.1 / CHAMBERS
AIR_KG_S = 0.36  # dry exhaust air at full fan, all chambers together
AIR_HOLDUP_KG = 6.0
AIR_KJ_KG_K = 1.02
OUTSIDE_C = 25.0
LIQUOR_WATER = 0.9  # kg water per kg liquor; the rest is chemistry
TENSION_N = 80.0
UNDER_DRIED_PCT = 14.0  # behind it water is free and ink bleeds
PREFIX_PCT, PREFIX_C = 3.0, 105.0  # drier and hotter cloth loses its chemistry
PREFIX_PCT_S = 4.0


@dataclass(frozen=True, slots=True)
class Padder:
    """Physics of the padder and stenter; units in the names, chambers from the entry to the exit.

    The nip is loaded on the left, in the centre and on the right; ``pickup_pct`` is the gauge in the centre, which
    lags as the trough does. ``reads_low_k`` is how much less than the truth the chambers' thermometers show.
    """

    speed_m_min: float
    nip_load_kn_m: float
    nip_load_left_kn_m: float
    nip_load_right_kn_m: float
    pickup_pct: float
    pickup_left_pct: float
    pickup_right_pct: float
    liquor_temp_c: float
    liquor_level_pct: float
    refilling: bool
    chambers_c: tuple[float, ...]
    fan_pct: float
    exhaust_humidity_g_kg: float
    fabric_temp_c: float
    residual_moisture_pct: float
    width_mm: float
    overfeed_pct: float
    web_tension_n: float = TENSION_N
    reads_low_k: float = 0.0
    gas_kwh: float = 0.0
    energy_kwh: float = 0.0
    water_l: float = 0.0
    liquor_kg: float = 0.0


def power_up(sp: Setpoints) -> Padder:
    """Physics at standby."""
    nip, pickup = sp["nip_load_sp_kn_m"], _pickup(sp["nip_load_sp_kn_m"], sp["speed_sp_m_min"])
    return Padder(
        speed_m_min=0.0,
        nip_load_kn_m=nip,
        nip_load_left_kn_m=nip,
        nip_load_right_kn_m=nip,
        pickup_pct=pickup,
        pickup_left_pct=pickup,
        pickup_right_pct=pickup,
        liquor_temp_c=ROOM_C,
        liquor_level_pct=90.0,
        refilling=False,
        chambers_c=(standby(sp["chamber_temp_sp_c"]),) * CHAMBERS,
        fan_pct=sp["fan_sp_pct"],
        exhaust_humidity_g_kg=ROOM_HUMIDITY_G_KG,
        fabric_temp_c=ROOM_C,
        residual_moisture_pct=LEADER_PCT,
        width_mm=sp["width_sp_mm"],
        overfeed_pct=sp["overfeed_sp_pct"],
    )


def _pickup(load_kn_m: float, speed_m_min: float) -> float:
    return min(max(70.0 - 0.65 * (load_kn_m - 30.0) + 0.15 * (speed_m_min - 20.0), 40.0), 100.0)


def step(now: Padder, sp: Setpoints, drive: Drive, cloth: Cloth, dt_s: float) -> Padder:
    """Physics after ``dt_s`` seconds."""
    speed = ramp(
        now.speed_m_min, sp["speed_sp_m_min"] if drive.moving else 0.0, 20.0 if drive.quick_stop else 4.0, dt_s
    )
    entered_m = drive.entered_m + speed / 60 * dt_s
    # a splice passes at a third of the pressure
    load = sp["nip_load_sp_kn_m"] / (3.0 if drive.upset("splice.on") else 1.0)
    uneven = drive.upset("uneven_nip.kn_m")
    nip = approach(now.nip_load_kn_m, load, 1.5, dt_s)
    left = approach(now.nip_load_left_kn_m, load + uneven, 1.5, dt_s)
    right = approach(now.nip_load_right_kn_m, load - uneven, 1.5, dt_s)
    taken_kg = _pad(cloth, slice(cloth.passed(drive.entered_m), cloth.passed(entered_m)), (left, nip, right), speed)
    refilling = now.liquor_level_pct < (85.0 if now.refilling else 45.0)
    fed_kg = REFILL_KG_S * dt_s if refilling else 0.0
    level = now.liquor_level_pct + (fed_kg - taken_kg) / TROUGH_L * 100

    fan = approach(now.fan_pct, sp["fan_sp_pct"] if drive.hot else 20.0, 10.0, dt_s)
    air_kg_s = AIR_KG_S * fan / 100
    target_c = sp["chamber_temp_sp_c"] if drive.hot else standby(sp["chamber_temp_sp_c"])
    target_c += drive.upset("over_drying.k")
    burner = replace(BURNER, most_kw=BURNER.most_kw * (1 - drive.upset("under_drying.pct") / 100))
    chambers, evaporated_kg, burnt_kj = [], 0.0, 0.0
    for number, temp_c in enumerate(now.chambers_c):
        place_m = PAD_TO_DRYER_M + number * CHAMBER_M
        water_kg, cloth_kj = _dry(cloth, cloth.zone(entered_m, place_m, place_m + CHAMBER_M), temp_c, fan, dt_s)
        air_kw = air_kg_s / CHAMBERS * AIR_KJ_KG_K * (temp_c - OUTSIDE_C)
        losses_kw = cloth_kj / dt_s + air_kw + WALL_KW_K * (temp_c - ROOM_C)
        after_c, power_kw = burner.step(temp_c, target_c, losses_kw, dt_s)
        chambers.append(after_c)
        evaporated_kg += water_kg
        burnt_kj += power_kw * dt_s
    humidity = approach(
        now.exhaust_humidity_g_kg,
        ROOM_HUMIDITY_G_KG + evaporated_kg / dt_s / air_kg_s * 1000,
        AIR_HOLDUP_KG / air_kg_s,
        dt_s,
    )
    exit_m = PAD_TO_DRYER_M + DRYER_M
    power_kw = 1.5 + 3 * 11.0 * (fan / 100) ** 3 + (4.0 if speed > 0 else 0.0)
    pickups = [_pickup(side, speed) for side in (left, nip, right)]
    if speed > 0:
        pickups = [approach(old, new, 60.0, dt_s) for old, new in zip(_pickups(now), pickups, strict=True)]
    else:
        pickups = _pickups(now)
    return replace(
        now,
        speed_m_min=speed,
        nip_load_kn_m=nip,
        nip_load_left_kn_m=left,
        nip_load_right_kn_m=right,
        pickup_left_pct=pickups[0],
        pickup_pct=pickups[1],
        pickup_right_pct=pickups[2],
        liquor_temp_c=approach(now.liquor_temp_c, sp["liquor_temp_sp_c"], 180.0, dt_s),
        liquor_level_pct=level,
        refilling=refilling,
        chambers_c=tuple(chambers),
        fan_pct=fan,
        exhaust_humidity_g_kg=humidity,
        fabric_temp_c=cloth.at(entered_m, exit_m, "temp_c", now.fabric_temp_c),
        residual_moisture_pct=cloth.at(entered_m, exit_m, "moisture_pct", now.residual_moisture_pct),
        width_mm=ramp(now.width_mm, sp["width_sp_mm"], 20.0, dt_s),
        overfeed_pct=ramp(now.overfeed_pct, sp["overfeed_sp_pct"], 2.0, dt_s),
        reads_low_k=drive.upset("over_drying.k"),
        web_tension_n=tension(now.web_tension_n, TENSION_N, drive, dt_s),
        gas_kwh=now.gas_kwh + burnt_kj / FLUE / 3600,
        energy_kwh=now.energy_kwh + power_kw * dt_s / 3600,
        water_l=now.water_l + taken_kg * LIQUOR_WATER,
        liquor_kg=now.liquor_kg + taken_kg,
    )


def _pickups(now: Padder) -> list[float]:
    return [now.pickup_left_pct, now.pickup_pct, now.pickup_right_pct]


def _pad(cloth: Cloth, fresh: slice, loads_kn_m: tuple[float, ...], speed_m_min: float) -> float:
    """Pad the stretches that pass the nip; returns the liquor they took, kg."""
    if fresh.start == fresh.stop:
        return 0.0
    left, centre, right = (_pickup(load, speed_m_min) for load in loads_kn_m)
    mean = (left + 2 * centre + right) / 4
    cloth["pickup_left_pct"][fresh], cloth["pickup_pct"][fresh], cloth["pickup_right_pct"][fresh] = left, centre, right
    cloth["moisture_pct"][fresh] += mean * LIQUOR_WATER
    cloth["salt_g_kg"][fresh] += mean * (1 - LIQUOR_WATER) * 10
    return mean / 100 * (fresh.stop - fresh.start) * cloth.stretch_m * CLOTH_KG_M


def _dry(cloth: Cloth, zone: slice, air_c: float, fan_pct: float, dt_s: float) -> tuple[float, float]:
    """Dry the stretches in a chamber; returns the water they lost (kg) and the heat they took (kJ)."""
    if zone.start == zone.stop:
        return 0.0, 0.0
    kg = cloth.stretch_m * CLOTH_KG_M
    before = cloth["moisture_pct"][zone]
    after = dried(before, air_c, fan_pct, dt_s)
    temp_c, heat_kj_kg = heated(cloth["temp_c"][zone], after, air_c, dt_s)
    water_kg = float((before - after).sum()) / 100 * kg
    cloth["moisture_pct"][zone], cloth["temp_c"][zone] = after, temp_c
    np.maximum(cloth["hottest_c"][zone], temp_c, out=cloth["hottest_c"][zone])
    harsh = (after < PREFIX_PCT) & (temp_c > PREFIX_C)
    cloth["chemistry"][zone] *= 1.0 - harsh * (PREFIX_PCT_S / 100 * dt_s)
    return water_kg, water_kg * LATENT_KJ_KG + float(heat_kj_kg.sum()) * kg


def ready(now: Padder, sp: Setpoints) -> bool:
    """Chambers within 2 K, width within 2 mm, nip load within 0.5 kN/m."""
    return (
        all(abs(shown_c - sp["chamber_temp_sp_c"]) <= 2.0 for shown_c in _shown(now))
        and abs(now.width_mm - sp["width_sp_mm"]) <= 2.0
        and abs(now.nip_load_kn_m - sp["nip_load_sp_kn_m"]) <= 0.5
    )


def _shown(now: Padder) -> list[float]:
    return [temp_c - now.reads_low_k for temp_c in now.chambers_c]


def actuals(now: Padder) -> dict[str, float]:
    """Published process values."""
    values = asdict(now)
    for name in ("refilling", "chambers_c", "reads_low_k"):
        del values[name]
    return {**values, **{f"chamber{number}_temp_c": temp_c for number, temp_c in enumerate(_shown(now), 1)}}


def alarms(now: Padder, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    runs = drive.moving and now.speed_m_min > 0
    place_m = PAD_TO_DRYER_M + DRYER_M
    cloth_at_exit = runs and place_m < drive.entered_m < place_m + drive.length_m
    given = {
        "chamber_over_temperature": drive.moving and max(_shown(now)) > sp["chamber_temp_sp_c"] + 20.0,
        "liquor_low": now.liquor_level_pct < 15.0,
        "over_dried": cloth_at_exit and now.residual_moisture_pct < 2.0,
        "under_dried": cloth_at_exit and now.residual_moisture_pct > UNDER_DRIED_PCT,
        "nip_uneven": abs(now.nip_load_left_kn_m - now.nip_load_right_kn_m) > 3.0,
        "web_break": now.web_tension_n < 0.05 * TENSION_N,
        "tension_low": drive.moving and now.web_tension_n < 0.5 * TENSION_N,
        "weft_bent": runs and max(abs(drive.upset("bow_skew.bow_mm")), abs(drive.upset("bow_skew.skew_mm"))) > 10.0,
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Padder) -> Padder:
    """Counters of consumption at zero; the gauge has the dry leader cloth before it."""
    return replace(now, residual_moisture_pct=LEADER_PCT, gas_kwh=0.0, energy_kwh=0.0, water_l=0.0, liquor_kg=0.0)


PADDER = Process(
    name="padder",
    profile="padder-stenter",
    content_m=CONTENT_M,
    runout_m=0.0,
    setpoints={
        "speed_sp_m_min": 20.0,
        "nip_load_sp_kn_m": 30.0,
        "liquor_temp_sp_c": 22.0,
        "chamber_temp_sp_c": 110.0,
        "fan_sp_pct": 80.0,
        "width_sp_mm": 1400.0,
        "overfeed_sp_pct": 2.0,
    },
    power_up=power_up,
    step=step,
    ready=ready,
    actuals=actuals,
    alarms=alarms,
    trips={"web_break": Verb.ABORT, "tension_low": Verb.HOLD},
    new_job=new_job,
)
