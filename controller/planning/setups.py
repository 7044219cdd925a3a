"""Families and tables of set-ups, from the rules, the jobs and what the machines are set up for."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.planning.listed import Listed
from controller.planning.names import PlanError, has_attributes, known
from controller.planning.planfile import PlanFile, SetupRule, Value
from controller.planning.problem import Campaigning
from controller.planning.rules import DEFAULT_SETUPS, families_of, matrices

FAMILIES_MAX = 1000
"""Families of one stage; their tables of set-ups have the square of it."""


@dataclass(frozen=True)
class Setups:
    """Families and tables of all stages."""

    family: tuple[int, ...]
    first_family: tuple[int, ...]
    families: tuple[tuple[dict[str, Value], ...], ...]
    minutes: tuple[list[list[int]], ...]
    litres: tuple[list[list[float]], ...]
    campaigns: tuple[tuple[Campaigning, ...], ...]


def setups_of(
    file: PlanFile, stages: Mapping[str, int], machines: Mapping[str, int],
    stage_machines: list[tuple[int, ...]], listed: list[Listed],
) -> Setups:  # fmt: skip
    """Return what the rules make of the operations of a file; check the rules first if the file brings its own."""
    rules = DEFAULT_SETUPS if file.setups is None else file.setups
    family, first_family = [0] * len(listed), [0] * len(machines)
    minutes: list[list[list[int]]] = [[] for _ in machines]
    litres: list[list[list[float]]] = [[] for _ in machines]
    families, campaigns = [], []
    if file.setups is not None:
        for index, rule in enumerate(rules):
            _check_rule(file, f"setups.{index}", rule, stages, machines, stage_machines)
    for index, campaign in enumerate(file.campaigns):
        known(stages, campaign.stage, f"campaigns.{index}.stage", "stage")
        has_attributes(file, {campaign.attribute: ""}, f"campaigns.{index}.attribute")
    for stage, name in enumerate(file.stages):
        mine = [rule for rule in rules if rule.stage == name]
        held = [one for one in file.campaigns if one.stage == name]
        told_apart = [*mine, *(SetupRule(stage=name, attribute=one.attribute) for one in held)]
        members = [index for index, one in enumerate(listed) if one.stage == stage]
        carried = [file.jobs[listed[index].job].attributes for index in members]
        carried += [file.machines[of].state for of in stage_machines[stage]]
        kinds, which = families_of(carried, told_apart)
        if len(kinds) > FAMILIES_MAX:
            raise PlanError(f"jobs: {len(kinds)} families on {name}; at most {FAMILIES_MAX}, group their attributes")
        for index, kind in zip(members, which, strict=False):
            family[index] = kind
        for of, kind in zip(stage_machines[stage], which[len(members) :], strict=True):
            first_family[of] = kind
        tables: dict[tuple[int, ...], tuple[list[list[int]], list[list[float]]]] = {}
        for of in stage_machines[stage]:
            applying = tuple(i for i, r in enumerate(mine) if not r.machines or file.machines[of].name in r.machines)
            if applying not in tables:
                long, dumped = matrices(kinds, [mine[i] for i in applying])
                tables[applying] = long.tolist(), dumped.tolist()
            minutes[of], litres[of] = tables[applying]
        families.append(tuple(kinds))
        campaigns.append(tuple(
            Campaigning(one.minutes, _groups([kind.get(one.attribute) for kind in kinds])) for one in held
        ))  # fmt: skip
    return Setups(tuple(family), tuple(first_family), tuple(families), tuple(minutes), tuple(litres), tuple(campaigns))


def _groups(values: list[Value | None]) -> tuple[int, ...]:
    codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
    return tuple(codes[value] for value in values)


def _check_rule(
    file: PlanFile, key: str, rule: SetupRule, stages: Mapping[str, int], machines: Mapping[str, int],
    stage_machines: list[tuple[int, ...]],
) -> None:  # fmt: skip
    stage = known(stages, rule.stage, f"{key}.stage", "stage")
    for name in rule.machines:
        if known(machines, name, f"{key}.machines", "machine") not in stage_machines[stage]:
            raise PlanError(f"{key}.machines: {name} is not a machine of {rule.stage}")
    if rule.attribute:
        has_attributes(file, {rule.attribute: ""}, f"{key}.attribute")
    if rule.when in ("rises", "falls"):
        for kind in ("jobs", "machines"):
            for index, one in enumerate(getattr(file, kind)):
                held = (one.attributes if kind == "jobs" else one.state).get(rule.attribute, 0)
                if isinstance(held, (str, bool)):
                    raise PlanError(f"{key}.when: {rule.when!r} compares numbers; {kind}.{index} has {held!r}")
