"""Why an operation has its place, and what another place would cost; both by planning again, not by estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.planning.calendar import FOREVER
from controller.planning.dispatch import tail_minutes
from controller.planning.problem import NEVER, Decisions, Problem
from controller.planning.schedule import Costs, Schedule, keep_shelf_lives

RIVALS = 3
"""How many operations behind it an operation is compared with."""


class Impossible(ValueError):
    """A move that the problem does not allow."""


@dataclass(frozen=True)
class MoveCost:
    """What a move changes: the other plan's figures less this plan's. Above 0 is worse.

    Attributes
    ----------
    setup_min, tardiness_min : int
    dumped_l, tardiness_points, objective : float
    moved : Schedule
        The plan after the move.
    """

    setup_min: int
    dumped_l: float
    tardiness_min: int
    tardiness_points: float
    objective: float
    moved: Schedule


@dataclass(frozen=True)
class Standing:
    """What speaks for an operation when its machine becomes free.

    Attributes
    ----------
    operation : int
    setup_min : int
        Minutes to set the machine up for it from what was on it before.
    dumped_l : float
    slack_min : int or None
        Minutes to spare until it would be late, if it began now and all later stages took it at once; None if it is
        not due.
    weight : float
        Points for a minute of tardiness.
    waits_min : int
        Minutes until it can begin because of its release, the stage before, its pin or its hold.
    """

    operation: int
    setup_min: int
    dumped_l: float
    slack_min: int | None
    weight: float
    waits_min: int


@dataclass(frozen=True)
class Explanation:
    """Why an operation comes now.

    Attributes
    ----------
    own : Standing
    rivals : tuple of Standing
        The operations that come next on the same machine.
    instead : tuple of MoveCost
        For each rival: what it costs if it takes this place and the others move back.
    reasons : tuple of str
        The same in words, the strongest first.
    """

    own: Standing
    rivals: tuple[Standing, ...]
    instead: tuple[MoveCost, ...]
    reasons: tuple[str, ...]


def cost_of_move(
    problem: Problem, plan: Schedule, operation: int, position: int, machine: int | None = None
) -> MoveCost:
    """Return what it costs to put an operation at another place.

    Parameters
    ----------
    problem : Problem
    plan : Schedule
    operation : int
    position : int
        Index in the sequence without the operation, from 0.
    machine : int, optional
        Another machine; the same if left out.

    Raises
    ------
    Impossible
        The machine cannot do it, the position is not there, or a pinned order would be broken.
    """
    of = plan.machine[operation]
    to = of if machine is None else machine
    if to not in problem.minutes[operation]:
        able = ", ".join(problem.machines[one] for one in problem.minutes[operation])
        raise Impossible(f"{problem.name(operation)} cannot go on {problem.machines[to]}; it can on {able}")
    sequences = [[one for one in sequence if one != operation] for sequence in plan.decisions.sequences]
    if not 0 <= position <= len(sequences[to]):
        raise Impossible(
            f"position {position} on {problem.machines[to]} is not there; it has 0 to {len(sequences[to])}"
        )
    sequences[to].insert(position, operation)
    ranks = [problem.order[one] for one in sequences[to] if problem.order[one] != NEVER]
    if ranks != sorted(ranks):
        raise Impossible(
            f"{problem.name(operation)} is in a pinned order of {problem.machines[to]}; change the order first"
        )
    return _compared(problem, plan, sequences)


def explain(problem: Problem, plan: Schedule, operation: int) -> Explanation:
    """Return why an operation comes before those behind it on its machine."""
    of = plan.machine[operation]
    sequence = plan.decisions.sequences[of]
    place = sequence.index(operation)
    behind = sequence[place + 1 : place + 1 + RIVALS]
    own = _standing(problem, plan, operation, place)
    rivals = tuple(_standing(problem, plan, one, place) for one in behind)
    instead = tuple(
        _compared(problem, plan, [
            _brought_forward(theirs, one, place) if of == at else theirs
            for at, theirs in enumerate(plan.decisions.sequences)
        ])
        for one in behind
    )  # fmt: skip
    return Explanation(own, rivals, instead, _reasons(problem, own, rivals, instead))


def _brought_forward(sequence: Sequence[int], one: int, place: int) -> list[int]:
    rest = [other for other in sequence if other != one]
    return [*rest[:place], one, *rest[place:]]


def _compared(problem: Problem, plan: Schedule, sequences: Sequence[Sequence[int]]) -> MoveCost:
    moved = keep_shelf_lives(problem, Decisions(tuple(map(tuple, sequences))))
    new, old = moved.costs, plan.costs
    return MoveCost(
        new.setup_min - old.setup_min, new.dumped_l - old.dumped_l, new.tardiness_min - old.tardiness_min,
        new.tardiness_points - old.tardiness_points, new.objective - old.objective, moved,
    )  # fmt: skip


def _standing(problem: Problem, plan: Schedule, one: int, place: int) -> Standing:
    of = plan.machine[one]
    sequence, job, before = plan.decisions.sequences[of], problem.job[one], problem.before[one]
    past = sequence[place - 1] if place else NEVER
    free = plan.end[past] if place else 0
    family = problem.family[past] if place else problem.first_family[of]
    kind = problem.family[one]
    minutes = problem.setup_min[of][family][kind]
    ready = problem.release[job] if before == NEVER else plan.end[before]
    ready = max(ready, problem.pin_start[one], dict(plan.decisions.holds).get(one, 0))
    due = problem.due[job]
    needed = minutes + problem.minutes[one][of] + tail_minutes(problem)[one]
    slack = None if due == FOREVER else due - free - needed
    return Standing(
        one, minutes, problem.dumped_l[of][family][kind], slack, problem.weight[job], max(ready - free - minutes, 0)
    )


def _reasons(
    problem: Problem, own: Standing, rivals: Sequence[Standing], instead: Sequence[MoveCost]
) -> tuple[str, ...]:
    name = problem.name(own.operation)
    if not rivals:
        return (f"{name} is the last on its machine",)
    told = []
    for rival, cost in sorted(zip(rivals, instead, strict=True), key=lambda pair: -pair[1].objective):
        terms = []
        if rival.setup_min != own.setup_min:
            terms.append(f"set-up {own.setup_min} min, not {rival.setup_min}")
        if rival.slack_min is not None or own.slack_min is not None:
            terms.append(f"slack {_slack(own)}, theirs {_slack(rival)}")
        if rival.weight != own.weight:
            terms.append(f"weight {own.weight:g}, theirs {rival.weight:g}")
        if rival.waits_min > own.waits_min:
            terms.append(f"the other is not there for another {rival.waits_min} min")
        told.append(f"before {problem.name(rival.operation)}: {'; '.join(terms)}; the other first: {told_cost(cost)}")
    if problem.pin_start[own.operation] != NEVER:
        told.insert(0, f"{name} is pinned to {problem.time(problem.pin_start[own.operation])}")
    return tuple(told)


def _slack(of: Standing) -> str:
    return "without due date" if of.slack_min is None else f"{of.slack_min} min"


def told_cost(cost: MoveCost) -> str:
    """Return what a move costs in words."""
    return (
        f"{cost.setup_min:+d} min of set-up, {cost.tardiness_min:+d} min of tardiness, {cost.dumped_l:+g} l dumped, "
        f"{cost.objective:+g} points"
    )


def figures(costs: Costs) -> dict[str, float]:
    """Return the figures of a plan by their names."""
    return {name: round(getattr(costs, name), 3) for name in Costs.__dataclass_fields__}
