"""Where goods go in at a machine: the tanks of each stage, by the names of the line's tags, and what may be in them."""

from collections.abc import Mapping

import recipes
from controller.tracing.genealogy import Kind, Place
from controller.tracing.tables import Lot

MOST_INKS = 12
"""Tanks of a press that are told apart; as many as a recipe's ink set may have."""

BOXES = tuple(f"box{number}" for number in range(1, 7))

PLACES: Mapping[str, Mapping[str, frozenset[Kind]]] = {
    "pretreat": {"liquor": frozenset({Kind.LIQUOR, Kind.CHEMICAL})},
    "print": {f"ink{number}": frozenset({Kind.INK}) for number in range(1, MOST_INKS + 1)},
    "fix": {},
    "wash": {name: frozenset({Kind.CHEMICAL, Kind.LIQUOR}) for name in ("soap", *BOXES)},
}
"""By stage, each tank and what kinds of lots may be filled into it."""


def places_of(stage: str, recipe: recipes.Recipe, planned_ml: Mapping[str, float]) -> tuple[Place, ...]:
    """Return the tanks that an operation takes something from.

    Parameters
    ----------
    stage
        Of the operation.
    recipe
        Of the job.
    planned_ml
        Ink the job takes, ml by name; an ink of which it takes none has no part in it. One that is not told has.

    Returns
    -------
    tuple of Place
        In the order of the machine's tags. The boxes of a washer are left out: a recipe names their chemicals in words.
    """
    match stage:
        case "pretreat" if recipe.stages["pretreat"].chemistry:
            return (Place("liquor", Kind.LIQUOR, recipe.name),)
        case "print":
            inks = enumerate(recipe.ink_set.inks, start=1)
            return tuple(
                Place(f"ink{number}", Kind.INK, ink_material(recipe.ink_set.ink_class, ink.name))
                for number, ink in inks
                if planned_ml.get(ink.name) != 0
            )
        case "wash" if recipe.stages["wash"].chemistry:
            return (Place("soap", Kind.CHEMICAL, ""),)
    return ()


def ink_material(ink_class: str, colour: str) -> str:
    """Return what an ink is called as goods."""
    return f"{ink_class} {colour}"


def inks_known() -> frozenset[str]:
    """Return all inks that a recipe of the library prints with, or could on a press with more channels."""
    sets = [recipe.ink_set for recipe in recipes.library().values()]
    return frozenset(ink_material(one.ink_class, ink.name) for one in sets for ink in (*one.inks, *one.more))


def amiss(place: Place, lot: Lot) -> str | None:
    """Return what is wrong with a lot in a tank, or None; what a recipe does not name is not judged."""
    if not place.material or lot.kind != place.kind or lot.material == place.material:
        return None
    return f"{place.name} holds {lot.name} ({lot.material}), the job takes {place.material}"
