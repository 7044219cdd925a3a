"""The operations of a planning file in a row, with names as indices."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.planning.names import PlanError, known
from controller.planning.planfile import PlanFile
from controller.planning.problem import NEVER


@dataclass
class Listed:
    """One operation while the file is read."""

    key: str
    job: int
    stage: int
    minutes: dict[int, int]
    pin_machine: int
    pin_start: int


def operations_of(
    file: PlanFile, stages: Mapping[str, int], machines: Mapping[str, int], stage_machines: list[tuple[int, ...]]
) -> Iterator[tuple[str, int, int, dict[int, int], int, int]]:
    """Give the fields of a `Listed` for every operation, job after job."""
    for index, job in enumerate(file.jobs):
        reached = -1
        for number, operation in enumerate(job.operations):
            key = f"jobs.{index}.operations.{number}"
            stage = known(stages, operation.stage, f"{key}.stage", "stage")
            if stage <= reached:
                raise PlanError(f"{key}.stage: {operation.stage!r} comes twice or out of the order of stages")
            reached = stage
            able = {file.machines[of].name: of for of in stage_machines[stage]}
            if isinstance(operation.minutes, dict):
                minutes = {
                    known(able, name, f"{key}.minutes", f"machine of {operation.stage}"): long
                    for name, long in operation.minutes.items()
                }
            else:
                minutes = dict.fromkeys(able.values(), operation.minutes)
            if not minutes:
                raise PlanError(f"{key}.minutes: no machine of {operation.stage} can do it; name one")
            pin = operation.pin
            pinned = NEVER if pin is None or pin.machine is None else known(machines, pin.machine, f"{key}.pin.machine")
            if pinned != NEVER:
                if pinned not in minutes:
                    raise PlanError(f"{key}.pin.machine: {file.machines[pinned].name} cannot do it; see minutes")
                minutes = {pinned: minutes[pinned]}
            start = NEVER if pin is None or pin.start is None else minute_of(pin.start, file.start, NEVER, clamp=False)
            yield key, index, stage, minutes, pinned, start


def minute_of(when: datetime | None, start: datetime, missing: int, early: bool = False, clamp: bool = True) -> int:
    """Return minutes from the start, rounded up (a release) or down (`early`, a due date)."""
    if when is None:
        return missing
    round_to: Callable[[float], int] = (lambda s: int(s // 60)) if early else (lambda s: int(-(-s // 60)))
    minute = round_to((when - start).total_seconds())
    return max(minute, 0) if clamp and not early else minute
