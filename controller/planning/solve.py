"""A plan for a problem: the dispatch rules at once, local search in the time that is left, CP-SAT where it helps."""

import math
import time
from dataclasses import dataclass
from typing import Literal

from controller.planning import window
from controller.planning.bound import lower_bound
from controller.planning.dispatch import best_dispatch, dispatch, earliest_due_date
from controller.planning.problem import Problem
from controller.planning.schedule import Schedule
from controller.planning.search import Effort, search

Rule = Literal["edd", "atc", "search"]
WINDOWS_SHARE = 0.2
"""Share of the time that windows get, of a problem whose search has had time to settle."""
SETTLED_STEPS_AN_OPERATION = 200


@dataclass(frozen=True)
class Plan:
    """A schedule, and how it came about.

    Attributes
    ----------
    schedule : Schedule
    rule : str
        What made it.
    bound : float
        Points below which no plan can be.
    proven : bool
        Whether no better plan exists.
    history : tuple of float
        Objectives of the incumbent, from the first to the last; each is better than the one before.
    steps : int
        Moves that local search tried.
    seconds : float
    notes : tuple of str
        What a reader should know of it.
    """

    schedule: Schedule
    rule: Rule
    bound: float
    history: tuple[float, ...]
    steps: int
    seconds: float
    notes: tuple[str, ...]

    @property
    def gap_pct(self) -> float:
        """How much above the bound it is, in per cent of its own points; 0 means that no better plan exists."""
        objective = self.schedule.costs.objective
        return max(objective - self.bound, 0.0) / objective * 100 if objective else 0.0


def solve(
    problem: Problem, rule: Rule = "search", seconds: float = 2.0, seed: int = 0, steps: int | None = None,
    start: Schedule | None = None,
) -> Plan:  # fmt: skip
    """Plan a problem.

    Parameters
    ----------
    problem : Problem
    rule : str
        ``edd``: earliest due date. ``atc``: the best of a grid of apparent tardiness cost with set-ups. ``search``: the
        better of both, then local search, then CP-SAT on windows.
    seconds : float
        For all of it. The rules take what they need, also if that is longer.
    seed : int
    steps : int, optional
        Moves of local search, instead of seconds, and no CP-SAT: the plan is the same on every computer.
    start : Schedule, optional
        A plan to begin from, if it is better than the rules': the one that was released, say.
    """
    began = time.perf_counter()
    until = began + seconds
    first = dispatch(problem, earliest_due_date)
    if rule != "edd":
        first = min((best_dispatch(problem), first)[: 2 if rule == "search" else 1], key=_points)
    if rule != "search":
        points = first.costs.objective
        return Plan(first, rule, lower_bound(problem), (points,), 0, time.perf_counter() - began, ())
    if start is not None:
        first = min(first, start, key=_points)
    bound = lower_bound(problem)
    if steps is not None:
        found = search(problem, first, Effort(math.inf, steps), seed)
        return Plan(found.schedule, rule, bound, found.history, found.steps, time.perf_counter() - began, ())
    small = len(problem.operations) <= window.EXACT_OPERATIONS
    searching = seconds * (1 - WINDOWS_SHARE) if window.available() else seconds
    effort = Effort(began + searching)
    if small:
        effort = Effort(min(effort.until, time.perf_counter() + 1.0))
    found = search(problem, first, effort, seed)
    best, history, notes = found.schedule, list(found.history), []
    if not window.available():
        notes.append("pyjobshop is not installed: planned by rules and local search, without CP-SAT")
    elif small:
        proof = window.prove(problem, best, max(until - time.perf_counter(), 0.1), seed)
        best, bound = proof.schedule, max(bound, proof.bound or 0.0)
    elif found.steps > SETTLED_STEPS_AN_OPERATION * len(problem.operations):
        best = window.improve(problem, best, until, seed)
    else:
        rest = search(problem, best, Effort(until), seed + 1)
        best, found = rest.schedule, rest
    if best.costs.objective < history[-1]:
        history.append(best.costs.objective)
    return Plan(best, rule, bound, tuple(history), found.steps, time.perf_counter() - began, tuple(notes))


def _points(schedule: Schedule) -> float:
    return schedule.costs.objective
