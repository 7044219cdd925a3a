"""Mass and energy of each machine, counted from outside over a run with a start, a stop and another setpoint.

What went in is taken from the consumption counters, what came out from the cloth's record and from the values that the
machine shows, integrated second by second; they must agree within 2 %.
"""

from dataclasses import dataclass

import pytest

from simulators import Mill
from simulators.laws import CLOTH_KG_M, LATENT_KJ_KG
from simulators.packml import State, Verb

WITHIN = 0.02
LENGTH_M = 240.0
ROOM_C, WATER_KJ, CLOTH_KJ = 22.0, 4.19, 1.4


@dataclass
class Run:
    """Sums over a run: integrals by name, and what the cloth was before and after."""

    mill: Mill
    machine: str

    def __post_init__(self):
        self.sums = {}
        self.bench = self.mill[self.machine]

    def add(self, **per_s):
        for name, value in per_s.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def go(self, setpoint, watch):
        """Start, stop in the middle, go on with another setpoint, end; ``watch`` is told of every second."""
        bench, mill = self.bench, self.mill
        bench.write(ticket=1, length_m=LENGTH_M, total_rows=round(LENGTH_M / 25.4e-3 * 600))
        for verb, until in (
            (Verb.RESET, lambda: bench.state == State.IDLE),
            (Verb.START, lambda: bench.state == State.EXECUTE and bench.machine.plc.entered_m > 0.4 * LENGTH_M),
            (Verb.STOP, lambda: bench.state == State.STOPPED),
            (Verb.RESET, lambda: bench.state == State.IDLE),
            (Verb.START, lambda: bench.state == State.EXECUTE and bench.machine.plc.entered_m > 0.6 * LENGTH_M),
            (None, lambda: bench.state == State.COMPLETE),
        ):
            if verb is None:
                bench.write(**setpoint)
            else:
                bench.command(verb)
            mill.forward(until=lambda _, until=until: watch(self, bench.machine.physics) or until())


@pytest.fixture
def run():
    with Mill() as mill:
        yield lambda machine: Run(mill, machine)


def cloth_kg(cloth):
    return cloth.stretch_m * CLOTH_KG_M


def water_kg(cloth):
    return cloth["moisture_pct"].sum() / 100 * cloth_kg(cloth)


def test_padder_and_stenter(run):
    run = run("padder")
    before = run.bench.machine.physics

    def watch(run, now):
        air_kg_s = 0.36 * now.fan_pct / 100
        run.add(
            exhaust_kg=air_kg_s * (now.exhaust_humidity_g_kg - 10.0) / 1000,
            exhaust_kj=sum(air_kg_s / 3 * 1.02 * (temp_c - 25.0) for temp_c in now.chambers_c),
            walls_kj=sum(0.1 / 3 * (temp_c - ROOM_C) for temp_c in now.chambers_c),
        )

    run.go({"chamber_temp_sp_c": 100.0}, watch)
    after, cloth, sums = run.bench.machine.physics, run.bench.cloth, run.sums
    brought_kg = LENGTH_M * CLOTH_KG_M * 0.07
    held_kg = 6.0 * (after.exhaust_humidity_g_kg - before.exhaust_humidity_g_kg) / 1000
    water_in, water_out = brought_kg + after.water_l, sums["exhaust_kg"] + water_kg(cloth) + held_kg
    assert water_out == pytest.approx(water_in, rel=WITHIN)
    # the trough loses what the cloth takes
    taken_kg = (cloth["pickup_pct"] / 100 * cloth_kg(cloth)).sum()
    assert after.liquor_kg == pytest.approx(taken_kg, rel=WITHIN)

    evaporated_kg = water_in - water_kg(cloth)
    warmed = (cloth["temp_c"] - ROOM_C) * (CLOTH_KJ + WATER_KJ * 0.25)  # at about the moisture it was warmed with
    stored_kj = 250.0 * (sum(after.chambers_c) - sum(before.chambers_c))
    out_kj = evaporated_kg * LATENT_KJ_KG + warmed.sum() * cloth_kg(cloth) + stored_kj
    out_kj += sums["exhaust_kj"] + sums["walls_kj"]
    assert after.gas_kwh * 3600 * 0.9 == pytest.approx(out_kj, rel=WITHIN)


def test_press(run):
    run = run("press")
    before = run.bench.machine.physics

    def watch(run, now):
        run.add(walls_kj=0.15 * (now.dryer_temp_c - ROOM_C))

    run.go({"dryer_temp_sp_c": 100.0}, watch)
    after, cloth = run.bench.machine.physics, run.bench.cloth
    ink_kg = (cloth["ink_g_m2"] * 1.4 * cloth.stretch_m).sum() / 1000
    assert sum(after.used_ml) * 1.05 / 1000 == pytest.approx(ink_kg, rel=WITHIN)
    assert sum(before.levels_l) - sum(after.levels_l) == pytest.approx(sum(after.used_ml) / 1000, rel=WITHIN)

    evaporated_kg = LENGTH_M * CLOTH_KG_M * 0.08 + ink_kg * 0.8 - water_kg(cloth)
    warmed_kj = ((cloth["temp_c"] - ROOM_C) * (CLOTH_KJ + WATER_KJ * 0.14)).sum() * cloth_kg(cloth)
    stored_kj = 150.0 * (after.dryer_temp_c - before.dryer_temp_c)
    out_kj = evaporated_kg * LATENT_KJ_KG + warmed_kj + stored_kj + run.sums["walls_kj"]
    assert after.dryer_kwh * 3600 == pytest.approx(out_kj, rel=WITHIN)


def test_steamer(run):
    run = run("steamer")
    before = run.bench.machine.physics

    def watch(run, now):
        run.add(
            walls_kj=0.3 * (now.chamber_temp_c - ROOM_C),
            vent_kg=(25.0 if now.overpressure_pa > 50 else 10.0) * now.steam_pressure_bar / 5.0 / 3600,
            steam_kg=now.steam_flow_kg_h / 3600,
            ceiling_kj=2.0,
        )

    run.go({"chamber_temp_sp_c": 103.0}, watch)
    after, cloth, sums = run.bench.machine.physics, run.bench.cloth, run.sums
    assert after.steam_kg == pytest.approx(sums["steam_kg"], rel=WITHIN)
    # steam in = out by the vent + condensed on walls and cloth
    assert after.steam_kg == pytest.approx(sums["vent_kg"] + after.condensed_kg, rel=WITHIN)
    # and what condensed gave its heat to the walls, the cloth, its water's coming and going, and the chamber
    came_kg = LENGTH_M * CLOTH_KG_M * 0.08
    warmed_kj = ((cloth["temp_c"] - ROOM_C) * (CLOTH_KJ + WATER_KJ * 0.10)).sum() * cloth_kg(cloth)
    stored_kj = 900.0 * (after.chamber_temp_c - before.chamber_temp_c)
    condensed_on_cloth_kg = warmed_kj / 2257
    evaporated_kj = (came_kg + condensed_on_cloth_kg - water_kg(cloth)) * 2257
    out_kj = sums["walls_kj"] + warmed_kj + evaporated_kj + stored_kj
    assert after.condensed_kg * 2257 + sums["ceiling_kj"] == pytest.approx(out_kj, rel=WITHIN)


def test_washer(run):
    run = run("washer")
    before = run.bench.machine.physics

    def watch(run, now):
        run.add(walls_kj=sum(0.1 * (box - ROOM_C) for box in now.boxes_c) + 0.3 * (now.dryer_temp_c - ROOM_C))

    run.go({"box3_temp_sp_c": 70.0}, watch)
    after, cloth, sums = run.bench.machine.physics, run.bench.cloth, run.sums
    came_kg, squeezed_kg = LENGTH_M * CLOTH_KG_M * 0.08, LENGTH_M * CLOTH_KG_M * 0.70
    water_in = came_kg + after.water_l + after.direct_steam_kg
    assert after.drained_l - after.short_kg + squeezed_kg == pytest.approx(water_in, rel=WITHIN)

    salt_g = LENGTH_M * CLOTH_KG_M * 70.0
    in_baths_g = sum(after.salt_g_l) * 500.0
    assert after.drained_salt_g + in_baths_g + (cloth["salt_g_kg"] * cloth_kg(cloth)).sum() == pytest.approx(
        salt_g, rel=WITHIN
    )

    evaporated_kg = squeezed_kg - water_kg(cloth)
    warmed_kj = ((cloth["temp_c"] - ROOM_C) * (CLOTH_KJ + WATER_KJ * 0.3)).sum() * cloth_kg(cloth)
    stored_kj = 500.0 * WATER_KJ * (sum(after.boxes_c) - sum(before.boxes_c))
    stored_kj += 400.0 * (after.dryer_temp_c - before.dryer_temp_c)
    dryer_kj = evaporated_kg * (LATENT_KJ_KG + 500.0) + warmed_kj
    out_kj = sums["walls_kj"] + stored_kj + dryer_kj + after.drained_kj + after.cooled_kj
    assert after.steam_kg * 2257 == pytest.approx(out_kj, rel=WITHIN)
