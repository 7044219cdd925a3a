import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rip
from rip.icc import Lut, write_profile, write_table


def tiny_profile(space: str, inks: int) -> bytes:
    """The smallest output profile of a device space: 2 nodes per axis, no colour in it."""
    to_lab = Lut(np.tile(np.array([0, 65535], np.uint16), (inks, 1)), np.zeros((*[2] * inks, 3), np.uint16))
    to_device = Lut(np.tile(np.array([0, 65535], np.uint16), (3, 1)), np.zeros((2, 2, 2, inks), np.uint16))
    return write_profile("tiny", space, np.ones(3), to_lab, to_device)


def test_a_set_of_four_inks_needs_no_more_than_before(silk):
    assert [ink.limit_pct for ink in silk.inks] == [100] * 4
    assert silk.colour_inks == (0, 1, 2, 3)
    assert (silk.black, silk.lanes, silk.bits, silk.profile) == (3, 4, 2, None)


@pytest.mark.parametrize(
    ("name", "colour_inks", "black", "lanes"),
    [
        ("cmy", (0, 1, 2), None, 4),
        ("seven", tuple(range(7)), 3, 8),
        ("light", (0, 1, 2, 3), 3, 8),
        ("textile", tuple(range(8)), 7, 8),
        ("one grey", (0,), 0, 4),
        ("twelve", (0, 1, 2, 3), 3, 16),
    ],
)
def test_inks_find_their_roles(ink_set, name, colour_inks, black, lanes):
    condition = ink_set(name)
    assert (condition.colour_inks, condition.black, condition.lanes) == (colour_inks, black, lanes)


@pytest.mark.parametrize(("levels", "bits"), [(4, 2), (8, 3), (16, 4)])
def test_drop_levels_take_two_to_four_bits(silk, levels, bits):
    volumes = tuple(level / (levels - 1) for level in range(levels))
    assert dataclasses.replace(silk, drop_volumes=volumes).bits == bits


@given(st.floats(1, 100), st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.96, 1))
def test_the_largest_tone_of_an_ink_keeps_its_limit(limit_pct, wanted, volume, end):
    ink = rip.Ink("cyan", (53, -33, -46), limit_pct=limit_pct, linear=((0, 0), (wanted, volume), (1, end)))
    printed = np.interp(ink.most, *np.array(ink.linear).T)
    assert printed <= limit_pct / 100 + 1e-9
    assert ink.most == 1 or printed == pytest.approx(limit_pct / 100)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"lab": (0, 0, 0)}, r"ink cyan: L\* 0 is not in 0..100"),
        ({"limit_pct": 0}, "limit_pct 0 is not in 0..100"),
        ({"limit_pct": float("nan")}, "finite"),
        ({"linear": ((0, 0), (1, 1.2))}, "linear must be points rising"),
        ({"linear": ((0, 0), (0.5, 0.6), (0.4, 0.7), (1, 1))}, "linear must be points rising"),
        ({"linear": ((0, 0.1), (1, 1))}, "linear must be points rising"),
        ({"linear": ()}, "linear must be points rising"),
        ({"strength": 0.3}, "strength is for a light ink"),
        ({"strength": 0, "light_of": "blue"}, "strength 0 is not in 0..1"),
    ],
)
def test_an_impossible_ink_is_refused(values, complaint):
    with pytest.raises(ValueError, match=complaint):
        rip.Ink(**{"name": "cyan", "lab": (53, -33, -46), **values})


@pytest.mark.parametrize(
    ("inks", "complaint"),
    [
        ((), "0 inks given, 1 to 12 needed"),
        (tuple(rip.Ink(f"ink {at}", (50, 0, at)) for at in range(13)), "13 inks given"),
        ((rip.Ink("cyan", (50, 0, 0)), rip.Ink("cyan", (60, 0, 0))), "not distinct"),
        ((rip.Ink("light cyan", (70, 0, 0), light_of="cyan"),), "light_of cyan, which is no dark ink"),
        ((rip.Ink("cyan", (50, 0, 0)), rip.Ink("light", (40, 0, 0), light_of="cyan")), "not lighter than cyan"),
    ],
)
def test_an_impossible_ink_set_is_refused(silk, inks, complaint):
    with pytest.raises(ValueError, match=complaint):
        dataclasses.replace(silk, inks=inks)


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [
        (b"nothing", "the profile is not an ICC profile"),
        (tiny_profile("CMYK", 4)[:-9], "the profile is cut"),
        (tiny_profile("7CLR", 7), "the profile has 7 channels .7CLR., one per ink needed: 4"),
        (write_table(Lut(np.zeros((3, 2), np.uint16), np.zeros((2, 2, 2, 4), np.uint16)))[0], "class scnr, prtr"),
    ],
)
def test_a_profile_that_is_not_for_the_inks_is_refused(silk, profile, complaint):
    with pytest.raises(ValueError, match=complaint):
        dataclasses.replace(silk, profile=profile)


def test_light_inks_have_no_channel_of_their_own_in_a_profile(ink_set):
    assert ink_set("light", profile=tiny_profile("CMYK", 4)).profile is not None


def test_the_digests_tell_what_decides_drops_and_what_decides_colours(silk):
    mine = dataclasses.replace(silk, profile=tiny_profile("CMYK", 4))
    others = [
        dataclasses.replace(silk, total_limit_pct=240),
        dataclasses.replace(silk, inks=(dataclasses.replace(silk.inks[0], limit_pct=90), *silk.inks[1:])),
        mine,
        dataclasses.replace(mine, profile=tiny_profile("CMYK", 4) + b"\0"),
    ]
    assert len({silk.digest, *(other.digest for other in others)}) == 5
    assert len({silk.colour_digest, *(other.colour_digest for other in others)}) == 5
    finer = dataclasses.replace(silk, dpi=600)
    assert finer.digest != silk.digest
    assert finer.colour_digest == silk.colour_digest
