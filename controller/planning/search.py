"""Local search: operations, runs and whole jobs are moved, and a worse plan is taken for a while (annealing).

The best plan found is kept apart: it never gets worse. The same seed and number of steps give the same plan.
"""

import math
import random
import time
from bisect import bisect_left
from dataclasses import dataclass, field

from controller.planning.problem import NEVER, Decisions, Problem
from controller.planning.schedule import Schedule, keep_shelf_lives, schedule
from controller.planning.sheet import Sheet

HOT, COLD = 5.0, 0.02
"""Temperatures of a cycle at its beginning and end, as shares of the mean set-up's points."""
FREEZING = 0.002
"""Temperature of the first descent, which goes down as fast as it can."""
STALLED_STEPS, CYCLE_STEPS = 60, 400
"""For each operation: steps without a better plan that end the first descent, and steps of each cycle after it."""
STEPS_A_LOOK = 64
"""Steps between looks at the clock."""
LONGEST_BLOCK = 8
"""Operations in a block of any kind that is moved together."""
REACH = 6
"""Places to either side within which an operation is put at random."""


@dataclass
class Effort:
    """How long to search: until a moment (`time.perf_counter`), or a number of steps, which can be repeated exactly."""

    until: float = math.inf
    steps: int | None = None
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
        if incumbent.costs.objective < history[-1] - 1e-6:
            history.append(incumbent.costs.objective)
    return Found(incumbent, tuple(history), effort.done)


def _round(
    problem: Problem, incumbent: Schedule, moves: "Moves", effort: Effort, until: float, history: list[float]
) -> Decisions:
    holds = incumbent.decisions.holds
    sheet = Sheet(problem, incumbent.decisions)
    best, kept = sheet.total, sheet.decisions()
    count = len(problem.operations)
    step = better = 0
    begun: int | None = None
    heat = moves.mean_setup * FREEZING
    while step % STEPS_A_LOOK or effort.share() < until:
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
        elif after < best - 1e-6:
            best, kept, better = after, sheet.decisions(), step
            history.append(best)
    return Decisions(kept, holds)


class Moves:
    """Draws moves that a plan allows: pins stay, and an operation goes only where it can be done."""

    def __init__(self, problem: Problem, draws: random.Random) -> None:
        self.problem, self.draws = problem, draws
        self.ordered = {problem.machine_stage[next(iter(problem.minutes[one]))]
                        for one in problem.operations if problem.order[one] != NEVER}  # fmt: skip
        self.movable = [
            one for one in problem.operations
            if any(len(problem.stage_machines[problem.stage[one]]) > 1 or other != one
                   for other in problem.of_stage(problem.stage[one]))
        ]  # fmt: skip
        self.alike: dict[tuple[int, int], list[int]] = {}
        for one in problem.operations:
            self.alike.setdefault((problem.stage[one], problem.family[one]), []).append(one)
        tables = {id(table): table for table in problem.setup_min}.values()
        above = [minutes for table in tables for row in table for minutes in row if minutes > 1]
        self.mean_setup = (sum(above) / len(above) if above else 1.0) * max(problem.weights.setup_min, 1e-3)

    def draw(self, sheet: Sheet) -> dict[int, list[int]] | None:
        """Return other sequences of some machines, or None if what was drawn is not allowed or changes nothing."""
        if not self.movable:
            return None
        one = self.draws.choice(self.movable)
        kind = self.draws.random()
        if kind < 0.35:
            changes = self._beside_its_like(sheet, one, 1)
        elif kind < 0.50:
            changes = self._elsewhere(sheet, one, 1)
        elif kind < 0.60:
            changes = self._beside_its_like(sheet, one, self._run(sheet, one))
        elif kind < 0.70:
            changes = self._elsewhere(sheet, one, self._run(sheet, one))
        elif kind < 0.75:
            changes = self._elsewhere(sheet, one, self.draws.randint(2, LONGEST_BLOCK))
        elif kind < 0.80:
            changes = self._gathered(sheet, one)
        elif kind < 0.90:
            changes = self._swapped(sheet, one)
        else:
            changes = self._whole_job(sheet, one)
        return changes if changes and self._in_order(changes) else None

    def _run(self, sheet: Sheet, one: int) -> int:
        """Length of the run of like operations that begins with this one."""
        sequence = sheet.sequences[sheet.machine[one]]
        family, index = self.problem.family, sequence.index(one)
        end = index + 1
        while end < len(sequence) and family[sequence[end]] == family[one]:
            end += 1
        return self.draws.randint(1, end - index)

    def _beside_its_like(self, sheet: Sheet, one: int, length: int) -> dict[int, list[int]] | None:
        other = self.draws.choice(self.alike[self.problem.stage[one], self.problem.family[one]])
        if other == one:
            return None
        to = sheet.machine[other]
        return self._moved(sheet, one, length, to, sheet.sequences[to].index(other) + self.draws.randint(0, 1))

    def _elsewhere(self, sheet: Sheet, one: int, length: int) -> dict[int, list[int]] | None:
        to = self.draws.choice(list(self.problem.minutes[one]))
        sequence = sheet.sequences[to]
        near = bisect_left(sequence, sheet.start[one], key=sheet.start.__getitem__)
        place = near + self.draws.randint(-REACH, REACH)
        return self._moved(sheet, one, length, to, min(max(place, 0), len(sequence)))

    def _moved(self, sheet: Sheet, one: int, length: int, to: int, place: int) -> dict[int, list[int]] | None:
        of = sheet.machine[one]
        sequence = sheet.sequences[of]
        index = sequence.index(one)
        block = sequence[index : index + length]
        if of == to:
            if index <= place <= index + length:
                return None
            if place < index:
                return {of: sequence[:place] + block + sequence[place:index] + sequence[index + length :]}
            return {of: sequence[:index] + sequence[index + length : place] + block + sequence[place:]}
        if any(to not in self.problem.minutes[other] for other in block):
            return None
        target = sheet.sequences[to]
        return {of: sequence[:index] + sequence[index + length :], to: target[:place] + block + target[place:]}

    def _gathered(self, sheet: Sheet, one: int) -> dict[int, list[int]] | None:
        """Bring all that is like an operation to it, wherever the same machine can do it, and move them together."""
        problem, of = self.problem, sheet.machine[one]
        alike = {other for other in self.alike[problem.stage[one], problem.family[one]] if of in problem.minutes[other]}
        if len(alike) == 1:
            return None
        changes = {
            machine: [other for other in sheet.sequences[machine] if other not in alike]
            for machine in {of, *(sheet.machine[other] for other in alike)}
        }
        rest = changes[of]
        near = bisect_left(rest, sheet.start[one], key=sheet.start.__getitem__) + self.draws.randint(-REACH, REACH)
        place = min(max(near, 0), len(rest))
        together = sorted(alike, key=lambda other: (sheet.start[other], other))
        changes[of] = [*rest[:place], *together, *rest[place:]]
        return changes if changes[of] != sheet.sequences[of] else None

    def _swapped(self, sheet: Sheet, one: int) -> dict[int, list[int]] | None:
        of = sheet.machine[one]
        to = self.draws.choice(list(self.problem.minutes[one]))
        mine, theirs = sheet.sequences[of], sheet.sequences[to]
        near = bisect_left(theirs, sheet.start[one], key=sheet.start.__getitem__) + self.draws.randint(-REACH, REACH)
        if not 0 <= near < len(theirs) or theirs[near] == one or of not in self.problem.minutes[theirs[near]]:
            return None
        index, other = mine.index(one), theirs[near]
        if of == to:
            swapped = mine[:]
            swapped[index], swapped[near] = other, one
            return {of: swapped}
        return {of: [*mine[:index], other, *mine[index + 1 :]], to: [*theirs[:near], one, *theirs[near + 1 :]]}

    def _whole_job(self, sheet: Sheet, one: int) -> dict[int, list[int]] | None:
        """Take a job earlier or later on this stage, and as much on all stages after it."""
        problem = self.problem
        changes = self._elsewhere(sheet, one, 1)
        if changes is None:
            return None
        to = next(of for of, sequence in changes.items() if one in sequence)
        index = changes[to].index(one)
        begun = sheet.end[changes[to][index - 1]] if index else 0
        shift = begun - sheet.start[one]
        while (one := problem.after[one]) != NEVER:
            of = sheet.machine[one]
            without = [other for other in sheet.sequences[of] if other != one]
            place = bisect_left(without, sheet.start[one] + shift, key=sheet.start.__getitem__)
            changes[of] = [*without[:place], one, *without[place:]]
        return changes

    def _in_order(self, changes: dict[int, list[int]]) -> bool:
        if not self.ordered:
            return True
        order = self.problem.order
        for sequence in changes.values():
            ranks = [order[one] for one in sequence if order[one] != NEVER]
            if any(earlier > later for earlier, later in zip(ranks, ranks[1:], strict=False)):
                return False
        return True
