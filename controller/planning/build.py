"""From a planning file to the problem it describes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from controller.planning.calendar import FOREVER, calendar_of
from controller.planning.listed import Listed, minute_of, operations_of
from controller.planning.names import PlanError, has_attributes, known, named
from controller.planning.pins import check_pins, orders
from controller.planning.planfile import YEARS, PlanFile
from controller.planning.problem import NEVER, Problem
from controller.planning.setups import setups_of


def build(file: PlanFile) -> Problem:
    """Return the problem that a file describes.

    Raises
    ------
    PlanError
        What it says contradicts itself, or a name in it is not known.
    """
    stages = {name: index for index, name in named("stages", file.stages)}
    machines = {name: index for index, name in named("machines", [one.name for one in file.machines])}
    jobs = {name: index for index, name in named("jobs", [one.name for one in file.jobs])}
    machine_stage = [
        known(stages, one.stage, f"machines.{index}.stage", "stage") for index, one in enumerate(file.machines)
    ]
    stage_machines = [tuple(m for m, of in enumerate(machine_stage) if of == stage) for stage in range(len(stages))]
    zone = ZoneInfo(file.time_zone)
    calendars = [calendar_of(one.shifts, one.maintenance, file.start, zone, file.horizon_days) for one in file.machines]
    listed = [Listed(*where) for where in operations_of(file, stages, machines, stage_machines)]
    check_pins(file, listed, machines, calendars)
    order = orders(file, jobs, machines, machine_stage, listed)
    setups = setups_of(file, stages, machines, stage_machines, listed)
    _check_end(file, listed, max(max(map(max, table), default=0) for table in setups.minutes))
    routes: list[list[int]] = [[] for _ in jobs]
    for index, one in enumerate(listed):
        routes[one.job].append(index)
    first = [NEVER if index == 0 or listed[index - 1].job != one.job else index - 1 for index, one in enumerate(listed)]
    last = [index + 1 if index + 1 < len(listed) and listed[index + 1].job == one.job else NEVER
            for index, one in enumerate(listed)]  # fmt: skip
    return Problem(
        start=file.start,
        zone=zone, horizon=file.horizon_days * 1440, stages=file.stages, machines=tuple(machines),
        stage_machines=tuple(stage_machines), machine_stage=tuple(machine_stage), calendars=tuple(calendars),
        may_pause=tuple(one.may_pause for one in file.machines), first_family=setups.first_family,
        setup_min=setups.minutes, dumped_l=setups.litres, jobs=tuple(jobs),
        release=tuple(minute_of(one.release, file.start, 0) for one in file.jobs),
        due=tuple(minute_of(one.due, file.start, FOREVER, early=True) for one in file.jobs),
        weight=tuple(one.weight * file.weights.tardiness_min for one in file.jobs),
        job_operations=tuple(map(tuple, routes)),
        job=tuple(one.job for one in listed), stage=tuple(one.stage for one in listed), family=setups.family,
        families=setups.families, minutes=tuple(one.minutes for one in listed), before=tuple(first), after=tuple(last),
        pin_start=tuple(one.pin_start for one in listed), order=order,
        waits=_waits(file, stages, listed), campaigns=setups.campaigns, weights=file.weights,
        default_setups=file.setups is None,
    )  # fmt: skip


def _check_end(file: PlanFile, listed: list[Listed], longest_setup: int) -> None:
    """Refuse a file whose last end could not be written as a date, however it is planned."""
    since = [file.start, *(job.release for job in file.jobs if job.release)]
    work = sum(max(one.minutes.values()) + longest_setup for one in listed)
    last = max(since).timestamp() / 60 + max(one.pin_start for one in listed) + file.horizon_days * 1440 + work
    if last > datetime(YEARS[1], 1, 1, tzinfo=UTC).timestamp() / 60:
        raise PlanError(
            f"jobs: {work} min of work and set-ups after {max(since)} could end after the year {YEARS[1] - 1}; "
            f"give an earlier start and releases, or less work"
        )


def _waits(file: PlanFile, stages: Mapping[str, int], listed: list[Listed]) -> tuple[tuple[tuple[int, int], ...], ...]:
    waits: list[list[tuple[int, int]]] = [[] for _ in listed]
    place = {(one.job, one.stage): index for index, one in enumerate(listed)}
    for index, life in enumerate(file.shelf_lives):
        begin = known(stages, life.begin, f"shelf_lives.{index}.from", "stage")
        end = known(stages, life.end, f"shelf_lives.{index}.to", "stage")
        if end <= begin:
            raise PlanError(f"shelf_lives.{index}.to: {life.end!r} is not a stage after {life.begin!r}")
        has_attributes(file, life.only, f"shelf_lives.{index}.only")
        for number, job in enumerate(file.jobs):
            earlier, later = place.get((number, begin)), place.get((number, end))
            if earlier is None or later is None or any(job.attributes.get(k) != v for k, v in life.only.items()):
                continue
            waits[later].append((earlier, int(life.hours * 60)))
    return tuple(map(tuple, waits))
