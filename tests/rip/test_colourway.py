import dataclasses

import numpy as np
import pytest

from rip.colour import delta_e00
from rip.colourway import ColourwayError, Swap, lab_tones, match, matches
from rip.inkmodel import InkModel
from rip.profile import load_profile
from rip.table import load_table


def test_a_lab_is_met_as_an_instrument_would_measure_it(ink_set, cache):
    for name in ("cmyk", "light"):
        condition = ink_set(name)
        inks = InkModel.of(condition)
        tones = np.zeros((2, len(condition.inks)))
        tones[0, :3], tones[1, :2] = (0.3, 0.5, 0.2), (0.2, 0.6)
        for lab in inks.lab(tones):
            found = match(Swap((1, 2, 3), lab=tuple(lab.tolist())), condition, cache)
            assert found.delta_e00 < 0.5
            assert found.delta_e00 == pytest.approx(float(delta_e00(np.array(found.lab), lab)), abs=1e-6)


def test_bare_cloth_needs_no_ink(silk, cache):
    assert match(Swap((0, 0, 0), lab=silk.white_lab), silk, cache).tones == (0, 0, 0, 0)


def test_a_lab_out_of_reach_says_by_how_much(silk, cache):
    found = match(Swap((1, 1, 1), lab=(50, 100, 80)), silk, cache)
    assert found.delta_e00 > 5
    assert sum(found.tones) <= silk.total_limit_pct * 2.55


def test_a_recipe_is_printed_as_it_is(silk, cache):
    found = match(Swap((1, 2, 3), recipe=(("magenta", 100), ("yellow", 20))), silk, cache)
    assert found.tones == (0, 255, 51, 0)
    assert found.delta_e00 == 0
    assert found.lab == pytest.approx(tuple(InkModel.of(silk).lab(np.array([0, 1, 0.2, 0]))), abs=0.01)


@pytest.mark.parametrize(
    ("recipe", "complaint"),
    [
        ((("orange", 20),), "sea: ink orange is not one of cyan, magenta, yellow, black"),
        ((("cyan", 101),), r"sea: 101 % of cyan is not in 0..100"),
        ((("cyan", -1),), r"sea: -1 % of cyan"),
        ((("cyan", 100), ("magenta", 100), ("black", 80)), "sea: 280 % of ink in all is above the limit, 250"),
    ],
)
def test_an_impossible_recipe_is_refused(silk, cache, recipe, complaint):
    with pytest.raises(ColourwayError, match=complaint):
        match(Swap((1, 2, 3), recipe=recipe, name="sea"), silk, cache)


def test_a_swap_says_one_thing(silk, cache):
    with pytest.raises(ColourwayError, match="#0a0b0c: give either a Lab or a recipe"):
        Swap((10, 11, 12))
    with pytest.raises(ColourwayError, match="give either"):
        Swap((10, 11, 12), lab=(50, 0, 0), recipe=())
    with pytest.raises(ColourwayError, match="#010101: this colour of the design is replaced twice"):
        matches((Swap((1, 1, 1), lab=(50, 0, 0)), Swap((1, 1, 1), lab=(60, 0, 0))), silk, cache)


def test_a_colourway_changes_the_table_and_nothing_else(silk, cache):
    swaps = (Swap((200, 30, 40), recipe=(("black", 40),)), Swap((0, 0, 0), lab=(40, 40, 20), name="ground"))
    found = matches(swaps, silk, cache)
    table = load_table(silk, None, cache)
    changed = table.with_colours({colour: one.tones for colour, one in found.items()})
    assert changed.tones(np.array([200, 30, 40])).tolist() == [0, 0, 0, 102]
    assert tuple(changed.tones(np.array([0, 0, 0]))) == found[0, 0, 0].tones
    others = np.random.default_rng(0).integers(1, 200, (5000, 3))
    assert (changed.tones(others) == table.tones(others)).all()


def test_a_customers_profile_decides(silk, cache):
    own = load_profile(dataclasses.replace(silk, black_start=0.2, total_limit_pct=320), cache)
    dark = np.array([[35.0, 2, 4]])
    default, customer = (lab_tones(dark, one, cache)[0] for one in (silk, dataclasses.replace(silk, profile=own)))
    assert customer[3] > default[3] + 20
