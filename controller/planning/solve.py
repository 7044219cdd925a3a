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
from controller.planning.tidy import tidy

Rule = Literal["edd", "atc", "search"]
WINDOWS_SHARE, WINDOWS_OPERATIONS = 0.2, 200
"""Share of the time that windows get, of problems up to this size; with more, search has not settled by then."""
WINDOWS_LEAST_S = 1.0
"""Less time for windows is not worth loading CP-SAT, which takes about half of it."""
RULES_SHARE, RULES_LEAST_S = 0.5, 2.0
"""Share of the time, or seconds of processor time if that is more, after which search begins with the best rule so far.
All rules take a second for 200 jobs; thousands of jobs need the limit."""
TIDY_SHARE = 0.05
"""Share of the time that is kept for what costs nothing."""
PROOF_AFTER_S = 1.0
"""Seconds of search before a problem that is small enough is given to CP-SAT whole."""


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
    start: Schedule | None = None, *, anew: bool = True,
) -> Plan:  # fmt: skip
    """Plan a problem.

    Parameters
    ----------
    problem : Problem
    rule : str
        ``edd``: earliest due date. ``atc``: the best of a grid of apparent tardiness cost with set-ups. ``search``: the
        better of both, then local search, then CP-SAT on windows.
    seconds : float
        For all of it. One rule is always asked, however long that takes; a plan that cannot be bettered ends it.
    seed : int
    steps : int, optional
        Moves of local search, instead of seconds, and no CP-SAT: the plan is the same on every computer.
    start : Schedule, optional
        A plan of the same problem to begin from, if it is better than the rules'.
    anew : bool
        False: begin from `start` without asking the rules, which take about half a second for 200 jobs.
    """
    began = time.perf_counter()
    until = began + seconds * (1 - TIDY_SHARE)
    if start is not None and not anew:
        first = start
    elif rule == "edd":
        first = dispatch(problem, earliest_due_date)
    else:
        rules_until = time.process_time() + max(seconds * RULES_SHARE, RULES_LEAST_S)
        limited = rule == "search" and steps is None
        first = best_dispatch(problem, rules_until if limited else math.inf)
        if rule == "search" and (not limited or time.process_time() < rules_until):
            first = min(first, dispatch(problem, earliest_due_date), key=_points)
    bound = lower_bound(problem)
    if rule != "search":
        return Plan(first, rule, bound, (first.costs.objective,), 0, time.perf_counter() - began, ())
    if start is not None:
        first = min(first, start, key=_points)
    found = search(problem, first, _effort(problem, began, until, steps, bound), seed)
    best, notes = found.schedule, ()
    if not window.available():
        notes = ("pyjobshop is not installed: planned by rules and local search, without CP-SAT",)
    elif steps is None:
        best, bound = _with_windows(problem, best, bound, until, seed)
    best = tidy(problem, best, math.inf if steps is not None else began + seconds)
    history = found.history if best.costs.objective >= found.history[-1] else (*found.history, best.costs.objective)
    return Plan(best, rule, bound, history, found.steps, time.perf_counter() - began, notes)


def _effort(problem: Problem, began: float, until: float, steps: int | None, bound: float) -> Effort:
    """Return how long to search; the rest of the time is for CP-SAT, where it is there and of use."""
    count = len(problem.operations)
    if steps is not None:
        return Effort(math.inf, steps, bound)
    if window.available() and count <= window.EXACT_OPERATIONS:
        return Effort(min(time.perf_counter() + PROOF_AFTER_S, (began + until) / 2), enough=bound)
    windows_s = (until - began) * WINDOWS_SHARE
    if not window.available() or count > WINDOWS_OPERATIONS or windows_s < WINDOWS_LEAST_S:
        return Effort(until, enough=bound)
    return Effort(until - windows_s, enough=bound)


def _with_windows(problem: Problem, best: Schedule, bound: float, until: float, seed: int) -> tuple[Schedule, float]:
    """Return the plan after CP-SAT has had the time that is left, and the bound, which it may have raised."""
    left = until - time.perf_counter()
    if best.costs.objective <= bound or left <= 0:
        return best, bound
    if len(problem.operations) <= window.EXACT_OPERATIONS:
        proof = window.prove(problem, best, left, seed)
        return proof.schedule, max(bound, proof.bound or 0.0)
    if len(problem.operations) <= WINDOWS_OPERATIONS and left > WINDOWS_LEAST_S / 2:
        return window.improve(problem, best, until, seed), bound
    return best, bound


def _points(schedule: Schedule) -> float:
    return schedule.costs.objective
