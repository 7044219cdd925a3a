"""What the planning worker does: from a situation and the plan before it to the next proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.planning import Decisions, PlanError, build, keep_shelf_lives, solve
from controller.planning.bound import lower_bound
from controller.plans.content import Content, Timed
from controller.plans.situation import Situation
from controller.plans.translate import planning_file, running_slots, sequences, timed

FEW_OPERATIONS, FIRST_MOVES = 100, 60_000
"""The first proposal of so few operations is searched for with so many moves over the operations; more take longer."""

FIRST_S = 0.5
"""Search of the first proposal of more, so that it is there within two seconds; longer ones follow."""

KNOWN = 0.8
"""With so much of it in the plan before, the first proposal begins from that plan alone and asks no rules."""

Names = Mapping[str, tuple[str, ...]]
"""The order of each machine: its operations (``JOB@STAGE``) by the machine's name."""


@dataclass(frozen=True)
class Request:
    """One round of planning.

    Attributes
    ----------
    situation, start
        What there is to do, and now.
    before
        The order of the proposal before: what comes out is never worse, if nothing changed.
    released
        That of the released plan.
    seconds
        For the search, CP-SAT included; None: the first proposal, as fast as a good one can be had; 0: the order stays
        as it was and only its times are set anew.
    seed
        What the search is drawn from.
    """

    situation: Situation
    start: datetime
    before: Names
    released: Names
    seconds: float | None = None
    seed: int = 0


def make(request: Request) -> Content:
    """Plan; what cannot be planned is a `Content` that says why."""
    situation, start = request.situation, request.start
    running = running_slots(situation, start)
    alone = Timed(slots=running, late_min=sum(slot.late_min for slot in running),
                  late_jobs=sum(slot.late_min > 0 for slot in running))  # fmt: skip
    try:
        file = planning_file(situation, start)
        problem = file and build(file)
    except PlanError as error:
        return Content(made_at=start, proposal=alone, standing=alone, left_out=situation.left_out, trouble=str(error))
    if problem is None:
        return Content(made_at=start, proposal=alone, standing=alone, left_out=situation.left_out)
    follow = keep_shelf_lives(problem, Decisions(sequences(problem, request.released)))
    known = sum(problem.name(one) in of for of in map(set, request.before.values()) for one in problem.operations)
    kept, beside = (keep_shelf_lives(problem, Decisions(sequences(problem, request.before, beside=how)))
                    for how in (False, True))  # fmt: skip
    before = min(kept, beside, key=lambda one: one.costs.objective)
    if situation.open and request.seconds != 0:
        count = len(problem.operations)
        steps = FIRST_MOVES // count if request.seconds is None and count <= FEW_OPERATIONS else None
        anew = request.seconds is not None or known < KNOWN * count
        plan = solve(problem, "search", request.seconds or FIRST_S, request.seed, steps, start=before, anew=anew)
        found, bound, seconds = plan.schedule, plan.bound, plan.seconds
    else:
        found, bound, seconds = before, lower_bound(problem) if situation.open else before.costs.objective, 0.0
    return Content(
        made_at=start, proposal=timed(problem, found, situation, running),
        standing=timed(problem, follow, situation, running), left_out=situation.left_out,
        bound=bound, seconds=seconds,
    )  # fmt: skip


def names(plan: Timed) -> dict[str, tuple[str, ...]]:
    """Return the order of each machine in a plan."""
    return {machine: tuple(slot.name for slot in plan.queue(machine))
            for machine in {slot.machine for slot in plan.slots}}  # fmt: skip
