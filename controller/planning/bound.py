"""What no plan can stay below: set-ups that have to be made, and tardiness that cannot be avoided.

The two parts are bounds on two sums of the objective, so their sum is a bound on it. Litres, shelf lives, pins and
campaigns are left out: they only add.
"""

from controller.planning.calendar import FOREVER
from controller.planning.problem import NEVER, Problem

Edge = tuple[int, int, float]
TOLLS = 12
"""How many tolls are tried."""


def lower_bound(problem: Problem) -> float:
    """Return points below which no plan of the problem can be."""
    return setup_bound(problem) + tardiness_bound(problem)


def setup_bound(problem: Problem) -> float:
    """Return points of set-ups that have to be made.

    On each stage every family that is needed is begun somewhere, from another family or from what a machine is set up
    for. These first beginnings form a tree that grows from the machines' first states, so the cheapest such tree
    (a minimum arborescence, Chu and Liu 1965, Edmonds 1967) is a bound; set-ups within a family come on top.
    """
    return sum(_stage_setups(problem, stage) for stage in range(len(problem.stages)))


def _stage_setups(problem: Problem, stage: int) -> float:
    operations = list(problem.of_stage(stage))
    if not operations:
        return 0.0
    able: dict[int, set[int]] = {}
    count: dict[int, int] = {}
    for one in operations:
        able.setdefault(problem.family[one], set()).update(problem.minutes[one])
        count[problem.family[one]] = count.get(problem.family[one], 0) + 1
    minutes, weight = problem.setup_min, problem.weights.setup_min
    ways: dict[int, list[tuple[int, float]]] = {}
    for kind, machines in able.items():
        ways[kind] = [(0, min(minutes[of][problem.first_family[of]][kind] for of in machines) * weight)]
        if count[kind] > 1:
            ways[kind].append((kind, min(minutes[of][kind][kind] for of in machines) * weight))
        ways[kind] += [
            (other, min(minutes[of][other][kind] for of in machines & others) * weight)
            for other, others in able.items() if other != kind and machines & others
        ]  # fmt: skip
    # Every operation costs at least the cheapest way into its family; the tree is of what is above that.
    least = {kind: min(cost for _, cost in of) for kind, of in ways.items()}
    floor = sum(count[kind] * least[kind] for kind in able)
    number = {kind: index + 1 for index, kind in enumerate(able)}
    first = [(0, number[kind], of[0][1] - least[kind]) for kind, of in ways.items()]
    between = [(number[other], number[kind], cost - least[kind])
               for kind, of in ways.items() for other, cost in of[1:] if other != kind]  # fmt: skip
    # Not more families can be first than there are machines: each further one would cost a toll (Lagrange).
    tolls = sorted({0.0, *(cost for _, _, cost in between)})
    machines_used = len(set().union(*able.values()))
    trees = (
        _arborescence(len(able) + 1, [*((a, b, cost + toll) for a, b, cost in first), *between]) - toll * machines_used
        for toll in tolls[:: max(len(tolls) // TOLLS, 1)]
    )
    return floor + max(trees, default=0.0)


def _arborescence(nodes: int, edges: list[Edge], root: int = 0) -> float:
    """Cost of the cheapest tree along the edges (from, to, cost) from the root to all nodes; all can be reached."""
    total = 0.0
    while True:
        cheapest = [(float("inf"), NEVER)] * nodes
        for start, end, cost in edges:
            if start != end and end != root and cost < cheapest[end][0]:
                cheapest[end] = (cost, start)
        total += sum(cost for node, (cost, _) in enumerate(cheapest) if node != root)
        group, loops = _loops(nodes, root, [start for _, start in cheapest])
        if not loops:
            return total
        edges = [
            (group[start], group[end], cost - cheapest[end][0] if end != root else cost)
            for start, end, cost in edges if group[start] != group[end]
        ]  # fmt: skip
        nodes, root = max(group) + 1, group[root]


def _loops(nodes: int, root: int, parents: list[int]) -> tuple[list[int], int]:
    """New numbers of the nodes, those of a loop the same, and the number of loops."""
    group, seen, loops = [NEVER] * nodes, [NEVER] * nodes, 0
    for node in range(nodes):
        walker = node
        while walker != root and seen[walker] == NEVER:
            seen[walker] = node
            walker = parents[walker]
        if walker != root and seen[walker] == node and group[walker] == NEVER:
            while group[walker] == NEVER:
                group[walker] = loops
                walker = parents[walker]
            loops += 1
    following = loops
    for node in range(nodes):
        if group[node] == NEVER:
            group[node] = following
            following += 1
    return group, loops


def tardiness_bound(problem: Problem) -> float:
    """Return points of tardiness that cannot be avoided: of each job alone, or of all because a stage is full."""
    return max(_alone(problem), *(_crowded(problem, stage) for stage in range(len(problem.stages))))


def _alone(problem: Problem) -> float:
    """Every job as if it had the works for itself, with the calendars."""
    total = 0.0
    for job, route in enumerate(problem.job_operations):
        now = problem.release[job]
        for one in route:
            ends = []
            for of, minutes in problem.minutes[one].items():
                place = problem.calendars[of].work if problem.may_pause[of] else problem.calendars[of].fit
                ends.append(place(max(now, problem.pin_start[one]), minutes)[1])
            now = min(ends)
        total += max(now - problem.due[job], 0) * problem.weight[job]
    return total


def _crowded(problem: Problem, stage: int) -> float:
    """The k shortest operations of a stage end, at the earliest, when all its machines have shared their work.

    The k-th end of any plan is not earlier, and due dates and ends in the same order give the least tardiness.
    """
    operations = list(problem.of_stage(stage))
    if not operations:
        return 0.0
    heads, tails = {}, {}
    for one in operations:
        route = problem.job_operations[problem.job[one]]
        place = route.index(one)
        heads[one] = problem.release[problem.job[one]] + sum(min(problem.minutes[o].values()) for o in route[:place])
        tails[one] = sum(min(problem.minutes[o].values()) for o in route[place + 1 :])
    shortest = sorted(min(problem.minutes[one].values()) for one in operations)
    dues = sorted(problem.due[problem.job[one]] - tails[one] for one in operations)
    machines, begun = len(problem.stage_machines[stage]), min(heads.values())
    late, work = 0.0, 0
    for minutes, due in zip(shortest, dues, strict=True):
        work += minutes
        late += max(begun + max(work / machines, minutes) - due, 0) if due < FOREVER // 2 else 0
    return late * min(problem.weight[problem.job[one]] for one in operations)
