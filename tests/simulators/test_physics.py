"""The physics of each machine, driven through its PLC without a server: plausible figures, not exact ones."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.laws import Drive, approach, drying, heat, in_zone, standby
from simulators.packml import State
from simulators.padder import PADDER
from simulators.plc import Order, Plc, drive, metres, scan
from simulators.printer import PRESS
from simulators.steamer import STEAMER
from simulators.washer import WASHER

DT_S = 0.25


def run(process, length_m, until=State.COMPLETE, **setpoints):
    """Run a job from Starting on; returns PLC, physics and the plant seconds it took to start."""
    sp = {**process.setpoints, **setpoints}
    physics = process.power_up(sp)
    plc = Plc(state=State.STARTING, order=Order(ticket=1, length_m=length_m))
    warm_s = None
    for _ in range(200_000):
        physics = process.step(physics, sp, drive(plc), DT_S)
        plc = scan(
            plc,
            speed_m_min=physics.speed_m_min,
            ready=process.ready(physics, sp),
            prepared=True,
            content_m=process.content_m,
            dt_s=DT_S,
        )
        if plc.state == State.EXECUTE and warm_s is None:
            warm_s = plc.plant_s
        if plc.state == until:
            return plc, physics, warm_s
    raise AssertionError(f"still {plc.state.name} after {plc.plant_s} s")


@pytest.mark.parametrize("process", [PADDER, STEAMER, WASHER], ids=lambda process: process.profile)
def test_a_job_leaves_the_machine_whole_and_starts_within_minutes(process):
    plc, physics, warm_s = run(process, 30.0)
    assert metres(plc, process.content_m) == 30.0
    assert physics.speed_m_min == 0
    assert 5 < warm_s < 15 * 60


def test_silk_stays_in_the_steam_for_its_dwell():
    plc, physics, _ = run(STEAMER, 2.0, dwell_sp_min=30.0)
    # content at 30 min dwell: the first metre after 30 min, the second metre a little later, plus the ramp
    assert 30 * 60 < plc.run_s < 31.5 * 60
    assert physics.steam_kg > 20


def test_no_metre_counts_before_it_left():
    plc, _, _ = run(STEAMER, 2.0, until=State.EXECUTE, dwell_sp_min=30.0)
    before = replace(plc, entered_m=STEAMER.content_m - 0.01)
    assert metres(before, STEAMER.content_m) == 0
    assert metres(replace(before, entered_m=STEAMER.content_m + 1.5), STEAMER.content_m) == 1.5


def test_pretreatment_dries_and_its_energy_is_that_of_a_stenter():
    plc, physics, _ = run(PADDER, 500.0, chamber_temp_sp_c=95.0, fan_sp_pct=60.0, nip_load_sp_kn_m=22.0)
    cloth_kg = 500.0 * 1.4 * 0.09
    assert 60 < physics.pickup_pct < 80
    assert 6 < physics.residual_moisture_pct < 11
    assert physics.liquor_kg == pytest.approx(cloth_kg * 0.75, rel=0.05)
    evaporated_kg = cloth_kg * 0.67
    # 3.6-5.3 MJ per kg of water in practice, plus walls and warming up from standby
    assert 3.0 < physics.gas_kwh * 3.6 / evaporated_kg < 7.0
    assert plc.run_s == pytest.approx((500 + PADDER.content_m) / 20 * 60, rel=0.05)


def test_exhaust_humidity_is_in_the_range_of_stenters():
    sp = dict(PADDER.setpoints)
    physics = PADDER.power_up(sp)
    running = Drive(moving=True, hot=True, entered_m=100.0, length_m=1000.0)
    for _ in range(4 * 600):
        physics = PADDER.step(physics, sp, running, DT_S)
    assert 50 < physics.exhaust_humidity_g_kg < 200


def test_higher_nip_load_means_less_pick_up_and_higher_speed_more():
    def settled(**setpoints):
        return run(PADDER, 200.0, **setpoints)[1].pickup_pct

    assert settled(nip_load_sp_kn_m=40.0) < settled(nip_load_sp_kn_m=20.0) - 10


def test_warming_up_is_limited_by_the_burner():
    temp_c, dt_s = standby(170.0), 1.0
    for _ in range(60):
        temp_c = heat(temp_c, 170.0, 12.0, 6.0, 60.0, dt_s)
    assert temp_c == pytest.approx(standby(170.0) + 12.0, abs=0.5)


def test_washing_takes_its_water_and_cleans_by_counterflow():
    plc, physics, _ = run(WASHER, 400.0, water_sp_l_min=60.0)
    assert physics.water_l == pytest.approx(60.0 * plc.run_s / 60, rel=0.05)
    assert physics.box6_conductivity_ms_cm < 0.6
    stale = run(WASHER, 400.0, water_sp_l_min=2.0)[1]
    assert stale.box1_conductivity_ms_cm > 3 * physics.box1_conductivity_ms_cm


@given(st.floats(40, 100), st.floats(80, 200), st.floats(40, 100), st.floats(1, 600))
def test_drying_never_adds_water_and_stays_between_wet_bulb_and_air(entry_pct, air_c, fan_pct, dwell_s):
    out = drying(entry_pct, air_c, fan_pct, dwell_s)
    assert 0 < out.moisture_pct <= entry_pct
    assert out.cloth_c <= air_c
    longer = drying(entry_pct, air_c, fan_pct, dwell_s * 1.1)
    assert longer.moisture_pct <= out.moisture_pct + 1e-9


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0.1, 1000), st.floats(0.001, 100))
def test_a_lag_never_overshoots(value, target, tau_s, dt_s):
    after = approach(value, target, tau_s, dt_s)
    assert min(value, target) - 1e-9 <= after <= max(value, target) + 1e-9


@given(st.floats(0, 500), st.floats(0.1, 200), st.floats(0, 100), st.floats(0.1, 50))
def test_cloth_fills_a_zone_between_nothing_and_all(entered_m, length_m, zone_m, size_m):
    share = in_zone(Drive(entered_m=entered_m, length_m=length_m), zone_m, zone_m + size_m)
    assert 0 <= share <= 1 + 1e-9


def test_press_heads_take_minutes_and_nothing_is_spent_by_standing():
    sp = dict(PRESS.setpoints)
    physics = PRESS.power_up(sp)
    assert not PRESS.ready(physics, sp)
    seconds = 0
    while not PRESS.ready(physics, sp):
        physics = PRESS.step(physics, sp, Drive(hot=True), DT_S)
        seconds += DT_S
    assert 60 < seconds < 10 * 60
    assert sum(physics.used_ml) == 0
