"""The condition's ICC profile: the customer's own, or a computed default from the ink solids.

A profile of a press is the property of whoever measured it, so none is shipped. The default is built from the
condition: forward table by the ink model, inverse table by `rip.labtable`, written by `rip.icc`. It is
good for a first strike-off and for the simulated plant; replace it by a measured one for production colour. Its device
channels are tones of the inks a colour is separated into, before linearisation and before light inks take their share.
"""

import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.condition import Condition
from rip.icc import Lut, device_space, encode_lab, write_profile
from rip.inkmodel import InkModel
from rip.inkrules import Rules, rules_of
from rip.labtable import VERSION_2, grid_curves, inverse_table
from rip.sharing import colour_model

VERSION = 2
FORWARD_NODES = {1: 255, 2: 33, 3: 17, 4: 11, 5: 7, 6: 6, 7: 5, 8: 4}
"""Nodes per ink of the forward table; 3 for more inks."""
CURVE_ENTRIES = 257

Float = NDArray[np.float64]


def load_profile(condition: Condition, folder: Path) -> bytes:
    """Return the condition's profile: its own, or the default from the folder, built and kept there the first time."""
    if condition.profile is not None:
        return condition.profile
    path = folder / f"profile-{VERSION}-{condition.colour_digest[:32]}.icc"
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
    """Compute the default profile of a condition: ICC v2, prtr, GRAY, CMY, CMYK or nCLR."""
    model = colour_model(condition)
    rules = rules_of(condition, model)
    names = [condition.inks[at].name for at in condition.colour_inks]
    title = f"Foulard computed default, {', '.join(names)}".encode("ascii", "replace").decode("ascii")
    space = device_space(len(names), _in_cmyk_order(model, rules))
    # rounded down, so that the sum of the inks at a node stays within the limit
    inverse = np.floor(inverse_table(model, rules) * 65535).astype(np.uint16)
    to_lab, to_device = _forward(model), Lut(grid_curves(CURVE_ENTRIES, VERSION_2), inverse)
    if space == "GRAY":  # 0 is the dark end there
        to_lab, to_device = Lut(to_lab.curves, to_lab.grid[::-1]), Lut(to_device.curves, 65535 - to_device.grid)
    return write_profile(title, space, model.white_xyz, to_lab, to_device)


def _in_cmyk_order(model: InkModel, rules: Rules) -> bool:
    count = len(rules.most)
    return model.primaries(range(min(count, 3))) == (0, 1, 2) and (count == 3 or rules.black == 3)


def _forward(model: InkModel) -> Lut:
    inks = len(model.k)
    nodes = FORWARD_NODES.get(inks, 3)
    curves = np.tile(np.array([0, 65535], np.uint16), (inks, 1))
    tones = np.tile(np.linspace(0, 1, nodes), (inks, 1))
    if nodes < 9:
        curves, tones = _even_lightness(model, nodes)
    light = np.ones(3)
    for ink in range(inks):  # the product of the model, one axis more for each ink
        light = light[..., None, :] * _ramp(model, ink, tones[ink])
    lab = np.empty((*light.shape[:-1], 3), np.uint16)
    for at in range(nodes):
        lab[at] = encode_lab(model.relative_lab_of_light(light[at]))
    return Lut(curves, lab)


def _ramp(model: InkModel, ink: int, tones: Float) -> Float:
    """Factors (n, 3) of one ink's tones alone."""
    alone = np.zeros((len(tones), len(model.k)))
    alone[:, ink] = tones
    return model.factors(alone)[0][:, ink]


def _even_lightness(model: InkModel, nodes: int) -> tuple[NDArray[np.uint16], Float]:
    """Input curves, and the nodes' tones, that set few nodes where each ink's own ramp is evenly spaced in colour."""
    ramp = np.linspace(0, 1, CURVE_ENTRIES)
    curves, tones = [], []
    for ink in range(len(model.k)):
        lab = model.relative_lab_of_light(_ramp(model, ink, ramp))
        way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
        curves.append(np.rint(way / way[-1] * 65535).astype(np.uint16))
        tones.append(np.interp(np.linspace(0, 1, nodes), way / way[-1], ramp))
    return np.array(curves), np.array(tones)
