"""Moves of local search: what a plan can be changed into by one step."""

import random
from bisect import bisect_left
from itertools import pairwise

import numpy as np

from controller.planning.problem import NEVER, Problem
from controller.planning.sheet import Sheet

LONGEST_BLOCK = 8
"""Operations in a block of any kind that is moved together."""
REACH = 6
"""Places to either side within which an operation is put at random."""


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
        self.of_stage = [list(problem.of_stage(stage)) for stage in range(len(problem.stages))]
        self.mean_setup = _mean_setup(problem) * max(problem.weights.setup_min, 1e-3)

    def draw(self, sheet: Sheet) -> dict[int, list[int]] | None:
        """Return other sequences of some machines, or None if what was drawn is not allowed or changes nothing."""
        if not self.movable:
            return None
        one = self.draws.choice(self.movable)
        kind = self.draws.random()
        if kind < 0.35:
            changes = self._beside_its_like(sheet, one, 1)
        elif kind < 0.45:
            changes = self._elsewhere(sheet, one, 1)
        elif kind < 0.55:
            changes = self._beside_its_like(sheet, one, self._run(sheet, one))
        elif kind < 0.65:
            changes = self._elsewhere(sheet, one, self._run(sheet, one))
        elif kind < 0.70:
            changes = self._elsewhere(sheet, one, self.draws.randint(2, LONGEST_BLOCK))
        elif kind < 0.75:
            changes = self._gathered(sheet, one)
        elif kind < 0.85:
            changes = self._swapped(sheet, one)
        elif kind < 0.95:
            changes = self._whole_job(sheet, one)
        else:
            changes = self._beside_job(sheet, one)
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

    def _beside_job(self, sheet: Sheet, one: int) -> dict[int, list[int]] | None:
        """Take a job directly before or behind another one on every stage that both go over."""
        problem = self.problem
        other = self.draws.choice(self.of_stage[problem.stage[one]])
        if other == one:
            return None
        behind, changes = self.draws.randint(0, 1), {}
        theirs = {problem.stage[its]: its for its in problem.job_operations[problem.job[other]]}
        for mine in problem.job_operations[problem.job[one]]:
            beside = theirs.get(problem.stage[mine])
            if beside is None:
                continue
            of, to = sheet.machine[mine], sheet.machine[beside]
            if to not in problem.minutes[mine]:
                return None
            without = [its for its in sheet.sequences[of] if its != mine]
            target = without if of == to else sheet.sequences[to]
            place = target.index(beside) + behind
            changes[of] = without
            changes[to] = [*target[:place], mine, *target[place:]]
        return changes

    def _in_order(self, changes: dict[int, list[int]]) -> bool:
        if not self.ordered:
            return True
        order = self.problem.order
        for sequence in changes.values():
            ranks = [order[one] for one in sequence if order[one] != NEVER]
            if any(earlier > later for earlier, later in pairwise(ranks)):
                return False
        return True


def _mean_setup(problem: Problem) -> float:
    """Mean minutes of the set-ups between families which the same machine can do; 1 if there are none."""
    found = []
    for of, table in enumerate(problem.setup_min):
        kinds = sorted({problem.family[one] for one in problem.operations if of in problem.minutes[one]})
        minutes = np.array(table)[np.ix_(kinds, kinds)]
        found.append(minutes[minutes > 0])
    every = np.concatenate(found)
    return float(every.mean()) if len(every) else 1.0
