"""What is learned from work that is done: a bounded median of the newest."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from controller.plans.learned import HIGHEST, LAST, LOWEST, Took, factor, factors
from controller.plans.traits import traits_of
from recipes import library

RATIOS = st.lists(st.floats(0.01, 100), min_size=1, max_size=3 * LAST)


@given(ratios=RATIOS)
def test_the_factor_is_the_bounded_median_of_the_newest(ratios: list[float]) -> None:
    learned = factors([Took("press", "silk", ratio * 30, 30) for ratio in ratios])
    (found,) = learned.values()
    assert LOWEST <= found <= HIGHEST
    middle = median(ratios[:LAST])
    if LOWEST < middle < HIGHEST:
        assert abs(found - middle) < 1e-9


def test_each_machine_and_fabric_learns_for_itself() -> None:
    learned = factors([Took("press", "silk", 45, 30), Took("press", "satin", 30, 30), Took("washer", "silk", 30, 0)])
    assert factor(learned, "press", "silk") == 1.5
    assert factor(learned, "press", "satin") == 1.0
    assert factor(learned, "washer", "silk") == 1.0, "nothing was expected of it, so nothing is learned"


def test_a_dark_print_is_a_dark_ground_and_a_long_one_takes_longer() -> None:
    for recipe in library().values():
        plain, dark = traits_of(recipe, 10, {}), traits_of(recipe, 10, {"black": 60.0})
        assert int(dark.attributes["lightness"]) < int(plain.attributes["lightness"])
        longer = traits_of(recipe, 20, {})
        assert longer.nominal_min["print"] == 2 * plain.nominal_min["print"]
        assert plain.nominal_min["fix"] < longer.nominal_min["fix"] < 2 * plain.nominal_min["fix"]
        assert plain.wait_h.get("fix") == recipe.stages["fix"].max_wait_h
        assert ("bath" in plain.attributes) == ("wash" in recipe.route)
    liquors = {traits_of(recipe, 1, {}).attributes["liquor"] for recipe in library().values()}
    assert len(liquors) == len(library())
