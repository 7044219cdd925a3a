"""Set-up rules: the defaults from practice, and the matrices that rules make."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from controller.planning.planfile import SetupRule, Value

PRACTICE = "default from practice"

DEFAULT_SETUPS: tuple[SetupRule, ...] = tuple(
    SetupRule.model_validate({**rule, "source": PRACTICE})
    for rule in (
        # 20 to 40 minutes; 30 to 100 l are left in trough and pipes
        {"stage": "pretreat", "attribute": "liquor", "minutes": 30, "litres": 60},
        # another design on the same cloth, 0 to 2 minutes
        {"stage": "print", "when": "always", "minutes": 1},
        # splice, head height, profile, 5 to 10 minutes
        {"stage": "print", "attribute": "fabric", "minutes": 8},
        # 10 to 20 minutes, cleaning included
        {"stage": "print", "attribute": "width_mm", "minutes": 15},
        # flush, 4 to 12 hours, 1 to 3 l for each of 8 colours
        {"stage": "print", "attribute": "ink_class", "minutes": 480, "litres": 16},
        # 102 to 175 °C and back, 25 to 45 minutes
        {"stage": "steam", "attribute": "steam_c", "minutes": 35},
        # 20 to 40 minutes
        {"stage": "wash", "attribute": "bath", "minutes": 30},
        # a light ground after a dark one needs a fresh bath
        {"stage": "wash", "attribute": "lightness", "when": "rises", "by": 20, "minutes": 30},
    )
)
"""What changes cost where no file says otherwise; each is a default from practice, to be replaced by one's own."""


def families_of(
    attributes: Sequence[Mapping[str, Value]], rules: Sequence[SetupRule]
) -> tuple[list[dict[str, Value]], list[int]]:
    """Return the families that rules tell apart, and the family of each of `attributes`."""
    names = sorted({rule.attribute for rule in rules if rule.attribute})
    known: dict[tuple[Value | None, ...], int] = {}
    members = [known.setdefault(tuple(one.get(name) for name in names), len(known)) for one in attributes]
    return [
        {name: value for name, value in zip(names, key, strict=True) if value is not None} for key in known
    ], members


def matrices(
    families: Sequence[Mapping[str, Value]], rules: Sequence[SetupRule]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return minutes and litres from each family (row) to each family (column).

    Shapes are ``(n, n)`` for n families. An attribute that one of the two does not have costs nothing.
    """
    count = len(families)
    minutes, litres = np.zeros((count, count), np.int64), np.zeros((count, count))
    for rule in rules:
        values = [family.get(rule.attribute) for family in families]
        for total, cost in ((minutes, rule.minutes), (litres, rule.litres)):
            if isinstance(cost, dict):
                table = [[cost.get(str(before), {}).get(str(after), 0) for after in values] for before in values]
                np.maximum(total, np.array(table, total.dtype), out=total)
            else:
                np.maximum(total, np.where(_applies(rule, values), cost, 0).astype(total.dtype), out=total)
    return minutes, litres


def _applies(rule: SetupRule, values: Sequence[Value | None]) -> NDArray[np.bool_]:
    if rule.when == "always":
        return np.ones((len(values), len(values)), bool)
    known = np.array([value is not None for value in values])
    both = known[:, None] & known[None, :]
    if rule.when == "change":
        codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
        code = np.array([codes[value] for value in values])
        return both & (code[:, None] != code[None, :])
    number = np.array([0.0 if value is None else float(value) for value in values])
    rise = number[None, :] - number[:, None]
    return both & ((rise if rule.when == "rises" else -rise) > rule.by)
