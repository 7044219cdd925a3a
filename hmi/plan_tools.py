"""What `foulard plan` does between the file and the terminal."""

from collections.abc import Iterator
from typing import Any

from controller.planning import (
    Impossible,
    Plan,
    PlanError,
    Problem,
    Rule,
    Schedule,
    build,
    cost_of_move,
    explain,
    figures,
    parse,
    solve,
    told_cost,
)
from controller.plans import Content
from controller.plans.desk import rebuilt
from controller.plans.situation import Situation
from hmi.errors import BadInput

SIZE_MAX = 50_000_000
"""Bytes of a planning file."""
COLUMNS = 72
"""Characters of the picture of a machine's time."""


def read_problem(text: str, name: str) -> tuple[Problem, list[str]]:
    """Return the problem of a planning file, and what a reader should know of it.

    Raises
    ------
    BadInput
        One line: the file, the key and what is wrong with it.
    """
    try:
        problem = build(parse(text))
    except PlanError as error:
        raise BadInput(f"{name}: {error}") from error
    notes = ["set-ups are defaults from practice; give setups for your own"] if problem.default_setups else []
    return problem, notes


def solved(
    problem: Problem, rule: Rule, seconds: float, seed: int, steps: int | None, notes: list[str]
) -> tuple[Plan, dict[str, Any]]:
    """Plan, and give the outcome as it is printed with ``--json``."""
    plan = solve(problem, rule, seconds, seed, steps)
    schedule = plan.schedule
    machines = [
        {"machine": name, "stage": problem.stages[problem.machine_stage[of]],
         "sequence": [problem.name(one) for one in schedule.decisions.sequences[of]]}
        for of, name in enumerate(problem.machines)
    ]  # fmt: skip
    operations = [
        {"job": problem.jobs[problem.job[one]], "stage": problem.stages[problem.stage[one]],
         "machine": problem.machines[schedule.machine[one]], "start": problem.time(schedule.start[one]),
         "end": problem.time(schedule.end[one]), "setup_start": problem.time(schedule.setup_start[one]),
         "setup_min": schedule.setup_min[one], "dumped_l": schedule.dumped_l[one]}
        for one in sorted(problem.operations, key=lambda one: (schedule.machine[one], schedule.start[one]))
    ]  # fmt: skip
    outcome = {
        "rule": plan.rule, **figures(schedule.costs), "bound": round(plan.bound, 3),
        "gap_pct": round(plan.gap_pct, 2), "seconds": round(plan.seconds, 3), "steps": plan.steps,
        "warnings": list(schedule.warnings), "notes": [*notes, *plan.notes], "sequences": machines,
        "operations": operations,
    }  # fmt: skip
    return plan, outcome


def explained(problem: Problem, schedule: Schedule, name: str) -> dict[str, Any]:
    """Return why an operation has its place, and what the places next to it cost.

    Raises
    ------
    BadInput
        The plan has no such operation.
    """
    names = {problem.name(one): one for one in problem.operations}
    if name not in names:
        raise BadInput(f"no operation is called {name!r}; give JOB@STAGE like {next(iter(names))}")
    one = names[name]
    of = schedule.machine[one]
    place = schedule.decisions.sequences[of].index(one)
    moves = []
    for machine in problem.minutes[one]:
        for position in (place - 1, place + 1) if machine == of else (_nearest(schedule, machine, one),):
            try:
                cost = cost_of_move(problem, schedule, one, position, machine)
            except Impossible:
                continue  # before the first, behind the last, or against a pinned order: there is no such move
            moves.append({
                "machine": problem.machines[machine], "position": position, "setup_min": cost.setup_min,
                "tardiness_min": cost.tardiness_min, "dumped_l": cost.dumped_l, "points": round(cost.objective, 3),
                "told": told_cost(cost),
            })  # fmt: skip
    return {"operation": name, "machine": problem.machines[of], "position": place,
            "reasons": list(explain(problem, schedule, one).reasons), "moves": moves}  # fmt: skip


def why_of(situation: Situation, content: Content, name: str) -> dict[str, Any] | None:
    """Return the same for a proposal of the running line; None if what is to be planned has changed since.

    It plans some twenty times: run it in a worker.
    """
    built = rebuilt(situation, content)
    if built is None or name not in {built[0].name(one) for one in built[0].operations}:
        return None
    return explained(*built, name)


def readable(problem: Problem, plan: Plan, outcome: dict[str, Any]) -> Iterator[str]:
    """Lines for people: figures, a picture of every machine's time, and what it does."""
    schedule, costs = plan.schedule, plan.schedule.costs
    late = "never late" if not costs.tardiness_min else f"{costs.tardiness_min} min late in all"
    yield (f"{costs.objective:g} points: {costs.setup_min} min of set-up, {late}, {costs.dumped_l:g} l dumped; "
           f"no plan is below {plan.bound:g} ({plan.rule}, {plan.seconds:.1f} s)")  # fmt: skip
    yield ""
    end = max(schedule.end)
    width = max(len(name) for name in problem.machines)
    yield f"{'':{width}}  {problem.time(0)}{problem.time(end):>{COLUMNS - len(problem.time(0))}}"
    for of, name in enumerate(problem.machines):
        yield f"{name:{width}}  {_bar(schedule, of, end)}"
    yield f"{'':{width}}  = work, # set-up, . nothing"
    for of, name in enumerate(problem.machines):
        yield ""
        yield f"{name}"
        for one in schedule.decisions.sequences[of]:
            job = problem.job[one]
            over = schedule.end[one] - problem.due[job]
            told = f"  {over} min late" if problem.after[one] < 0 and over > 0 else ""
            setup = f"  set-up {schedule.setup_min[one]} min" if schedule.setup_min[one] else ""
            dumped = f", {schedule.dumped_l[one]:g} l dumped" if schedule.dumped_l[one] else ""
            yield (f"  {problem.time(schedule.start[one])[:16]} to {problem.time(schedule.end[one])[:16]}  "
                   f"{problem.jobs[job]}{setup}{dumped}{told}")  # fmt: skip
    yield ""
    for kind in ("warnings", "notes"):
        yield from (f"{kind[:-1]}: {line}" for line in outcome[kind])
    if "explanation" in outcome:
        told = outcome["explanation"]
        yield f"{told['operation']} is number {told['position'] + 1} on {told['machine']}"
        yield from (f"  {line}" for line in told["reasons"])
        yield from (f"  to {move['machine']}, number {move['position'] + 1}: {move['told']}" for move in told["moves"])


def _nearest(schedule: Schedule, machine: int, one: int) -> int:
    return sum(schedule.start[other] < schedule.start[one] for other in schedule.decisions.sequences[machine])


def _bar(schedule: Schedule, of: int, end: int) -> str:
    cells = ["."] * COLUMNS
    for one in schedule.decisions.sequences[of]:
        for begin, done, sign in (
            (schedule.setup_start[one], schedule.setup_end[one], "#"), (schedule.start[one], schedule.end[one], "="),
        ):  # fmt: skip
            for cell in range(begin * COLUMNS // end, -(-done * COLUMNS // end) if done > begin else 0):
                if cells[cell] == "." or sign == "=":
                    cells[cell] = sign
    return "".join(cells)
