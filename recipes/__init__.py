"""Recipes: what a fabric needs on its way through the line.

A master recipe joins a fabric, an ink set, a print mode and the setpoints and chemistry of the stages of its route
(of pretreat, print, fix, wash). The library is plain YAML next to this file; `recipe` reads one, `freeze` turns it into
the control recipe of a job, with a digest that proves later which values were used.
The room knows no machine, no person and no file but its own library.
"""

from recipes.catalogue import ControlRecipe, UnknownFabricError, freeze, library, profile, recipe
from recipes.model import (
    NEEDED,
    SETPOINTS,
    STAGES,
    Chemical,
    Fabric,
    Ink,
    InkSet,
    PrintMode,
    Recipe,
    StageRecipe,
)

__all__ = [
    "NEEDED",
    "SETPOINTS",
    "STAGES",
    "Chemical",
    "ControlRecipe",
    "Fabric",
    "Ink",
    "InkSet",
    "PrintMode",
    "Recipe",
    "StageRecipe",
    "UnknownFabricError",
    "freeze",
    "library",
    "profile",
    "recipe",
]
