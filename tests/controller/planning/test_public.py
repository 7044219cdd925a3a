"""Public problems of the literature are read as they are meant, and their plans are what the scheduler says."""

import json
from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.planning import Decisions, build, parse, schedule, solve
from tests.controller.planning.public import SDST10_TA001, TAILLARD_20X5, Shop, sdst, taillard, wtsds

TA001 = """
54 83 15 71 77 36 53 38 27 87 76 91 14 29 12 77 32 87 68 94
79  3 11 99 56 70 99 60  5 56  3 61 73 75 47 14 21 86  5 77
16 89 49 15 89 45 60 23 57 64  7  1 63 41 63 47 26 75 77 40
66 58 31 68 78 91 13 59 49 85 85  9 39 41 56 40 54 77 51 31
58 56 20 85 53 35 53 41 69 13 86 72  8 49 47 87 58 18 68 28
"""

WTSDS = """Problem Instance: 0
Problem Size: 3
Begin Generator Parameters
Tau: 0.3
End Generator Parameters
Begin Problem Specification
Process Times:
50
60
70
Weights:
4
0
9
Duedates:
80
70
75
Setup Times:
-1\t0\t5
-1\t1\t6
-1\t2\t7
0\t1\t10
0\t2\t20
1\t0\t30
1\t2\t40
2\t0\t1
2\t1\t2
End Problem Specification

"""


def test_taillard_s_generator_draws_what_he_published() -> None:
    assert taillard(TAILLARD_20X5[0][0]).minutes == tuple(
        tuple(map(int, line.split())) for line in TA001.strip().splitlines()
    )


def test_the_flow_shop_with_set_ups_has_the_durations_of_taillard_s() -> None:
    shop = sdst(SDST10_TA001.read_text())
    assert shop.minutes == taillard(TAILLARD_20X5[0][0]).minutes
    assert [len(table) for table in shop.setup_min] == [20] * 5
    assert all((setup == 0) == (before == after) for table in shop.setup_min
               for before, row in enumerate(table) for after, setup in enumerate(row))  # fmt: skip
    assert shop.setup_min[4][19][:4] == (8, 1, 3, 9), "the last job's row on the last machine"


def test_a_machine_with_set_ups_is_judged_by_weighted_tardiness_alone() -> None:
    shop = wtsds(WTSDS)
    least = min(_weighted_tardiness(shop, order) for order in permutations(range(3)))
    plan = solve(build(parse(json.dumps(shop.file()))), steps=500)
    assert plan.schedule.costs.objective == least == _weighted_tardiness(shop, (2, 0, 1))


@given(st.data())
def test_any_order_of_jobs_ends_when_the_recursion_of_the_flow_shop_says(data: st.DataObject) -> None:
    jobs, machines = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 3))
    lengths = st.integers(1, 20)
    shop = Shop(
        tuple(tuple(data.draw(lengths) for _ in range(jobs)) for _ in range(machines)),
        tuple(tuple(tuple(data.draw(lengths) if one != two else 0 for two in range(jobs)) for one in range(jobs))
              for _ in range(machines)),
    )  # fmt: skip
    order = data.draw(st.permutations(range(jobs)))
    problem = build(parse(json.dumps(shop.file())))
    same = tuple(tuple(problem.job_operations[job][of] for job in order) for of in range(machines))
    assert schedule(problem, Decisions(same)).costs.objective == _sum_of_ends(shop, order)


@pytest.mark.parametrize("cut", [1, 3, -30])
def test_a_file_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="holds"):
        sdst(SDST10_TA001.read_text()[: cut if cut < 0 else -400 * cut])


def _weighted_tardiness(shop: Shop, order: Sequence[int]) -> float:
    now, points, before = 0, 0.0, None
    for job in order:
        setup = shop.first_setup_min[job] if before is None else shop.setup_min[0][before][job]
        now, before = now + setup + shop.minutes[0][job], job
        points += shop.weight[job] * max(now - shop.due[job], 0)
    return points


def _sum_of_ends(shop: Shop, order: Sequence[int]) -> int:
    free, total, before = [0] * len(shop.minutes), 0, None
    for job in order:
        ready = 0
        for of, minutes in enumerate(shop.minutes):
            setup = 0 if before is None else shop.setup_min[of][before][job]
            ready = free[of] = max(ready, free[of] + setup) + minutes[job]
        total, before = total + ready, job
    return total
