"""Six-box open-width washer with counterflow and a dryer behind it.

What can be washed out (salt of the padding, dye that is not fixed) passes between the cloth and each bath, and goes
with the water from the last box to the first and down the drain. So in each box the share carry / (carry + flow) of
what came in goes on with the cloth (calculated: 0.8 l/kg carried over and 10 l/kg of water leave 7.4 % per box). Boxes
are heated by direct steam (2257 kJ/kg and the condensate), and a box colder than the water that overflows into it has a
cooler. Loose dye stains the white ground, the faster the hotter its bath. Other figures: default from practice.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from simulators.cloth import Cloth
from simulators.laws import (
    CLOTH_KG_M,
    LATENT_KJ_KG,
    ROOM_C,
    WATER_KJ_KG_K,
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

__all__ = ["WASHER", "Washer"]

BOXES = 6
BOX_M = 12.0
BOX_KG = 500.0  # water in a box
DRYER_M = 12.0
CONTENT_M = BOXES * BOX_M + DRYER_M
CARRY_L_KG = 0.8
SQUEEZED_PCT = 70.0
EXCHANGE_S = 6.0  # the cloth's liquor becomes that of the bath
FRESH_MS_CM = 0.5
MS_CM_PER_G_L = 0.35  # of urea, alkali and thickener together
WATER_C = 15.0
STEAM_KJ_KG = 2257.0
BOX = Heated(store_kj_k=BOX_KG * WATER_KJ_KG_K, most_kw=350.0, up_k_min=3.0, tau_s=40.0)
COOLER_KW = 250.0
BOX_LOSS_KW_K = 0.1
DRYER = Heated(store_kj_k=400.0, most_kw=260.0, up_k_min=8.0, tau_s=60.0)
DRYER_LOSS_KW_K = 0.3
DRYER_FAN_PCT = 100.0
TENSION_N = 60.0
STAIN_FROM_C = 35.0
STAIN_DE_PER_G_L_K_S = 0.05


@dataclass(frozen=True, slots=True)
class Washer:
    """Physics of the washer; units in the names, boxes from the entry to the exit.

    ``salt_g_l`` and ``dye_g_l`` are what each bath holds, ``short_kg`` the water the boxes lack to overflow; the last
    ones are what the balances need.
    """

    speed_m_min: float
    boxes_c: tuple[float, ...]
    salt_g_l: tuple[float, ...]
    dye_g_l: tuple[float, ...]
    water_l_min: float
    soap_ml_min: float
    dryer_temp_c: float
    residual_moisture_pct: float
    ground_stain_de: float = 0.0
    short_kg: float = 0.0
    web_tension_n: float = TENSION_N
    water_l: float = 0.0
    soap_ml: float = 0.0
    steam_kg: float = 0.0
    energy_kwh: float = 0.0
    direct_steam_kg: float = 0.0
    drained_l: float = 0.0
    drained_salt_g: float = 0.0
    drained_kj: float = 0.0
    cooled_kj: float = 0.0


def _boxes(sp: Setpoints) -> list[float]:
    return [sp[f"box{number}_temp_sp_c"] for number in range(1, BOXES + 1)]


def power_up(sp: Setpoints) -> Washer:
    """Physics at standby, clean baths."""
    return Washer(
        speed_m_min=0.0,
        boxes_c=tuple(standby(box) for box in _boxes(sp)),
        salt_g_l=(0.0,) * BOXES,
        dye_g_l=(0.0,) * BOXES,
        water_l_min=0.0,
        soap_ml_min=0.0,
        dryer_temp_c=standby(sp["dryer_temp_sp_c"]),
        residual_moisture_pct=5.0,
    )


def step(now: Washer, sp: Setpoints, drive: Drive, cloth: Cloth, dt_s: float) -> Washer:
    """Physics after ``dt_s`` seconds."""
    speed = ramp(
        now.speed_m_min, sp["speed_sp_m_min"] if drive.moving else 0.0, 20.0 if drive.quick_stop else 4.0, dt_s
    )
    entered_m = drive.entered_m + speed / 60 * dt_s
    wanted_l_min = sp["water_sp_l_min"] * (1 - drive.upset("bath_exhaustion.pct") / 100)
    water = approach(now.water_l_min, wanted_l_min if speed > 0 else 0.0, 3.0, dt_s)
    soap = approach(now.soap_ml_min, sp["soap_sp_ml_min"] if speed > 0 else 0.0, 3.0, dt_s)

    zones = [cloth.zone(entered_m, number * BOX_M, (number + 1) * BOX_M) for number in range(BOXES)]
    soaked_kg = _soak(cloth, zones[0], slice(cloth.passed(drive.entered_m), cloth.passed(entered_m)))
    flow_kg = water / 60 * dt_s
    temps, steam_kg, cooled_kj = _heat_boxes(now, sp, drive, flow_kg, dt_s)
    salt = _rinse(cloth, zones, "salt_g_kg", now.salt_g_l, flow_kg, dt_s)
    dye = _rinse(cloth, zones, "dye_g_kg", now.dye_g_l, flow_kg, dt_s)
    for zone, temp_c, grams in zip(zones, temps, dye, strict=True):
        if zone.start < zone.stop and temp_c > STAIN_FROM_C:
            cloth["stain_de"][zone] += STAIN_DE_PER_G_L_K_S * grams * (temp_c - STAIN_FROM_C) * dt_s
    nip_m = BOXES * BOX_M
    pressed_kg = _squeeze(cloth, slice(cloth.passed(drive.entered_m - nip_m), cloth.passed(entered_m - nip_m)))
    dryer_c, dryer_kw = _dry(cloth, cloth.zone(entered_m, BOXES * BOX_M, CONTENT_M), now, sp, drive, dt_s)

    power_kw = 2.0 + (BOXES * 1.5 + 15.0 if speed > 0 else 0.0)
    surplus_kg = flow_kg + steam_kg - soaked_kg + pressed_kg - now.short_kg
    return replace(
        now,
        speed_m_min=speed,
        boxes_c=tuple(temps),
        salt_g_l=salt,
        dye_g_l=dye,
        water_l_min=water,
        soap_ml_min=soap,
        dryer_temp_c=dryer_c,
        residual_moisture_pct=cloth.at(entered_m, CONTENT_M, "moisture_pct", now.residual_moisture_pct),
        ground_stain_de=cloth.at(entered_m, CONTENT_M, "stain_de", now.ground_stain_de),
        web_tension_n=tension(now.web_tension_n, TENSION_N, drive, dt_s),
        water_l=now.water_l + flow_kg,
        soap_ml=now.soap_ml + soap * dt_s / 60,
        steam_kg=now.steam_kg + steam_kg + dryer_kw * dt_s / STEAM_KJ_KG,
        energy_kwh=now.energy_kwh + power_kw * dt_s / 3600,
        direct_steam_kg=now.direct_steam_kg + steam_kg,
        short_kg=max(-surplus_kg, 0.0),
        drained_l=now.drained_l + max(surplus_kg, 0.0),
        drained_salt_g=now.drained_salt_g + flow_kg * now.salt_g_l[0],
        drained_kj=now.drained_kj + flow_kg * WATER_KJ_KG_K * (now.boxes_c[0] - WATER_C),
        cooled_kj=now.cooled_kj + cooled_kj,
    )


def _soak(cloth: Cloth, first: slice, fresh: slice) -> float:
    """Wet the entering stretches; returns the water they took, kg."""
    if fresh.start == fresh.stop:
        return 0.0
    before = cloth["moisture_pct"][fresh]
    taken_pct = np.maximum(CARRY_L_KG * 100 - before, 0.0)
    cloth["moisture_pct"][fresh] += taken_pct
    return float(taken_pct.sum()) / 100 * cloth.stretch_m * CLOTH_KG_M


def _squeeze(cloth: Cloth, leaving: slice) -> float:
    """Squeeze the stretches that leave the last box; returns the water pressed out, kg."""
    if leaving.start >= leaving.stop:
        return 0.0
    pressed_pct = np.maximum(cloth["moisture_pct"][leaving] - SQUEEZED_PCT, 0.0)
    cloth["moisture_pct"][leaving] -= pressed_pct
    return float(pressed_pct.sum()) / 100 * cloth.stretch_m * CLOTH_KG_M


def _heat_boxes(
    now: Washer, sp: Setpoints, drive: Drive, flow_kg: float, dt_s: float
) -> tuple[list[float], float, float]:
    """Temperatures of the boxes, the direct steam (kg) and the heat the coolers took (kJ)."""
    temps, steam_kg, cooled_kj = [], 0.0, 0.0
    # the cloth carries little water: what it brings from box to box is left out
    incoming = (*now.boxes_c[1:], WATER_C)
    for number, (temp_c, target_c) in enumerate(zip(now.boxes_c, _boxes(sp), strict=True)):
        target_c = target_c if drive.hot else standby(target_c)
        target_c += drive.upset("hot_first_bath.k") if number == 0 and drive.hot else 0.0
        losses_kw = BOX_LOSS_KW_K * (temp_c - ROOM_C) + flow_kg / dt_s * WATER_KJ_KG_K * (temp_c - incoming[number])
        surplus_kw = BOX.store_kj_k * (temp_c - target_c) / BOX.tau_s - losses_kw
        cooling_kw = min(max(surplus_kw, 0.0), COOLER_KW) if temp_c > WATER_C + 1.0 else 0.0
        after_c, power_kw = BOX.step(temp_c, target_c, losses_kw + cooling_kw, dt_s)
        temps.append(after_c)
        steam_kg += power_kw * dt_s / STEAM_KJ_KG
        cooled_kj += cooling_kw * dt_s
    return temps, steam_kg, cooled_kj


def _rinse(
    cloth: Cloth, zones: list[slice], name: str, baths_g_l: tuple[float, ...], flow_l: float, dt_s: float
) -> tuple[float, ...]:
    """Exchange between cloth and baths, and the counterflow; returns the baths, g/l."""
    kg = cloth.stretch_m * CLOTH_KG_M
    share = 1 - np.exp(-dt_s / EXCHANGE_S)
    grams = [bath * BOX_KG for bath in baths_g_l]
    for number, zone in enumerate(zones):
        if zone.start < zone.stop:
            carried = cloth[name][zone]
            given = (carried - CARRY_L_KG * baths_g_l[number]) * share
            cloth[name][zone] = carried - given
            grams[number] += float(given.sum()) * kg
    flowing = [flow_l * bath for bath in (*baths_g_l, 0.0)]
    return tuple((gram + flowing[n + 1] - flowing[n]) / BOX_KG for n, gram in enumerate(grams))


def _dry(cloth: Cloth, zone: slice, now: Washer, sp: Setpoints, drive: Drive, dt_s: float) -> tuple[float, float]:
    """Temperature of the dryer and its steam as power, kW."""
    water_kg, cloth_kj, air_c = 0.0, 0.0, now.dryer_temp_c
    if zone.start < zone.stop:
        kg = cloth.stretch_m * CLOTH_KG_M
        before = cloth["moisture_pct"][zone]
        after = dried(before, air_c, DRYER_FAN_PCT, dt_s)
        temp_c, heat_kj_kg = heated(cloth["temp_c"][zone], after, air_c, dt_s)
        water_kg = float((before - after).sum()) / 100 * kg
        cloth["moisture_pct"][zone], cloth["temp_c"][zone] = after, temp_c
        cloth_kj = water_kg * LATENT_KJ_KG + float(heat_kj_kg.sum()) * kg
    target_c = sp["dryer_temp_sp_c"] if drive.hot else standby(sp["dryer_temp_sp_c"])
    # the exhaust takes half a megajoule with each kilogram of water
    losses_kw = DRYER_LOSS_KW_K * (air_c - ROOM_C) + cloth_kj / dt_s + water_kg * 500.0 / dt_s
    return DRYER.step(air_c, target_c, losses_kw, dt_s)


def ready(now: Washer, sp: Setpoints) -> bool:
    """Boxes within 2 K, dryer within 3 K."""
    boxes_ready = all(abs(box - wanted) <= 2.0 for box, wanted in zip(now.boxes_c, _boxes(sp), strict=True))
    return boxes_ready and abs(now.dryer_temp_c - sp["dryer_temp_sp_c"]) <= 3.0


def _conductivity(salt_g_l: float) -> float:
    return FRESH_MS_CM + MS_CM_PER_G_L * salt_g_l


def actuals(now: Washer) -> dict[str, float]:
    """Published process values."""
    values = {name: value for name, value in asdict(now).items() if not isinstance(value, tuple)}
    for name in ("short_kg", "direct_steam_kg", "drained_l", "drained_salt_g", "drained_kj", "cooled_kj"):
        del values[name]
    return {
        **values,
        **{f"box{number}_temp_c": box for number, box in enumerate(now.boxes_c, 1)},
        **{f"box{number}_conductivity_ms_cm": _conductivity(salt) for number, salt in enumerate(now.salt_g_l, 1)},
    }


def alarms(now: Washer, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    at_exit = CONTENT_M < drive.entered_m < CONTENT_M + drive.length_m and now.speed_m_min > 0
    at_speed = drive.moving and now.speed_m_min > 0.9 * sp["speed_sp_m_min"]
    cold = any(box < wanted - 5.0 for box, wanted in zip(now.boxes_c, _boxes(sp), strict=True))
    given = {
        "box_temperature_low": drive.moving and cold,
        "bath_exhausted": _conductivity(now.salt_g_l[-1]) > 0.8,
        "baths_loaded": _conductivity(now.salt_g_l[0]) > 3.0,
        "over_dried": at_exit and now.residual_moisture_pct < 2.0,
        "water_low": at_speed and now.water_l_min < 0.5 * sp["water_sp_l_min"],
        "first_bath_hot": drive.moving and now.boxes_c[0] > sp["box1_temp_sp_c"] + 5.0,
        "ground_stained": at_exit and now.ground_stain_de > 1.0,
        "web_break": now.web_tension_n < 0.05 * TENSION_N,
        "tension_low": drive.moving and now.web_tension_n < 0.5 * TENSION_N,
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Washer) -> Washer:
    """Counters of consumption at zero; the baths stay what they are."""
    return replace(
        now,
        water_l=0.0,
        soap_ml=0.0,
        steam_kg=0.0,
        energy_kwh=0.0,
        direct_steam_kg=0.0,
        drained_l=0.0,
        drained_salt_g=0.0,
        drained_kj=0.0,
        cooled_kj=0.0,
        ground_stain_de=0.0,
    )


WASHER = Process(
    name="washer",
    profile="open-width-washer",
    content_m=CONTENT_M,
    runout_m=0.0,
    setpoints={
        "speed_sp_m_min": 20.0,
        **{f"box{number}_temp_sp_c": temp for number, temp in enumerate((25.0, 40.0, 60.0, 80.0, 60.0, 25.0), 1)},
        "water_sp_l_min": 60.0,
        "dryer_temp_sp_c": 110.0,
        "soap_sp_ml_min": 100.0,
    },
    power_up=power_up,
    step=step,
    ready=ready,
    actuals=actuals,
    alarms=alarms,
    trips={"web_break": Verb.ABORT, "tension_low": Verb.HOLD},
    new_job=new_job,
)
