"""From a control recipe to a raster: what the lot and the press are like reaches the drops."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import recipes
import rip
from controller.work import Prepared, PrepareTask, cloth, prepare


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rasters")


@pytest.fixture(scope="session")
def design(cache: Path) -> Path:
    """A dark square of 60 mm."""
    path = cache / "square.png"
    Image.new("RGB", (60, 60), (40, 60, 120)).save(path, dpi=(25.4, 25.4))
    return path


def narrow(**fabric: float) -> recipes.Recipe:
    """The silk recipe on a press of 100 mm and 300 dpi."""
    silk = recipes.recipe("silk-twill")
    return silk.model_copy(
        update={
            "fabric": silk.fabric.model_copy(update={"print_width_mm": 100.0, **fabric}),
            "print_mode": silk.print_mode.model_copy(update={"dpi": 300}),
        }
    )


def prepared(
    control: recipes.ControlRecipe, design: Path, cache: Path, **layout: object
) -> tuple[Prepared, rip.Raster]:
    frozen = control.model_dump(mode="json")
    task = PrepareTask((design,), frozen, layout or {"pieces": 1}, 0.1, "square", ("F 1",), cache, cache / "job")
    result = prepare(task)
    return result, rip.Raster.open(result.raster, result.sha256)


def first_rows(raster: rip.Raster) -> np.ndarray:
    """First row of every column that takes ink, -1 where none does."""
    inked = raster.rows(0, raster.period_rows).any(axis=0)
    return np.where(inked.any(axis=0), inked.argmax(axis=0), -1)


def test_skew_and_bow_of_the_lot_reach_the_cloth(design: Path, cache: Path) -> None:
    lot = cloth(recipes.freeze(narrow(skew_mm=12.0, bow_mm=-5.0)))
    assert (lot.skew_mm, lot.bow_mm) == (12.0, -5.0)
    px_mm = 300 / 25.4
    straight, skewed, bowed = (
        first_rows(prepared(recipes.freeze(narrow(**lot)), design, cache)[1])
        for lot in ({}, {"skew_mm": 12.0}, {"bow_mm": 5.0})
    )
    inked = np.flatnonzero(straight >= 0)
    left, right, middle = inked[3], inked[-4], inked[len(inked) // 2]
    assert abs(straight[left] - straight[right]) <= 2
    assert skewed[right] - skewed[left] == pytest.approx(12 * px_mm * (right - left) / len(straight), abs=4)
    sagging = 5 * px_mm * (1 - 4 * (left + 0.5) / len(straight) * (1 - (left + 0.5) / len(straight)))
    assert bowed[middle] - bowed[left] == pytest.approx(sagging, abs=4)


def test_a_lot_that_cannot_be_straightened_is_refused() -> None:
    data = recipes.recipe("silk-twill").model_dump()
    data["fabric"]["skew_mm"] = 301
    with pytest.raises(ValueError, match="skew_mm"):
        recipes.Recipe.model_validate(data)
