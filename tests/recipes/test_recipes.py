import math

import pytest
from pydantic import ValidationError

import recipes


def changed(name: str, *path, value) -> dict:
    """Return a library recipe as plain data with one value replaced (`None` removes it)."""
    data = recipes.recipe(name).model_dump()
    spot = data
    for step in path[:-1]:
        spot = spot[step]
    if value is None:
        del spot[path[-1]]
    else:
        spot[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("name", "ink_class", "temp_c", "dwell_min"),
    [
        ("silk-twill", "acid", (102, 102), (30, 45)),
        ("cotton-sateen", "reactive", (102, 102), (8, 12)),
        ("polyester-satin", "disperse", (170, 180), (6, 10)),
        ("cotton-poplin-pigment", "pigment", (150, 160), (4, 5)),
    ],
)
def test_each_fibre_is_fixed_as_its_inks_need(name, ink_class, temp_c, dwell_min):
    found = recipes.recipe(name)
    fix = found.stages["fix"].setpoints
    assert found.ink_set.ink_class == ink_class
    assert temp_c[0] <= fix["chamber_temp_sp_c"] <= temp_c[1]
    assert dwell_min[0] <= fix["dwell_sp_min"] <= dwell_min[1]


def test_every_recipe_states_every_setpoint_and_its_source():
    assert set(recipes.library()) == {"silk-twill", "cotton-sateen", "polyester-satin", "cotton-poplin-pigment"}
    for found in recipes.library().values():
        assert found.route == tuple(stage for stage in recipes.STAGES if stage in found.stages)
        for stage, stated in found.stages.items():
            assert set(stated.setpoints) == recipes.SETPOINTS[stage]
            assert all(math.isfinite(value) for value in stated.setpoints.values())
            assert stated.source
        assert found.fabric.print_width_mm == found.fabric.cloth_width_mm - 40
        assert found.print_mode.dpi == 600


def test_dyes_are_washed_and_pigment_is_cured_and_done():
    routes = {name: found.route for name, found in recipes.library().items()}
    assert routes.pop("cotton-poplin-pigment") == ("pretreat", "print", "fix")
    assert set(routes.values()) == {("pretreat", "print", "fix", "wash")}
    bare = recipes.Recipe.model_validate(changed("cotton-poplin-pigment", "stages", "pretreat", value=None))
    assert bare.route == ("print", "fix")


def test_solid_inks_do_not_exceed_the_cloths_ink_weight():
    for found in recipes.library().values():
        px_per_m2 = (found.print_mode.dpi / 0.0254) ** 2
        solid_ml_m2 = px_per_m2 * found.print_mode.drop_pl * 1e-9
        assert solid_ml_m2 * found.ink_set.total_limit_pct / 100 <= 30


def test_unknown_fabric_names_the_known_ones():
    with pytest.raises(
        recipes.UnknownFabricError, match=r"'linen'.*cotton-poplin-pigment, cotton-sateen, polyester-satin"
    ):
        recipes.recipe("linen")


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("fabric", "colour"), "white", "Extra inputs are not permitted"),
        (("stages", "wash"), None, "stages lack wash: acid inks go through print, fix, wash"),
        (("stages", "print"), None, "stages lack print"),
        (("stages", "fix", "setpoints", "dwell_sp_min"), None, "stage fix lacks the setpoints dwell_sp_min"),
        (("stages", "fix", "setpoints", "dwell_min"), 3.0, "unknown setpoints dwell_min"),
        (("stages", "fix", "setpoints", "dwell_sp_min"), float("nan"), "finite number"),
        (("stages", "pretreat", "setpoints", "chamber_temp_sp_c"), 140.0, "above what Silk twill 16 momme bears"),
        (("stages", "pretreat", "setpoints", "width_sp_mm"), 1500.0, "wider than the cloth"),
        (("fabric", "print_width_mm"), 1500.0, "leave a selvedge"),
        (("print_mode", "drop_volumes"), (0, 0.5, 0.4, 1.0), "must rise from 0 to 1"),
        (("print_mode", "bits"), 3, "3 bits have 8 levels"),
        (("stages", "wash", "source"), "", "at least 1 character"),
    ],
)
def test_an_incomplete_or_impossible_recipe_does_not_load(path, value, complaint):
    with pytest.raises(ValidationError, match=complaint):
        recipes.Recipe.model_validate(changed("silk-twill", *path, value=value))


def test_inks_in_another_order_do_not_load():
    data = recipes.recipe("silk-twill").model_dump()
    data["ink_set"]["inks"] = data["ink_set"]["inks"][::-1]
    with pytest.raises(ValidationError, match="the order is cyan, magenta, yellow, black"):
        recipes.Recipe.model_validate(data)


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        recipes.recipe("silk-twill").version = 2


def test_the_digest_follows_the_values_and_nothing_else():
    first = recipes.recipe("silk-twill")
    again = recipes.Recipe.model_validate(first.model_dump())
    hotter = recipes.Recipe.model_validate(
        changed("silk-twill", "stages", "fix", "setpoints", "dwell_sp_min", value=36.0)
    )
    assert recipes.freeze(first).digest == recipes.freeze(again).digest
    assert recipes.freeze(first).digest != recipes.freeze(hotter).digest
    assert recipes.freeze(first).recipe is first


@pytest.mark.parametrize("fabric", sorted(recipes.library()))
def test_presses_of_1_to_12_channels_have_an_ink_set(fabric: str) -> None:
    inks = recipes.recipe(fabric).ink_set
    for count in range(1, 13):
        names = [ink.name for ink in inks.channels(count)]
        assert len(set(names)) == count
    assert [ink.name for ink in inks.channels(8)][4:] == ["orange", "blue", "red", "grey"]
    assert {ink.light_of for ink in inks.channels(12)} == {None, "black", "cyan", "magenta"}
    for count in (0, 13):
        with pytest.raises(ValueError, match="sets of 1 to 12"):
            inks.channels(count)
