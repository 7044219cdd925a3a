"""Dispatch rules: whenever a machine is free, the operation of the highest priority goes on it.

`earliest_due_date` is the baseline. `apparent_tardiness_cost` is the rule of Lee, Bhaskaran and Pinedo (1997): weight
per minute of work, smaller the more slack is left and the longer the set-up.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from controller.planning.problem import NEVER, Decisions, Problem
from controller.planning.schedule import Schedule, keep_shelf_lives

SLACK_SCALES = (1.0, 4.0, 0.3, 15.0)
SETUP_SCALES = (0.03, 0.1, 0.3, 1.0)
"""The grid of the rule's two parameters: k1 in mean durations, k2 in mean set-ups. The first pair is the best on
average (print works of 200 jobs, eight seeds): with thousands of jobs there is time for no other."""


@dataclass(frozen=True)
class Waiting:
    """The operations that could go on a free machine.

    Attributes
    ----------
    time : int
        Minute at which the machine asks.
    minutes, setup, due, weight : arrays of shape (n,)
        Minutes on this machine, points of the set-up, due date less the time that the job needs afterwards, and weight.
    mean_minutes, mean_setup : float
        Of all operations of the stage.
    """

    time: int
    minutes: NDArray[np.float64]
    setup: NDArray[np.float64]
    due: NDArray[np.float64]
    weight: NDArray[np.float64]
    mean_minutes: float
    mean_setup: float


Priority = Callable[[Waiting], NDArray[np.float64]]


def earliest_due_date(waiting: Waiting) -> NDArray[np.float64]:
    """Return priorities: the sooner an operation is due, the higher."""
    return -waiting.due


@dataclass(frozen=True)
class ApparentTardinessCost:
    """The rule with its two parameters, as the logarithm of its index."""

    slack_scale: float
    setup_scale: float

    def __call__(self, waiting: Waiting) -> NDArray[np.float64]:
        """Return priorities."""
        return sum(self.terms(waiting).values(), np.zeros(len(waiting.minutes)))

    def terms(self, waiting: Waiting) -> dict[str, NDArray[np.float64]]:
        """Return the three terms that priorities are the sum of."""
        slack = np.maximum(waiting.due - waiting.minutes - waiting.time, 0)
        return {
            "weight per minute": np.log(np.maximum(waiting.weight, 1e-9) / waiting.minutes),
            "slack": -slack / (self.slack_scale * waiting.mean_minutes),
            "set-up": -waiting.setup / (self.setup_scale * waiting.mean_setup),
        }


def dispatch(problem: Problem, priority: Priority) -> Schedule:
    """Plan by a rule, stage after stage.

    Pins are kept as far as the rule can see: nothing begins on a machine that would still be there when an operation
    pinned to it has to start.
    """
    sequences: list[list[int]] = [[] for _ in problem.machines]
    end = [0] * len(problem.operations)
    for stage in range(len(problem.stages)):
        operations = list(problem.of_stage(stage))
        if operations:
            _Stage(problem, stage, operations, end).run(priority, sequences)
    return keep_shelf_lives(problem, Decisions(tuple(map(tuple, sequences))))


def best_dispatch(problem: Problem, until: float = math.inf) -> Schedule:
    """Plan by apparent tardiness cost with every pair of parameters of the grid; return the best.

    Parameters
    ----------
    problem : Problem
    until : float
        Processor time (`time.process_time`) after which no further pair is tried; the first always is.
    """
    best: Schedule | None = None
    for slack, setup in product(SLACK_SCALES, SETUP_SCALES):
        if best is not None and time.process_time() > until:
            break
        found = dispatch(problem, ApparentTardinessCost(slack, setup))
        if best is None or found.costs.objective < best.costs.objective:
            best = found
    assert best is not None, "the grid has no pair"
    return best


def tail_minutes(problem: Problem) -> list[int]:
    """Return the minutes that the job of each operation needs at least after it."""
    tails = [0] * len(problem.operations)
    for route in problem.job_operations:
        for earlier, later in zip(route[-2::-1], route[:0:-1], strict=True):
            tails[earlier] = tails[later] + min(problem.minutes[later].values())
    return tails


class _Stage:
    """One stage while it is dispatched."""

    def __init__(self, problem: Problem, stage: int, operations: Sequence[int], end: list[int]) -> None:
        self.problem, self.end = problem, end
        self.machines = problem.stage_machines[stage]
        self.operations = np.array(operations)
        tails = tail_minutes(problem)
        jobs = [problem.job[one] for one in operations]
        self.due = np.array([problem.due[job] - tails[one] for job, one in zip(jobs, operations, strict=True)], float)
        self.weight = np.array([problem.weight[job] for job in jobs])
        self.family = np.array([problem.family[one] for one in operations])
        self.ready = np.array([
            max(problem.release[job] if problem.before[one] == NEVER else end[problem.before[one]],
                problem.pin_start[one])
            for job, one in zip(jobs, operations, strict=True)
        ], float)  # fmt: skip
        self.minutes = {
            of: np.array([problem.minutes[one].get(of, np.inf) for one in operations], float) for of in self.machines
        }
        weights = problem.weights
        self.points = {
            of: np.array(problem.setup_min[of]) * weights.setup_min + np.array(problem.dumped_l[of]) * weights.dumped_l
            for of in self.machines
        }
        able = {of: self.family[np.isfinite(self.minutes[of])] for of in self.machines}
        every = np.concatenate([self.points[of][np.ix_(able[of], able[of])].ravel() for of in self.machines])
        self.mean_setup = float(every[every > 0].mean()) if (every > 0).any() else 1.0
        least = np.minimum.reduce(list(self.minutes.values()))
        self.mean_minutes = float(least.mean())
        self.left = np.ones(len(operations), bool)
        self.pinned = {
            of: [i for i, one in enumerate(operations)
                 if problem.pin_start[one] != NEVER and set(problem.minutes[one]) == {of}]
            for of in self.machines
        }  # fmt: skip
        self.ordered = [one for one in operations if problem.order[one] != NEVER]

    def run(self, priority: Priority, sequences: list[list[int]]) -> None:
        """Put every operation of the stage on a machine."""
        problem = self.problem
        free = dict.fromkeys(self.machines, 0)
        family = {of: problem.first_family[of] for of in self.machines}
        asking = {of: self._asks(of, 0) for of in self.machines}
        while self.left.any():
            of = min(self.machines, key=lambda machine: (asking[machine], machine))
            time = asking[of]
            able = np.flatnonzero(self.left & (self.ready <= time) & np.isfinite(self.minutes[of]))
            able = self._in_order(able)
            setup = self.points[of][family[of], self.family[able]]
            waiting = Waiting(
                int(time), self.minutes[of][able], setup, self.due[able], self.weight[able],
                self.mean_minutes, self.mean_setup,
            )  # fmt: skip
            ranked = able[np.argsort(-priority(waiting), kind="stable")]
            chosen, done = self._that_fits(ranked, of, free[of], family[of])
            one = int(self.operations[chosen])
            sequences[of].append(one)
            self.left[chosen] = False
            self.end[one] = free[of] = done
            family[of] = problem.family[one]
            asking = {machine: self._asks(machine, free[machine]) for machine in self.machines}

    def _asks(self, of: int, free: int) -> float:
        able = self._in_order(np.flatnonzero(self.left & np.isfinite(self.minutes[of])))
        if not len(able):
            return np.inf
        return self.problem.calendars[of].work(int(max(free, self.ready[able].min())), 1)[0]

    def _in_order(self, able: NDArray[np.int64]) -> NDArray[np.int64]:
        """Leave out what has to wait for others of its pinned order."""
        if not self.ordered:
            return able
        order, waiting = self.problem.order, {}
        for index in np.flatnonzero(self.left):
            one = int(self.operations[index])
            if order[one] != NEVER:
                of = next(iter(self.problem.minutes[one]))
                waiting[of] = min(waiting.get(of, order[one]), order[one])
        return np.array([
            index for index in able
            if order[one := int(self.operations[index])] in (NEVER, waiting.get(next(iter(self.problem.minutes[one]))))
        ], np.int64)  # fmt: skip

    def _that_fits(self, ranked: NDArray[np.int64], of: int, free: int, family: int) -> tuple[int, int]:
        """Return the first that is gone before the next pinned start, and when it ends; else the pinned one."""
        pinned = self._in_order(np.array([index for index in self.pinned[of] if self.left[index]], np.int64))
        following = min(pinned, key=lambda index: self.ready[index], default=None)
        if following is not None:
            start = self.problem.pin_start[int(self.operations[following])]
            for index in ranked:
                done = self._end(index, of, free, family)
                setup = self.problem.setup_min[of][self.family[index]][self.family[following]]
                if index == following or self.problem.calendars[of].work(done, setup)[1] <= start:
                    return int(index), done
            ranked = np.array([following])
        return int(ranked[0]), self._end(int(ranked[0]), of, free, family)

    def _end(self, index: int, of: int, free: int, family: int) -> int:
        problem, calendar = self.problem, self.problem.calendars[of]
        ready = calendar.work(free, problem.setup_min[of][family][self.family[index]])[1]
        place = calendar.work if problem.may_pause[of] else calendar.fit
        return place(max(ready, int(self.ready[index])), int(self.minutes[of][index]))[1]
