"""The inverse table of the default profile: ink tones at the nodes of a Lab grid, exact where they can be, and smooth.

Coarse to fine. On the coarse grid every node is solved, then tries its neighbours' inks as its own start, so that all
nodes take the same one of several ways to make a colour. Finer grids start from the interpolated coarser one; only
nodes the print can reach, and a shell around them, are solved there again. The middle grid is smoothed between: inks
stay near the mean of their surroundings as far as the colour allows.
"""

import numpy as np
from numpy.typing import NDArray

from rip.inkmodel import InkModel
from rip.inkrules import Rules
from rip.inversion import invert

COARSE, MIDDLE, FINE = 17, 33, 65
"""Nodes per axis."""

SWEEPS = 3
APART = 0.1
"""Neighbouring nodes whose inks differ by more than this (0..1) may have taken different ways."""

SMOOTHINGS = 2
SHELL = {MIDDLE: 24.0, FINE: 10.0}
"""How far out of reach (colour difference) nodes are still solved; about two cells."""

MET = {MIDDLE: 0.0, FINE: 0.1}
"""Nodes whose interpolated inks are as near as this to their colour need not be solved."""

BEND = 1.5
"""How much closer nodes stand near the grey axis than at the edge (asinh)."""

VERSION_2, VERSION_4 = (65280.0, 32768.0, 256.0), (65535.0, 32896.0, 257.0)
"""Codes of L* 100, of a* 0 and of a step of 1 in a* in 16-bit ICC Lab."""

Float = NDArray[np.float64]


def inverse_table(model: InkModel, rules: Rules) -> Float:
    """Return ink tones (65, 65, 65, inks), 0..1, over L*, a*, b* of `lab_grid`; no ink at L* 100, a* and b* 0."""
    tones = _consistent(model, rules)
    for nodes in (MIDDLE, FINE):
        tones = _refine(tones)
        lab, inks = lab_grid(nodes), tones.reshape(-1, tones.shape[-1])
        off = np.linalg.norm(model.relative_lab(inks) - lab, axis=1)
        reach = np.flatnonzero((off > MET[nodes]) & (off < SHELL[nodes]))
        near = None if nodes == MIDDLE else inks[reach]
        inks[reach], _ = invert(model, lab[reach], rules, start=inks[reach], near=near)
        for _ in range(SMOOTHINGS if nodes == MIDDLE and _several_ways(rules) else 0):
            mean = _blur(tones).reshape(inks.shape)[reach]
            inks[reach], _ = invert(model, lab[reach], rules, start=mean, near=mean)
    tones[-1, FINE // 2, FINE // 2] = 0  # white of the design is the bare cloth
    return tones


def lab_grid(nodes: int) -> Float:
    """Media-relative CIELAB (nodes³, 3) of a grid, L* slowest."""
    lightness = np.linspace(0, 100, nodes)
    chromatic = 128 * np.sinh(np.linspace(-1, 1, nodes) * np.arcsinh(BEND)) / BEND
    return np.stack(np.meshgrid(lightness, chromatic, chromatic, indexing="ij"), axis=-1).reshape(-1, 3)


def grid_curves(entries: int, encoding: tuple[float, float, float]) -> NDArray[np.uint16]:
    """Return curves (3, entries) from 16-bit codes of L*, a*, b* to the position in the grid, 0..65535.

    Parameters
    ----------
    entries : int
    encoding : tuple
        `VERSION_2` or `VERSION_4`.
    """
    l_full, ab_zero, ab_unit = encoding
    code = np.linspace(0, 65535, entries)
    lightness = np.clip(code / l_full, 0, 1)
    chromatic = (code - ab_zero) / ab_unit / 128
    position = np.clip(np.arcsinh(BEND * chromatic) / np.arcsinh(BEND) / 2 + 0.5, 0, 1)
    return np.rint(np.stack([lightness, position, position]) * 65535).astype(np.uint16)


def _consistent(model: InkModel, rules: Rules) -> Float:
    """Solve the coarse grid, each node by the best way any of its neighbours found."""
    lab = lab_grid(COARSE).reshape(COARSE, COARSE, COARSE, 3)
    inks, cost = (found.reshape(COARSE, COARSE, COARSE, -1) for found in invert(model, lab.reshape(-1, 3), rules))
    for _ in range(SWEEPS if _several_ways(rules) else 0):
        improved = False
        for axis in range(3):
            for shift in (1, -1):
                beside = np.roll(inks, shift, axis)
                other = np.abs(beside - inks).max(axis=-1) > APART
                found, left = invert(model, lab[other], rules, start=beside[other], rounds=10)
                better = left < cost[other][:, 0] - 1e-2
                at = np.flatnonzero(other)[better]
                inks.reshape(-1, inks.shape[-1])[at], cost.reshape(-1)[at] = found[better], left[better]
                improved |= bool(better.any())
        if not improved:
            break
    return inks


def _several_ways(rules: Rules) -> bool:
    """Whether inks can make a colour in several ways: up to four can only by more or less black, which has its rule."""
    return len(rules.most) > 4


def _refine(coarse: Float) -> Float:
    """Double the nodes of a (g, g, g, inks) grid by averaging neighbours."""
    for axis in range(3):
        low, high = (np.take(coarse, range(at, coarse.shape[axis] - 1 + at), axis) for at in (0, 1))
        fine = np.repeat(coarse, 2, axis)
        fine = np.take(fine, range(fine.shape[axis] - 1), axis)
        between = [slice(None)] * 4
        between[axis] = slice(1, None, 2)
        fine[tuple(between)] = (low + high) / 2
        coarse = fine
    return coarse


def _blur(tones: Float) -> Float:
    """Mean over each node and its neighbours, 1:2:1 along each axis; the edge counts twice."""
    for axis in range(3):
        last = tones.shape[axis] - 1
        ahead = np.take(tones, [*range(1, last + 1), last], axis)
        behind = np.take(tones, [0, *range(last)], axis)
        tones = (ahead + 2 * tones + behind) / 4
    return tones
