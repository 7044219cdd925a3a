"""What every plan of every solver has to be: possible, as cheap as said, and never worse than what was there."""

import math
import random
from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from controller.planning import Decisions, Problem, schedule, solve
from controller.planning.bound import lower_bound
from controller.planning.dispatch import (
    SETUP_SCALES,
    SLACK_SCALES,
    ApparentTardinessCost,
    best_dispatch,
    dispatch,
    earliest_due_date,
)
from controller.planning.moves import Moves
from controller.planning.search import Effort, search
from controller.planning.sheet import Sheet
from tests.controller.planning.drawn import faults, files, problem_of
from tests.controller.planning.instances import planted, print_works


@given(file=files(), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_plans_of_all_solvers_are_possible(file: dict[str, Any], seed: int) -> None:
    problem = problem_of(file)
    baseline = dispatch(problem, earliest_due_date)
    ruled = dispatch(problem, ApparentTardinessCost(1.0, 0.3))
    found = solve(problem, "search", seed=seed, steps=150)
    for plan in (baseline, ruled, found.schedule):
        assert faults(file, problem, plan) == []
        assert plan.costs.objective >= lower_bound(problem) - 1e-6
    assert found.schedule.costs.objective <= min(baseline.costs.objective, ruled.costs.objective)


@given(file=files(), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_the_quick_sheet_calculates_what_the_schedule_says(file: dict[str, Any], seed: int) -> None:
    problem = problem_of(file)
    plan = dispatch(problem, earliest_due_date)
    sheet = Sheet(problem, plan.decisions)
    draws = random.Random(seed)
    moves = Moves(problem, draws)
    for _ in range(40):
        changes = moves.draw(sheet)
        if changes is None:
            continue
        before = (sheet.frozen(), list(sheet.start), list(sheet.end), list(sheet.machine), sheet.total)
        sheet.attempt(changes)
        told = schedule(problem, Decisions(sheet.frozen(), plan.decisions.holds))
        assert (tuple(sheet.start), tuple(sheet.end), tuple(sheet.machine)) == (told.start, told.end, told.machine)
        assert sheet.total == pytest.approx(told.costs.objective)
        if draws.random() < 0.5:
            sheet.undo()
            assert (sheet.frozen(), sheet.start, sheet.end, sheet.machine, sheet.total) == before


@given(file=files(), seed=st.integers(0, 99))
@settings(max_examples=30)
def test_the_incumbent_never_gets_worse(file: dict[str, Any], seed: int) -> None:
    problem = problem_of(file)
    first = dispatch(problem, earliest_due_date)
    found = search(problem, first, Effort(math.inf, 200), seed)
    assert found.history[0] == first.costs.objective
    assert all(later < earlier for earlier, later in zip(found.history, found.history[1:], strict=False))
    assert found.schedule.costs.objective <= min(found.history) + 1e-6
    further = solve(problem, "search", seed=seed + 1, steps=50, start=found.schedule)
    assert further.schedule.costs.objective <= found.schedule.costs.objective + 1e-6


@given(file=files(jobs_max=3, pins=False))
@settings(max_examples=25)
def test_no_order_of_a_tiny_problem_is_better_than_the_search_and_none_is_below_the_bound(file: dict[str, Any]) -> None:
    problem = problem_of({**file, "shelf_lives": []})
    assume(math.prod(len(problem.minutes[one]) for one in problem.operations) <= 16)
    best = min(schedule(problem, decisions).costs.objective for decisions in every_decision(problem))
    found = solve(problem, "search", steps=1500).schedule
    assert found.costs.objective == pytest.approx(best)
    assert lower_bound(problem) <= best + 1e-6


def every_decision(problem: Problem) -> Iterator[Decisions]:
    """Each way to share the operations among machines and to order them."""
    for places in product(*(problem.minutes[one] for one in problem.operations)):
        mine = [[one for one in problem.operations if places[one] == of] for of in range(len(problem.machines))]
        yield from (Decisions(orders) for orders in product(*(permutations(some) for some in mine)))


def test_the_same_seed_and_steps_give_the_same_plan() -> None:
    problem = problem_of(print_works(4, jobs=30))
    first, again, other = (solve(problem, "search", seed=seed, steps=600).schedule for seed in (1, 1, 2))
    assert first == again
    assert first.decisions != other.decisions


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bound_proves_the_hidden_plan(seed: int) -> None:
    file, points = planted(seed)
    assert lower_bound(problem_of(file)) == points


def test_search_is_below_both_rules_in_a_print_works() -> None:
    problem = problem_of(print_works(1, jobs=60))
    found = solve(problem, "search", seed=1, steps=3000).schedule.costs.objective
    assert found < 0.75 * solve(problem, "edd").schedule.costs.objective
    assert found < 0.9 * solve(problem, "atc").schedule.costs.objective


def test_without_time_the_first_rule_of_the_grid_is_asked_and_no_other() -> None:
    problem = problem_of(print_works(1, jobs=20))
    hurried = best_dispatch(problem, until=0.0)
    assert hurried == dispatch(problem, ApparentTardinessCost(SLACK_SCALES[0], SETUP_SCALES[0]))
    assert best_dispatch(problem).costs.objective <= hurried.costs.objective


def test_twenty_jobs_are_near_the_hidden_plan() -> None:
    file, points = planted(2)
    problem = problem_of(file)
    assert solve(problem, seed=2, steps=100_000).schedule.costs.objective <= 1.05 * points
    assert solve(problem, "atc").schedule.costs.objective > 2 * points
