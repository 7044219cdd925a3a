"""Cloth on its way through all four machines in one process: what goes wrong upstream shows downstream.

One table holds every fault the plant knows with its signature: the alarms, what the machine does, what the cloth says.
"""

import json

import numpy as np
import pytest

from simulators import Mill, draw_faults, parse_faults
from simulators.cloth import STAGES
from simulators.faults import KINDS
from simulators.packml import State, Verb
from simulators.troubles import replayed

LENGTH_M = 40.0
SILK = {
    "padder": {"speed_sp_m_min": 20.0, "nip_load_sp_kn_m": 22.0, "chamber_temp_sp_c": 95.0, "fan_sp_pct": 60.0},
    "press": {"dryer_temp_sp_c": 90.0},
    "steamer": {"dwell_sp_min": 12.0},
    "washer": {"box1_temp_sp_c": 22.0, "box2_temp_sp_c": 30.0, "box3_temp_sp_c": 40.0, "box4_temp_sp_c": 25.0},
}


def process(mill, stages=STAGES, length_m=LENGTH_M, ticket=1):
    """Run a roll through machines one after the other; returns its cloth and all alarms seen on the way."""
    seen = set()
    for stage in stages:
        ticket += 1
        mill.start(stage, ticket, length_m, **SILK[stage])
        bench = mill[stage]

        def over(_, bench=bench):
            seen.update(bench.alarms())
            return bench.state in (State.COMPLETE, State.HELD, State.ABORTED)

        mill.forward(until=over)
    return mill[stages[-1]].cloth, seen


@pytest.fixture(scope="module")
def clean():
    with Mill() as mill:
        return process(mill)


def test_a_clean_run_has_no_alarm_and_one_roll_all_the_way(clean):
    cloth, seen = clean
    assert seen == set()
    assert cloth.roll == 2  # the padder's ticket names it
    assert cloth["spread"].max() == 1.0
    assert cloth["chemistry"].min() == 1.0
    assert cloth["fixed"].min() > 0.88
    assert cloth["ink_g_m2"] == pytest.approx(np.full(cloth.stretches, 12 * 1.05 / 1.4), rel=1e-3)
    assert cloth["stain_de"].max() < 0.1
    assert (cloth["dull"].max(), cloth["drops_m2"].max()) == (0, 0)


# fault → machines to run, metres, alarms it must raise, what the cloth shows
SIGNATURES = {
    "under_drying:pct=100,at_m=0.1": (("padder", "press"), 40, {"under_dried", "cloth_wet"}, ("spread", ">", 1.5)),
    "over_drying:k=60": (STAGES[:3], 40, {"over_dried"}, ("fixed", "<", 0.86)),
    "uneven_nip:kn_m=8": (("padder",), 20, {"nip_uneven"}, ("pickup_right_pct", ">", 78)),
    "padder.splice:at_m=5": (("padder",), 20, set(), ("pickup_pct", ">", 78)),
    "padder.bow_skew:bow_mm=20": (("padder",), 20, {"weft_bent"}, None),
    "press.bow_skew:skew_mm=-20": (("press",), 20, {"weft_bent"}, None),
    "belt_slip": (("press",), 20, {"belt_slip"}, None),
    "cold_dryer:at_m=0.1": (STAGES[1:3], 240, {"print_wet"}, ("spread", ">", 1.02)),
    "steam_pressure_drop:bar=2,at_m=0.1": (STAGES[1:3], 40, {"chamber_cold", "air_high"}, ("fixed", "<", 0.86)),
    "superheat:k=15,at_m=0.1": (STAGES[1:3], 40, {"superheat_high"}, ("dull", ">", 1.0)),
    "condensation:k=20,at_m=0.1": (STAGES[1:3], 40, {"ceiling_cold"}, ("drops_m2", ">", 0.5)),
    "fixation_delay:hours=40": (STAGES[1:3], 20, {"fixation_late"}, ("fixed", "<", 0.75)),
    "bath_exhaustion:pct=98,at_m=0.1": (("washer",), 600, {"water_low", "baths_loaded"}, None),
    "hot_first_bath:k=50,at_m=0.1": (("washer",), 300, {"first_bath_hot", "ground_stained"}, ("stain_de", ">", 1.0)),
}


@pytest.mark.parametrize("spec", SIGNATURES)
def test_a_fault_shows_its_signature(spec):
    stages, length_m, alarms, shows = SIGNATURES[spec]
    with Mill(spec) as mill:
        cloth, seen = process(mill, stages, length_m)
    assert seen >= alarms
    if shows is not None:
        field, sign, limit = shows
        value = cloth[field]
        assert (value.max() > limit) if sign == ">" else (value.min() < limit), (field, value.min(), value.max())


def test_drier_than_it_shows_is_seen_on_the_cloth_only():
    with Mill("over_drying:k=30") as mill:
        cloth, _ = process(mill, ("padder",), 20.0)
        assert mill["padder"]["chamber2_temp_c"] == pytest.approx(95.0, abs=2.5)
        assert cloth["hottest_c"].max() > 105
        assert cloth["moisture_pct"].max() < 6


# what stops the machine by itself: fault → alarm and state
TRIPS = {
    "head_strike": ("head_strike", State.ABORTED),
    "crease": ("cloth_lifted", State.HELD),
    "vacuum_loss": ("meniscus", State.HELD),
    "ink_starvation:ink=1": ("ink_starved", State.HELD),
    **{f"{stage}.web_break": ("web_break", State.ABORTED) for stage in STAGES},
    **{f"{stage}.tension_loss": ("tension_low", State.HELD) for stage in STAGES},
}


@pytest.mark.parametrize("fault", TRIPS)
def test_a_fault_that_endangers_machine_or_cloth_stops_it_and_latches(fault):
    alarm, state = TRIPS[fault]
    stage = parse_faults(fault)[0].machine
    with Mill() as mill:
        mill.start(stage, 1, LENGTH_M)
        bench = mill[stage]
        mill.forward(until=lambda _: bench.state == State.EXECUTE and bench.machine.plc.entered_m > 2)
        bench.order(f"fault {fault.replace(':', ' ')}")
        mill.forward(until=lambda _: bench.state == state, at_most_s=120)
        bench.order(f"clear {fault.partition(':')[0]}")
        mill.forward(seconds=120)
        assert (bench.state, alarm in bench.alarms()) == (state, True)  # it waits for a person
        bench.command(Verb.CLEAR if state == State.ABORTED else Verb.UNHOLD)
        mill.forward(seconds=5)
        assert alarm not in bench.alarms()
        if state == State.ABORTED:
            bench.command(Verb.RESET)
            mill.forward(until=lambda _: bench.state == State.IDLE)
            bench.command(Verb.START)
        mill.forward(until=lambda _: bench.state == State.COMPLETE)
        assert bench["metres"] == pytest.approx(LENGTH_M)


def test_wrong_roll_blocks_the_job_until_the_right_one_lies_there():
    with Mill("press.wrong_roll") as mill:
        press = mill["press"]
        mill.forward(seconds=5)
        press.write(ticket=1, length_m=5.0, total_rows=1000)
        press.command(Verb.RESET)
        mill.forward(seconds=5)
        assert (press["command_result"], press.state, press.alarms()) == (4, State.STOPPED, {"wrong_roll"})
        press.order("clear wrong_roll")
        press.command(Verb.RESET)
        mill.forward(until=lambda _: press.state == State.IDLE)
        assert press.alarms() == set()


def test_a_controller_that_restarts_knows_its_job_or_nothing():
    with Mill() as mill:
        padder = mill["padder"]
        mill.start("padder", 7, LENGTH_M, **SILK["padder"])
        mill.forward(until=lambda _: padder["metres"] > 5)
        metres, moisture = padder["metres"], padder.cloth["moisture_pct"].copy()
        padder.order("fault plc_restart keep=1")
        mill.forward(seconds=5)
        assert (padder.state, padder.alarms(), padder["active_ticket"]) == (State.ABORTED, {"power_lost"}, 7)
        assert padder["metres"] >= metres
        inside = slice(0, padder.cloth.passed(metres))
        assert padder.cloth["moisture_pct"][inside] == pytest.approx(moisture[inside])
        padder.command(Verb.CLEAR)
        mill.forward(until=lambda _: padder.state == State.STOPPED)
        padder.command(Verb.RESET)
        mill.forward(until=lambda _: padder.state == State.IDLE)
        padder.command(Verb.START)
        mill.forward(until=lambda _: padder.state == State.COMPLETE)
        assert padder.cloth["moisture_pct"].max() < 14  # no metre was lost or dried twice
        assert padder.cloth["moisture_pct"].min() > 4

        padder.order("fault plc_restart keep=0")
        mill.forward(seconds=5)
        assert (padder.state, padder["active_ticket"], padder["plant_s"] < 10) == (State.STOPPED, 0, True)


def test_a_clock_jumps_and_values_freeze():
    with Mill() as mill:
        steamer = mill["steamer"]
        mill.forward(seconds=10)
        steamer.order("fault clock_jump seconds=3600")
        mill.forward(seconds=10)
        assert steamer["plant_s"] == 3620
        assert steamer.machine.skew_s == 3600
        mill.start("steamer", 1, 2.0)
        steamer.order("fault freeze")
        mill.forward(seconds=5)
        first = dict(steamer.values())
        mill.forward(seconds=100)
        later = dict(steamer.values())
        changed = {name for name in later if later[name] != first[name]}
        assert changed == {"machine_heartbeat"}
        steamer.order("clear freeze")
        mill.forward(seconds=1)
        assert steamer["chamber_temp_c"] > first["chamber_temp_c"]


def test_every_fault_of_the_table_has_its_test():
    elsewhere = {"nozzle_out", "spot", "wrong_roll", "plc_restart", "clock_jump", "freeze"}
    tried = {fault.name for spec in (*SIGNATURES, *TRIPS) for fault in parse_faults(spec)}
    assert tried | elsewhere == set(KINDS)


def test_the_same_seed_gives_the_same_cloth_and_a_record_replays(tmp_path):
    def run(folder, faults):
        with Mill(faults, folder) as mill:
            cloth, seen = process(mill, STAGES[:2], 10.0)
            return cloth.data.copy(), seen, mill.clock_s

    faults = "under_drying:pct=70,at_m=3,for_m=4;belt_slip:at_m=2,for_m=5;uneven_nip:kn_m=5,at_s=50,for_s=4"
    first, second = run(tmp_path / "a", faults), run(tmp_path / "b", faults)
    assert np.array_equal(first[0], second[0])
    assert first[1:] == second[1:]
    record = [*replayed(tmp_path / "a" / "padder" / "faults.jsonl"), *replayed(tmp_path / "a/press/faults.jsonl")]
    assert {fault.name for fault in record} == {"under_drying", "belt_slip", "uneven_nip"}
    again = run(tmp_path / "c", ";".join(map(str, record)))
    assert again[0] == pytest.approx(first[0], abs=1e-6)
    assert again[1:] == first[1:]
    told = [json.loads(line) for line in (tmp_path / "a/padder/faults.jsonl").read_text().splitlines()]
    assert {line["what"] for line in told} == {"begin", "end"}
    assert all(line["plant_s"] > 0 and line["ticket"] == 2 for line in told)


def test_drawn_faults_are_the_same_for_a_seed_and_can_be_written_down():
    drawn = draw_faults(7, 40, 50.0)
    assert drawn == draw_faults(7, 40, 50.0) != draw_faults(8, 40, 50.0)
    assert parse_faults("random:seed=7,count=40,length_m=50") == drawn
    assert parse_faults(";".join(map(str, drawn))) == drawn


def test_the_mill_says_what_it_waited_for():
    with Mill() as mill, pytest.raises(TimeoutError, match="padder STOPPED"):
        mill.forward(until=lambda mill: mill["padder"].state == State.EXECUTE, at_most_s=10)
