"""What a job takes of each ink, and where it asks more of the cloth than the cloth bears."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rip.condition import Condition
from rip.inkmap import NEAR_LIMIT, OVER_LIMIT
from rip.pyramid import Pyramid

PRICE_PER_L = 20.0
"""Price of a litre of ink, in the plant's own currency. Default from practice, editable: an ink maker names 15 to
20 EUR per kg (SPGPrints, "7 factors that determine the price of digital textile printing inks")."""


@dataclass(frozen=True)
class InkUse:
    """One ink of a job.

    Attributes
    ----------
    name : str
    lab : tuple of 3 float
        CIELAB (D50) of its solid on the cloth.
    ml : float
    coverage : float
        Mean relative drop volume over the whole print, 0..1.
    cost : float
        In the currency of the price.
    """

    name: str
    lab: tuple[float, float, float]
    ml: float
    coverage: float
    cost: float


def ink_use(ml: Mapping[str, float], condition: Condition, rows: int, price_per_l: float = PRICE_PER_L) -> list[InkUse]:
    """Return what each ink of a condition contributes to a job.

    Parameters
    ----------
    ml : mapping
        Ink to millilitres, as `rip.ink_ml` says for the job.
    condition : Condition
    rows : int
        Rows of the job.
    price_per_l : float
    """
    solid_ml = condition.width_px * rows * condition.drop_pl * 1e-9
    return [
        InkUse(ink.name, ink.lab, taken, min(taken / solid_ml, 1.0), taken / 1000 * price_per_l)
        for ink, taken in ((ink, ml.get(ink.name, 0.0)) for ink in condition.inks)
    ]


@dataclass(frozen=True)
class AreaInk:
    """The sum of all inks over small areas of one period, against the cloth's limit.

    Attributes
    ----------
    limit_pct, highest_pct : float
        100 is one solid.
    near, over : float
        Shares of the area that are near the limit and over it.
    """

    limit_pct: float
    highest_pct: float
    near: float
    over: float


def area_ink(pyramid: Pyramid, condition: Condition) -> AreaInk:
    """Return how the areas of a raster stand to the limit."""
    limit = condition.total_limit_pct
    cells = sum(count for _, count in pyramid.area_pct)
    return AreaInk(
        limit_pct=limit,
        highest_pct=max(pct for pct, _ in pyramid.area_pct),
        near=_share(pyramid.area_pct, NEAR_LIMIT * limit, OVER_LIMIT * limit, cells),
        over=_share(pyramid.area_pct, OVER_LIMIT * limit, float("inf"), cells),
    )


def _share(area_pct: Iterable[tuple[int, int]], above: float, to: float, cells: int) -> float:
    return sum(count for pct, count in area_pct if above < pct <= to) / cells
