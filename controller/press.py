"""What a job's control recipe is frozen with besides the recipe: the ink set's profile, and the press's nozzles."""

from pathlib import Path

import recipes
import rip
from controller.kept import keep
from controller.request import Refused
from controller.work import condition, nozzles_of

MOST_PROFILE_BYTES = 64_000_000
"""Largest profile that is read; those of twelve inks from profiling programs take some 20 MB. Default from practice."""


def with_press(
    control: recipes.ControlRecipe, nozzles: Path | None, folder: Path, profile: bytes | None = None
) -> recipes.ControlRecipe:
    """Return a control recipe with the press as it is now, and the profile as its file is now.

    Parameters
    ----------
    control : ControlRecipe
    nozzles : Path or None
        The line's nozzle file, read anew for every job; None: every nozzle prints as it should.
    folder : Path
        Where what a job is frozen with is kept.
    profile : bytes, optional
        ICC output profile of the ink set, from whoever made it; computed without.

    Raises
    ------
    Refused
        Names the file and what is wrong with it.
    """
    of_nozzles = None if nozzles is None else keep(_checked_nozzles(control, nozzles), folder)
    of_profile = None if profile is None else keep(_checked_profile(control, profile), folder)
    return recipes.freeze(control.recipe, nozzles=of_nozzles, profile=of_profile)


def profile_of(control: recipes.ControlRecipe) -> bytes | None:
    """Return the profile that the recipe's ink set names; raises `Refused` if its file cannot be read."""
    try:
        return recipes.profile(control.recipe)
    except ValueError as error:
        raise Refused(str(error), "fabric") from error


def _checked_profile(control: recipes.ControlRecipe, profile: bytes) -> bytes:
    name = control.recipe.ink_set.profile or "the profile"
    if len(profile) > MOST_PROFILE_BYTES:
        size, most = len(profile) / 1e6, MOST_PROFILE_BYTES / 1e6
        raise Refused(f"{name} has {size:.0f} MB: at most {most:.0f} MB are read as a profile", "fabric")
    try:
        condition(control, profile)
    except ValueError as error:
        raise Refused(f"{name} cannot be used for {control.recipe.ink_set.title}: {error}", "fabric") from error
    return profile


def _checked_nozzles(control: recipes.ControlRecipe, nozzles: Path) -> bytes:
    try:
        data = nozzles.read_bytes()
        nozzles_of(data, control)
    except OSError as error:
        raise Refused(f"the line's nozzle file {nozzles.name} cannot be read: {error.strerror}") from error
    except rip.NozzleError as error:
        raise Refused(f"the line's nozzle file {nozzles.name}: {error}") from error
    return data
