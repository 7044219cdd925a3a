"""Genealogy against what a person would find by walking along the cloth, centimetre by centimetre."""

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.tracing.cloth import Demand, Laid, remainder, stretches
from controller.tracing.genealogy import Did, Kind, Place, Ran, Records, origins, reach, touches
from controller.tracing.tanks import Mounted, contents

FULL = bool(os.environ.get("FOULARD_FULL"))
START = datetime(2026, 3, 1, tzinfo=UTC)
INKS = ("INK-000001", "INK-000002", "INK-000003")
ROLLS = ("CL-000001-01", "CL-000001-02", "CL-000002-01")
LENGTH = 6
"""Metres of a job; everything happens at whole metres, so that one in the middle of each says all."""


@dataclass
class Mill:
    """A press with one tank, told what happens in order; it paints each metre with what was in the tank."""

    records: Records = field(default_factory=Records)
    held: frozenset[str | None] = frozenset({None})
    painted: dict[tuple[int, int], frozenset[str | None]] = field(default_factory=dict)
    now: datetime = START
    running: Ran | None = None

    def fill(self, lot: str | None, topped_up: bool) -> None:
        self.now += timedelta(minutes=1)
        operation, at_m = (self.running.operation, self.running.length_m) if self.running else (None, 0.0)
        row = Mounted("press", "ink1", lot, topped_up, self.now, operation, at_m, "rosa")
        self.records = replace(self.records, mounted=(*self.records.mounted, row))
        self.held = frozenset() if lot is None else (self.held if topped_up else frozenset()) | {lot}

    def begin(self, job: int) -> None:
        self.now += timedelta(minutes=1)
        place = Place("ink1", Kind.INK, "acid cyan")
        self.running = Ran(job, job, "print", "press", self.now, None, 0.0, (place,))
        self.records = replace(self.records, recipes={**self.records.recipes, job: f"silk-twill 1 ({job})"})

    def print_metre(self) -> None:
        assert self.running is not None
        self.painted[self.running.job, int(self.running.length_m)] = self.held or frozenset({None})
        self.running = replace(self.running, length_m=self.running.length_m + 1)

    def end(self) -> None:
        assert self.running is not None
        self.now += timedelta(minutes=1)
        self.records = replace(self.records, ran=(*self.records.ran, replace(self.running, ended_at=self.now)))
        self.running = None


@st.composite
def mills(draw: st.DrawFn) -> Mill:
    """Some jobs, with tanks filled, topped up and emptied before, in and between them."""
    mill = Mill()
    fills = st.tuples(st.sampled_from((*INKS, None)), st.booleans())
    for job in range(1, draw(st.integers(1, 3)) + 1):
        for lot, topped_up in draw(st.lists(fills, max_size=2)):
            mill.fill(lot, topped_up)
        mill.begin(job)
        for _ in range(draw(st.integers(0, LENGTH))):
            for lot, topped_up in draw(st.lists(fills, max_size=1)):
                mill.fill(lot, topped_up)
            mill.print_metre()
        mill.end()
    return mill


def inks_at(mill: Mill, job: int, metre: int) -> dict[str | None, bool]:
    """What genealogy says of the ink of one metre, and whether it was mixed."""
    found = origins(touches(mill.records), job, metre + 0.25, metre + 0.75)
    return {one.name: one.mixed for one in found if one.kind is Kind.INK}


@settings(max_examples=1000 if FULL else 60, deadline=None)
@given(mills())
def test_each_metre_has_the_lots_that_were_in_the_tank_and_no_others(mill: Mill) -> None:
    for (job, metre), lots in mill.painted.items():
        assert inks_at(mill, job, metre) == dict.fromkeys(lots, len(lots) > 1)


@settings(max_examples=1000 if FULL else 60, deadline=None)
@given(mills(), st.lists(st.tuples(st.integers(0, LENGTH - 1), st.sampled_from(ROLLS)), max_size=5))
def test_what_went_into_a_metre_and_where_it_went_say_the_same(mill: Mill, laid: list[tuple[int, str]]) -> None:
    lot_of = {roll: roll[:9] for roll in ROLLS}
    sewn = tuple(Laid(job, float(at_m), roll) for job in mill.records.recipes for at_m, roll in laid)
    did = tuple(Did(job, job, "rosa", "load: Yes") for job in mill.records.recipes)
    found = touches(replace(mill.records, laid=sewn, lot_of=lot_of, did=did))
    assert {(one.job, int(one.to_m)) for one in found} <= {(job, metre + 1) for job, metre in mill.painted}
    names = {one.name for one in found if one.name is not None} | {*INKS, *ROLLS}
    for job, metre in mill.painted:
        into = {one.name for one in origins(found, job, metre, metre + 1) if one.name is not None}
        out = {
            name for name in names
            if any(one.job == job and one.from_m < metre + 1 and metre < one.to_m for one in reach(found, name))
        }  # fmt: skip
        assert into == out
        assert {"press", "rosa"} <= into


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(ROLLS))), st.integers(0, 9))
def test_cloth_lies_without_gaps_and_a_later_line_replaces_an_earlier_one(
    laid: list[tuple[int, str]], length_m: int
) -> None:
    lying = stretches(1, [Laid(1, float(at_m), roll) for at_m, roll in laid], float(length_m))
    assert [one.from_m for one in lying] == [0.0, *[one.to_m for one in lying]][: len(lying)]
    assert sum(one.length_m for one in lying) == length_m
    assert all(one.roll != other.roll for one, other in pairwise(lying)), "no splice to itself"
    for metre in range(length_m):
        before = [(at_m, number, roll) for number, (at_m, roll) in enumerate(laid) if at_m <= metre]
        expected = max(before, key=lambda one: one[:2], default=(0, 0, None))[2]
        assert next(one.roll for one in lying if one.from_m <= metre < one.to_m) == expected


def test_a_splice_in_error_is_taken_back_by_naming_the_roll_that_lies_there() -> None:
    laid = [Laid(1, 0.0, ROLLS[0]), Laid(1, 4.0, ROLLS[1]), Laid(1, 4.0, ROLLS[0])]
    assert [(one.from_m, one.to_m, one.roll) for one in stretches(1, laid, 10.0)] == [(0.0, 10.0, ROLLS[0])]


def test_what_is_left_of_a_roll_follows_from_the_jobs() -> None:
    laid = [Laid(1, 0.0, ROLLS[0]), Laid(1, 30.0, ROLLS[1]), Laid(2, 0.0, ROLLS[1]), Laid(3, 0.0, ROLLS[1])]
    demands = [Demand(1, 50.0, 50.0, True), Demand(2, 40.0, 5.0, False), Demand(3, 60.0, 10.0, True)]
    left = remainder(ROLLS[1], 60.0, laid, demands)
    assert (left.used_m, left.promised_m, left.free_m) == (35.0, 35.0, -10.0)
    assert remainder(ROLLS[0], 30.0, laid, demands).free_m == 0.0
    assert remainder(ROLLS[2], 30.0, laid, demands).free_m == 30.0


def test_chemicals_in_a_liquor_are_traced_through_it() -> None:
    mounted = (Mounted("padder", "liquor", "LQ-000003", False, START, None, 0.0, "rosa"),)
    liquor = Place("liquor", Kind.LIQUOR, "silk-twill")
    records = Records(
        recipes={7: "silk-twill 1"}, mounted=mounted, kind_of={"LQ-000003": Kind.LIQUOR},
        ran=(Ran(1, 7, "pretreat", "padder", START + timedelta(hours=1), None, 12.0, (liquor,)),),
        ingredients={"LQ-000003": ("CH-000001", "CH-000002")},
    )  # fmt: skip
    (urea,) = reach(touches(records), "CH-000002")
    assert (urea.job, urea.from_m, urea.to_m, urea.kind, urea.where) == (7, 0.0, 12.0, Kind.CHEMICAL, "liquor")


def test_what_nobody_recorded_is_unknown_until_the_tank_is_filled_anew() -> None:
    filled = Mounted("press", "ink1", INKS[0], True, START, None, 0.0, "rosa")
    assert contents([]) == {None}
    assert contents([filled]) == {None, INKS[0]}
    assert contents([filled, replace(filled, lot=INKS[1], topped_up=False)]) == {INKS[1]}
    assert contents([filled, replace(filled, lot=None, topped_up=False)]) == frozenset()


def test_a_job_that_has_not_begun_was_touched_by_nothing() -> None:
    submitted = Did(1, None, "anna", "submitted")
    records = Records(recipes={1: "silk-twill 1"}, laid=(Laid(1, 0.0, ROLLS[0]),), did=(submitted,))
    assert touches(records) == ()
