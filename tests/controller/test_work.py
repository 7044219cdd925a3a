"""From a control recipe to a raster: what the lot and the press are like reaches the drops."""

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import recipes
import rip
from controller import Refused, load_line
from controller.press import profile_of, with_press
from controller.work import Prepared, PrepareTask, cloth, condition, prepare
from rip.profile import load_profile


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory, primed: Callable[[Path], Path]) -> Path:
    return primed(tmp_path_factory.mktemp("rasters"))


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
    task = PrepareTask((design,), frozen, layout or {"pieces": 1}, 0.1, "square", ("F 1",), cache, cache / "kept",
                       cache / "job")  # fmt: skip
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


def nozzle_file(path: Path, **state: object) -> Path:
    path.write_text(json.dumps(state), "utf-8")
    return path


def test_the_press_s_nozzles_are_frozen_into_the_job(design: Path, cache: Path, tmp_path: Path) -> None:
    """The file may change afterwards: the job prints with what it was submitted with."""
    control = recipes.freeze(narrow())
    file = nozzle_file(tmp_path / "today.json", dead={"cyan": [600]}, gain={"black": [1.25] * 1181})
    frozen = with_press(control, file, cache / "kept")
    assert frozen.digest != control.digest
    assert with_press(control, file, cache / "kept") == frozen
    file.write_text("{}")
    plain, helped = prepared(control, design, cache)[1], prepared(frozen, design, cache)[1]
    before, after = (raster.rows(0, raster.period_rows).astype(int) for raster in (plain, helped))
    assert before[0, :, 600].any()
    assert not after[0, :, 600].any()
    assert after[0, :, 599].sum() > before[0, :, 599].sum()
    assert after[3].sum() > 1.1 * before[3].sum()
    assert prepared(with_press(control, None, cache / "kept"), design, cache)[0].sha256 == plain.sha256


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "json"),
        ('{"dead": {"mauve": [1]}}', "'mauve' is none of the press's: cyan, magenta"),
        ('{"dead": {"cyan": [9999]}}', "dead nozzle 9999 of ink 0 is not in 0..1180"),
        ('{"dead": {"cyan": [-1]}}', "dead.cyan.0"),
        ('{"gain": {"cyan": [1.0]}}', "gain.cyan has 1 values, one for each of 1181 nozzles"),
        ('{"gain": {"cyan": [' + ",".join(["1.3"] * 1181) + "]}}", "gain.cyan goes from 1.3 to 1.3: give 0 to 1.25"),
        ('{"gain": {"cyan": [NaN]}}', "gain.cyan.0"),
        ('{"deaf": {}}', "deaf"),
        (None, "today.json cannot be read"),
    ],
)
def test_a_nozzle_file_that_is_not_this_press_s_refuses_the_job(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "today.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Refused, match=re.escape(says)) as refused:
        with_press(recipes.freeze(narrow()), file, tmp_path / "kept")
    assert "today.json" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_a_job_was_frozen_with_is_missed_if_it_is_gone_or_changed(
    design: Path, cache: Path, tmp_path: Path
) -> None:
    file = nozzle_file(tmp_path / "today.json", dead={"cyan": [77]})
    frozen = with_press(recipes.freeze(narrow()), file, cache / "kept")
    (cache / "kept" / str(frozen.nozzles)).write_text("{}")
    with pytest.raises(ValueError, match="is not what was kept"):
        prepared(frozen, design, cache)
    (cache / "kept" / str(frozen.nozzles)).unlink()
    with pytest.raises(ValueError, match="submit the job again"):
        prepared(frozen, design, cache)


def test_a_line_names_its_nozzle_file_beside_it(tmp_path: Path) -> None:
    description = load_line().model_dump(mode="json", exclude={"nozzles"}) | {"nozzles": "press.json"}
    (tmp_path / "line.yaml").write_text(json.dumps(description))
    assert load_line(tmp_path / "line.yaml").nozzles == tmp_path / "press.json"
    assert load_line().nozzles is None


@pytest.fixture(scope="session")
def measured(cache: Path) -> bytes:
    """A profile as a customer would bring it: of the same inks, duller than the recipe says."""
    told = condition(recipes.freeze(narrow()))
    dull = tuple(
        dataclasses.replace(ink, lab=(ink.lab[0] + 8, ink.lab[1] * 0.7, ink.lab[2] * 0.7)) for ink in told.inks
    )
    return load_profile(dataclasses.replace(told, inks=dull), cache / "dull")


def test_a_customer_s_profile_takes_the_place_of_the_computed_one(design: Path, cache: Path, measured: bytes) -> None:
    control = recipes.freeze(narrow())
    frozen = with_press(control, None, cache / "kept", measured)
    assert frozen.digest != control.digest
    computed, own = prepared(control, design, cache), prepared(frozen, design, cache)
    assert (computed[0].meta["profile"][:8], own[0].meta["profile"]) == ("computed", "customer's")
    drops = [raster.rows(0, raster.period_rows).sum(axis=(1, 2), dtype=int) for _, raster in (computed, own)]
    assert np.abs(drops[1] - drops[0]).max() > 0.1 * drops[0].max()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: b"no profile at all", "is not an ICC profile"),
        (lambda data: data[:5000], "is cut"),
        (lambda data: data[:12] + b"mntr" + data[16:], "class mntr, prtr"),
        (lambda data: data[:16] + b"6CLR" + data[20:], "6 channels"),
    ],
)
def test_a_profile_that_is_not_of_these_inks_refuses_the_job(
    tmp_path: Path, measured: bytes, change: Callable[[bytes], bytes], says: str
) -> None:
    with pytest.raises(Refused, match=says) as refused:
        with_press(recipes.freeze(narrow()), None, tmp_path / "kept", change(measured))
    assert refused.value.field == "fabric"
    assert not (tmp_path / "kept").exists()


def test_a_profile_that_breaks_inside_fails_the_job_in_one_sentence(design: Path, cache: Path, measured: bytes) -> None:
    hollow = measured[:132] + bytes(len(measured) - 132)
    with pytest.raises(ValueError, match="cannot be used") as failed:
        prepared(with_press(recipes.freeze(narrow()), None, cache / "kept", hollow), design, cache)
    assert "\n" not in str(failed.value)


def test_a_recipe_names_its_profile_beside_it() -> None:
    silk = recipes.recipe("silk-twill")
    assert recipes.profile(silk) is None
    named = silk.model_copy(update={"ink_set": silk.ink_set.model_copy(update={"profile": "missing.icc"})})
    with pytest.raises(Refused, match=r"library/missing\.icc, the profile of silk-twill, cannot be read"):
        profile_of(recipes.freeze(named))
    with pytest.raises(ValueError, match="profile"):
        recipes.InkSet.model_validate(silk.ink_set.model_dump() | {"profile": "../../secret.icc"})
