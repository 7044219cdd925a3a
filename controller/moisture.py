"""How damp the cloth of an operation left its machine: at its wettest, as one wet metre spoils a roll."""

from collections.abc import Mapping

GAUGE = "residual_moisture_pct"
"""The standard tag of a gauge where the cloth leaves the machine: percent of the dry cloth's weight."""


def wettest_pct(before: float | None, metres: float, actuals: Mapping[str, float]) -> float | None:
    """Return the most that the gauge has shown of an operation.

    Parameters
    ----------
    before
        The most until now; None: nothing yet.
    metres
        How far the operation is. What the gauge shows of metre 0 is the leader cloth.
    actuals
        What the machine shows, by tag name.
    """
    shown_pct = actuals.get(GAUGE) if metres > 0 else None
    return max((round(value, 1) for value in (before, shown_pct) if value is not None), default=None)
