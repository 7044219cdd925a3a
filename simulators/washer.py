"""Six-box open-width washer with counterflow and a dryer behind it.

Calculated: in each box the share carry / (carry + flow) of what came in goes on with the cloth (0.8 l/kg carried over,
10 l/kg of water: 7.4 % left per box). All other figures are defaults from practice, editable.
"""

from dataclasses import asdict, dataclass, replace

from simulators.laws import CLOTH_KG_M2, ROOM_C, Drive, approach, drying, heat, in_zone, ramp, standby
from simulators.process import Process, Setpoints

__all__ = ["WASHER", "Washer"]

BOXES = 6
BOX_M = 12.0
BOX_L = 800.0
DRYER_M = 12.0
CONTENT_M = BOXES * BOX_M + DRYER_M
WIDTH_M = 1.4
CARRY_L_KG = 0.8
SQUEEZED_PCT = 70.0
FRESH_MS_CM = 0.5
CLOTH_MS_CM = 30.0  # what the liquor in the printed cloth would measure
WATER_C = 15.0


@dataclass(frozen=True, slots=True)
class Washer:
    """Physics of the washer; units in the names, ``boxes_c`` from the entry to the exit."""

    speed_m_min: float
    boxes_c: tuple[float, ...]
    box1_conductivity_ms_cm: float
    box6_conductivity_ms_cm: float
    water_l_min: float
    soap_ml_min: float
    dryer_temp_c: float
    residual_moisture_pct: float
    water_l: float = 0.0
    steam_kg: float = 0.0
    energy_kwh: float = 0.0


def _boxes(sp: Setpoints) -> list[float]:
    return [sp[f"box{number}_temp_sp_c"] for number in range(1, BOXES + 1)]


def power_up(sp: Setpoints) -> Washer:
    """Physics at standby."""
    return Washer(
        speed_m_min=0.0,
        boxes_c=tuple(standby(box) for box in _boxes(sp)),
        box1_conductivity_ms_cm=FRESH_MS_CM,
        box6_conductivity_ms_cm=FRESH_MS_CM,
        water_l_min=0.0,
        soap_ml_min=0.0,
        dryer_temp_c=standby(sp["dryer_temp_sp_c"]),
        residual_moisture_pct=5.0,
    )


def step(now: Washer, sp: Setpoints, drive: Drive, dt_s: float) -> Washer:
    """Physics after ``dt_s`` seconds."""
    speed = ramp(
        now.speed_m_min, sp["speed_sp_m_min"] if drive.moving else 0.0, 20.0 if drive.quick_stop else 4.0, dt_s
    )
    cloth_kg_min = speed * WIDTH_M * CLOTH_KG_M2
    boxes = tuple(
        heat(old, box if drive.hot else standby(box), 3.0, 3.0, 30.0, dt_s)
        for old, box in zip(now.boxes_c, _boxes(sp), strict=True)
    )
    water = approach(now.water_l_min, sp["water_sp_l_min"] if speed > 0 else 0.0, 3.0, dt_s)
    soap = approach(now.soap_ml_min, sp["soap_sp_ml_min"] if speed > 0 else 0.0, 3.0, dt_s)

    left = 1.0
    if cloth_kg_min > 0:
        left = CARRY_L_KG / (CARRY_L_KG + water / cloth_kg_min)
    dirt = CLOTH_MS_CM * in_zone(drive, 0.0, BOX_M)
    dirt_last = CLOTH_MS_CM * in_zone(drive, (BOXES - 1) * BOX_M, BOXES * BOX_M)
    tau_s = 120.0 if speed > 0 else 1e9
    box1 = approach(now.box1_conductivity_ms_cm, FRESH_MS_CM + dirt * left, tau_s, dt_s)
    box6 = approach(now.box6_conductivity_ms_cm, FRESH_MS_CM + dirt_last * left**BOXES, tau_s, dt_s)

    dryer_sp = sp["dryer_temp_sp_c"]
    dryer = heat(now.dryer_temp_c, dryer_sp if drive.hot else standby(dryer_sp), 8.0, 6.0, 60.0, dt_s)
    residual, evaporated_kg_s = now.residual_moisture_pct, 0.0
    if speed > 0:
        dwell_s = DRYER_M / speed * 60
        out = drying(SQUEEZED_PCT, dryer, 80.0, dwell_s)
        residual = approach(residual, out.moisture_pct, dwell_s / 2, dt_s)
        evaporated_kg_s = cloth_kg_min / 60 * (SQUEEZED_PCT - residual) / 100 * in_zone(drive, BOXES * BOX_M, CONTENT_M)
    # direct steam: warm the boxes and the fresh water (40 % comes back by the heat exchanger), dry the cloth
    warming_kw = sum(max(new - old, 0.0) for new, old in zip(boxes, now.boxes_c, strict=True)) * BOX_L * 4.19 / dt_s
    water_kw = water / 60 * 4.19 * max(sum(boxes) / BOXES - WATER_C, 0.0) * 0.6
    losses_kw = sum(max(box - ROOM_C, 0.0) for box in boxes) * 0.03
    steam_kg_s = (warming_kw + water_kw + losses_kw + evaporated_kg_s * 3600.0) / 2257
    power_kw = 2.0 + (BOXES * 1.5 + 15.0 if speed > 0 else 0.0)
    return replace(
        now,
        speed_m_min=speed,
        boxes_c=boxes,
        box1_conductivity_ms_cm=box1,
        box6_conductivity_ms_cm=box6,
        water_l_min=water,
        soap_ml_min=soap,
        dryer_temp_c=dryer,
        residual_moisture_pct=residual,
        water_l=now.water_l + water * dt_s / 60,
        steam_kg=now.steam_kg + steam_kg_s * dt_s,
        energy_kwh=now.energy_kwh + power_kw * dt_s / 3600,
    )


def ready(now: Washer, sp: Setpoints) -> bool:
    """Boxes within 2 K, dryer within 3 K."""
    boxes_ready = all(abs(box - wanted) <= 2.0 for box, wanted in zip(now.boxes_c, _boxes(sp), strict=True))
    return boxes_ready and abs(now.dryer_temp_c - sp["dryer_temp_sp_c"]) <= 3.0


def actuals(now: Washer) -> dict[str, float]:
    """Published process values."""
    values = asdict(now)
    boxes = values.pop("boxes_c")
    return {**values, **{f"box{number}_temp_c": box for number, box in enumerate(boxes, 1)}}


def alarms(now: Washer, sp: Setpoints, drive: Drive) -> frozenset[str]:
    """Alarms whose condition is given."""
    cloth_at_exit = in_zone(drive, CONTENT_M - 1.0, CONTENT_M) > 0 and now.speed_m_min > 0
    cold = any(box < wanted - 5.0 for box, wanted in zip(now.boxes_c, _boxes(sp), strict=True))
    given = {
        "box_temperature_low": drive.moving and cold,
        "bath_exhausted": now.box6_conductivity_ms_cm > 3.0,
        "over_dried": cloth_at_exit and now.residual_moisture_pct < 2.0,
    }
    return frozenset(name for name, is_given in given.items() if is_given)


def new_job(now: Washer) -> Washer:
    """Counters of consumption at zero."""
    return replace(now, water_l=0.0, steam_kg=0.0, energy_kwh=0.0)


WASHER = Process(
    profile="open-width-washer",
    content_m=CONTENT_M,
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
    new_job=new_job,
)
