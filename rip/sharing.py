"""Light inks: how a dark ink's tone is shared with them.

The dark ink and its light one together are as light as the dark ink alone would have been. The light ink prints alone
up to half its range, is joined by the dark one there, and fades out towards the solid. Where sharing would bring more
ink than the cloth takes, as much as needed of the dark ink stays unshared.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rip.condition import Condition
from rip.inkmodel import InkModel, Share

ALONE = 0.5
"""Part of a light ink's range in which it prints without its dark ink; default from practice, editable."""

STEPS = 4097
HALVINGS = 24

Float = NDArray[np.float64]


def colour_model(condition: Condition) -> InkModel:
    """Return the model of the inks a colour is separated into, each one sharing its tones with its light inks."""
    every = InkModel.of(condition)
    shares = tuple(_share_of(condition, every, at) for at in condition.colour_inks)
    return replace(every.only(condition.colour_inks), shares=shares, total=condition.total_limit_pct / 100)


def family_of(condition: Condition, dark: int) -> list[int]:
    """Return the channels of a dark ink and of its light ones, strongest first."""
    lights = [at for at, ink in enumerate(condition.inks) if ink.light_of == condition.inks[dark].name]
    return [dark, *sorted(lights, key=lambda at: (-condition.inks[at].strength, condition.inks[at].lab[0]))]


def _share_of(condition: Condition, model: InkModel, dark: int) -> Share | None:
    family = family_of(condition, dark)
    if len(family) == 1:
        return None
    left = np.minimum(np.linspace(0, 1, STEPS), condition.inks[dark].most)
    tones = []
    for strong, weak in pairwise(family):  # each shares with the next weaker one
        kept, left = _pair(condition, model, left, strong, weak, dark)
        tones.append(kept)
    return Share(np.array([*tones, left]), model.k[family])


def _pair(condition: Condition, model: InkModel, tone: Float, dark: int, light: int, root: int) -> tuple[Float, Float]:
    """Share tones of an ink with a lighter one; returns what each prints. `root`: the dark ink of the family."""
    steps = np.linspace(0, 1, STEPS)
    strength = condition.inks[light].strength
    strong, weak = model.k[dark], model.k[light]
    if strength < 1:
        weak = 1 - (1 - model.k[root]) ** strength
    wanted = model.relative_lab_of_light(1 - steps[:, None] * strong)[:, 0]
    reached = model.relative_lab_of_light(1 - steps[:, None] * weak)[:, 0]
    # tone of the light ink alone that is as light as each step of the dark one, going on straight beyond its solid
    alone = np.interp(-wanted, -reached, steps)
    beyond = wanted < reached[-1]
    alone[beyond] = 1 + (reached[-1] - wanted[beyond]) / (100 - reached[-1])
    start = ALONE * condition.inks[light].most
    room = condition.inks[light].most - start
    rising = np.where(alone <= start, alone, start + room * -np.expm1(-np.maximum(alone - start, 0) / room))
    joined = np.interp(start, alone, steps)
    way = np.clip((steps - joined) / max(condition.inks[dark].most - joined, 1e-9), 0, 1)
    light_tone = rising * (1 - way * way * (3 - 2 * way))
    dark_tone = _completed(model, wanted, light_tone, strong, weak)
    return np.interp(tone, steps, dark_tone), np.interp(tone, steps, light_tone)


def _completed(model: InkModel, wanted: Float, light_tone: Float, strong: Float, weak: Float) -> Float:
    """Tone of the dark ink that gives the lightness wanted together with the light ink's tone."""
    low, high = np.zeros_like(light_tone), np.ones_like(light_tone)
    under = 1 - light_tone[:, None] * weak
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        lighter = model.relative_lab_of_light(under * (1 - middle[:, None] * strong))[:, 0] > wanted
        low, high = np.where(lighter, middle, low), np.where(lighter, high, middle)
    return np.where(high < 1e-6, 0, (low + high) / 2)
