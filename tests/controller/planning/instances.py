"""Planning problems drawn from a seed: a print works of any size, and problems whose optimum is known."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
STAGES = ("pretreat", "print", "steam", "wash")
MACHINES = {"pretreat": 2, "print": 6, "steam": 2, "wash": 2}
CLOTHS = {
    "silk-twill": ("acid", 102, 140), "silk-satin": ("acid", 102, 110), "silk-crepe": ("acid", 102, 140),
    "cotton-poplin": ("reactive", 102, 150), "viscose": ("reactive", 102, 140), "linen": ("reactive", 102, 150),
    "polyester": ("disperse", 175, 160), "polyamide": ("acid", 102, 160),
}  # fmt: skip
INKS = ("acid", "reactive", "acid", "disperse", "reactive", "acid")
"""Ink class of each press in turn: a press practically never changes it."""


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


def print_works(seed: int, jobs: int = 200, machines: dict[str, int] = MACHINES) -> dict[str, Any]:
    """Jobs of 20 to 300 m on the cloths above, due so that the presses' mean load can just keep up."""
    draws = random.Random(seed)
    named = {stage: [f"{stage}-{number + 1}" for number in range(machines[stage])] for stage in STAGES}
    inks = dict(zip(named["print"], (INKS[number % len(INKS)] for number in range(machines["print"])), strict=True))
    made, load = [], dict.fromkeys(INKS, 0.0)
    for number in range(jobs):
        cloth = draws.choice([name for name, of in CLOTHS.items() if of[0] in inks.values()])
        ink, steam_c, width = CLOTHS[cloth]
        length_m = draws.choice((20, 40, 60, 100, 150, 300))
        minutes = {stage: max(2, round(length_m / speed * draws.uniform(0.9, 1.1))) for stage, speed in
                   (("pretreat", 8.0), ("print", 2.2), ("steam", 9.0), ("wash", 8.0))}  # fmt: skip
        presses = {press: minutes["print"] for press, of in inks.items() if of == ink}
        load[ink] += minutes["print"] / len(presses)
        light = draws.choice((25, 45, 65, 85))
        made.append({
            "name": f"J{number + 1:03d}", "weight": draws.choice((1, 1, 1, 2, 4)),
            "attributes": {
                "fabric": cloth, "width_mm": width * 10, "ink_class": ink, "steam_c": steam_c, "lightness": light,
                "liquor": f"{ink}-{'silk' if 'silk' in cloth else 'other'}", "bath": ink,
            },
            "operations": [
                {"stage": "pretreat", "minutes": minutes["pretreat"]}, {"stage": "print", "minutes": presses},
                {"stage": "steam", "minutes": minutes["steam"]},
                *([{"stage": "wash", "minutes": minutes["wash"]}] if ink != "disperse" or draws.random() < 0.7 else []),
            ],
        })  # fmt: skip
    span = max(load.values())
    for job in made:
        job["release"] = at(draws.uniform(0, 0.4 * span))
        ahead = (datetime.fromisoformat(job["release"]) - START).total_seconds() / 60
        job["due"] = at(ahead + draws.uniform(0.15, 0.9) * span + 120)
    return {
        "start": START.isoformat(), "stages": list(STAGES), "jobs": made,
        "machines": [
            {"name": name, "stage": stage, "state": {"ink_class": inks[name]} if stage == "print" else {}}
            for stage in STAGES for name in named[stage]
        ],
        "shelf_lives": [{"from": "print", "to": "steam", "hours": 24}],
    }  # fmt: skip


def planted(seed: int, jobs: int = 20, machines: tuple[int, ...] = (1, 2, 1, 1)) -> tuple[dict[str, Any], int]:
    """A problem with a plan hidden in it that cannot be bettered, and that plan's points.

    The hidden plan takes the cloth in the order of its arrival. On every machine its sequence is cut into runs, each a
    family of its own, and a family is dearer to begin after any other than the hidden one. Every job is due soon after
    the hidden plan is done with it. So its set-ups are the least there can be, and nothing is late.
    """
    draws = random.Random(seed)
    names = [f"J{number + 1:02d}" for number in range(jobs)]
    routes: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    attributes: dict[str, dict[str, Any]] = {name: {} for name in names}
    ready = {name: draws.randint(0, 20 * jobs) for name in names}
    release, setups, halls, points = dict(ready), [], [], 0
    for stage, count in zip(STAGES, machines, strict=True):
        free, first, chains = [0] * count, [f"{stage}-idle-{of}" for of in range(count)], [[] for _ in range(count)]
        now: list[tuple[str, int] | None] = [None] * count
        costs = dict.fromkeys(range(count), 0)
        for name in sorted(names, key=lambda one: (ready[one], one)):
            of = min(range(count), key=lambda one: (free[one], one))
            if now[of] is None or now[of][1] == 0:
                now[of] = (f"{stage}-{of}-{len(chains[of])}", draws.randint(1, 5))
                costs[of] = draws.randint(5, 30)
                chains[of].append((now[of][0], costs[of]))
                points += costs[of]
                free[of] += costs[of]
            family, left = now[of]
            now[of] = (family, left - 1)
            minutes = draws.randint(10, 40)
            attributes[name][stage] = family
            routes[name].append({"stage": stage, "minutes": minutes})
            free[of] = ready[name] = max(free[of], ready[name]) + minutes
        after = {}
        for of, chain in enumerate(chains):
            for before, (family, cost) in zip([first[of], *(one for one, _ in chain)], chain, strict=False):
                after[before, family] = cost
        kinds = [family for chain in chains for family, _ in chain]
        least = {family: cost for chain in chains for family, cost in chain}
        setups.append({"stage": stage, "attribute": stage, "minutes": {
            before: {family: after.get((before, family), least[family] + draws.randint(3, 40))
                     for family in kinds if family != before}
            for before in (*first, *kinds)
        }})  # fmt: skip
        halls += [{"name": f"{stage}-{of}", "stage": stage, "state": {stage: first[of]}} for of in range(count)]
    made = [
        {"name": name, "release": at(release[name]), "due": at(ready[name] + draws.randint(0, 20)),
         "attributes": attributes[name], "operations": routes[name]}
        for name in names
    ]  # fmt: skip
    file = {"start": START.isoformat(), "stages": list(STAGES), "machines": halls, "jobs": made, "setups": setups}
    return file, points
