"""What a job's control recipe is frozen with besides the recipe: the state of the press's nozzles."""

from pathlib import Path

import recipes
import rip
from controller.kept import keep
from controller.request import Refused
from controller.work import nozzles_of


def with_press(control: recipes.ControlRecipe, nozzles: Path | None, folder: Path) -> recipes.ControlRecipe:
    """Return a control recipe with the press as it is now.

    Parameters
    ----------
    control : ControlRecipe
    nozzles : Path or None
        The line's nozzle file, read anew for every job; None: every nozzle prints as it should.
    folder : Path
        Where what a job is frozen with is kept.

    Raises
    ------
    Refused
        Names the file and what is wrong with it.
    """
    if nozzles is None:
        return control
    try:
        data = nozzles.read_bytes()
        nozzles_of(data, control)
    except OSError as error:
        raise Refused(f"the line's nozzle file {nozzles.name} cannot be read: {error.strerror}") from error
    except rip.NozzleError as error:
        raise Refused(f"the line's nozzle file {nozzles.name}: {error}") from error
    return recipes.freeze(control.recipe, nozzles=keep(data, folder))
