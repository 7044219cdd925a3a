from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rip.colour import BANDS_TO_XYZ, delta_e00, lab_to_xyz
from rip.inkmodel import InkModel
from rip.sharing import colour_model


@pytest.mark.parametrize("name", ["cmyk", "seven", "textile", "one grey", "twelve"])
def test_each_solid_has_its_own_colour(ink_set, name):
    condition = ink_set(name)
    model = InkModel.of(condition)
    assert model.lab(np.eye(len(condition.inks))) == pytest.approx(
        np.array([ink.lab for ink in condition.inks]), abs=0.01
    )
    assert model.lab(np.zeros(len(condition.inks))) == pytest.approx(np.array(condition.white_lab), abs=0.01)


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_the_product_is_the_neugebauer_sum_over_all_primaries(ink_set, coverage):
    """32 overprints weighed by Demichel, with the exponent of Yule and Nielsen."""
    model = InkModel.of(ink_set("seven")).only(range(5))
    root = np.zeros(3)
    for on in product((0, 1), repeat=5):
        weight = np.prod([tone if here else 1 - tone for tone, here in zip(coverage, on, strict=True)])
        root += weight * np.prod([1 - k for k, here in zip(model.k, on, strict=True) if here], axis=0)
    wanted = (model.surface + (model.white - model.surface) * root**model.n) @ BANDS_TO_XYZ.T
    assert model.xyz(np.array(coverage)) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "found"), [("cmyk", (0, 1, 2)), ("textile", (0, 2, 4)), ("seven", (0, 1, 2)), ("one grey", (None,) * 3)]
)
def test_the_primaries_are_found_by_what_they_absorb(ink_set, name, found):
    condition = ink_set(name)
    others = [ink for ink in range(len(condition.inks)) if ink != condition.black]
    assert InkModel.of(condition).primaries(others) == found


@pytest.mark.parametrize("name", ["cmyk", "light", "twelve"])
def test_slopes_are_those_of_the_factors(ink_set, name):
    model = colour_model(ink_set(name))
    random = np.random.default_rng(0)
    coverage = random.uniform(0.03, 0.15, (40, len(model.k)))  # below the total limit, where nothing is unshared
    _, slopes = model.factors(coverage)
    step = 1e-6
    rise = (model.factors(coverage + step)[0] - model.factors(coverage - step)[0]) / (2 * step)
    # the curves of shared inks are polygons: a corner may lie within the step
    assert np.median(np.abs(rise - slopes)) < 1e-6
    assert np.percentile(np.abs(rise - slopes), 98) < 0.02


def test_colour_differences_are_those_of_the_standard():
    """Pairs 1, 25 and 34 of the data Sharma, Wu and Dalal published with CIEDE2000."""
    one = np.array([[50, 2.6772, -79.7751], [60.2574, -34.0099, 36.2677], [2.0776, 0.0795, -1.1350]])
    other = np.array([[50, 0, -82.7485], [60.4626, -34.1751, 39.4387], [0.9033, -0.0636, -0.5514]])
    assert delta_e00(one, other) == pytest.approx([2.0425, 1.2644, 0.9082], abs=1e-4)


def test_colour_differences_agree_with_another_program():
    measure = pytest.importorskip("skimage.color").deltaE_ciede2000
    random = np.random.default_rng(1)
    one = random.uniform([0, -90, -90], [100, 90, 90], (5000, 3))
    other = one + random.normal(0, 4, one.shape)
    assert delta_e00(one, other) == pytest.approx(measure(one, other), abs=1e-3)
    assert lab_to_xyz(np.array([100.0, 0, 0]))[1] == 1
