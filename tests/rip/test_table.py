import dataclasses
from itertools import product

import numpy as np
import pytest

from rip.appearance import predicted_lab
from rip.colour import delta_e00
from rip.icc import ProfileError, read_header
from rip.littlecms import builtin, transform
from rip.profile import load_profile
from rip.rendering import rendering_of
from rip.table import colour_index, load_table, palette_table

GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


@pytest.fixture(scope="module")
def limited(ink_set):
    """Eight inks, some with limits of their own."""
    return ink_set("textile")


@pytest.fixture(scope="module")
def textile_table(limited, cache):
    return load_table(limited, None, cache)


@pytest.fixture(scope="module")
def silk_table(silk, cache):
    return load_table(silk, None, cache)


def test_rows_are_in_the_order_of_their_codes(silk_table):
    assert colour_index(np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [255, 255, 255]])).tolist() == [
        1,
        256,
        65536,
        2**24 - 1,
    ]
    rgb = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert silk_table.tones(rgb).shape == (20, 30, 4)
    assert (silk_table.tones(rgb)[3, 4] == silk_table.entries[colour_index(rgb[3, 4])]).all()


def test_every_entry_keeps_every_limit(textile_table, limited):
    entries = textile_table.entries
    assert entries.shape == (2**24, 8)
    assert entries.sum(axis=1, dtype=np.uint16).max() <= 250 * 2.55
    assert (entries.max(axis=0) <= [int(ink.limit_pct * 2.55 + 1e-6) for ink in limited.inks]).all()
    assert entries.max(axis=0).min() > 100, "every ink is at work somewhere"


def test_lanes_without_an_ink_are_empty(ink_set, cache):
    tones = palette_table([(0, 0, 0), (255, 0, 0)], ink_set("cmy"), None, cache)
    assert tones.shape == (2, 4)
    assert not tones[:, 3].any()


def test_white_is_bare_cloth_and_only_white(silk_table, textile_table):
    for table in (silk_table, textile_table):
        assert not table.entries[-1].any()
        near = np.array([[252, 252, 252], [255, 255, 246], [255, 246, 255], [246, 255, 255]], np.uint8)
        assert (table.tones(near).sum(axis=1) > 0).all()


def test_neutrals_are_neutral_and_ever_darker(silk_table, textile_table, silk, limited):
    for table, condition in ((silk_table, silk), (textile_table, limited)):
        tones = table.tones(GREYS)
        lab = predicted_lab(tones, condition)
        white = lab[-1]
        assert np.hypot(*(lab - white * (lab[:, :1] / white[0])).T[1:]).max() < 2.5
        assert (np.diff(lab[:, 0]) > -0.25).all()
        black = tones[:, condition.black].astype(int)
        assert not black[136:].any()
        assert black[0] > 240


def test_neighbouring_colours_print_nearly_alike(silk_table, textile_table, silk, limited):
    """One code apart: colours as near as the design's own, and no ink in a jump."""
    random = np.random.default_rng(1)
    here = random.integers(0, 255, (60000, 3)).astype(np.uint8)
    beside = here.copy()
    beside[np.arange(len(here)), random.integers(0, 3, len(here))] += 1
    for table, condition, step, most in ((silk_table, silk, 6, 16), (textile_table, limited, 20, 64)):
        one, other = table.tones(here), table.tones(beside)
        jump = np.abs(one.astype(int) - other).max(axis=1)
        assert np.percentile(jump, 99.9) <= step
        assert jump.max() <= most
        assert delta_e00(predicted_lab(one, condition), predicted_lab(other, condition)).max() < 2.5


def test_ramps_between_corners_are_smooth(silk_table, textile_table):
    for table in (silk_table, textile_table):
        for start, end in product(product((0, 255), repeat=3), repeat=2):
            if start >= end:
                continue
            ramp = np.rint(np.linspace(start, end, 256)).astype(np.uint8)
            assert np.abs(np.diff(table.tones(ramp).astype(int), axis=0)).max() <= 40


def test_the_table_is_what_exact_rendering_gives(silk_table, textile_table, silk, limited, cache):
    palette = [tuple(rgb) for rgb in np.random.default_rng(2).integers(0, 256, (3000, 3)).tolist()]
    for table, condition, most in ((silk_table, silk, 8), (textile_table, limited, 45)):
        exact = palette_table(palette, condition, None, cache)
        found = table.tones(np.array(palette, np.uint8))
        off = np.abs(found.astype(int) - exact)
        assert off.mean() < 0.15
        assert np.percentile(off, 99) <= 2
        assert off.max() <= most
        assert np.percentile(delta_e00(predicted_lab(found, condition), predicted_lab(exact, condition)), 99.9) < 1


def test_a_table_is_kept_and_a_cut_one_is_made_again(silk, silk_table, cache):
    written = silk_table.path.stat().st_mtime_ns
    again = load_table(silk, None, cache)
    assert (again.key, again.path.stat().st_mtime_ns) == (silk_table.key, written)
    assert not again.entries.flags.writeable
    assert [path.name for path in cache.glob(".*")] == []


def test_what_decides_colours_decides_the_key(silk, silk_table, cache):
    finer = load_table(dataclasses.replace(silk, dpi=600), None, cache)
    assert finer.key == silk_table.key


def test_colours_can_be_given_their_own_inks(silk_table):
    changed = silk_table.with_colours({(10, 20, 30): (1, 2, 3), (255, 255, 255): (0, 0, 9, 0)})
    assert changed.tones(np.array([[10, 20, 30], [255, 255, 255]])).tolist() == [[1, 2, 3, 0], [0, 0, 9, 0]]
    assert not silk_table.tones(np.array([255, 255, 255])).any()
    assert (changed.tones(GREYS[:255]) == silk_table.tones(GREYS[:255])).all()
    more = changed.with_colours({(0, 0, 0): (5, 5, 5, 5)})
    assert more.tones(np.array([[10, 20, 30], [0, 0, 0]])).tolist() == [[1, 2, 3, 0], [5, 5, 5, 5]]
    assert len({silk_table.key, changed.key, more.key}) == 3
    with pytest.raises(ValueError, match="read-only"):
        more.entries[0] = 1


def test_another_rgb_profile_gives_other_inks(silk, cache):
    wide = __import__("imagecodecs").cms_profile("adobergb")
    colours = [(0, 255, 0), (120, 120, 120), (255, 255, 255)]
    srgb, other = palette_table(colours, silk, None, cache), palette_table(colours, silk, wide, cache)
    assert np.abs(srgb[0].astype(int) - other[0]).max() > 5
    assert not other[2].any()


def test_a_profile_that_is_not_rgb_is_refused(silk, cache):
    with pytest.raises(ProfileError, match="is for CMYK, the artwork is RGB"):
        load_table(silk, load_profile(silk, cache), cache)


def test_a_customers_profile_takes_the_defaults_place(silk, ink_set, cache):
    """Written by our own writer for another black start and more ink, used under this condition's limits."""
    own = load_profile(dataclasses.replace(silk, black_start=0.2, total_limit_pct=320), cache)
    condition = dataclasses.replace(silk, profile=own)
    rgb = np.random.default_rng(5).integers(0, 256, (2000, 3)).astype(np.uint8)
    palette = [tuple(colour) for colour in rgb.tolist()]
    tones = palette_table(palette, condition, None, cache)
    default = palette_table(palette, silk, None, cache)
    assert tones[:, 3].mean() > default[:, 3].mean() + 5
    assert tones.sum(axis=1, dtype=int).max() <= 250 * 2.55
    light = (rgb > 120).all(axis=1)
    plain = transform(transform(rgb, builtin("srgb"), builtin("lab4")), builtin("lab4"), own)
    compensated = np.abs(tones - plain / 257)[light]
    assert compensated.max() < 25, "but for the black point, the profile's own answer"
    assert delta_e00(predicted_lab(tones, silk), predicted_lab(default, silk))[light].max() < 2


def test_a_customers_profile_of_seven_inks_works(ink_set, cache):
    seven = ink_set("seven")
    own = load_profile(seven, cache)
    assert read_header(own).space == "7CLR"
    with_own = ink_set("seven", profile=own, total_limit_pct=200)
    palette = [tuple(colour) for colour in np.random.default_rng(6).integers(0, 256, (500, 3)).tolist()]
    tones = palette_table(palette, with_own, None, cache)
    assert tones.sum(axis=1, dtype=int).max() <= 510
    default = palette_table(palette, seven, None, cache)
    free = default.sum(axis=1, dtype=int) < 500
    assert np.abs(tones[free].astype(int) - default[free]).max() <= 1
    assert rendering_of(with_own, cache).target == own
