"""The scheduler: from decisions to starts and ends, exactly and simply. Everything faster is tested against it."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.planning.problem import NEVER, Decisions, Problem

HOLD_ROUNDS = 12
"""How often operations are put off before what is left of a shelf life that is passed counts."""


@dataclass(frozen=True)
class Costs:
    """What a plan costs, in its own units.

    Attributes
    ----------
    setup_min : int
        Minutes of set-up on all machines.
    dumped_l : float
        Litres of liquor dumped at set-ups.
    tardiness_min : int
        Minutes after the due dates, of all jobs.
    tardiness_points : float
        The same, each job by its weight and the plan's.
    shelf_min, pin_min, campaign_min : int
        Minutes past shelf lives, off pinned starts, and short of campaigns.
    objective : float
        Points of all together.
    """

    setup_min: int
    dumped_l: float
    tardiness_min: int
    tardiness_points: float
    shelf_min: int
    pin_min: int
    campaign_min: int
    objective: float


@dataclass(frozen=True)
class Schedule:
    """Decisions with the times that follow from them; all in minutes after the plan's start, by operation.

    Attributes
    ----------
    machine, start, end : tuple of int
    setup_start, setup_end, setup_min : tuple of int
        The set-up before the operation. It is made as soon as the machine is free, and stands still while it is closed.
    dumped_l : tuple of float
    costs : Costs
    warnings : tuple of str
        What could not be kept, and by how much.
    """

    decisions: Decisions
    machine: tuple[int, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    setup_start: tuple[int, ...]
    setup_end: tuple[int, ...]
    setup_min: tuple[int, ...]
    dumped_l: tuple[float, ...]
    costs: Costs
    warnings: tuple[str, ...]


def schedule(problem: Problem, decisions: Decisions) -> Schedule:
    """Begin every operation as early as the decisions, its job, its machine and the calendars let it.

    Parameters
    ----------
    problem : Problem
    decisions : Decisions
        Every operation once, on a machine that can do it.
    """
    count = len(problem.operations)
    machine, start, end, setup_start, setup_end, setup_min = ([0] * count for _ in range(6))
    dumped_l = [0.0] * count
    holds = dict(decisions.holds)
    for members in problem.stage_machines:
        for of in members:
            calendar, family, free = problem.calendars[of], problem.first_family[of], 0
            place = calendar.work if problem.may_pause[of] else calendar.fit
            for one in decisions.sequences[of]:
                machine[one] = of
                setup_min[one] = problem.setup_min[of][family][problem.family[one]]
                dumped_l[one] = problem.dumped_l[of][family][problem.family[one]]
                setup_start[one], setup_end[one] = calendar.work(free, setup_min[one])
                before = problem.before[one]
                ready = problem.release[problem.job[one]] if before == NEVER else end[before]
                earliest = max(ready, setup_end[one], problem.pin_start[one], holds.get(one, 0))
                start[one], end[one] = place(earliest, problem.minutes[one][of])
                free, family = end[one], problem.family[one]
    costs, warnings = _judge(problem, decisions, start, end, setup_min, dumped_l)
    return Schedule(
        decisions, tuple(machine), tuple(start), tuple(end), tuple(setup_start), tuple(setup_end), tuple(setup_min),
        tuple(dumped_l), costs, warnings,
    )  # fmt: skip


def keep_shelf_lives(problem: Problem, decisions: Decisions) -> Schedule:
    """Return the schedule of the same sequences in which cloth is treated later, rather than lie too long.

    Where a wait cannot be kept so, either, the schedule with the fewest points is given, and it says so.
    """
    best = found = schedule(problem, Decisions(decisions.sequences))
    holds: dict[int, int] = {}
    for _ in range(HOLD_ROUNDS):
        late = [
            (earlier, found.start[one] - longest - found.end[earlier])
            for one in problem.operations
            for earlier, longest in problem.waits[one]
            if found.start[one] - found.end[earlier] > longest and problem.pin_start[earlier] == NEVER
        ]
        if not late:
            break
        for earlier, minutes in late:
            holds[earlier] = max(holds.get(earlier, 0), found.start[earlier] + minutes)
        found = schedule(problem, Decisions(decisions.sequences, tuple(sorted(holds.items()))))
        best = min(best, found, key=lambda one: one.costs.objective)
    return best


def campaign_short(problem: Problem, machine: int, sequence: Sequence[int]) -> int:
    """Minutes by which the runs on a machine are too short; the first and the last run may be part of a longer one."""
    stage, short = problem.machine_stage[machine], 0
    for campaign in problem.campaigns[stage]:
        runs: list[tuple[int, int]] = []
        for one in sequence:
            group, minutes = campaign.group[problem.family[one]], problem.minutes[one][machine]
            if runs and runs[-1][0] == group:
                runs[-1] = (group, runs[-1][1] + minutes)
            else:
                runs.append((group, minutes))
        short += sum(max(campaign.minutes - minutes, 0) for _, minutes in runs[1:-1])
    return short


def _judge(
    problem: Problem,
    decisions: Decisions,
    start: list[int],
    end: list[int],
    setup_min: list[int],
    dumped_l: list[float],
) -> tuple[Costs, tuple[str, ...]]:
    weights, warnings = problem.weights, []
    tardiness = [max(end[route[-1]] - due, 0) for route, due in zip(problem.job_operations, problem.due, strict=True)]
    points = sum(late * weight for late, weight in zip(tardiness, problem.weight, strict=True))
    shelf = pins = 0
    for one in problem.operations:
        for earlier, longest in problem.waits[one]:
            over = start[one] - end[earlier] - longest
            if over > 0:
                shelf += over
                warnings.append(
                    f"shelf life: {problem.name(one)} begins {over} min later than {longest} min after "
                    f"{problem.name(earlier)}; add time on {problem.stages[problem.stage[one]]} or take the job later"
                )
        if problem.pin_start[one] != NEVER and start[one] != problem.pin_start[one]:
            pins += start[one] - problem.pin_start[one]
            warnings.append(
                f"pin: {problem.name(one)} begins {start[one] - problem.pin_start[one]} min after its pinned start; "
                f"move the pin or what is pinned before it"
            )
    short = 0
    for machine, sequence in enumerate(decisions.sequences):
        by = campaign_short(problem, machine, sequence)
        short += by
        if by:
            warnings.append(f"campaign: the runs on {problem.machines[machine]} are {by} min too short in all")
    if max(end) > problem.horizon:
        warnings.append("calendar: the plan reaches beyond horizon_days; every machine counts as open there")
    total = sum(setup_min) * weights.setup_min + sum(dumped_l) * weights.dumped_l + points
    total += shelf * weights.shelf_min + pins * weights.pin_min + short * weights.campaign_min
    litres = sum(dumped_l)
    return Costs(sum(setup_min), litres, sum(tardiness), points, shelf, pins, short, total), tuple(warnings)
