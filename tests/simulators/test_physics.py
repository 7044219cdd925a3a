"""The laws of the physics, and each machine's figures over whole jobs: plausible ones, not exact ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.profile import load_profile
from simulators import Mill
from simulators.assembly import PROCESSES
from simulators.laws import Heated, approach, dried, heated, standby, wet_bulb_c
from simulators.packml import State, Verb

SILK = {"speed_sp_m_min": 20.0, "nip_load_sp_kn_m": 22.0, "chamber_temp_sp_c": 95.0, "fan_sp_pct": 60.0}


@pytest.fixture
def mill():
    with Mill() as mill:
        yield mill


@pytest.mark.parametrize("name", ["padder", "press", "steamer", "washer"])
def test_a_job_leaves_the_machine_whole_and_starts_within_minutes(mill, name):
    mill.start(name, 1, 30.0)
    warm_s = mill.forward(until=lambda mill: mill[name].state == State.EXECUTE)
    assert 5 < warm_s < 15 * 60
    mill.forward(until=lambda mill: mill[name].state == State.COMPLETE)
    assert mill[name]["metres"] == pytest.approx(30.0)
    assert mill[name]["speed_m_min"] == 0
    assert mill[name].alarms() == set()


def test_silk_stays_in_the_steam_for_its_dwell_and_is_fixed(mill):
    mill.start("steamer", 1, 2.0, dwell_sp_min=30.0)
    mill.forward(until=lambda mill: mill["steamer"].state == State.EXECUTE)
    mill.forward(seconds=29 * 60)
    assert mill["steamer"]["metres"] == 0  # no metre counts before it left
    mill.forward(until=lambda mill: mill["steamer"].state == State.COMPLETE)
    assert 30 * 60 < mill["steamer"]["run_s"] < 31.5 * 60
    assert mill["steamer"]["steam_kg"] > 20
    assert 85 < mill["steamer"]["fixation_pct"] < 92  # acid on silk: 85–95 %
    assert 5 < mill["steamer"]["exit_moisture_pct"] < 15


def test_pretreatment_dries_and_its_energy_is_that_of_a_stenter(mill):
    cloth = mill.run("padder", 1, 500.0, **SILK)
    padder, cloth_kg = mill["padder"], 500.0 * 1.4 * 0.09
    assert 60 < padder["pickup_pct"] < 80
    assert 7 < padder["residual_moisture_pct"] < 9
    assert padder["liquor_kg"] == pytest.approx(cloth_kg * 0.75, rel=0.05)
    evaporated_kg = cloth_kg * (7 + 0.9 * cloth["pickup_pct"].mean() - cloth["moisture_pct"].mean()) / 100
    # 3.6-5.3 MJ per kg of water in practice, plus walls and warming up from standby
    assert 3.0 < padder["gas_kwh"] * 3.6 / evaporated_kg < 7.0
    assert padder["run_s"] == pytest.approx((500 + 15) / 20 * 60, rel=0.05)


def test_exhaust_humidity_and_cloth_temperature_are_those_of_stenters(mill):
    mill.start("padder", 1, 1000.0)
    mill.forward(until=lambda mill: mill["padder"].machine.plc.entered_m > 300)
    assert 50 < mill["padder"]["exhaust_humidity_g_kg"] < 200
    cloth, entered_m = mill["padder"].cloth, mill["padder"].machine.plc.entered_m
    # flat near the wet bulb until the falling rate
    assert cloth.at(entered_m, 5.5, "temp_c", 0.0) == pytest.approx(wet_bulb_c(110.0), abs=3.0)
    assert cloth.at(entered_m, 14.0, "temp_c", 0.0) > wet_bulb_c(110.0) + 5


def test_higher_nip_load_means_less_pick_up_and_higher_speed_more(mill):
    light, heavy, fast = (
        mill.run("padder", ticket, 100.0, nip_load_sp_kn_m=load, speed_sp_m_min=speed)["pickup_pct"].mean()
        for ticket, (load, speed) in enumerate([(20.0, 20.0), (40.0, 20.0), (20.0, 40.0)], 1)
    )
    assert heavy == pytest.approx(light - 13, abs=1)  # 0.5–0.8 % per kN/m
    assert fast == pytest.approx(light + 3, abs=1)  # 0.1–0.2 % per m/min


def test_washing_takes_its_water_and_cleans_by_counterflow(mill):
    cloth = mill.run("washer", 1, 400.0, water_sp_l_min=60.0)
    assert mill["washer"]["water_l"] == pytest.approx(60.0 * mill["washer"]["run_s"] / 60, rel=0.05)
    boxes = [mill["washer"][f"box{number}_conductivity_ms_cm"] for number in range(1, 7)]
    assert boxes == sorted(boxes, reverse=True)
    assert boxes[-1] < 0.6
    assert cloth["salt_g_kg"].max() < 0.01
    assert cloth["stain_de"].max() < 0.2


def test_press_heads_take_minutes_and_nothing_is_spent_by_standing(mill):
    mill.start("press", 1, 10.0)
    assert 60 < mill.forward(until=lambda mill: mill["press"].state == State.EXECUTE) < 600
    assert mill["press"]["ink1_used_ml"] < 1.0
    mill.forward(until=lambda mill: mill["press"].state == State.COMPLETE)
    assert mill["press"]["ink1_used_ml"] == pytest.approx(30.0)  # 3 ml per metre
    assert mill["press"]["ink1_level_l"] == pytest.approx(20.0 - 0.03)


WARMER = {
    "padder": {"chamber_temp_sp_c": 116.0},
    "press": {"head_temp_sp_c": 36.0, "dryer_temp_sp_c": 120.0},
    "steamer": {"chamber_temp_sp_c": 104.0, "ceiling_temp_sp_c": 114.0},
    "washer": {"dryer_temp_sp_c": 125.0},
}


@pytest.mark.parametrize("name", WARMER)
def test_no_machine_goes_on_before_its_temperatures_are_reached(mill, name):
    machine, tags = mill[name], load_profile(PROCESSES[name].profile).tags.values()
    pairs = [tag for tag in tags if tag.setpoint in WARMER[name]]
    mill.start(name, 1, 100.0)
    mill.forward(until=lambda _: machine.state == State.EXECUTE)
    machine.command(Verb.HOLD)
    mill.forward(until=lambda _: machine.state == State.HELD)
    machine.write(**WARMER[name])
    machine.command(Verb.UNHOLD)
    mill.forward(seconds=5)
    assert machine.state == State.UNHOLDING
    mill.forward(until=lambda _: machine.state == State.EXECUTE)
    assert pairs
    for tag in pairs:
        assert machine[tag.name] == pytest.approx(WARMER[name][tag.setpoint], abs=3.0), tag.name


def printed(speed_m_min, dryer_c, length_m=15.0):
    with Mill() as mill:
        cloth = mill.run("press", 1, length_m, speed_sp_m_min=speed_m_min, dryer_temp_sp_c=dryer_c)
        return cloth["moisture_pct"], mill["press"]["residual_moisture_pct"]


def test_a_print_is_the_wetter_the_faster_it_runs_and_the_colder_its_dryer_is():
    (slow, _), (fast, gauge_pct), (cold, _) = printed(20.0, 90.0), printed(40.0, 90.0), printed(20.0, 80.0)
    assert 8 < slow.mean() < 9 < cold.mean() < fast.mean()
    assert gauge_pct == pytest.approx(fast[-1])  # the last of it passed the gauge last


def test_a_new_job_finds_the_dry_leader_before_the_gauge_not_the_cloth_before_it(mill):
    mill.run("press", 1, 10.0, speed_sp_m_min=40.0)
    assert mill["press"]["residual_moisture_pct"] > 8.5
    mill["press"].write(ticket=2)
    mill["press"].command(Verb.RESET)
    mill.forward(until=lambda mill: mill["press"].state == State.IDLE)
    assert mill["press"]["residual_moisture_pct"] == 7.0


@given(st.floats(0, 200), st.floats(20, 200), st.floats(-50, 50), st.floats(0.05, 60))
def test_what_heats_is_lost_or_stored(temp_c, target_c, losses_kw, dt_s):
    furnace = Heated(store_kj_k=250.0, most_kw=110.0, up_k_min=12.0, tau_s=60.0)
    after_c, power_kw = furnace.step(temp_c, target_c, losses_kw, dt_s)
    assert 0 <= power_kw <= 110.0
    assert power_kw * dt_s == pytest.approx(losses_kw * dt_s + 250.0 * (after_c - temp_c), abs=1e-6)
    assert after_c - temp_c <= max(12.0 / 60 * dt_s, -losses_kw * dt_s / 250.0) + 1e-6


@given(st.floats(1, 100), st.floats(80, 200), st.floats(40, 100), st.floats(1, 600))
def test_drying_never_adds_water_and_does_not_depend_on_the_steps(moisture_pct, air_c, fan_pct, dwell_s):
    entry = np.array([moisture_pct])
    once = dried(entry, air_c, fan_pct, dwell_s)[0]
    assert 0 < once <= moisture_pct
    twice = dried(dried(entry, air_c, fan_pct, dwell_s / 3), air_c, fan_pct, dwell_s * 2 / 3)[0]
    assert twice == pytest.approx(once, abs=1e-6)


@given(st.floats(20, 200), st.floats(0, 100), st.floats(80, 200), st.floats(0.1, 600))
def test_cloth_in_a_dryer_nears_the_air_or_the_wet_bulb(temp_c, moisture_pct, air_c, dt_s):
    (after_c,), (heat_kj_kg,) = heated(np.array([temp_c]), np.array([moisture_pct]), air_c, dt_s)
    target_c = wet_bulb_c(air_c) if moisture_pct > 15 else air_c
    assert abs(target_c - after_c) <= abs(target_c - temp_c)
    assert heat_kj_kg * (after_c - temp_c) >= 0


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0.1, 1000), st.floats(0.001, 100))
def test_a_lag_never_overshoots(value, target, tau_s, dt_s):
    after = approach(value, target, tau_s, dt_s)
    assert min(value, target) - 1e-9 <= after <= max(value, target) + 1e-9


def test_standby_is_between_the_room_and_the_setpoint():
    assert 22.0 < standby(100.0) < 100.0
