"""From the colour wanted to the inks: the forward model turned round by damped Gauss-Newton, many colours at once.

More than three inks make a colour in more than one way. The choice here: colour first; then no more of each ink, and of
all, than the cloth takes; then black as late as the condition's `black_start` says, so that coloured inks stay in
neutrals and in the dark (finer grain, and an inspection camera can see each of them at work); then as little ink as
possible, squared and weighed by price: that shares the work smoothly, and the further primaries (orange, green, violet,
…) cost more, so that they join where they are needed. A colour out of reach keeps its hue before its chroma, and its
chroma before its lightness, so that vivid designs stay vivid.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rip.colour import BANDS_TO_XYZ
from rip.inkmodel import InkModel
from rip.inkrules import Rules, wanted_black, within

LIMIT_WEIGHT = 200.0
"""Of ink above the total limit (1 = a solid), against a colour difference of 1."""

TRACE = 0.1
"""Part of the toll that is left where inks stay near given ones: enough to clear away what smoothing has spread."""

COLD_DAMPING, WARM_DAMPING, LEAST_DAMPING, MOST_DAMPING = 100.0, 3.0, 1e-4, 1e6
DONE = 3e-4
"""A colour is done when a step that was accepted lowers its cost by less than this."""

CHUNK = 4096
"""Colours worked on at a time: their matrices stay in a core's cache."""

Float = NDArray[np.float64]


def invert(
    model: InkModel,
    lab: Float,
    rules: Rules,
    *,
    start: Float | None = None,
    near: Float | None = None,
    rounds: int = 40,
) -> tuple[Float, Float]:
    """Return ink tones (n, inks) for media-relative colours (n, 3), and what was left of the cost (n,).

    Parameters
    ----------
    model : InkModel
    lab : float64 (n, 3)
    rules : Rules
        Limits are never exceeded.
    start : float64 (n, inks), optional
        First guess.
    near : float64 (n, inks), optional
        Stay near these tones, instead of near none at each ink's price, as far as the colour allows: for a table that
        must be smooth.
    rounds : int
        Most steps.
    """
    inks = np.empty((len(lab), len(rules.most)))
    cost = np.empty(len(lab))

    def solve(first: int) -> None:
        part = slice(first, first + CHUNK)
        task = _Task.of(model, lab[part], rules, None if near is None else near[part])
        inks[part], cost[part] = _descend(task, None if start is None else start[part], rounds)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(solve, range(0, len(lab), CHUNK)))
    return within(inks, rules.total, rules.black), cost


@dataclass(frozen=True)
class _Task:
    """Colours of one chunk and what their inks are measured by."""

    model: InkModel
    rules: Rules
    lab: Float
    turn: Float
    black: Float
    near: Float
    price: Float
    toll: Float

    @classmethod
    def of(cls, model: InkModel, lab: Float, rules: Rules, near: Float | None) -> "_Task":
        turns, black = _turns(lab, rules.weights), wanted_black(model, lab, rules)
        if near is None:
            return cls(model, rules, lab, turns, black, np.zeros((len(lab), len(rules.most))), rules.price, rules.toll)
        return cls(model, rules, lab, turns, black, near, np.ones_like(rules.price), TRACE * rules.toll)

    def only(self, at: NDArray[np.intp]) -> "_Task":
        return replace(self, lab=self.lab[at], turn=self.turn[at], black=self.black[at], near=self.near[at])

    def measure(self, inks: Float) -> tuple[Float, Float, Float]:
        """Cost (n,), half its gradient (n, inks) and the Gauss-Newton matrix (n, inks, inks) at some tones."""
        found, slope = _colour(self.model, inks)
        off = (self.turn @ (found - self.lab)[..., None])[..., 0]
        slope = self.turn @ slope
        dear = self.price * (inks - self.near)
        over = LIMIT_WEIGHT * np.maximum(inks.sum(axis=1) - self.rules.total, 0)
        cost = (off**2).sum(axis=1) + (dear**2).sum(axis=1) + over**2 + 2 * inks @ self.toll
        gradient = np.einsum("nri,nr->ni", slope, off) + self.price * dear + self.toll + LIMIT_WEIGHT * over[:, None]
        matrix = slope.transpose(0, 2, 1) @ slope
        matrix += (LIMIT_WEIGHT**2 * (over > 0))[:, None, None]
        np.einsum("nii->ni", matrix)[...] += self.price**2
        if self.rules.black is not None:
            at = self.rules.black
            weight = self.rules.black_weight
            wrong = weight * (inks[:, at] - self.black)
            cost += wrong**2
            gradient[:, at] += weight * wrong
            matrix[:, at, at] += weight**2
        return cost, gradient, matrix


def _descend(task: _Task, start: Float | None, rounds: int) -> tuple[Float, Float]:
    most = task.rules.most
    count = len(most)
    if start is None:
        inks = np.tile(min(0.3, 1.2 / count) * most, (len(task.lab), 1))
        if task.rules.black is not None:
            inks[:, task.rules.black] = task.black
    else:
        inks = start.copy()
    cost, gradient, matrix = task.measure(inks)
    damping = np.full(len(inks), COLD_DAMPING if start is None else WARM_DAMPING)
    at = np.arange(len(inks))
    final_inks, final_cost = inks.copy(), cost.copy()
    for _ in range(rounds):
        trial = _step(inks, gradient, matrix, damping, most)
        new_cost, new_gradient, new_matrix = task.measure(trial)
        better = new_cost < cost
        done = better & (cost - new_cost < DONE) & (damping <= WARM_DAMPING)
        inks[better], gradient[better], matrix[better] = trial[better], new_gradient[better], new_matrix[better]
        cost = np.where(better, new_cost, cost)
        damping = np.clip(np.where(better, damping * 0.3, damping * 5), LEAST_DAMPING, MOST_DAMPING)
        final_inks[at], final_cost[at] = inks, cost
        if done.any():
            left = np.flatnonzero(~done)
            if not len(left):
                break
            at, task = at[left], task.only(left)
            inks, cost, gradient, matrix, damping = (
                value[left] for value in (inks, cost, gradient, matrix, damping)
            )  # fmt: skip
    return final_inks, final_cost


def _step(inks: Float, gradient: Float, matrix: Float, damping: Float, most: Float) -> Float:
    """Tones after one damped step, the limits of single inks kept: an ink that would cross one stays on it."""
    stiff = matrix.copy()
    np.einsum("nii->ni", stiff)[...] += damping[:, None]
    held = ((inks <= 0) & (gradient > 0)) | ((inks >= most) & (gradient < 0))
    trial = inks - _solve(stiff.copy(), gradient, held)
    crossing = (trial < 0) | (trial > most)
    again = np.flatnonzero(crossing.any(axis=1))
    trial = np.clip(trial, 0, most)
    if len(again):  # inks that crossed stay on their limit, the others are solved for once more
        held = held[again] | crossing[again]
        moved = np.where(held, inks[again] - trial[again], 0)
        rest = gradient[again] - (stiff[again] @ moved[..., None])[..., 0]
        trial[again] = np.clip(inks[again] - moved - _solve(stiff[again], rest, held), 0, most)
    return trial


def _solve(matrix: Float, right: Float, held: NDArray[np.bool_]) -> Float:
    """Solve for what is not held, which gets 0; the matrix is used up."""
    matrix[held] = 0
    matrix.transpose(0, 2, 1)[held] = 0
    np.einsum("nii->ni", matrix)[held] = 1
    return np.asarray(np.linalg.solve(matrix, np.where(held, 0, right)[..., None])[..., 0], np.float64)


def _turns(lab: Float, weights: tuple[float, float, float]) -> Float:
    """Matrices (n, 3, 3) from a CIELAB difference to weighted lightness, chroma and hue differences."""
    for_lightness, for_chroma, for_hue = weights
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    safe = np.maximum(chroma, 1e-6)
    cos, sin = np.where(chroma > 0, lab[:, 1] / safe, 1), lab[:, 2] / safe
    # near the grey axis hue means nothing: all directions weigh alike there
    across = for_chroma + np.clip(chroma / 10, 0, 1) * (for_hue - for_chroma)
    turn = np.zeros((len(lab), 3, 3))
    turn[:, 0, 0] = for_lightness
    turn[:, 1, 1], turn[:, 1, 2] = for_chroma * cos, for_chroma * sin
    turn[:, 2, 1], turn[:, 2, 2] = -across * sin, across * cos
    return turn


def _colour(model: InkModel, inks: Float) -> tuple[Float, Float]:
    """Media-relative CIELAB (n, 3) of tones, and its slope by ink (n, 3, inks)."""
    factors, slopes = model.factors(inks)
    light = (model.white - model.surface) * math.prod(factors.transpose(1, 0, 2)) ** model.n
    to_t = BANDS_TO_XYZ * (1 / model.white_xyz)[:, None]
    t = (model.surface + light) @ to_t.T
    root = np.cbrt(np.maximum(t, 1e-9))
    dark = t <= (6 / 29) ** 3
    f = np.where(dark, t * (841 / 108) + 4 / 29, root)
    df = np.where(dark, 841 / 108, 1 / (3 * root**2))
    by_ink = (model.n * light)[:, None, :] * slopes / factors
    dt = (by_ink @ to_t.T * df[:, None, :]).transpose(0, 2, 1)  # (n, xyz, inks)
    found = f @ _F_TO_LAB.T - (16, 0, 0)
    return found, _F_TO_LAB @ dt


_F_TO_LAB = np.array([[0.0, 116, 0], [500, -500, 0], [0, 200, -200]])
