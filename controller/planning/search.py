"""Local search: operations, runs and whole jobs are moved, and a worse plan is taken for a while (annealing).

The best plan found is kept apart: it never gets worse. The same seed and number of steps give the same plan.
"""

import math
import random
import time
from dataclasses import dataclass, field

from controller.planning.moves import Moves
from controller.planning.problem import Decisions, Problem
from controller.planning.schedule import Schedule, keep_shelf_lives, schedule
from controller.planning.sheet import Sheet

HOT, COLD = 5.0, 0.02
"""Temperatures of a cycle at its beginning and end, as shares of the mean set-up's points."""
FREEZING = 0.002
"""Temperature of the first descent, which goes down as fast as it can."""
STALLED_STEPS, CYCLE_STEPS = 60, 400
"""For each operation: steps without a better plan that end the first descent, and steps of each cycle after it."""
ROUNDED = 1e-6
"""Points that the sheet may be off by, since it adds up what moves change."""
STEPS_A_LOOK = 64
"""Steps between looks at the clock."""


@dataclass
class Effort:
    """How long to search: until a moment (`time.perf_counter`), or a number of steps, which can be repeated exactly.

    Either ends when a plan of at most `enough` points is found: what no plan can be below.
    """

    until: float = math.inf
    steps: int | None = None
    enough: float = -math.inf
    began: float = field(default_factory=time.perf_counter)
    done: int = 0

    def share(self) -> float:
        """Return how much of it is used up; 1 or more: all."""
        if self.steps is not None:
            return self.done / self.steps if self.steps else 1.0
        return (time.perf_counter() - self.began) / max(self.until - self.began, 1e-9)


@dataclass(frozen=True)
class Found:
    """What a search came to: the best plan, and the objectives it went through, each better than the one before."""

    schedule: Schedule
    history: tuple[float, ...]
    steps: int


def search(problem: Problem, incumbent: Schedule, effort: Effort, seed: int) -> Found:
    """Improve a plan.

    Parameters
    ----------
    problem : Problem
    incumbent : Schedule
        Where to begin; what is returned is never worse.
    effort : Effort
    seed : int
        What the moves are drawn from.
    """
    moves = Moves(problem, random.Random(seed))  # noqa: S311 (not for secrets)
    history = [incumbent.costs.objective]
    rounds = 3 if any(problem.waits) else 1  # each begins with the holds that shelf lives need now
    for number in range(rounds):
        best = _round(problem, incumbent, moves, effort, (number + 1) / rounds, history)
        for found in (keep_shelf_lives(problem, best), schedule(problem, best)):
            if found.costs.objective < incumbent.costs.objective:
                incumbent = found
        if incumbent.costs.objective < history[-1] - ROUNDED:
            history.append(incumbent.costs.objective)
    return Found(incumbent, tuple(history), effort.done)


def _round(
    problem: Problem, incumbent: Schedule, moves: Moves, effort: Effort, until: float, history: list[float]
) -> Decisions:
    holds = incumbent.decisions.holds
    sheet = Sheet(problem, incumbent.decisions)
    best, kept = sheet.total, sheet.frozen()
    count = len(problem.operations)
    step = better = 0
    begun: int | None = None
    heat = moves.mean_setup * FREEZING
    while best > effort.enough + ROUNDED and (step % STEPS_A_LOOK or effort.share() < until):
        if begun is None and step - better > STALLED_STEPS * count:
            begun = step
        if begun is not None and (step - begun) % STEPS_A_LOOK == 0:
            part = (step - begun) % (CYCLE_STEPS * count) / (CYCLE_STEPS * count)
            heat = moves.mean_setup * HOT * (COLD / HOT) ** part
        step += 1
        effort.done += 1
        changes = moves.draw(sheet)
        if changes is None:
            continue
        before = sheet.total
        after = sheet.attempt(changes)
        if after > before and after - before > -heat * math.log(1 - moves.draws.random()):
            sheet.undo()
        elif after < best - ROUNDED:
            best, kept, better = after, sheet.frozen(), step
            history.append(best)
    return Decisions(kept, holds)
