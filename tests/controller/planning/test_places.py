"""What is pinned stays, cloth does not lie too long, and an explanation is what planning again comes to."""

import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.planning import Decisions, Impossible, cost_of_move, explain, keep_shelf_lives, schedule, solve
from controller.planning import window as windows
from controller.planning.bound import lower_bound
from controller.planning.dispatch import best_dispatch
from controller.planning.problem import NEVER
from controller.planning.tidy import tidy
from tests.controller.planning.drawn import faults, files, problem_of
from tests.controller.planning.instances import START, at, planted, print_works


def two_stages(**more: Any) -> dict[str, Any]:
    """Four jobs on a press and a steamer; two cloths, 20 minutes between them."""
    jobs = [
        {"name": name, "due": at(300), "attributes": {"cloth": cloth},
         "operations": [{"stage": "print", "minutes": {"press": 30}}, {"stage": "steam", "minutes": {"steamer": 10}}]}
        for name, cloth in (("a", "silk"), ("b", "wool"), ("c", "silk"), ("d", "wool"))
    ]  # fmt: skip
    machines = [{"name": "press", "stage": "print"}, {"name": "steamer", "stage": "steam"}]
    setups = [{"stage": "print", "attribute": "cloth", "minutes": 20, "litres": 9}]
    return {"start": START.isoformat(), "stages": ["print", "steam"], "machines": machines, "jobs": jobs,
            "setups": setups, **more}  # fmt: skip


def test_a_pinned_start_is_kept_by_every_solver_though_it_costs() -> None:
    file = two_stages()
    file["jobs"][1]["operations"][0]["pin"] = {"machine": "press", "start": at(35)}
    problem = problem_of(file)
    for rule in ("edd", "atc", "search"):
        plan = solve(problem, rule, steps=300).schedule
        assert faults(file, problem, plan) == []
        assert plan.start[problem.job_operations[1][0]] == 35
        assert plan.costs.pin_min == 0


def test_a_pinned_start_that_cannot_be_kept_is_named() -> None:
    file = two_stages()
    file["jobs"][0]["operations"][1]["pin"] = {"start": at(5)}  # it is printed until minute 30
    plan = solve(problem_of(file), steps=100).schedule
    assert plan.costs.pin_min == 25
    assert any("a@steam begins 25 min after its pinned start" in line for line in plan.warnings)


def test_a_pinned_order_is_kept_against_the_set_ups() -> None:
    file = two_stages(pinned_orders=[{"machine": "press", "jobs": ["b", "a", "d"]}])
    problem = problem_of(file)
    plan = solve(problem, steps=500).schedule
    assert faults(file, problem, plan) == []
    assert plan.costs.setup_min == 40, "two changes cannot be avoided in this order; without it one is enough"
    assert solve(problem_of(two_stages()), steps=500).schedule.costs.setup_min == 20


def test_what_is_pinned_first_comes_before_all_others() -> None:
    file = two_stages(pinned_orders=[{"machine": "press", "jobs": ["b"], "first": True}])
    problem = problem_of(file)
    for rule in ("edd", "atc", "search"):
        plan = solve(problem, rule, steps=300).schedule
        assert faults(file, problem, plan) == []
    assert plan.costs.setup_min == 20, "the other wool comes next, and then the silk"


def test_cloth_is_printed_later_rather_than_left_lying() -> None:
    """The steamer is closed for a day: printing waits so that no cloth waits longer than two hours."""
    file = two_stages(shelf_lives=[{"from": "print", "to": "steam", "hours": 2}])
    file["machines"][1]["maintenance"] = [{"from": at(0), "to": at(1440)}]
    problem = problem_of(file)
    for job in file["jobs"]:
        job["due"] = at(3000)
    plan = solve(problem, steps=300).schedule
    assert plan.costs.shelf_min == 0
    assert min(plan.start) > 1200
    assert faults(file, problem, plan) == []


def test_a_shelf_life_that_cannot_be_kept_is_named() -> None:
    """Somebody has pinned a print to the morning of a day on which the steamer is closed."""
    file = two_stages(shelf_lives=[{"from": "print", "to": "steam", "hours": 1}])
    file["jobs"][0]["operations"][0]["pin"] = {"machine": "press", "start": at(0)}
    file["machines"][1]["maintenance"] = [{"from": at(0), "to": at(1440)}]
    plan = solve(problem_of(file), steps=200).schedule
    assert plan.start[0] == 0
    assert plan.costs.shelf_min == 1440 - 30 - 60
    assert [line for line in plan.warnings if line.startswith("shelf life: a@steam begins 1350 min later than 60 min")]


def test_a_short_campaign_costs_and_is_named() -> None:
    file = two_stages(campaigns=[{"stage": "print", "attribute": "cloth", "minutes": 60}])
    problem = problem_of(file)
    press = tuple(problem.job_operations[job][0] for job in (0, 1, 2, 3))
    steamer = tuple(problem.job_operations[job][1] for job in (0, 1, 2, 3))
    plan = schedule(problem, Decisions((press, steamer)))
    assert plan.costs.campaign_min == 60, "b and c run 30 min each and should run 60; a and d may go on"
    assert any(line.startswith("campaign: ") for line in plan.warnings)


@given(file=files(), data=st.data())
@settings(max_examples=40)
def test_the_cost_of_a_move_is_what_planning_again_comes_to(file: dict[str, Any], data: st.DataObject) -> None:
    problem = problem_of(file)
    plan = best_dispatch(problem)
    one = data.draw(st.sampled_from(list(problem.operations)))
    to = data.draw(st.sampled_from(list(problem.minutes[one])))
    rest = [[other for other in sequence if other != one] for sequence in plan.decisions.sequences]
    position = data.draw(st.integers(0, len(rest[to])))
    rest[to].insert(position, one)
    ranks = [problem.order[other] for other in rest[to] if problem.order[other] != NEVER]
    if ranks != sorted(ranks):
        with pytest.raises(Impossible, match="pinned order"):
            cost_of_move(problem, plan, one, position, to)
        return
    cost = cost_of_move(problem, plan, one, position, to)
    again = keep_shelf_lives(problem, Decisions(tuple(map(tuple, rest)))).costs
    assert cost.setup_min == again.setup_min - plan.costs.setup_min
    assert cost.tardiness_min == again.tardiness_min - plan.costs.tardiness_min
    assert cost.dumped_l == pytest.approx(again.dumped_l - plan.costs.dumped_l)
    assert cost.objective == pytest.approx(again.objective - plan.costs.objective)
    assert faults(file, problem, cost.moved) == []


def test_a_move_that_is_not_possible_says_why() -> None:
    problem = problem_of(two_stages())
    plan = solve(problem, steps=100).schedule
    with pytest.raises(Impossible, match="a@print cannot go on steamer; it can on press"):
        cost_of_move(problem, plan, 0, 0, 1)
    with pytest.raises(Impossible, match="position 9 on press is not there; it has 0 to 3"):
        cost_of_move(problem, plan, 0, 9)


def test_an_explanation_compares_set_up_slack_and_weight_and_prices_the_alternative() -> None:
    file = two_stages()
    file["machines"][0]["state"] = {"cloth": "silk"}
    file["jobs"][2]["weight"] = 3
    problem = problem_of(file)
    plan = solve(problem, steps=500).schedule
    first = plan.decisions.sequences[0][0]
    told = explain(problem, plan, first)
    assert told.own.setup_min == 0
    assert told.own.slack_min == 300 - 40
    wool = next(index for index, rival in enumerate(told.rivals) if problem.job[rival.operation] in (1, 3))
    assert told.rivals[wool].setup_min == 20
    assert told.instead[wool].setup_min == 40, "silk, wool, silk, wool instead of one change"
    assert told.instead[wool].dumped_l == 18
    assert told.instead[wool].moved.decisions.sequences[0][0] == told.rivals[wool].operation
    line = next(line for line in told.reasons if problem.name(told.rivals[wool].operation) in line)
    assert "set-up 0 min, not 20" in line
    assert "+40 min of set-up" in line
    last = explain(problem, plan, plan.decisions.sequences[0][-1])
    assert last.rivals == ()
    assert "is the last on its machine" in last.reasons[0]


@given(file=files())
@settings(max_examples=25)
def test_tidying_ends_work_earlier_and_costs_nothing(file: dict[str, Any]) -> None:
    problem = problem_of(file)
    plan = best_dispatch(problem)
    tidied = tidy(problem, plan)
    assert tidied.costs.objective <= plan.costs.objective
    assert faults(file, problem, tidied) == []


def test_windows_better_a_bad_plan_and_prove_small_ones() -> None:
    problem = problem_of(two_stages())
    press, steamer = (tuple(route[stage] for route in problem.job_operations) for stage in (0, 1))
    plan = schedule(problem, Decisions((press, steamer)))
    assert plan.costs.setup_min == 60
    assert windows.improve(problem, plan, time.perf_counter() + 60, seed=1).costs.setup_min == 20
    file, points = planted(6, jobs=5, machines=(1, 1, 1, 1))
    problem = problem_of(file)
    proof = windows.prove(problem, best_dispatch(problem), 60.0, seed=1)
    assert proof.bound == pytest.approx(points)
    assert proof.schedule.costs.objective == points


def test_a_small_problem_is_proven_where_the_other_bounds_do_not_reach() -> None:
    """Two jobs want the press at once: one of them is late, which no bound of single jobs knows."""
    file = two_stages()
    for job in file["jobs"]:
        job["due"] = at(60)
    problem = problem_of(file)
    plan = solve(problem, seconds=20)
    assert lower_bound(problem) < plan.schedule.costs.objective
    assert plan.gap_pct == 0


def test_windows_keep_calendars_and_pins() -> None:
    file = two_stages(pinned_orders=[{"machine": "press", "jobs": ["b", "a"]}])
    file["machines"][0]["maintenance"] = [{"from": at(40), "to": at(60)}]
    file["jobs"][2]["operations"][0]["pin"] = {"machine": "press", "start": at(100)}
    problem = problem_of(file)
    plan = windows.improve(problem, best_dispatch(problem), time.perf_counter() + 60, seed=1)
    assert faults(file, problem, plan) == []


def test_without_pyjobshop_a_plan_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyjobshop", None)
    plan = solve(problem_of(two_stages()), seconds=0.3)
    assert plan.notes == ("pyjobshop is not installed: planned by rules and local search, without CP-SAT",)
    assert plan.schedule.costs.setup_min == 20


def test_a_plan_after_any_change_takes_no_longer_than_it_is_given() -> None:
    problem = problem_of(print_works(2, jobs=40))
    plan = solve(problem, seconds=1.0)
    again = solve(problem, seconds=0.5, start=plan.schedule)
    assert again.schedule.costs.objective <= plan.schedule.costs.objective
    assert lower_bound(problem) <= again.schedule.costs.objective
    assert again.seconds < 10
