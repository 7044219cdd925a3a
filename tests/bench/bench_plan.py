"""Plans of a print works of 200 jobs against two dispatch rules, of 20 jobs against what is known, and public problems.

Run: ``python tests/bench/bench_plan.py [--short] [--seed N] [--public FOLDER]``; prints JSON. The folder holds files
``*.instance`` (Cicirello: one machine, weighted tardiness) and ``*.txt`` (Ruiz and Stützle: flow shop) and, if the best
values are known, ``best.csv`` with a line ``name,value`` for each: the weighted tardiness, or the end of the last job.
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
from controller.planning.window import prove  # noqa: E402
from tests.controller.planning import public  # noqa: E402
from tests.controller.planning.instances import planted, print_works  # noqa: E402

SECONDS_200 = 9.0
STEPS_20 = 300_000
STEPS_PUBLIC = 100_000
SECONDS_PUBLIC = 10.0


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


def known(count: int) -> dict[str, Any]:
    """How far plans of Taillard's first flow shops are above what is known, and of one with set-ups beside CP-SAT's."""
    ends, sums = [], []
    for seed, least_end, least_sum in public.TAILLARD_20X5[:count]:
        shop = public.taillard(seed)
        last = max(solve(problem_of(shop.file(least_end)), seed=1, steps=STEPS_PUBLIC).schedule.end)
        ends.append((last / least_end - 1) * 100)
        points = solve(problem_of(shop.file()), seed=1, steps=STEPS_PUBLIC).schedule.costs.objective
        sums.append((points / least_sum - 1) * 100)
    problem = problem_of(public.sdst(public.SDST10_TA001.read_text()).file())
    plan = solve(problem, seed=1, steps=STEPS_PUBLIC)
    peer = prove(problem, solve(problem, "edd").schedule, plan.seconds, seed=1).schedule
    return {
        "taillard_20x5": count,
        "taillard_sum_gap_pct": round(statistics.mean(sums), 2),
        "taillard_sum_gap_worst_pct": round(max(sums), 2),
        "taillard_last_gap_pct": round(statistics.mean(ends), 2),
        "taillard_last_gap_worst_pct": round(max(ends), 2),
        "sdst_sum": round(plan.schedule.costs.objective),
        "sdst_sum_below_cpsat_pct": round(below_pct(plan.schedule.costs.objective, peer.costs.objective), 1),
        "sdst_seconds": round(plan.seconds, 1),
    }


def folder(path: Path) -> list[dict[str, Any]]:
    """Plans of the public problems in a folder, each beside the best value known and CP-SAT's in the same time."""
    best = path / "best.csv"
    lines = [line.split(",") for line in best.read_text().split()] if best.exists() else []
    values, outcome = {name: int(value) for name, value in lines}, []
    for file in sorted(path.iterdir()):
        if file.suffix not in (".instance", ".txt"):
            continue
        try:
            shop = (public.sdst if file.suffix == ".txt" else public.wtsds)(file.read_text())
        except (ValueError, KeyError) as error:
            raise SystemExit(f"{file}: is no problem of its set: {error}") from error
        value, flow = values.get(file.stem), file.suffix == ".txt"
        problem = problem_of(shop.file(value or 0))
        ours = solve(problem, "search", SECONDS_PUBLIC, seed=1).schedule
        peer = prove(problem, solve(problem, "edd").schedule, SECONDS_PUBLIC, seed=1).schedule
        reached, cpsat = (max(one.end) if flow and value else one.costs.objective for one in (ours, peer))
        outcome.append({
            "name": file.stem, "best": value, "reached": reached, "cpsat": cpsat,
            "gap_pct": round((reached / value - 1) * 100, 2) if value else None,
        })  # fmt: skip
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="two instances of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--public", type=Path, help="only the public problems of this folder")
    given = parser.parse_args()
    if given.public:
        figures: dict[str, Any] = {"public": folder(given.public)}
    else:
        seeds = range(given.seed, given.seed + (2 if given.short else 20))
        figures = {"instances": len(seeds), **two_hundred(seeds), **twenty(seeds), **known(2 if given.short else 10)}
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
