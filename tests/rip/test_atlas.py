import numpy as np
import pytest

from rip.appearance import predicted_lab
from rip.atlas import atlas_tones, lab_atlas, lab_steps, rgb_atlas, round_about
from rip.colour import delta_e00
from rip.table import load_table


def test_every_patch_is_where_it_says_in_its_own_colour():
    atlas = rgb_atlas(steps=3, patch_px=30)
    assert len(atlas.patches) == 27
    for patch in atlas.patches:
        area = atlas.picture[patch.y : patch.y + patch.height, patch.x : patch.x + patch.width]
        assert area.shape == (30, 30, 3)
        assert (area == patch.rgb).all()
        below = atlas.picture[patch.y + patch.height : patch.y + patch.height + 22, patch.x : patch.x + 30]
        assert (below == 0).all(axis=2).any(), "a label stands under it"
    assert atlas.patches[-1].label == "ffffff"
    corners = {(patch.x, patch.y) for patch in atlas.patches}
    assert len(corners) == 27


def test_lab_patches_are_told_apart_and_printed_as_measured(silk, cache):
    labs = [*lab_steps(20, 30, 60), (50.0, 0.0, 0.0), (50.0, 0.5, 0.0), (120.0, 0.0, 0.0), (0.0, 0.0, 0.0)]
    atlas = lab_atlas(labs, patch_px=20)
    colours = [patch.rgb for patch in atlas.patches]
    assert len(set(colours)) == len(labs)
    assert not {(0, 0, 0), (255, 255, 255)} & set(colours), "labels and paper keep theirs"
    tones = atlas_tones(atlas, silk, cache)
    table = load_table(silk, None, cache).with_colours(tones)
    reached = 0
    for patch in atlas.patches:
        printed = table.tones(atlas.picture[patch.y, patch.x])
        assert tuple(printed) == tones[patch.rgb]
        reached += delta_e00(predicted_lab(printed, silk), np.array(patch.lab)) < 1
    assert reached > len(labs) / 3


def test_steps_round_a_colour(silk):
    around = round_about((50, 10, -10), step=1.5)
    assert len(around) == 27
    assert around[13] == (50, 10, -10)
    assert np.ptp(np.array(around), axis=0).tolist() == [3, 3, 3]


def test_an_rgb_sheet_needs_no_tones_and_odd_requests_are_refused(silk, cache):
    assert atlas_tones(rgb_atlas(2), silk, cache) == {}
    with pytest.raises(ValueError, match=r"steps 1 is not in 2..32"):
        rgb_atlas(1)
    with pytest.raises(ValueError, match="at least one colour"):
        lab_atlas([])
