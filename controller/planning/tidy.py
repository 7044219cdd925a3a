"""What costs nothing is done early: cloth should not lie because no point depends on it."""

import math
import time

from controller.planning.problem import NEVER, Decisions, Problem
from controller.planning.schedule import Schedule, keep_shelf_lives
from controller.planning.sheet import Sheet

PASSES = 4


def tidy(problem: Problem, plan: Schedule, until: float = math.inf) -> Schedule:
    """Return a plan of no more points in which neighbours have changed places where that ends more work earlier.

    It ends at a moment (`time.perf_counter`), or when no two neighbours are left to change.
    """
    sheet = Sheet(problem, plan.decisions)
    ends = sum(sheet.end)
    for _ in range(PASSES):
        before = ends
        for of in range(len(problem.machines)):
            if time.perf_counter() > until:
                break
            for index in range(1, len(sheet.sequences[of])):
                ends = _brought_forward(problem, sheet, of, index, ends)
        if ends == before:
            break
    tidied = keep_shelf_lives(problem, Decisions(sheet.frozen()))
    return tidied if tidied.costs.objective <= plan.costs.objective else plan


def _brought_forward(problem: Problem, sheet: Sheet, of: int, index: int, ends: int) -> int:
    """Take an operation before those in front of it as long as that is better; return the sum of all ends."""
    while index:
        sequence, points = sheet.sequences[of], sheet.total
        earlier, one = sequence[index - 1 : index + 1]
        if problem.order[one] != NEVER and NEVER < problem.order[earlier] < problem.order[one]:
            return ends
        sheet.attempt({of: [*sequence[: index - 1], one, earlier, *sequence[index + 1 :]]})
        if sheet.total > points + 1e-9 or sum(sheet.end) >= ends:
            sheet.undo()
            return ends
        ends = sum(sheet.end)
        index -= 1
    return ends
