"""What people have pinned: that it does not contradict itself, the calendars or the durations."""

from collections.abc import Mapping, Sequence

from controller.planning.calendar import Calendar
from controller.planning.listed import Listed, minute_of
from controller.planning.names import PlanError, known
from controller.planning.planfile import PlanFile
from controller.planning.problem import NEVER


def check_pins(file: PlanFile, listed: list[Listed], machines: Mapping[str, int], calendars: list[Calendar]) -> None:
    """Refuse operations that fit nowhere and pinned starts that cannot be kept whatever is planned."""
    names, horizon = list(machines), file.horizon_days * 1440
    taken: dict[int, list[tuple[int, int, str]]] = {}
    for one in listed:
        for of, minutes in one.minutes.items():
            if not file.machines[of].may_pause and minutes > calendars[of].longest(horizon):
                raise PlanError(
                    f"{one.key}.minutes: {minutes} min do not fit into any open window of {names[of]} (longest "
                    f"{calendars[of].longest(horizon)} min); give it may_pause or longer shifts, or leave it out"
                )
        if one.pin_start == NEVER:
            continue
        key = f"{one.key}.pin.start"
        if one.pin_start < 0:
            raise PlanError(f"{key}: lies before the plan's start {file.start}")
        release = file.jobs[one.job].release
        if release is not None and one.pin_start < minute_of(release, file.start, 0):
            raise PlanError(f"{key}: lies before the job's release {release}")
        if one.pin_machine == NEVER:
            continue
        of, minutes = one.pin_machine, one.minutes[one.pin_machine]
        place = calendars[of].work if file.machines[of].may_pause else calendars[of].fit
        begun, done = place(one.pin_start, minutes)
        if begun != one.pin_start:
            raise PlanError(f"{key}: {names[of]} is closed then; it could begin {begun - one.pin_start} min later")
        for start, end, other in taken.setdefault(of, []):
            if begun < end and start < done:
                raise PlanError(f"{key}: overlaps {other}, which is pinned on {names[of]}, too")
        taken[of].append((begun, done, key))


def orders(
    file: PlanFile, jobs: Mapping[str, int], machines: Mapping[str, int], machine_stage: list[int], listed: list[Listed]
) -> tuple[int, ...]:
    """Return the rank of each operation in the pinned order of its machine; it can go on no other machine then."""
    order = [NEVER] * len(listed)
    seen: set[int] = set()
    for index, pinned in enumerate(file.pinned_orders):
        key = f"pinned_orders.{index}"
        of = known(machines, pinned.machine, f"{key}.machine", "machine")
        if of in seen:
            raise PlanError(f"{key}.machine: {pinned.machine} has an order already; put both into one")
        seen.add(of)
        latest = NEVER
        for rank, name in enumerate(pinned.jobs):
            job = known(jobs, name, f"{key}.jobs.{rank}", "job")
            one = next((i for i, o in enumerate(listed) if o.job == job and o.stage == machine_stage[of]), None)
            if one is None or of not in listed[one].minutes:
                raise PlanError(f"{key}.jobs.{rank}: {name} cannot go over {pinned.machine}; see its operations")
            if order[one] != NEVER:
                raise PlanError(f"{key}.jobs.{rank}: {name} is in an order already")
            if listed[one].pin_start != NEVER:
                if listed[one].pin_start < latest:
                    raise PlanError(f"{key}.jobs.{rank}: the pinned start of {name} contradicts the order")
                latest = listed[one].pin_start
            order[one] = rank
            listed[one].minutes = {of: listed[one].minutes[of]}
        if pinned.first:
            _behind(pinned.jobs, machine_stage, of, listed, order, key)
    return tuple(order)


def _behind(
    first: Sequence[str], machine_stage: list[int], of: int, listed: list[Listed], order: list[int], key: str
) -> None:
    """Rank all others of the stage behind those that come first, and alike."""
    if machine_stage.count(machine_stage[of]) > 1:
        raise PlanError(f"{key}.first: the stage has several machines; leave first out and pin machine and start")
    for index, one in enumerate(listed):
        if one.stage == machine_stage[of] and order[index] == NEVER:
            order[index] = len(first)
