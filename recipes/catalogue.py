"""The library of master recipes, and freezing one into the control recipe of a job."""

import hashlib
import json
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from recipes.model import Recipe


class UnknownFabricError(ValueError):
    """Nobody wrote a recipe of this name."""


class ControlRecipe(BaseModel):
    """A recipe as released for one job.

    `digest` is the SHA-256 (hex) of the canonical JSON of all else; `nozzles` that of the file with the state of the
    press's nozzles, None where every nozzle prints as it should; `profile` that of the ICC profile of the ink set, None
    where it is computed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe
    digest: str
    nozzles: str | None = None
    profile: str | None = None


@cache
def _read() -> tuple[Recipe, ...]:
    folder = files("recipes") / "library"
    read = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".yaml"):
            continue
        try:
            found = Recipe.model_validate(yaml.safe_load(entry.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError) as error:
            raise ValueError(f"recipes/library/{entry.name}: {error}") from error
        if entry.name != f"{found.name}.yaml":
            raise ValueError(f"recipes/library/{entry.name}: holds the recipe {found.name}: name both alike")
        read.append(found)
    return tuple(read)


def library() -> dict[str, Recipe]:
    """Return the recipes of the library by name.

    Raises
    ------
    ValueError
        Names the library file that does not hold a valid recipe, and why.
    """
    return {found.name: found for found in _read()}


def recipe(name: str) -> Recipe:
    """Return one recipe of the library.

    Raises
    ------
    UnknownFabricError
        Names the recipes that there are.
    """
    known = library()
    if name not in known:
        raise UnknownFabricError(f"no recipe for fabric {name!r}: known are {', '.join(known)}")
    return known[name]


def profile(recipe: Recipe) -> bytes | None:
    """Return the ICC profile that a recipe's ink set names, unchecked; None if it names none.

    Raises
    ------
    ValueError
        Names the file beside the recipe that cannot be read.
    """
    name = recipe.ink_set.profile
    if name is None:
        return None
    try:
        return (files("recipes") / "library" / name).read_bytes()
    except OSError as error:
        raise ValueError(
            f"recipes/library/{name}, the profile of {recipe.name}, cannot be read: {error.strerror}"
        ) from error


def freeze(recipe: Recipe, *, nozzles: str | None = None, profile: str | None = None) -> ControlRecipe:
    """Return the control recipe of a job: frozen data, and a digest that proves later which values were used.

    Parameters
    ----------
    recipe : Recipe
    nozzles, profile : str, optional
        See `ControlRecipe`.
    """
    values = {"recipe": recipe.model_dump(mode="json"), "nozzles": nozzles, "profile": profile}
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    return ControlRecipe(recipe=recipe, digest=digest, nozzles=nozzles, profile=profile)
