import dataclasses

import numpy as np
import pytest

from rip.appearance import predicted_lab
from rip.colour import D50, delta_e00, lab_to_xyz, xyz_to_lab
from rip.gamut import gamut_distance
from rip.inkmodel import InkModel
from rip.littlecms import builtin, transform
from rip.profile import load_profile
from rip.rendering import compensated, decode_lab, rendering_of
from rip.table import palette_table


def test_what_the_inks_make_is_near_and_what_they_cannot_is_far(silk, cache):
    colours = np.array([[[120, 120, 120], [250, 250, 250], [60, 60, 60], [0, 255, 0], [0, 0, 255]]], np.uint8)
    distance = gamut_distance(colours, silk, None, cache)
    assert distance.shape == (1, 5)
    assert distance.dtype == np.float32
    assert distance[0, :3].max() < 1
    assert distance[0, 3:].min() > 5


def test_more_inks_reach_further(silk, ink_set, cache):
    colours = np.random.default_rng(0).integers(0, 256, (2000, 3)).astype(np.uint8)
    four, seven = (gamut_distance(colours, condition, None, cache) for condition in (silk, ink_set("seven")))
    assert (seven < 1).mean() > (four < 1).mean() + 0.05
    assert seven.mean() < four.mean()


def test_a_customers_profile_is_asked_itself(silk, cache):
    """The same profile as a customer's gives nearly the same distances, though nothing of the ink model is used."""
    own = dataclasses.replace(silk, profile=load_profile(silk, cache))
    colours = np.random.default_rng(1).integers(0, 256, (3000, 3)).astype(np.uint8)
    off = gamut_distance(colours, own, None, cache) - gamut_distance(colours, silk, None, cache)
    assert np.abs(off).mean() < 0.2
    assert np.abs(off).max() < 2


def test_it_is_the_difference_between_what_is_wanted_and_the_proof(silk, cache):
    """At the middle of a cell, written down plainly."""
    colours = np.array([[230, 90, 82], [50, 122, 202], [22, 22, 30]], np.uint8)
    rendering = rendering_of(silk, cache)
    wanted = transform(colours, builtin("srgb"), builtin("lab4"))
    wanted = decode_lab(compensated(wanted, 0.0, rendering.target_black))
    printed = predicted_lab(palette_table(colours.tolist(), silk, None, cache), silk)
    relative = xyz_to_lab(lab_to_xyz(printed) * (D50 / InkModel.of(silk).white_xyz))
    assert gamut_distance(colours, silk, None, cache) == pytest.approx(delta_e00(wanted, relative), abs=1e-4)
