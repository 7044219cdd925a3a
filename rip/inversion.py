"""From the colour wanted to the inks: the forward model turned round by damped Gauss-Newton, many colours at once.

Four inks make a colour in more than one way. The choice here: colour first; then no more ink in all than the cloth
takes; then black as late as the condition's `black_start` says, so that cyan, magenta and yellow stay in neutrals and
in the dark (finer grain, and an inspection camera can see each of them at work). A colour out of reach keeps its hue
before its chroma, and its chroma before its lightness, so that vivid designs stay vivid.
"""

import numpy as np
from numpy.typing import NDArray

from rip.colour import BANDS_TO_XYZ, D50
from rip.inkmodel import InkModel

LIGHTNESS_WEIGHT, CHROMA_WEIGHT, HUE_WEIGHT = 0.7, 1.0, 1.4
BLACK_WEIGHT = 4.0
LIMIT_WEIGHT = 200.0
BLACK_CHROMA = 30.0
"""Chroma at which the wish for black has fallen to 1/e: saturated darks are left to the coloured inks."""

Float = NDArray[np.float64]


def wanted_black(model: InkModel, lab: Float, black_start: float, total_limit: float) -> Float:
    """Return the black (0..1) that each colour (…, 3, media-relative) should hold if its colour allows.

    Zero down to the lightness of the balanced grey at `black_start`; from there a smooth rise to 1 at the darkest
    colour within the total limit; less with chroma.
    """
    grey = model.relative_lab(np.array([black_start, black_start, black_start, 0.0]))[0]
    coloured = min(1.0, (total_limit - 1) / 3)
    darkest = model.relative_lab(np.array([coloured, coloured, coloured, 1.0]))[0]
    depth = np.clip((grey - lab[..., 0]) / (grey - darkest), 0, 1)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return depth**1.5 * np.exp(-((chroma / BLACK_CHROMA) ** 2))


def invert(
    model: InkModel, lab: Float, black_start: float, total_limit: float, start: Float | None = None, rounds: int = 30
) -> Float:
    """Return ink coverages (n, 4) for media-relative colours (n, 3).

    Parameters
    ----------
    model : InkModel
    lab : float64 (n, 3)
    black_start : float
        See `Condition`.
    total_limit : float
        Most ink, sum of coverages (2.5 = 250 %); never exceeded.
    start : float64 (n, 4), optional
        First guess.
    rounds : int
        Gauss-Newton steps.
    """
    black = wanted_black(model, lab, black_start, total_limit)
    turn = _weights(lab)
    inks = np.full((len(lab), 4), 0.3) if start is None else start.copy()
    if start is None:
        inks[:, 3] = black
    damping = np.full(len(lab), 1e-2)
    residual, slope = _residual(model, inks, lab, turn, black, total_limit)
    cost = (residual**2).sum(axis=1)
    for _ in range(rounds):
        gradient = np.einsum("nri,nr->ni", slope, residual)
        held = ((inks <= 0) & (gradient > 0)) | ((inks >= 1) & (gradient < 0))
        free = np.where(held[:, None, :], 0, slope)
        normal = np.einsum("nri,nrj->nij", free, free)
        diagonal = normal[:, range(4), range(4)]
        normal[:, range(4), range(4)] = diagonal + damping[:, None] * (diagonal + 1.0)
        step = np.linalg.solve(normal, np.where(held, 0, gradient)[..., None])[..., 0]
        trial = np.clip(inks - step, 0, 1)
        new_residual, new_slope = _residual(model, trial, lab, turn, black, total_limit)
        new_cost = (new_residual**2).sum(axis=1)
        better = new_cost < cost
        inks = np.where(better[:, None], trial, inks)
        residual = np.where(better[:, None], new_residual, residual)
        slope = np.where(better[:, None, None], new_slope, slope)
        cost = np.where(better, new_cost, cost)
        damping = np.clip(np.where(better, damping * 0.3, damping * 5), 1e-6, 1e6)
    return _within(inks, total_limit)


def _weights(lab: Float) -> Float:
    """Matrices (n, 3, 3) from a CIELAB difference to weighted lightness, chroma and hue differences."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    safe = np.maximum(chroma, 1e-6)
    cos, sin = np.where(chroma > 0, lab[:, 1] / safe, 1), lab[:, 2] / safe
    # near the grey axis hue means nothing: all directions weigh alike there
    share = np.clip(chroma / 10, 0, 1)
    along, across = 1 + share * (CHROMA_WEIGHT - 1), 1 + share * (HUE_WEIGHT - 1)
    turn = np.zeros((len(lab), 3, 3))
    turn[:, 0, 0] = LIGHTNESS_WEIGHT
    turn[:, 1, 1], turn[:, 1, 2] = along * cos, along * sin
    turn[:, 2, 1], turn[:, 2, 2] = -across * sin, across * cos
    return turn


def _residual(
    model: InkModel, inks: Float, lab: Float, turn: Float, black: Float, total_limit: float
) -> tuple[Float, Float]:
    """Residuals (n, 5) and their slopes by ink (n, 5, 4): three of colour, black, total ink."""
    factors = 1 - inks[:, :, None] * model.k
    light = np.prod(factors, axis=1) ** model.n
    scale = D50 / model.white_xyz
    to_xyz = BANDS_TO_XYZ * scale[:, None] / D50[:, None]
    bands = model.surface + (model.white - model.surface) * light
    t = bands @ to_xyz.T
    root = np.cbrt(np.maximum(t, 1e-9))
    linear = t <= (6 / 29) ** 3
    f = np.where(linear, t * (841 / 108) + 4 / 29, root)
    df = np.where(linear, 841 / 108, 1 / (3 * root**2))
    by_ink = -model.n * ((model.white - model.surface) * light)[:, None, :] * model.k / factors
    dt = by_ink @ to_xyz.T * df[:, None, :]  # (n, inks, xyz)
    found = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
    dlab = np.stack([116 * dt[..., 1], 500 * (dt[..., 0] - dt[..., 1]), 200 * (dt[..., 1] - dt[..., 2])], axis=1)
    residual = np.zeros((len(inks), 5))
    slope = np.zeros((len(inks), 5, 4))
    residual[:, :3] = (turn @ (found - lab)[..., None])[..., 0]
    slope[:, :3] = turn @ dlab
    residual[:, 3] = BLACK_WEIGHT * (inks[:, 3] - black)
    slope[:, 3, 3] = BLACK_WEIGHT
    over = inks.sum(axis=1) - total_limit
    residual[:, 4] = LIMIT_WEIGHT * np.maximum(over, 0)
    slope[:, 4] = LIMIT_WEIGHT * (over > 0)[:, None]
    return residual, slope


def _within(inks: Float, total_limit: float) -> Float:
    """Take what is over the limit from the coloured inks in proportion; black stays."""
    coloured = inks[:, :3].sum(axis=1)
    allowed = np.minimum(coloured, total_limit - inks[:, 3])
    factor = np.where(coloured > 0, allowed / np.maximum(coloured, 1e-12), 1)
    return np.concatenate([inks[:, :3] * factor[:, None], inks[:, 3:]], axis=1)
