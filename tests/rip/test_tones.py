import dataclasses

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.appearance import predicted_lab
from rip.colour import delta_e00
from rip.profile import load_profile
from rip.rendering import decode_lab, encode_lab, rendering_of
from rip.table import load_table, palette_table
from rip.tones import plates_left_out, tone_notes, tones_of


def column(*colours: tuple[int, ...], bits: int = 8) -> np.ndarray:
    """Pixels (n, 1, channels)."""
    return np.array(colours, np.uint8 if bits == 8 else np.uint16)[:, None]


def test_sixteen_bits_agree_with_the_table_of_eight(silk, cache):
    table = load_table(silk, None, cache)
    rgb = np.random.default_rng(0).integers(0, 256, (100, 200, 3)).astype(np.uint8)
    fine = tones_of(rgb.astype(np.uint16) * 257, "rgb", None, silk, cache)
    off = np.abs(fine.astype(int) - table.tones(rgb))
    assert off.mean() < 0.2
    assert np.percentile(off, 99.9) <= 4
    assert delta_e00(predicted_lab(fine, silk), predicted_lab(table.tones(rgb), silk)).max() < 1


def test_sixteen_bits_are_finer_than_eight(silk, cache):
    """A shadow ramp of four 8-bit codes: more than four different tones."""
    ramp = np.repeat(np.arange(40 * 257, 44 * 257, dtype=np.uint16)[None, :, None], 3, axis=2)
    tones = tones_of(ramp, "rgb", None, silk, cache)[0].astype(int)
    assert np.abs(np.diff(tones, axis=0)).max() <= 1
    assert len(np.unique(tones, axis=0)) > 8


def test_eight_bits_and_sixteen_are_the_same_way(silk, cache):
    for mode, channels in (("rgb", 3), ("grey", 1), ("cmyk", 4), ("lab", 3), ("separations", 4)):
        pixels = np.random.default_rng(1).integers(0, 256, (5, 7, channels)).astype(np.uint8)
        names = [ink.name for ink in silk.inks] if mode == "separations" else ()
        profile = load_profile(silk, cache) if mode == "cmyk" else None
        one = tones_of(pixels, mode, profile, silk, cache, names=names)
        other = tones_of(pixels.astype(np.uint16) * 257, mode, profile, silk, cache, names=names)
        assert one.shape == (5, 7, 4)
        assert np.abs(one.astype(int) - other).max() <= 1


def test_grey_is_grey_rgb(silk, cache):
    grey = np.arange(256, dtype=np.uint8)[:, None, None]
    found = tones_of(grey, "grey", None, silk, cache)[:, 0]
    exact = palette_table([(code,) * 3 for code in range(256)], silk, None, cache)
    assert np.abs(found.astype(int) - exact).max() <= 1
    gamma = imagecodecs.cms_profile("gray", whitepoint=(0.3457, 0.3585, 1.0), gamma=1.0)
    linear = tones_of(grey, "grey", gamma, silk, cache)[:, 0].astype(int)
    assert linear[100].sum() < found[100].astype(int).sum() - 50, "linear light is lighter at the same code"
    assert not linear[255].any()


def test_lab_is_met_on_the_cloth(silk, cache):
    white, black = rendering_of(silk, cache), tones_of(column((0, 128, 128)), "lab", None, silk, cache)
    assert black[0, 0, 3] > 240
    assert not tones_of(column((255, 128, 128)), "lab", None, silk, cache).any()
    lab = np.array([[70.0, 20, 10], [60, -20, 20], [55, 5, -30], [85, 0, 40]])
    fine = tones_of(encode_lab(lab)[:, None], "lab", None, silk, cache)[:, 0]
    exact = white.channels.bytes(white.tones(encode_lab(lab)))
    assert np.abs(fine.astype(int) - exact).max() <= 3


def test_cmyk_without_a_profile_is_ink(silk, cache):
    cmyk = column((255, 0, 0, 0), (0, 128, 0, 0), (0, 0, 7, 255), (255, 255, 255, 255))
    tones = tones_of(cmyk, "cmyk", None, silk, cache)[:, 0]
    assert tones[:3].tolist() == [[255, 0, 0, 0], [0, 128, 0, 0], [0, 0, 7, 255]]
    assert tones[3, 3] == 255
    assert 2.45 < tones[3].sum() / 255 <= 2.5
    assert tone_notes("cmyk", None, silk) == ("CMYK without a profile: taken as ink amounts of this condition",)


def test_cmyk_ink_goes_to_the_inks_of_a_larger_set(ink_set, cache):
    textile = ink_set("textile")
    solids = np.eye(4, dtype=np.uint8)[:, None] * 255
    tones = tones_of(solids, "cmyk", None, textile, cache)
    assert [int(np.flatnonzero(row)[0]) for row in tones[:, 0]] == [0, 2, 4, 7]
    assert tones.max() == 255


def test_light_inks_share_the_tones_of_cmyk_ink(ink_set, cache):
    tones = tones_of(column((60, 0, 0, 0), (255, 0, 0, 0)), "cmyk", None, ink_set("light"), cache)[:, 0]
    assert tones[0, 4] > 60
    assert tones[0, 0] < 30
    assert tones[1].tolist() == [255, 0, 0, 0, 0, 0, 0, 0]


def test_cmyk_ink_without_the_inks_for_it(ink_set, cache):
    cmy = ink_set("cmy")
    assert tones_of(column((0, 0, 0, 200)), "cmyk", None, cmy, cache)[0, 0].tolist() == [200, 200, 200, 0]
    assert "black as equal cyan, magenta and yellow" in tone_notes("cmyk", None, cmy)[0]
    grey = ink_set("one grey")
    tones = tones_of(column((0, 0, 0, 0), (0, 0, 0, 128), (0, 0, 0, 255)), "cmyk", None, grey, cache)[:, 0, 0]
    assert tones[0] == 0
    assert 80 < tones[1] < tones[2]
    assert "plainest RGB" in tone_notes("cmyk", None, grey)[0]


def test_cmyk_with_a_profile_keeps_its_colour(silk, ink_set, cache):
    """CMYK of silk shown on silk with other inks: the colour stays, by the artwork's profile."""
    own = load_profile(silk, cache)
    seven = ink_set("seven")
    cmyk = np.random.default_rng(3).integers(0, 140, (300, 1, 4)).astype(np.uint8)
    cmyk[..., 3] //= 3
    found = predicted_lab(tones_of(cmyk, "cmyk", own, seven, cache)[:, 0], seven)
    off = delta_e00(found, predicted_lab(cmyk[:, 0], silk))
    assert off.mean() < 0.7
    assert not tones_of(column((0, 0, 0, 0)), "cmyk", own, seven, cache).any()
    assert tone_notes("cmyk", own, seven) == ()


@pytest.mark.parametrize("broken", ["not a profile", "for another mode", "empty inside"])
def test_a_profile_that_does_not_fit_is_left_aside_and_said(silk, cache, broken):
    own = load_profile(silk, cache)
    profile = {"not a profile": b"x" * 300, "for another mode": own, "empty inside": own[:132] + bytes(len(own) - 132)}
    mode = "cmyk" if broken == "empty inside" else "rgb"
    notes = tone_notes(mode, profile[broken], silk)
    assert len(notes) == 2
    assert notes[0].startswith("the embedded colour profile ")
    assert notes[0].endswith(": the default was taken instead")
    pixels = np.full((1, 1, 4 if mode == "cmyk" else 3), 100, np.uint8)
    default = tones_of(pixels, mode, None, silk, cache)
    assert (tones_of(pixels, mode, profile[broken], silk, cache) == default).all()


@pytest.mark.parametrize(
    ("names", "channels", "notes"),
    [
        (["Black", "cyan"], [3, 0], []),
        (["LIGHT-CYAN", "Cyan"], [4, 0], []),
        (["spot 1", "magenta"], [0, 1], ["plate spot 1 has no ink of its name: it goes to cyan, by its place"]),
        (["cyan", "cyan"], [0, 1], ["plate cyan has no ink of its name: it goes to magenta, by its place"]),
    ],
)
def test_plates_go_to_inks_by_name_then_by_place(ink_set, cache, names, channels, notes):
    light = ink_set("light")
    tones = tones_of(column((255, 0), (0, 255)), "separations", None, light, cache, names=names)[:, 0]
    assert [int(np.flatnonzero(row)[0]) for row in tones] == channels
    assert list(tone_notes("separations", None, light, names=names)) == notes


def test_a_plate_too_many_is_not_printed_and_said(ink_set, cache):
    grey = ink_set("one grey")
    tones = tones_of(column((0, 255), (255, 0)), "separations", None, grey, cache, names=["grey", "varnish"])[:, 0, 0]
    assert tones.tolist() == [0, 255]
    assert plates_left_out(grey, ["grey", "varnish"]) == ("varnish",)
    assert tone_notes("separations", None, grey, names=["grey", "varnish"]) == ()
    assert plates_left_out(grey, ["grey", "varnish"], {"Varnish": (255,)}) == ()


@given(
    plates=st.lists(st.tuples(*[st.integers(0, 255)] * 5), min_size=1, max_size=20),
    solid=st.tuples(*[st.integers(0, 160)] * 4),
)
@settings(deadline=None)
def test_a_replaced_plate_adds_its_inks_within_the_limits(silk, cache, plates, solid):
    names = ["cyan", "magenta", "yellow", "black", "gold"]
    pixels = np.array(plates, np.uint8)[:, None]
    limited = dataclasses.replace(silk, inks=tuple(dataclasses.replace(ink, limit_pct=90) for ink in silk.inks))
    tones = tones_of(pixels, "separations", None, limited, cache, names=names, spots={"GOLD": solid})[:, 0].astype(int)
    without = tones_of(pixels[..., :4], "separations", None, limited, cache, names=names[:4])[:, 0].astype(int)
    assert tones.max() <= 229
    assert (tones.sum(axis=1) <= 637).all()
    wanted = np.minimum(without + pixels[:, 0, 4:] / 255 * np.array(solid), 229)
    room = wanted.sum(axis=1) <= 634
    assert np.abs(tones - wanted)[room].max(initial=0) <= 2


def test_tints_of_a_replaced_plate_go_through_the_linearisation(silk, cache):
    curved = tuple(dataclasses.replace(ink, linear=((0, 0), (0.5, 0.3), (1, 1))) for ink in silk.inks)
    bent = dataclasses.replace(silk, inks=curved)
    half, full = tones_of(column((128,), (255,)), "separations", None, bent, cache, names=["gold"],
                          spots={"gold": (255, 0, 77, 0)})[:, 0].tolist()  # fmt: skip
    assert full == [255, 0, 77, 0]
    assert half == pytest.approx([77, 0, 39, 0], abs=1)


def test_plates_share_with_light_inks_unless_those_have_plates(ink_set, cache):
    light = ink_set("light")
    pixels = column((60, 0))
    alone = tones_of(pixels, "separations", None, light, cache, names=["cyan", "magenta"])[0, 0]
    assert alone[4] > 60
    given_too = tones_of(pixels, "separations", None, light, cache, names=["cyan", "light cyan"])[0, 0]
    assert given_too.tolist() == [60, 0, 0, 0, 0, 0, 0, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(100, 400), st.floats(30, 100))
def test_limits_hold_whatever_the_artwork_asks_for(silk, cache, seed, total, limit):
    inks = (dataclasses.replace(silk.inks[0], limit_pct=limit), *silk.inks[1:])
    condition = dataclasses.replace(silk, inks=inks, total_limit_pct=total)
    pixels = np.random.default_rng(seed).integers(0, 65536, (20, 9, 4)).astype(np.uint16)
    for mode, names in (("cmyk", ()), ("separations", [ink.name for ink in inks])):
        tones = tones_of(pixels, mode, None, condition, cache, names=names)
        assert tones.sum(axis=2, dtype=int).max() <= total * 2.55 + 1e-6
        assert tones[..., 0].max() <= limit * 2.55 + 1e-6


def test_lab_codes_are_those_of_version_four():
    lab = np.random.default_rng(0).uniform([0, -100, -100], [100, 100, 100], (200, 3))
    assert decode_lab(encode_lab(lab)) == pytest.approx(lab, abs=0.003)
    assert encode_lab(np.array([100.0, 0, 0])).tolist() == [65535, 0x8080, 0x8080]
