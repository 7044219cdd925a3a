"""What planning looks at in a job: what set-ups depend on, and how long each stage takes by the recipe."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.planning.planfile import Value
from recipes import Recipe
from recipes.model import Stage

STEAMER_CONTENT_M = 150.0
"""Metres of cloth in a loop steamer, which runs at content / dwell. Default from practice; learning corrects it."""

LIGHTNESS_STEP = 10
"""CIE L* of grounds is planned in steps of this, so that almost equal grounds are one family."""


@dataclass(frozen=True)
class Traits:
    """A job as planning sees it.

    Attributes
    ----------
    attributes
        Fabric, width (mm), ink class, pad liquor, steamer temperature (°C), bath, lightness of the printed ground (L*).
    nominal_min
        Minutes by length and speed, by stage.
    wait_h
        Hours that the cloth may lie before a stage, by stage; stages without a limit are left out.
    """

    attributes: Mapping[str, Value]
    nominal_min: Mapping[str, float]
    wait_h: Mapping[str, float]


def traits_of(recipe: Recipe, length_m: float, planned_ml: Mapping[str, float]) -> Traits:
    """Return what planning looks at in a job.

    Parameters
    ----------
    recipe
        The job's frozen recipe.
    length_m
        Metres of cloth.
    planned_ml
        Millilitres of each ink the job takes; empty while its design is not prepared, and the ground counts as white.
    """
    dwell_min = recipe.stages["fix"].setpoints["dwell_sp_min"]
    speeds = {stage: one.setpoints["speed_sp_m_min"] for stage, one in recipe.stages.items() if stage != "fix"}
    bath = {"bath": f"{recipe.ink_set.ink_class}: {_chemistry(recipe, 'wash')}"} if "wash" in recipe.stages else {}
    return Traits(
        bath
        | {
            "fabric": recipe.name,
            "width_mm": recipe.fabric.cloth_width_mm,
            "ink_class": recipe.ink_set.ink_class,
            "liquor": _chemistry(recipe, "pretreat"),
            "steam_c": recipe.stages["fix"].setpoints["chamber_temp_sp_c"],
            "lightness": ground_lightness(recipe, length_m, planned_ml),
        },
        # the first metre leaves the steamer after the dwell, the last one a length later
        {stage: length_m / m_min for stage, m_min in speeds.items()}
        | {"fix": dwell_min * (1 + length_m / STEAMER_CONTENT_M)},
        {stage: one.max_wait_h for stage, one in recipe.stages.items() if one.max_wait_h is not None},
    )


def _chemistry(recipe: Recipe, stage: Stage) -> str:
    return ", ".join(f"{one.name} {one.amount:g} {one.unit}" for one in recipe.stages[stage].chemistry) or recipe.name


def ground_lightness(recipe: Recipe, length_m: float, planned_ml: Mapping[str, float]) -> int:
    """Return the mean lightness of the print, L* in steps of `LIGHTNESS_STEP`: each ink darkens the share it covers."""
    full_ml_m2 = recipe.print_mode.drop_pl * (recipe.print_mode.dpi / 25.4) ** 2 / 1000
    area_m2 = length_m * recipe.fabric.print_width_mm / 1000
    white = lightness = recipe.fabric.white_lab[0]
    for ink in (*recipe.ink_set.inks, *recipe.ink_set.more):
        lightness += planned_ml.get(ink.name, 0.0) / (full_ml_m2 * area_m2) * (ink.lab[0] - white)
    return round(max(lightness, 0.0) / LIGHTNESS_STEP) * LIGHTNESS_STEP
