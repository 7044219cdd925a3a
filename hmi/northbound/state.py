"""What the line shows northbound at one moment: frozen values, collected on the control loop, safe in any thread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controller import Actor, Controller
from controller.alarms.states import NAMES
from controller.desk import JobRecord
from controller.states import WAITING
from drivers import Identification, Snapshot

__all__ = ["READER", "CurrentJob", "Figures", "LineState", "MachineState", "figures_of", "line_state"]

READER = Actor("northbound", "viewer")
"""The server's own eyes; what it reads goes only to sessions that were let in."""


@dataclass(frozen=True, slots=True)
class CurrentJob:
    """The job a machine has to do now: ``want`` is run, hold or cancel; ``done`` the share of its metres done here."""

    id: int
    title: str
    status: str
    stage: str
    want: str
    length_m: float
    done: float


@dataclass(frozen=True, slots=True)
class MachineState:
    """One machine; ``alarms`` has the state of each by ISA-18.2, like "B Unacknowledged", the controller's own too."""

    snapshot: Snapshot
    identification: Identification | None
    waiting: str
    job: CurrentJob | None
    alarms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the line did so far, over all jobs it remembers; grade and points are those of the job that ended last."""

    jobs_complete: int = 0
    jobs_failed: int = 0
    jobs_waiting: int = 0
    metres_printed: float = 0.0
    findings: int = 0
    last_grade: str = ""
    last_points_per_100m2: float = 0.0


@dataclass(frozen=True, slots=True)
class LineState:
    """The whole line."""

    machines: dict[str, MachineState]
    figures: Figures
    unacknowledged: int


def line_state(controller: Controller, figures: Figures) -> LineState:
    """Collect the line as it is now; figures are counted elsewhere, because that takes longer."""
    machines = {}
    alarms = controller.alarms.alarms(READER, normal=True)
    for name, machine in controller.machines.items():
        states = {alarm.name: f"{alarm.position.state} {NAMES[alarm.position.state]}"
                  for alarm in alarms if alarm.machine == name}  # fmt: skip
        machines[name] = MachineState(machine.snapshot(), machine.identification, controller.supervisors[name].waiting,
                                      _current(controller, name), states)  # fmt: skip
    return LineState(machines, figures, sum(alarm.position.unacknowledged for alarm in alarms))


def figures_of(records: Iterable[JobRecord]) -> Figures:
    """Count what the line did; records come newest first."""
    records = list(records)
    statuses = [record.job.status for record in records]
    graded = [record.job for record in records if record.job.status == "complete" and record.job.grade]
    last = max(graded, key=lambda job: (job.ended_at is not None, job.ended_at, job.id), default=None)
    printed = (item.metres for record in records for item in record.operations if item.stage == "print")
    return Figures(
        jobs_complete=statuses.count("complete"),
        jobs_failed=statuses.count("failed"),
        jobs_waiting=sum(status in WAITING for status in statuses),
        metres_printed=round(sum(printed), 2),
        findings=sum(len(record.findings) for record in records),
        last_grade=str(last.grade["quality"]) if last else "",
        last_points_per_100m2=float(last.grade["points_per_100m2"]) if last else 0.0,
    )


def _current(controller: Controller, machine: str) -> CurrentJob | None:
    found = controller.desk.current(READER, machine)
    if found is None:
        return None
    operation, job = found
    done = round(min(operation.metres / operation.length_m, 1.0), 4)
    return CurrentJob(job.id or 0, job.title, job.status, operation.stage, job.want, operation.length_m, done)
