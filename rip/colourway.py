"""Colourways: a design's colours or plates replaced one by one, by a Lab on the cloth or an ink recipe."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from rip.appearance import predicted_lab
from rip.channels import channels_of
from rip.colour import D50, delta_e00, lab_to_xyz, xyz_to_lab
from rip.condition import Condition
from rip.inkmodel import InkModel
from rip.inkrules import rules_of
from rip.inversion import invert
from rip.rendering import encode_lab, rendering_of
from rip.sharing import colour_model

Colour = tuple[int, int, int]
Lab = tuple[float, float, float]


class ColourwayError(ValueError):
    """A colourway that cannot be printed; the message names the colour and the reason."""


@dataclass(frozen=True)
class Swap:
    """One colour or plate of a design and what is printed in its place.

    Attributes
    ----------
    colour : (r, g, b) or str
        As the design holds it; a plate of separations by its name.
    lab : tuple of 3 float, optional
        CIELAB (D50) wanted on the cloth, as an instrument would measure it there.
    recipe : tuple of (ink name, per cent), optional
        Instead of a Lab: drop volume of each ink, 100 = a solid.
    name : str
    """

    colour: Colour | str
    lab: Lab | None = None
    recipe: tuple[tuple[str, float], ...] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if (self.lab is None) == (self.recipe is None):
            raise ColourwayError(f"{self.title}: give either a Lab or a recipe")

    @property
    def title(self) -> str:
        """The name, or the colour as #rrggbb, or the plate."""
        if self.name or isinstance(self.colour, str):
            return self.name or f"plate {self.colour}"
        return "#{:02x}{:02x}{:02x}".format(*self.colour)


Wanted = tuple[FiniteFloat, FiniteFloat, FiniteFloat] | dict[str, FiniteFloat]
"""A Lab, or a recipe: ink name → per cent."""

Held = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6}|[^#].{0,79})$")]
"""What a design holds: a colour as #rrggbb, or a plate by its name."""


class Colourway(BaseModel):
    """Other colours for a design, as a job keeps them and a file can hold them.

    Attributes
    ----------
    replace : mapping
        Colour of the design as #rrggbb, or name of a plate → a Lab, a recipe, or a name. Tints of a plate print tints
        of what it is replaced by.
    colours : mapping
        What the names stand for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replace: Annotated[dict[Held, Wanted | str], Field(min_length=1, max_length=256)]
    colours: Annotated[dict[str, Wanted], Field(max_length=256)] = {}

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        _ = self.swaps
        return self

    @cached_property
    def swaps(self) -> tuple[Swap, ...]:
        """The colours that are replaced; raises `ColourwayError` if a name stands for nothing."""
        swaps = []
        for text, wanted in self.replace.items():
            name = wanted if isinstance(wanted, str) else ""
            if isinstance(wanted, str):
                if wanted not in self.colours:
                    known = ", ".join(self.colours) or "none"
                    raise ColourwayError(f"{text}: {wanted!r:.60} is none of the colourway's colours: {known}")
                wanted = self.colours[wanted]
            colour = _colour(text) if text.startswith("#") else text
            if isinstance(wanted, dict):
                swaps.append(Swap(colour, recipe=tuple(wanted.items()), name=name))
            else:
                swaps.append(Swap(colour, lab=wanted, name=name))
        return tuple(swaps)


@dataclass(frozen=True)
class Match:
    """What a swap prints.

    Attributes
    ----------
    tones : tuple of int
        Drop volume of each ink, 255 = a solid.
    lab : tuple of 3 float
        CIELAB (D50) predicted on the cloth.
    delta_e00 : float
        Difference from the Lab wanted; 0 for a recipe.
    """

    tones: tuple[int, ...]
    lab: Lab
    delta_e00: float


def _colour(text: str) -> Colour:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def match(swap: Swap, condition: Condition, folder: Path) -> Match:
    """Return the inks of one swap.

    Parameters
    ----------
    swap : Swap
    condition : Condition
    folder : Path
        Cache of profiles.

    Raises
    ------
    ColourwayError
        If a recipe names an unknown ink or goes above a limit.
    """
    if swap.recipe is not None:
        tones = _recipe_tones(swap, dict(swap.recipe), condition)
    else:
        tones = lab_tones(np.array([swap.lab]), condition, folder)[0]
    lab = predicted_lab(tones, condition)
    off = 0.0 if swap.lab is None else float(delta_e00(lab, np.array(swap.lab)))
    inks = len(condition.inks)
    return Match(tuple(int(tone) for tone in tones[:inks]), (float(lab[0]), float(lab[1]), float(lab[2])), off)


def matches(swaps: tuple[Swap, ...], condition: Condition, folder: Path) -> dict[Colour | str, Match]:
    """Return the inks of all swaps by the design's colour or plate; raises `ColourwayError` also if one comes twice."""
    found: dict[Colour | str, Match] = {}
    for swap in swaps:
        if swap.colour in found:
            raise ColourwayError(f"{swap.title}: this colour of the design is replaced twice")
        found[swap.colour] = match(swap, condition, folder)
    return found


def lab_tones(lab: NDArray[np.float64], condition: Condition, folder: Path) -> NDArray[np.uint8]:
    """Return the tones uint8 (n, lanes) that come nearest to CIELAB (n, 3) measured on the cloth.

    With a computed default profile each colour is solved for itself, starting from the profile's answer.
    """
    rendering = rendering_of(condition, folder)
    model = InkModel.of(condition)
    relative = xyz_to_lab(lab_to_xyz(np.asarray(lab, np.float64)) * (D50 / model.white_xyz))
    amounts = rendering.amounts(encode_lab(relative))
    if condition.profile is None:
        start, colours = amounts / 65535, colour_model(condition)
        solved, _ = invert(colours, relative, rules_of(condition, colours), start=start, near=start)
        amounts = np.rint(solved * 65535).astype(np.uint16)
    return rendering.channels.bytes(rendering.channels.tones(amounts))


def _recipe_tones(swap: Swap, recipe: Mapping[str, float], condition: Condition) -> NDArray[np.uint8]:
    names = [ink.name for ink in condition.inks]
    for name, percent in recipe.items():
        if name not in names:
            raise ColourwayError(f"{swap.title}: ink {name} is not one of {', '.join(names)}")
        limit = condition.inks[names.index(name)].limit_pct
        if not 0 <= percent <= limit:
            raise ColourwayError(f"{swap.title}: {percent:g} % of {name} is not in 0..{limit:g}")
    total = sum(recipe.values())
    if total > condition.total_limit_pct:
        raise ColourwayError(
            f"{swap.title}: {total:g} % of ink in all is above the limit, {condition.total_limit_pct:g}"
        )
    tones = np.zeros(channels_of(condition).lanes, np.uint8)
    for name, percent in recipe.items():
        tones[names.index(name)] = int(percent * 2.55 + 1e-6)
    return tones
