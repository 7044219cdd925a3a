"""A working copy of a plan that can try other sequences quickly: only what changes is calculated again.

Times follow `controller.planning.schedule`, which is its oracle. Because every route goes through the stages in the
same order, a change on one machine reaches only later operations there and later stages.
"""

from collections.abc import Mapping

from controller.planning.calendar import FOREVER
from controller.planning.problem import NEVER, Decisions, Problem
from controller.planning.schedule import campaign_short


class Sheet:
    """Sequences with their times and points.

    Attributes
    ----------
    sequences : list of list of int
        Operations of each machine.
    machine, start, end : list of int
        Of each operation.
    total : float
        The objective.
    """

    def __init__(self, problem: Problem, decisions: Decisions) -> None:
        self.problem = problem
        count = len(problem.operations)
        self.machine, self.start, self.end = [NEVER] * count, [0] * count, [NEVER] * count
        self.points = [0.0] * count
        self.campaign = [0.0] * len(problem.machines)
        self.total = 0.0
        self.sequences: list[list[int]] = [[] for _ in problem.machines]
        self._floor = list(problem.pin_start)
        for one, minute in decisions.holds:
            self._floor[one] = max(self._floor[one], minute)
        self._setup_points = _setup_points(problem)
        self._places = [
            None if calendar.always_open else (calendar.work, calendar.work if pausing else calendar.fit)
            for calendar, pausing in zip(problem.calendars, problem.may_pause, strict=True)
        ]
        self._followers: list[list[int]] = [[] for _ in range(count)]
        for one in problem.operations:
            for earlier in {problem.before[one], *(earlier for earlier, _ in problem.waits[one])} - {NEVER}:
                self._followers[earlier].append(one)
        self._release = [problem.release[job] for job in problem.job]
        self._due = [
            problem.due[job] if after == NEVER else FOREVER
            for job, after in zip(problem.job, problem.after, strict=True)
        ]
        self._soft = [bool(problem.waits[one]) or problem.pin_start[one] != NEVER for one in problem.operations]
        self._log: list[tuple[int, int, int, float]] = []
        self._moved: list[tuple[int, int]] = []
        self._replaced: list[tuple[int, list[int], float]] = []
        self._total_before = 0.0
        self.attempt({of: list(sequence) for of, sequence in enumerate(decisions.sequences)})

    def attempt(self, changes: Mapping[int, list[int]]) -> float:
        """Put other sequences on some machines, and return the objective; `undo` takes the last attempt back."""
        problem = self.problem
        self._log, self._moved, self._replaced = [], [], []
        self._total_before = self.total
        machine = self.machine
        for of, sequence in changes.items():
            for one in sequence:
                if machine[one] != of:
                    self._moved.append((one, machine[one]))
                    machine[one] = of
        touched: dict[int, set[int]] = {}
        for members in problem.stage_machines:
            for of in members:
                if of in changes:
                    self._replace(of, changes[of], touched)
                elif of in touched:
                    self._replay(of, self.sequences[of], None, touched)
        return self.total

    def undo(self) -> None:
        """Take the last attempt back."""
        for one, start, end, points in reversed(self._log):
            self.start[one], self.end[one], self.points[one] = start, end, points
        for one, of in self._moved:
            self.machine[one] = of
        for of, sequence, campaign in self._replaced:
            self.sequences[of], self.campaign[of] = sequence, campaign
        self.total = self._total_before

    def frozen(self) -> tuple[tuple[int, ...], ...]:
        """Return the sequences as they are."""
        return tuple(map(tuple, self.sequences))

    def _replace(self, of: int, sequence: list[int], touched: dict[int, set[int]]) -> None:
        old = self.sequences[of]
        self._replaced.append((of, old, self.campaign[of]))
        self.sequences[of] = sequence
        if self.problem.campaigns[self.problem.machine_stage[of]]:
            short = campaign_short(self.problem, of, sequence) * self.problem.weights.campaign_min
            self.total += short - self.campaign[of]
            self.campaign[of] = short
        shorter = min(len(old), len(sequence))
        first = next((i for i in range(shorter) if old[i] != sequence[i]), shorter)
        same = next((i for i in range(shorter - first) if old[-1 - i] != sequence[-1 - i]), shorter - first)
        self._replay(of, sequence, (first, len(sequence) - same), touched)

    def _replay(
        self, of: int, sequence: list[int], other: tuple[int, int] | None, touched: dict[int, set[int]]
    ) -> None:
        """Calculate a machine again where operations are `other` (first index, end) than before, or touched."""
        problem, start, end, points = self.problem, self.start, self.end, self.points
        family_of, before, minutes, floor = problem.family, problem.before, problem.minutes, self._floor
        release, due, soft = self._release, self._due, self._soft
        setup_min, setup_points, places = problem.setup_min[of], self._setup_points[of], self._places[of]
        mine = touched.pop(of, None) or set()
        first, settled = other or (len(sequence), 0)
        if mine:
            first = min(first, *map(sequence.index, mine))
        left = len(mine)
        calm = False  # once it is true, an operation begins as before unless it is touched
        total, log = 0.0, self._log
        if first:
            family, free = family_of[sequence[first - 1]], end[sequence[first - 1]]
        else:
            family, free = problem.first_family[of], 0
        for index in range(first, len(sequence)):
            one = sequence[index]
            if calm and one not in mine:
                if not left:
                    break
                family, free = family_of[one], end[one]
                continue
            if one in mine:
                left -= 1
            kind = family_of[one]
            begin = free + setup_min[family][kind] if places is None else places[0](free, setup_min[family][kind])[1]
            ready = end[before[one]] if before[one] >= 0 else release[one]
            if ready > begin:
                begin = ready
            if floor[one] > begin:
                begin = floor[one]
            if places is None:
                done = begin + minutes[one][of]
            else:
                begin, done = places[1](begin, minutes[one][of])
            cost = setup_points[family][kind]
            if done > due[one]:
                cost += (done - due[one]) * problem.weight[problem.job[one]]
            if soft[one]:
                cost += self._past(one, begin)
            same_end = done == end[one]
            if begin != start[one] or not same_end or cost != points[one]:
                log.append((one, start[one], end[one], points[one]))
                total += cost - points[one]
                start[one], end[one], points[one] = begin, done, cost
                if not same_end:
                    for follower in self._followers[one]:
                        touched.setdefault(self.machine[follower], set()).add(follower)
            calm = same_end and index >= settled
            family, free = kind, done
        self.total += total

    def _past(self, one: int, begin: int) -> float:
        """Points for what is off a pinned start and past shelf lives."""
        problem, over = self.problem, 0.0
        if problem.pin_start[one] != NEVER:
            over += (begin - problem.pin_start[one]) * problem.weights.pin_min
        for earlier, longest in problem.waits[one]:
            over += max(begin - self.end[earlier] - longest, 0) * problem.weights.shelf_min
        return over


def _setup_points(problem: Problem) -> list[list[list[float]]]:
    """Points of the set-ups, by machine; machines with the same rules share a table."""
    weights, made = problem.weights, {}
    for minutes, litres in zip(problem.setup_min, problem.dumped_l, strict=True):
        if id(minutes) not in made:
            made[id(minutes)] = [
                [minute * weights.setup_min + litre * weights.dumped_l for minute, litre in zip(*rows, strict=True)]
                for rows in zip(minutes, litres, strict=True)
            ]
    return [made[id(minutes)] for minutes in problem.setup_min]
