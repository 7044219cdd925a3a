"""What is read of jobs, operations, pins and the past to plan by: one look at the database, from any thread."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

import recipes
from controller.line import STAGES, Line
from controller.planning.planfile import Value
from controller.plans.content import LeftOut
from controller.plans.learned import Took, factor, factors
from controller.plans.situation import Situation, Task, Work, asked_for
from controller.plans.tables import ForecastRow, PinRow
from controller.plans.traits import Traits, traits_of
from controller.states import State
from controller.store import Store
from controller.tables import Event, Job, Operation

UNREAD = tuple(defer(cast("Any", column)) for column in (
    Job.control_recipe, Job.layout, Job.designs, Job.raster_meta, Job.inspection, Job.grade))  # fmt: skip
"""What is large and mostly not looked at."""

LEARNED_FROM = 200
"""Operations that are looked at for what can be learned: ten each of the cloths that a line is likely to see."""


KEPT_TRAITS = 5000
"""Jobs whose traits are kept in memory."""


class Reader:
    """Reads situations.

    Parameters
    ----------
    store
        The database.
    line
        Its machines.
    """

    def __init__(self, store: Store, line: Line) -> None:
        self._store = store
        self._line = line
        self._traits: dict[tuple[int, bool, float], Traits] = {}

    def last_line(self) -> int:
        """Return the number of the journal's last line, 0 if there is none; from any thread."""
        with self._store.read() as session:
            return session.exec(select(func.max(Event.seq))).one() or 0

    def situation(self) -> Situation:
        """Return what there is to plan now; reads only, from any thread."""
        with self._store.read() as session:
            live = select(Job).where(col(Job.ended_at).is_(None)).order_by(col(Job.id)).options(*UNREAD)
            jobs = {_id(job.id): job for job in session.exec(live)}
            of_jobs = select(Operation).where(col(Operation.job_id).in_(jobs)).order_by(col(Operation.id))
            operations: dict[int, list[Operation]] = {job_id: [] for job_id in jobs}
            for one in session.exec(of_jobs.options(defer(cast("Any", Operation.actuals)))):
                operations[one.job_id].append(one)
            pins = {pin.operation_id: pin for pin in session.exec(select(PinRow))}
            learned = factors(_took(session))
            states = self._states(session)
            traits = {job_id: self._traits_of(job) for job_id, job in jobs.items()}
        machines = {
            spec.name: spec.stage for spec in sorted(self._line.machines, key=lambda one: STAGES.index(one.stage))
        }
        works, left_out = [], []
        for job_id, job in jobs.items():
            mine = operations[job_id]
            if why := _left_out(job, mine, machines):
                left_out.append(LeftOut(job_id=job_id, why=why))
            works.append(_work(job, traits[job_id], mine, learned, pins, running_only=bool(why)))
        states |= {one.machine: traits[job_id].attributes
                   for job_id, mine in operations.items() for one in mine if one.status == "running"}  # fmt: skip
        return Situation(machines, states, tuple(work for work in works if work.tasks), tuple(left_out))

    def _traits_of(self, job: Job) -> Traits:
        # all else that they are made of was frozen when the job came
        key = _id(job.id), job.raster_sha256 is not None, job.length_m
        if key not in self._traits:
            if len(self._traits) >= KEPT_TRAITS:
                self._traits.clear()
            control = recipes.ControlRecipe.model_validate(job.control_recipe)
            self._traits[key] = traits_of(control.recipe, job.length_m, job.planned_ml)
        return self._traits[key]

    def _states(self, session: Session) -> dict[str, Mapping[str, Value]]:
        """Return what each machine is set up for: what the job it did last needed."""
        found: dict[str, Mapping[str, Value]] = {}
        for spec in self._line.machines:
            done = select(Operation.job_id).where(Operation.machine == spec.name, Operation.status == "done")
            job_id = session.exec(done.order_by(col(Operation.ended_at).desc()).limit(1)).first()
            if job_id is not None:
                found[spec.name] = self._traits_of(session.get_one(Job, job_id)).attributes
        return found


def _work(
    job: Job, traits: Traits, operations: Sequence[Operation], learned: Mapping[tuple[str, str], float],
    pins: Mapping[int, PinRow], running_only: bool,
) -> Work:  # fmt: skip
    asked, tasks = asked_for(job), []
    for one in sorted(operations, key=lambda one: STAGES.index(one.stage)):
        if one.status != "running" and (one.status not in ("waiting", "ready") or running_only):
            continue
        nominal, pin = traits.nominal_min[one.stage], pins.get(_id(one.id))
        tasks.append(Task(
            _id(one.id), one.stage, one.machine, nominal, nominal * factor(learned, one.machine, job.fabric),
            one.status == "running", pin and pin.rank, pin and pin.not_before, min(one.metres / one.length_m, 1.0),
        ))  # fmt: skip
    done = [one.ended_at for one in operations if one.status == "done" and one.ended_at]
    return Work(_id(job.id), job.created_at, asked.weight, asked.due_at, traits.attributes, traits.wait_h,
                max(done, default=None), tuple(tasks))  # fmt: skip


def _left_out(job: Job, operations: Iterable[Operation], machines: Mapping[str, str]) -> str:
    if job.status == State.TO_APPROVE:
        return "it waits for approval"
    if job.want != "run" or job.status == State.PARKED:
        return "it is held" if job.want == "hold" else "it is being cancelled"
    gone = [one.machine for one in operations if one.status in ("waiting", "ready") and one.machine not in machines]
    return f"the line has no machine {gone[0]} any more" if gone else ""


def _took(session: Session) -> list[Took]:
    ended = (
        select(ForecastRow, Operation, Job.fabric)
        .join(Operation, col(Operation.id) == col(ForecastRow.operation_id))
        .join(Job, col(Job.id) == col(Operation.job_id))
        .where(Operation.status == "done", col(Operation.started_at).is_not(None))
    )
    rows = session.exec(ended.order_by(col(Operation.ended_at).desc()).limit(LEARNED_FROM))
    return [
        Took(one.machine, fabric, (one.ended_at - one.started_at) / timedelta(minutes=1), forecast.nominal_min)
        for forecast, one, fabric in rows if one.started_at and one.ended_at
    ]  # fmt: skip


def _id(value: int | None) -> int:
    if value is None:
        msg = "a row was used before it was stored"
        raise ValueError(msg)
    return value
