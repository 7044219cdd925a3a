"""Padder and three-chamber stenter: the cloth takes up liquor and is dried.

Figures are defaults from practice, editable: pick-up falls 0.65 % per kN/m of nip load and rises 0.15 % per m/min; the
burners heat 12 K/min. Heat: 2.6 MJ per kg of water, and the exhaust air from 25 °C (calculated; 1.02 kJ/kgK).
"""

from dataclasses import asdict, dataclass, replace

from simulators.laws import CLOTH_KG_M2, ROOM_C, Drive, approach, drying, heat, in_zone, ramp, standby
from simulators.process import Process, Setpoints

__all__ = ["PADDER", "Padder"]

DRYER_M = 12.0  # three chambers of 4 m
PAD_TO_DRYER_M = 2.0
CONTENT_M = PAD_TO_DRYER_M + DRYER_M + 1.0
TROUGH_L = 60.0
ROOM_HUMIDITY_G_KG = 10.0
CHAMBER_KJ_K = 250.0  # steel and insulation of one chamber
AIR_KG_S = 0.36  # dry exhaust air at full fan
LIQUOR_WATER = 0.9  # kg water per kg liquor


@dataclass(frozen=True, slots=True)
class Padder:
    """Physics of the padder and stenter; units in the names."""

    speed_m_min: float
    nip_load_kn_m: float
    pickup_pct: float
    liquor_temp_c: float
    liquor_level_pct: float
    refilling: bool
    chamber1_temp_c: float
    chamber2_temp_c: float
    chamber3_temp_c: float
    fan_pct: float
    exhaust_humidity_g_kg: float
    fabric_temp_c: float
    residual_moisture_pct: float
    width_mm: float
    overfeed_pct: float
    gas_kwh: float = 0.0
    energy_kwh: float = 0.0
    water_l: float = 0.0
    liquor_kg: float = 0.0


def power_up(sp: Setpoints) -> Padder:
    """Physics at standby."""
    chamber = standby(sp["chamber_temp_sp_c"])
    return Padder(
        speed_m_min=0.0,
        nip_load_kn_m=sp["nip_load_sp_kn_m"],
        pickup_pct=_pickup(sp["nip_load_sp_kn_m"], sp["speed_sp_m_min"]),
        liquor_temp_c=ROOM_C,
        liquor_level_pct=90.0,
        refilling=False,
        chamber1_temp_c=chamber,
        chamber2_temp_c=chamber,
        chamber3_temp_c=chamber,
        fan_pct=sp["fan_sp_pct"],
        exhaust_humidity_g_kg=ROOM_HUMIDITY_G_KG,
        fabric_temp_c=ROOM_C,
        residual_moisture_pct=7.0,
        width_mm=sp["width_sp_mm"],
        overfeed_pct=sp["overfeed_sp_pct"],
    )


def _pickup(load_kn_m: float, speed_m_min: float) -> float:
    return min(max(70.0 - 0.65 * (load_kn_m - 30.0) + 0.15 * (speed_m_min - 20.0), 40.0), 100.0)


def step(now: Padder, sp: Setpoints, drive: Drive, dt_s: float) -> Padder:
    """Physics after ``dt_s`` seconds."""
    speed = ramp(
        now.speed_m_min, sp["speed_sp_m_min"] if drive.moving else 0.0, 20.0 if drive.quick_stop else 4.0, dt_s
    )
    cloth_kg_s = speed / 60 * now.width_mm / 1000 * CLOTH_KG_M2
    nip = approach(now.nip_load_kn_m, sp["nip_load_sp_kn_m"], 1.5, dt_s)
    pickup = approach(now.pickup_pct, _pickup(nip, speed), 60.0, dt_s) if speed > 0 else now.pickup_pct
    liquor_kg_s = cloth_kg_s * pickup / 100 * in_zone(drive, 0.0, 1.0)
    refilling = now.liquor_level_pct < (85.0 if now.refilling else 45.0)
    level = now.liquor_level_pct + ((0.5 if refilling else 0.0) - liquor_kg_s) * dt_s / TROUGH_L * 100

    target_c = sp["chamber_temp_sp_c"] if drive.hot else standby(sp["chamber_temp_sp_c"])
    evaporated_kg_s = (
        cloth_kg_s
        * max(now.pickup_pct - now.residual_moisture_pct, 0.0)
        / 100
        * in_zone(drive, PAD_TO_DRYER_M, PAD_TO_DRYER_M + DRYER_M)
    )
    # the first chamber carries most of the evaporation and sags a little
    chambers = [
        heat(old, target_c - sag * evaporated_kg_s, 12.0, 6.0, 60.0, dt_s)
        for old, sag in zip(
            (now.chamber1_temp_c, now.chamber2_temp_c, now.chamber3_temp_c), (40.0, 15.0, 5.0), strict=True
        )
    ]
    fan = approach(now.fan_pct, sp["fan_sp_pct"] if drive.hot else 20.0, 10.0, dt_s)
    air_kg_s = AIR_KG_S * fan / 100
    humidity = approach(now.exhaust_humidity_g_kg, ROOM_HUMIDITY_G_KG + evaporated_kg_s / air_kg_s * 1000, 20.0, dt_s)
    mean_c = sum(chambers) / 3
    if speed > 0:
        dwell_s = DRYER_M / speed * 60
        out = drying(pickup, mean_c, fan, dwell_s)
        residual = approach(now.residual_moisture_pct, out.moisture_pct, dwell_s / 2, dt_s)
        fabric_c = approach(now.fabric_temp_c, out.cloth_c, dwell_s / 2, dt_s)
    else:
        residual, fabric_c = now.residual_moisture_pct, approach(now.fabric_temp_c, mean_c, 60.0, dt_s)

    warming_k_s = sum(chambers) - now.chamber1_temp_c - now.chamber2_temp_c - now.chamber3_temp_c
    gas_kw = (
        evaporated_kg_s * 2600.0
        + air_kg_s * 1.02 * (mean_c - 25.0)
        + 0.1 * (mean_c - ROOM_C)
        + max(CHAMBER_KJ_K * warming_k_s / dt_s, 0.0)
    ) / 0.9
    power_kw = 1.5 + 3 * 11.0 * (fan / 100) ** 3 + (4.0 if speed > 0 else 0.0)
    return replace(
        now,
        speed_m_min=speed,
        nip_load_kn_m=nip,
        pickup_pct=pickup,
        liquor_temp_c=approach(now.liquor_temp_c, sp["liquor_temp_sp_c"], 180.0, dt_s),
        liquor_level_pct=level,
        refilling=refilling,
        chamber1_temp_c=chambers[0],
        chamber2_temp_c=chambers[1],
        chamber3_temp_c=chambers[2],
        fan_pct=fan,
        exhaust_humidity_g_kg=humidity,
        fabric_temp_c=fabric_c,
        residual_moisture_pct=residual,
        width_mm=ramp(now.width_mm, sp["width_sp_mm"], 20.0, dt_s),
        overfeed_pct=ramp(now.overfeed_pct, sp["overfeed_sp_pct"], 2.0, dt_s),
        gas_kwh=now.gas_kwh + gas_kw * dt_s / 3600,
        energy_kwh=now.energy_kwh + power_kw * dt_s / 3600,
        water_l=now.water_l + liquor_kg_s * LIQUOR_WATER * dt_s,
        liquor_kg=now.liquor_kg + liquor_kg_s * dt_s,
    )


def ready(now: Padder, sp: Setpoints) -> bool:
    """Chambers within 2 K, width within 2 mm, nip load within 0.5 kN/m."""
    chambers = (now.chamber1_temp_c, now.chamber2_temp_c, now.chamber3_temp_c)
    return (
        all(abs(chamber - sp["chamber_temp_sp_c"]) <= 2.0 for chamber in chambers)
        and abs(now.width_mm - sp["width_sp_mm"]) <= 2.0
        and abs(now.nip_load_kn_m - sp["nip_load_sp_kn_m"]) <= 0.5
    )


def actuals(now: Padder) -> dict[str, float]:
    """Published process values."""
    values = asdict(now)
    del values["refilling"]
    return values


def alarms(now: Padder, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    hottest = max(now.chamber1_temp_c, now.chamber2_temp_c, now.chamber3_temp_c)
    cloth_at_exit = in_zone(drive, CONTENT_M - 1.0, CONTENT_M) > 0 and now.speed_m_min > 0
    given = {
        "chamber_over_temperature": drive.moving and hottest > sp["chamber_temp_sp_c"] + 20.0,
        "liquor_low": now.liquor_level_pct < 15.0,
        "over_dried": cloth_at_exit and now.residual_moisture_pct < 2.0,
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Padder) -> Padder:
    """Counters of consumption at zero."""
    return replace(now, gas_kwh=0.0, energy_kwh=0.0, water_l=0.0, liquor_kg=0.0)


PADDER = Process(
    profile="padder-stenter",
    content_m=CONTENT_M,
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
    new_job=new_job,
)
