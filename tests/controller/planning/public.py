"""Public problems of the literature as planning files: flow shops of Taillard, and two sets with set-up times.

None of them judges a plan by set-ups: they count only in the time that they take, so a minute of set-up has no points
here. Where the sum of all ends is asked for, every job is due at minute 0. Where the end of the last job is, every job
is due at the best end that is known, and a plan in which nothing is late is as good.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 3, 2, 6, tzinfo=UTC)

TAILLARD_20X5 = (
    (873654221, 1278, 14033), (379008056, 1359, 15151), (1866992158, 1081, 13301), (216771124, 1293, 15447),
    (495070989, 1235, 13529), (402959317, 1195, 13123), (1369363414, 1234, 13548), (2021925980, 1206, 13948),
    (573109518, 1230, 14295), (88325120, 1108, 12943),
)  # fmt: skip
"""Of ta001 to ta010, 20 jobs over 5 machines (Taillard 1993, European Journal of Operational Research 64, 278 to 285):
the seed, the least end of the last job (proven) and the least known sum of all ends. Both are of plans with the same
order of jobs on all machines; ours may differ from machine to machine, which can only be better."""

SDST10_TA001 = Path(__file__).parent / "public_sets" / "SDST10_ta001.txt"
"""The first of the flow shops with set-up times of Ruiz and Stützle; where it comes from is told beside it."""


@dataclass(frozen=True)
class Shop:
    """Jobs that go over all machines in the same order.

    Attributes
    ----------
    minutes
        ``[machine][job]``.
    setup_min
        ``[machine][job before][job after]``; empty: there are none.
    first_setup_min
        ``[job]``, of the job that is first, where there is but one machine.
    due, weight
        Minutes after the start and points for a minute of tardiness, of each job.
    """

    minutes: tuple[tuple[int, ...], ...]
    setup_min: tuple[tuple[tuple[int, ...], ...], ...] = ()
    first_setup_min: tuple[int, ...] = ()
    due: tuple[int, ...] = ()
    weight: tuple[float, ...] = ()

    def file(self, due: int = 0) -> dict[str, Any]:
        """Return the planning file; jobs that have no due date of their own are due at minute `due`."""
        names = [f"j{number + 1}" for number in range(len(self.minutes[0]))]
        stages = [f"m{number + 1}" for number in range(len(self.minutes))]
        setups = [
            {"stage": stage, "attribute": "job", "minutes": {
                name: dict(zip(names, row, strict=True)) for name, row in
                zip(["first", *names], [self.first_setup_min or [0] * len(names), *rows], strict=True)
            }} for stage, rows in zip(stages, self.setup_min, strict=False)
        ]  # fmt: skip
        return {
            "start": START.isoformat(), "stages": stages, "setups": setups, "weights": {"setup_min": 0},
            "machines": [{"name": stage, "stage": stage, "state": {"job": "first"}} for stage in stages],
            "jobs": [
                {"name": name, "attributes": {"job": name}, "weight": self.weight[index] if self.weight else 1,
                 "due": (START + timedelta(minutes=self.due[index] if self.due else due)).isoformat(),
                 "operations": [{"stage": stage, "minutes": of[index]}
                                for stage, of in zip(stages, self.minutes, strict=True)]}
                for index, name in enumerate(names)
            ],
        }  # fmt: skip


def taillard(seed: int, jobs: int = 20, machines: int = 5) -> Shop:
    """Return the flow shop that Taillard's generator (1993) draws from a seed: 1 to 99 minutes each."""
    drawn = []
    for _ in range(machines * jobs):
        seed = seed * 16807 % (2**31 - 1)
        drawn.append(1 + seed * 99 // (2**31 - 1))
    return Shop(tuple(tuple(drawn[of * jobs : (of + 1) * jobs]) for of in range(machines)))


def sdst(text: str) -> Shop:
    """Return a flow shop with set-up times in the form of Ruiz and Stützle (2008): ``SDST10_ta001.txt``."""
    head, *blocks = text.split("M")
    numbers = [int(word) for word in head.replace("SSD", "").split()]
    jobs, machines = numbers[:2]
    durations = numbers[3::2]
    setups = [[int(word) for word in block.split()[1:]] for block in blocks]
    if len(durations) != jobs * machines or [len(one) for one in setups] != [jobs * jobs] * machines:
        raise ValueError(
            f"holds {len(durations)} durations and {len(setups)} machines' set-ups, not {jobs} × {machines}"
        )
    return Shop(
        tuple(tuple(durations[of::machines]) for of in range(machines)),
        tuple(tuple(tuple(one[row * jobs : (row + 1) * jobs]) for row in range(jobs)) for one in setups),
    )


def wtsds(text: str) -> Shop:
    """Return a machine with set-up times in the form of Cicirello (2003): ``wt_sds_1.instance``."""
    parts: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.rstrip().endswith(":"):
            parts[line.strip()[:-1]] = []
        elif parts and line.strip() and line[0] in "-0123456789":
            parts[list(parts)[-1]].append(line)
    minutes, weight, due = ([int(line) for line in parts[name]] for name in ("Process Times", "Weights", "Duedates"))
    jobs = len(minutes)
    table = [[0] * jobs for _ in range(jobs + 1)]
    for line in parts["Setup Times"]:
        before, after, setup = map(int, line.split())
        table[before + 1][after] = setup
    if len(parts["Setup Times"]) != jobs * jobs or not len(weight) == len(due) == jobs:
        raise ValueError(f"holds {len(parts['Setup Times'])} set-ups for {jobs} jobs; {jobs * jobs} are needed")
    return Shop(
        (tuple(minutes),), (tuple(map(tuple, table[1:])),), tuple(table[0]), tuple(due), tuple(map(float, weight))
    )
