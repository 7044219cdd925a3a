"""What a separation keeps to besides the colour: limits, black, and the price of ink."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rip.condition import Condition
from rip.inkmodel import InkModel

LIGHTNESS_WEIGHT, CHROMA_WEIGHT, HUE_WEIGHT = 0.7, 1.0, 1.4
LIGHTNESS_ONLY = (1.0, 0.05, 0.05)
"""Weights where no grey can be mixed: a set of one ink, or of a few without black, prints lightness."""

BLACK_WEIGHT, BLACK_WEIGHT_AMONG_MANY = 4.0, 1.5
"""Of a full black too much or too little, against a colour difference of 1. Among more than four inks black gives way
sooner: the alternative is many inks at once, and several such mixtures that are nearly as good as each other."""

BLACK_CHROMA = 30.0
"""Chroma at which the wish for black has fallen to 1/e: saturated darks are left to the coloured inks."""

PRICE, FURTHER_PRICE = 0.3, 0.5
"""Price of a full ink in units of colour difference: of primaries and neutral inks, and of all others."""

TOLL = 0.2
"""Price of the first trace of a further ink, and of black: keeps scattered drops of them out of light and grey."""

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """What an inversion keeps to besides the colour.

    Attributes
    ----------
    most : float64 (inks,)
        Most of each ink, tone 0..1.
    total : float
        Most ink in all (2.5 = 250 %).
    price : float64 (inks,)
        Of a full ink, growing with its square.
    toll : float64 (inks,)
        Price that grows with the ink itself.
    black : int or None
        Which ink is the black that has a start.
    balanced : tuple of int
        The inks of the grey that black joins.
    black_start : float
        See `Condition`.
    black_weight : float
    weights : tuple of 3 float
        Of differences in lightness, chroma and hue.
    """

    most: Float
    total: float
    price: Float
    toll: Float
    black: int | None
    balanced: tuple[int, ...]
    black_start: float
    black_weight: float
    weights: tuple[float, float, float]


def rules_of(condition: Condition, model: InkModel) -> Rules:
    """Return the rules for the inks a colour is separated into; `model` is that of these inks."""
    inks = [condition.inks[at] for at in condition.colour_inks]
    black = None if condition.black is None else condition.colour_inks.index(condition.black)
    primaries = [ink for ink in model.primaries([at for at in range(len(inks)) if at != black]) if ink is not None]
    greys = [at for at, ink in enumerate(inks) if ink.neutral]
    further = np.ones(len(inks), np.bool_)
    further[[*primaries, *greys]] = False
    whole = len(primaries) == 3
    return Rules(
        most=np.array([ink.most for ink in inks]),
        total=condition.total_limit_pct / 100,
        price=np.where(further, FURTHER_PRICE, PRICE),
        toll=np.where(further | (np.arange(len(inks)) == black) & whole, TOLL, 0.0),
        black=black if whole else None,
        balanced=tuple(primaries),
        black_start=condition.black_start,
        black_weight=BLACK_WEIGHT if len(inks) <= 4 else BLACK_WEIGHT_AMONG_MANY,
        weights=(LIGHTNESS_WEIGHT, CHROMA_WEIGHT, HUE_WEIGHT) if whole or black is not None else LIGHTNESS_ONLY,
    )


def wanted_black(model: InkModel, lab: Float, rules: Rules) -> Float:
    """Return the black, float64 (…) 0..1, that each media-relative CIELAB (…, 3) should hold if its colour allows.

    Zero down to the lightness of the balanced grey at `black_start`; from there a smooth rise to 1 at the darkest
    colour within the total limit; less with chroma.
    """
    if rules.black is None:
        return np.zeros(lab.shape[:-1])
    inks = np.zeros((2, len(rules.most)))
    inks[0, list(rules.balanced)] = rules.black_start
    inks[1, list(rules.balanced)] = min(1.0, (rules.total - 1) / 3)
    inks[1, rules.black] = 1
    grey, darkest = model.relative_lab(np.minimum(inks, rules.most))[:, 0]
    depth = np.clip((grey - lab[..., 0]) / (grey - darkest), 0, 1)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return depth**1.5 * np.exp(-((chroma / BLACK_CHROMA) ** 2)) * rules.most[rules.black]


def within(inks: Float, total: float, black: int | None) -> Float:
    """Take what is over the total (1 is one ink whole) from the coloured of float64 (…, inks) 0..1; black stays."""
    coloured = np.ones(inks.shape[-1])
    if black is not None:
        coloured[black] = 0
    kept = (inks * (1 - coloured)).sum(axis=-1)
    much = (inks * coloured).sum(axis=-1)
    factor = np.clip((total - kept) / np.maximum(much, 1e-12), 0, 1)
    return np.where(coloured > 0, inks * factor[..., None], inks)
