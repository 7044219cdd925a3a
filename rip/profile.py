"""The condition's own ICC profile: a computed default from the ink solids, not a measured characterisation.

A profile of a press is the property of whoever measured it, so none is shipped. This one is built from the
condition: forward table by the ink model, inverse table by `rip.inversion` on a Lab grid, written by `rip.icc`. It is
good for a first strike-off and for the simulated plant; replace it by a measured one for production colour.
"""

import hashlib
import json
import uuid
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.condition import Condition
from rip.icc import Lut, encode_lab, write_profile
from rip.inkmodel import InkModel
from rip.inversion import invert

VERSION = 1
FORWARD_NODES = 11
INVERSE_NODES = 33
COARSE_NODES = 17
CURVE_ENTRIES = 257
BEND = 1.5
"""How much closer the inverse table's nodes stand near the grey axis than at the edge (asinh)."""

Float = NDArray[np.float64]


def load_profile(condition: Condition, folder: Path) -> bytes:
    """Return the condition's profile from the folder, built and kept there the first time."""
    basis = asdict(condition) | {"version": VERSION}
    for irrelevant in ("width_mm", "dpi", "drop_volumes", "drop_pl"):
        basis.pop(irrelevant)
    key = hashlib.sha256(json.dumps(basis, sort_keys=True).encode("ascii")).hexdigest()
    path = folder / f"profile-{key[:32]}.icc"
    if path.is_file():
        kept = path.read_bytes()
        if len(kept) > 128 and int.from_bytes(kept[:4], "big") == len(kept) and kept[36:40] == b"acsp":
            return kept
    profile = build_profile(condition)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{uuid.uuid4().hex}.icc"
    partial.write_bytes(profile)
    partial.replace(path)
    return profile


def build_profile(condition: Condition) -> bytes:
    """Compute the CMYK profile of a condition (ICC v2, prtr), about 250 kB."""
    model = InkModel.of(condition)
    title = f"Foulard computed default, {', '.join(ink.name for ink in condition.inks)}"
    title = title.encode("ascii", "replace").decode("ascii")
    return write_profile(title, model.white_xyz, _forward(model), _inverse(model, condition))


def _forward(model: InkModel) -> Lut:
    steps = np.linspace(0, 1, FORWARD_NODES)
    inks = np.stack(np.meshgrid(steps, steps, steps, steps, indexing="ij"), axis=-1)
    straight = np.tile(np.array([0, 65535], np.uint16), (4, 1))
    return Lut(straight, encode_lab(model.relative_lab(inks)))


def _inverse(model: InkModel, condition: Condition) -> Lut:
    limit = condition.total_limit_pct / 100
    coarse = invert(model, _lab_grid(COARSE_NODES), condition.black_start, limit, rounds=25)
    start = _refine(coarse.reshape(COARSE_NODES, COARSE_NODES, COARSE_NODES, 4))
    inks = invert(model, _lab_grid(INVERSE_NODES), condition.black_start, limit, start=start.reshape(-1, 4), rounds=5)
    inks = inks.reshape(INVERSE_NODES, INVERSE_NODES, INVERSE_NODES, 4)
    middle = INVERSE_NODES // 2
    inks[-1, middle, middle] = 0  # white of the design is the bare cloth
    # rounded down, so that the sum of the inks at a node stays within the limit
    return Lut(_inverse_curves(), np.floor(inks * 65535).astype(np.uint16))


def _lab_grid(nodes: int) -> Float:
    lightness = np.linspace(0, 100, nodes)
    chromatic = 128 * np.sinh(np.linspace(-1, 1, nodes) * np.arcsinh(BEND)) / BEND
    return np.stack(np.meshgrid(lightness, chromatic, chromatic, indexing="ij"), axis=-1).reshape(-1, 3)


def _inverse_curves() -> NDArray[np.uint16]:
    """Input curves from the ICC v2 encoding of Lab to the position in the grid, 0..65535."""
    code = np.arange(CURVE_ENTRIES) / (CURVE_ENTRIES - 1) * 65535
    lightness = np.clip(code / 652.8 / 100, 0, 1)
    chromatic = (code / 256 - 128) / 128
    position = np.clip(np.arcsinh(BEND * chromatic) / np.arcsinh(BEND) / 2 + 0.5, 0, 1)
    return np.rint(np.stack([lightness, position, position]) * 65535).astype(np.uint16)


def _refine(coarse: Float) -> Float:
    """Double the nodes of a (g, g, g, 4) grid by averaging neighbours."""
    for axis in range(3):
        low, high = (np.take(coarse, range(at, coarse.shape[axis] - 1 + at), axis) for at in (0, 1))
        fine = np.repeat(coarse, 2, axis)
        fine = np.take(fine, range(fine.shape[axis] - 1), axis)
        between = [slice(None)] * 4
        between[axis] = slice(1, None, 2)
        fine[tuple(between)] = (low + high) / 2
        coarse = fine
    return coarse
