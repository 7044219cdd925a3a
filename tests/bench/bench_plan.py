"""Plans of a print works of 200 jobs against two dispatch rules, and of 20 jobs against a known optimum.

Run: ``python tests/bench/bench_plan.py [--short] [--seed N]``; prints JSON.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
from controller.planning import Problem, build, parse, solve  # noqa: E402
from tests.controller.planning.instances import planted, print_works  # noqa: E402

SECONDS_200 = 9.0
STEPS_20 = 300_000


def problem_of(file: dict[str, Any]) -> Problem:
    return build(parse(json.dumps(file)))


def below_pct(objective: float, other: float) -> float:
    return (1 - objective / other) * 100


def two_hundred(seeds: range) -> dict[str, Any]:
    """Seconds and points of 200 jobs over four stages with six presses, beside the two rules on the same problem."""
    seconds, edd, atc, quick, gap = [], [], [], [], []
    for seed in seeds:
        problem = problem_of(print_works(seed))
        plan = solve(problem, "search", SECONDS_200, seed)
        points = plan.schedule.costs.objective
        rule = solve(problem, "atc").schedule.costs.objective
        edd.append(below_pct(points, solve(problem, "edd").schedule.costs.objective))
        atc.append(below_pct(points, rule))
        quick.append(below_pct(solve(problem, "search", 2.0, seed).schedule.costs.objective, rule))
        seconds.append(plan.seconds)
        gap.append(plan.gap_pct)
    return {
        "seconds": round(max(seconds), 2),
        "below_edd_pct": round(statistics.mean(edd), 1),
        "below_dispatch_pct": round(statistics.mean(atc), 1),
        "below_dispatch_worst_pct": round(min(atc), 1),
        "below_dispatch_2s_pct": round(statistics.mean(quick), 1),
        "gap_200_jobs_pct": round(statistics.mean(gap), 1),
    }


def twenty(seeds: range) -> dict[str, Any]:
    """How far plans of 20 jobs over four stages are above the optimum that is hidden in the problem."""
    gaps, rule, seconds, optimal = [], [], [], 0
    for seed in seeds:
        file, best = planted(seed)
        problem = problem_of(file)
        plan = solve(problem, "search", seed=seed, steps=STEPS_20)
        assert plan.bound == best, "the bound has to prove the hidden plan"
        gaps.append((plan.schedule.costs.objective / best - 1) * 100)
        rule.append((solve(problem, "atc").schedule.costs.objective / best - 1) * 100)
        seconds.append(plan.seconds)
        optimal += gaps[-1] < 1e-6
    return {
        "gap_20_jobs_pct": round(statistics.mean(gaps), 2),
        "gap_20_jobs_worst_pct": round(max(gaps), 1),
        "gap_20_jobs_dispatch_pct": round(statistics.mean(rule), 0),
        "optimal_20_jobs": optimal,
        "seconds_20_jobs": round(statistics.mean(seconds), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="two instances of each kind")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + (2 if given.short else 20))
    figures = {"instances": len(seeds), **two_hundred(seeds), **twenty(seeds)}
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
