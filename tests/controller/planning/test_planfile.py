"""Planning files: what is wrong with one is a line that names the key; what is right means what it says."""

import copy
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.planning import PlanError, build, parse, schema, solve
from controller.planning.calendar import FOREVER, Calendar, calendar_of
from controller.planning.example import example, example_text
from controller.planning.planfile import Closed, Shift
from controller.planning.rules import DEFAULT_SETUPS, PRACTICE, families_of, matrices
from tests.controller.planning.instances import at

Change = Callable[[dict[str, Any]], object]

FAULTS: list[tuple[str, Change, str]] = [
    ("unknown key", lambda f: f.update(setup=[]), "setup: unknown key; did you mean 'setups'?"),
    ("unknown inner key", lambda f: f["jobs"][0].update(due_date="x"), "jobs.0.due_date: unknown key"),
    ("missing", lambda f: f.pop("stages"), "stages: is missing"),
    (
        "no zone in a time",
        lambda f: f.update(start="2026-03-02T06:00:00"),
        "start: has no offset from UTC; give a time like",
    ),
    ("no such zone", lambda f: f.update(time_zone="Mars/Base"), "time_zone: no time zone is called 'Mars/Base'"),
    ("negative minutes", lambda f: f["jobs"][0]["operations"][0].update(minutes=-3), "jobs.0.operations.0.minutes"),
    (
        "no such stage",
        lambda f: f["machines"][0].update(stage="prin"),
        "machines.0.stage: no stage is called 'prin'; did you mean 'print'?",
    ),
    ("twice", lambda f: f["jobs"][1].update(name=f["jobs"][0]["name"]), "jobs: 'scarf-ginkgo' is there 2 times"),
    (
        "route",
        lambda f: f["jobs"][0]["operations"].reverse(),
        "jobs.0.operations.1.stage: 'steam' comes twice or out of the order",
    ),
    (
        "machine of another stage",
        lambda f: f["jobs"][0]["operations"][1].update(minutes={"padder": 3}),
        "no machine of print is called 'padder'",
    ),
    (
        "pin elsewhere",
        lambda f: f["jobs"][0]["operations"][1].update(pin={"machine": "press-reactive"}),
        "jobs.0.operations.1.pin.machine: press-reactive cannot do it",
    ),
    ("empty pin", lambda f: f["jobs"][0]["operations"][1].update(pin={}), "fixes nothing; give machine, start or both"),
    (
        "pin before the plan",
        lambda f: f["jobs"][0]["operations"][1].update(pin={"start": "2026-03-01T06:00:00+01:00"}),
        "lies before the plan's start",
    ),
    (
        "pin while closed",
        lambda f: f["jobs"][0]["operations"][2].update(
            pin={"machine": "steamer", "start": "2026-03-02T23:00:00+01:00"}
        ),
        "steamer is closed then",
    ),
    (
        "pins overlap",
        lambda f: f["jobs"][2]["operations"][1].update(
            pin={"machine": "press-spare", "start": "2026-03-02T09:01:00+01:00"}
        ),
        "overlaps",
    ),
    (
        "too long",
        lambda f: f["jobs"][0]["operations"][2].update(minutes=2000),
        "do not fit into any open window of steamer (longest 960 min)",
    ),
    (
        "order of strangers",
        lambda f: f["pinned_orders"][0]["jobs"].append("flag-red"),
        "pinned_orders.0.jobs.2: flag-red cannot go over press-acid",
    ),
    (
        "order twice",
        lambda f: f["pinned_orders"].append(f["pinned_orders"][0]),
        "pinned_orders.1.machine: press-acid has an order already",
    ),
    (
        "shelf life backwards",
        lambda f: f["shelf_lives"].append({"from": "steam", "to": "print", "hours": 1}),
        "shelf_lives.2.to: 'print' is not a stage after 'steam'",
    ),
    (
        "rule without attribute",
        lambda f: f.update(setups=[{"stage": "print", "minutes": 5}]),
        "setups.0: 'change' needs an attribute",
    ),
    (
        "attribute of nobody",
        lambda f: f.update(setups=[{"stage": "print", "attribute": "fabrik"}]),
        "setups.0.attribute: no attribute of a job is called 'fabrik'; did you mean 'fabric'?",
    ),
    (
        "words do not rise",
        lambda f: f.update(setups=[{"stage": "print", "attribute": "fabric", "when": "rises"}]),
        "setups.0.when: 'rises' compares numbers",
    ),
    ("no machines", lambda f: f.update(machines=[]), "machines: is empty; give one or more"),
    (
        "not a number",
        lambda f: f["jobs"][0]["attributes"].update(int=math.nan),
        "jobs.0.attributes.int: Input should be a finite number (it is nan)",
    ),
    (
        "a number without end",
        lambda f: f["jobs"][0]["operations"][0].update(minutes=10**400),
        "jobs.0.operations.0.minutes: Input should be less than or equal to 1000000 (it is 1000",
    ),
    ("beyond the calendar", lambda f: f.update(start="9999-12-31T23:59:00-12:00"), "start: lies outside the years"),
    (
        "more work than time",
        lambda f: f["jobs"].extend(
            {"name": f"n{i}", "operations": [{"stage": "print", "minutes": 1_000_000}]} for i in range(4000)
        ),
        "could end after the year 8999",
    ),
    (
        "closed backwards",
        lambda f: f["machines"][0].update(maintenance=[{"from": at(9), "to": at(3)}]),
        "give an end after the beginning",
    ),
]


@pytest.mark.parametrize(("change", "told"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_one_line_that_names_the_key(change: Change, told: str) -> None:
    file = copy.deepcopy(example())
    change(file)
    with pytest.raises(PlanError) as refused:
        build(parse(json.dumps(file)))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "is not JSON"), ("[]", "the file: is no object"), ("null", "the file: is no object"),
     ('{"start": 1, "start": 2}', "start: the key is there 2 times"),
     ("[" * 100_000, "nested too deeply"), ('{"start": NaN}', "start: "),
     ('{"start": ' + "9" * 5000 + "}", "a number of more than 4300 digits")],
)  # fmt: skip
def test_what_is_no_planning_file_is_one_line(text: str, told: str) -> None:
    with pytest.raises(PlanError, match=told) as refused:
        parse(text)
    assert "\n" not in str(refused.value)


def test_the_example_is_planned_without_a_broken_rule() -> None:
    plan = solve(build(parse(example_text())), steps=1000)
    assert plan.schedule.warnings == ()
    assert plan.schedule.costs.tardiness_min == 0


def test_the_schema_names_every_key_of_the_example() -> None:
    told = json.dumps(schema())
    assert all(f'"{key}"' in told for key in (*example(), *example()["jobs"][0], "from", "to", "pin"))


def test_the_defaults_are_labelled_and_apply_where_no_setups_are_given() -> None:
    file = example()
    assert all(rule.source == PRACTICE for rule in DEFAULT_SETUPS)
    problem = build(parse(json.dumps(file)))
    assert problem.default_setups
    assert not build(parse(json.dumps({**file, "setups": []}))).default_setups
    washer = problem.machines.index("washer-1")
    families = problem.families[problem.stages.index("wash")]
    dark = next(i for i, of in enumerate(families) if of == {"bath": "reactive", "lightness": 22})
    light = next(i for i, of in enumerate(families) if of == {"bath": "reactive", "lightness": 78})
    assert problem.setup_min[washer][dark][light] == 30, "a light ground after a dark one needs a fresh bath"
    assert problem.setup_min[washer][light][dark] == 0


def test_the_longest_rule_counts_and_a_matrix_is_looked_up() -> None:
    from controller.planning.planfile import SetupRule

    rules = [
        SetupRule(stage="print", attribute="cloth", minutes=8),
        SetupRule(stage="print", attribute="width", minutes=15, litres=2),
        SetupRule(stage="print", attribute="cloth", minutes={"silk": {"wool": 40}}, litres={"silk": {"wool": 7}}),
    ]
    kinds, which = families_of(
        [{"cloth": "silk", "width": 1}, {"cloth": "wool", "width": 2}, {"cloth": "wool", "width": 1}, {}], rules
    )
    minutes, litres = matrices(kinds, rules)
    assert which == [0, 1, 2, 3]
    assert minutes.tolist() == [[0, 40, 40, 0], [15, 0, 15, 0], [8, 15, 0, 0], [0, 0, 0, 0]]
    assert litres.tolist() == [[0, 7, 7, 0], [2, 0, 2, 0], [0, 2, 0, 0], [0, 0, 0, 0]]


windows = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=6)


@given(windows=windows, earliest=st.integers(0, 400), minutes=st.integers(0, 50))
def test_work_is_placed_as_early_as_the_minutes_let_it(
    windows: list[tuple[int, int]], earliest: int, minutes: int
) -> None:
    """Against a list of minutes that are open or not."""
    opened = [any(begin <= minute < begin + long for begin, long in windows) or minute >= 500 for minute in range(1200)]
    edges = [m for m in range(1200) if opened[m] != (m > 0 and opened[m - 1])]
    calendar = Calendar(tuple(edges[::2]), (*edges[1::2], FOREVER))
    start, end = calendar.work(earliest, minutes)
    assert sum(opened[start:end]) == minutes
    if minutes:
        assert start == next(m for m in range(earliest, 1200) if opened[m])
        assert opened[end - 1]
    whole = next(m for m in range(earliest, 1200) if all(opened[m : m + max(minutes, 1)]))
    assert calendar.fit(earliest, max(minutes, 1)) == (whole, whole + max(minutes, 1))


def test_shifts_follow_the_clock_of_the_time_zone() -> None:
    """On 29 March 2026 the clock in Paris goes from 2 to 3."""
    start = datetime(2026, 3, 27, 23, tzinfo=UTC)  # Saturday, midnight in Paris
    early = Shift.model_validate({"from": "06:00", "to": "14:00"})
    calendar = calendar_of([early], [], start, ZoneInfo("Europe/Paris"), 3)
    assert calendar.opens[:2] == (6 * 60, 1440 + 5 * 60)
    night = Shift.model_validate({"days": ["sat"], "from": "22:00", "to": "06:00"})
    closed = Closed.model_validate({"from": "2026-03-28T23:00:00+01:00", "to": "2026-03-29T00:00:00+01:00"})
    calendar = calendar_of([night], [closed], start, ZoneInfo("Europe/Paris"), 3)
    assert calendar.opens == (22 * 60, 24 * 60, 3 * 1440)
    assert calendar.closes == (23 * 60, 30 * 60, FOREVER)
