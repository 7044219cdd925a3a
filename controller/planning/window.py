"""CP-SAT on windows: a few operations are planned anew, all others stay; what comes out counts only if it is better.

It needs pyjobshop, which is loaded when it is first used. Without it `available` says so and nothing else changes.
"""

import random
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise, permutations, product
from typing import Any

from controller.planning.calendar import FOREVER, Calendar
from controller.planning.problem import NEVER, Decisions, Problem
from controller.planning.schedule import Schedule, keep_shelf_lives

WINDOW_OPERATIONS = 8
"""So many are mostly settled within `WINDOW_S` on one core; many more are not."""
WINDOW_S = 0.6
EXACT_OPERATIONS = 20
"""A whole problem of so many operations is given to it at once."""
SCALE = 100
"""CP-SAT counts in whole numbers: points times this."""


@dataclass(frozen=True)
class Proven:
    """A plan of the whole problem, and the points below which none can be; None if the model leaves something out."""

    schedule: Schedule
    bound: float | None


def available() -> bool:
    """Whether pyjobshop is installed."""
    return find_spec("pyjobshop") is not None


def improve(problem: Problem, incumbent: Schedule, until: float, seed: int) -> Schedule:
    """Plan one window after another anew; never returns a worse plan.

    It ends at a moment (`time.perf_counter`), or when none of the windows has made the plan better.
    """
    draws = random.Random(seed)  # noqa: S311 (not for secrets)
    better = True
    while better:
        better = False
        for window in _windows(problem, incumbent, draws):
            left = until - time.perf_counter()
            if left < WINDOW_S / 2:
                return incumbent
            found = _planned(problem, incumbent, window, min(left, WINDOW_S), seed)[0]
            if found is not None and found.costs.objective < incumbent.costs.objective:
                incumbent, better = found, True
    return incumbent


def prove(problem: Problem, incumbent: Schedule, seconds: float, seed: int) -> Proven:
    """Plan a whole small problem, of at most `EXACT_OPERATIONS`; the bound holds where the model leaves nothing out."""
    found, bound = _planned(problem, incumbent, frozenset(problem.operations), seconds, seed)
    better = found is not None and found.costs.objective < incumbent.costs.objective
    return Proven(found if better and found else incumbent, bound / SCALE if _whole(problem) else None)


def _whole(problem: Problem) -> bool:
    """Whether the model says all that the problem says."""
    fits = all(abs(points * SCALE - round(points * SCALE)) < 1e-6
               for points in (*problem.weight, problem.weights.setup_min))  # fmt: skip
    open_ = all(calendar.always_open for calendar in problem.calendars)
    dumps = problem.weights.dumped_l and any(any(map(any, table)) for table in problem.dumped_l)
    soft = any(problem.campaigns) or any(problem.waits) or any(start != NEVER for start in problem.pin_start)
    return fits and open_ and not dumps and not soft and min(problem.due) >= 0


def _windows(problem: Problem, incumbent: Schedule, draws: random.Random) -> Iterator[frozenset[int]]:
    """Runs of operations on one machine, or on two of a stage at the same time."""
    starts = [(of, index) for of, sequence in enumerate(incumbent.decisions.sequences)
              for index in range(0, max(len(sequence) - 1, 0), WINDOW_OPERATIONS // 4)]  # fmt: skip
    draws.shuffle(starts)
    for of, index in starts:
        sequence = incumbent.decisions.sequences[of]
        others = [m for m in problem.stage_machines[problem.machine_stage[of]] if m != of]
        if others and draws.random() < 0.7:
            beside = incumbent.decisions.sequences[draws.choice(others)]
            half, begun = WINDOW_OPERATIONS // 2, incumbent.start[sequence[index]]
            near = sorted(sorted(beside, key=lambda one: abs(incumbent.start[one] - begun))[:half])
            yield frozenset((*sequence[index : index + half], *near))
        else:
            yield frozenset(sequence[index : index + WINDOW_OPERATIONS])


def _planned(
    problem: Problem, incumbent: Schedule, window: Collection[int], seconds: float, seed: int
) -> tuple[Schedule | None, float]:
    """Plan the operations of a window, which follow one another; return CP-SAT's bound in points times `SCALE`, too."""
    from pyjobshop import Model

    model = Model()
    whole = len(window) == len(problem.operations)
    machines = list(range(len(problem.machines))) if whole else sorted({incumbent.machine[one] for one in window})
    horizon = max(incumbent.end) * 2 + 1000
    resources = {of: model.add_machine(breaks=_breaks(problem.calendars[of], horizon)) for of in machines}
    tasks = {one: _task(model, problem, incumbent, one, window) for one in sorted(window)}
    for one, task in tasks.items():
        for of in machines:
            if of in problem.minutes[one]:
                model.add_mode(task, resources[of], problem.minutes[one][of])
        if problem.before[one] in tasks:
            model.add_end_before_start(tasks[problem.before[one]], task)
    for of, resource in resources.items():
        _set_up(model, problem, incumbent, tasks, (of, resource), horizon)
    points = round(problem.weights.setup_min * SCALE) if model.constraints.setup_times else 0
    model.set_objective(weight_total_tardiness=1, weight_total_setup_time=points)
    result = model.solve(time_limit=seconds, display=False, num_workers=1, random_seed=seed)
    if not result.best or not result.best.tasks:
        return None, 0.0
    placed: dict[int, list[tuple[int, int]]] = {of: [] for of in machines}
    for one, scheduled in zip(tasks, result.best.tasks, strict=False):  # the tasks that stand for the past come after
        placed[machines[scheduled.resources[0]]].append((scheduled.start, one))
    sequences = list(incumbent.decisions.sequences)
    for of in machines:
        first = next((index for index, one in enumerate(sequences[of]) if one in tasks), 0)
        others = [one for one in sequences[of] if one not in tasks]
        sequences[of] = (*others[:first], *(one for _, one in sorted(placed[of])), *others[first:])
    return keep_shelf_lives(problem, Decisions(tuple(sequences))), result.lower_bound


def _set_up(
    model: Any, problem: Problem, incumbent: Schedule, tasks: Mapping[int, Any], machine: tuple[int, Any], horizon: int
) -> None:
    """Tell the set-ups of a machine: after what is on it before the window, between its operations, and behind them."""
    of, resource = machine
    sequence = incumbent.decisions.sequences[of]
    first = next((index for index, one in enumerate(sequence) if one in tasks), 0)
    rest = [one for one in sequence[first:] if one not in tasks]
    past = sequence[first - 1] if first else NEVER
    free, family = (incumbent.end[past], problem.family[past]) if first else (0, problem.first_family[of])
    begin = model.add_task(earliest_start=free, latest_start=free)
    model.add_mode(begin, resource, 0)
    finish = model.add_task(earliest_start=horizon, latest_start=horizon)
    model.add_mode(finish, resource, 0)
    able, table = [one for one in tasks if of in problem.minutes[one]], problem.setup_min[of]
    pairs = [(begin, tasks[one], table[family][problem.family[one]]) for one in able]
    pairs += [(tasks[one], finish, table[problem.family[one]][problem.family[rest[0]]]) for one in able if rest]
    pairs += [(tasks[one], tasks[other], table[problem.family[one]][problem.family[other]])
              for one, other in permutations(able, 2)]  # fmt: skip
    for earlier, later, minutes in pairs:
        if minutes:
            model.add_setup_time(resource, earlier, later, minutes)
    ranks = sorted({problem.order[one] for one in able} - {NEVER})
    for earlier, later in pairwise(ranks):
        for one, other in product(able, able):
            if (problem.order[one], problem.order[other]) == (earlier, later):
                model.add_end_before_start(tasks[one], tasks[other])


def _task(model: Any, problem: Problem, incumbent: Schedule, one: int, window: Collection[int]) -> Any:
    """The task of an operation; due so that what follows of its job, as it is planned now, is in time."""
    job, before, after = problem.job[one], problem.before[one], problem.after[one]
    release = problem.release[job] if before == NEVER else 0 if before in window else incumbent.end[before]
    release = max(release, problem.pin_start[one])
    latest = {"latest_start": problem.pin_start[one]} if problem.pin_start[one] != NEVER else {}
    of_job = None
    if problem.due[job] < FOREVER and (after == NEVER or after not in window):
        tail = incumbent.end[problem.job_operations[job][-1]] - incumbent.end[one]
        weight = max(round(problem.weight[job] * SCALE), 0)
        of_job = model.add_job(weight=weight, due_date=max(problem.due[job] - tail, 0))
    pausing = any(problem.may_pause[of] for of in problem.minutes[one])
    return model.add_task(job=of_job, earliest_start=release, allow_breaks=pausing, **latest)


def _breaks(calendar: Calendar, horizon: int) -> list[tuple[int, int]]:
    edges = zip((0, *calendar.closes), calendar.opens, strict=False)
    return [(closed, opened) for closed, opened in edges if closed < opened <= horizon]
