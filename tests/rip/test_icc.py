import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms

from rip.icc import Lut, ProfileError, device_space, read_header, write_profile, write_table
from rip.littlecms import builtin, gridpoints, transform

STRAIGHT = np.tile(np.array([0, 65535], np.uint16), (3, 1))


def profile_of(space: str, inks: int, corners: np.ndarray) -> bytes:
    """An output profile that has only the corners of Lab, with given inks."""
    to_lab = Lut(np.tile(np.array([0, 65535], np.uint16), (inks, 1)), np.zeros((*[2] * inks, 3), np.uint16))
    return write_profile(f"{inks} inks", space, np.ones(3), to_lab, Lut(STRAIGHT, corners))


@pytest.mark.parametrize("inks", range(1, 16))
def test_littlecms_separates_into_any_number_of_inks(inks):
    corners = np.random.default_rng(inks).integers(0, 65536, (2, 2, 2, inks), dtype=np.uint16)
    profile = profile_of(device_space(inks, cmyk_order=False), inks, corners)
    assert read_header(profile).channels == inks
    ends = np.array([[0, 0, 0], [65535, 0, 0]], np.uint16)  # a* and b* at their lowest
    found = transform(ends, builtin("lab4"), profile)
    assert found.shape == (2, inks)
    assert np.abs(found[0].astype(int) - corners[0, 0, 0]).max() <= 1
    # L* 100 lies at 0xFF00 of version 2: 255/256 of the way to the corner
    on_the_way = corners[0, 0, 0] + (corners[1, 0, 0].astype(float) - corners[0, 0, 0]) * 65280 / 65535
    assert np.abs(found[1] - on_the_way).max() <= 2


@pytest.mark.parametrize(
    ("inks", "in_order", "space"),
    [
        (1, False, "GRAY"),
        (2, False, "2CLR"),
        (3, True, "CMY "),
        (3, False, "3CLR"),
        (4, True, "CMYK"),
        (12, True, "CCLR"),
    ],
)
def test_device_spaces_have_their_names(inks, in_order, space):
    assert device_space(inks, in_order) == space


def test_other_programs_can_open_a_profile_of_seven_inks():
    profile = profile_of("7CLR", 7, np.zeros((2, 2, 2, 7), np.uint16))
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    assert (opened.device_class, opened.connection_space.strip()) == ("prtr", "Lab")
    assert opened.profile_description == "7 inks"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda whole: whole[:100], "is not an ICC profile"),
        (lambda whole: b"\0" * 200, "is not an ICC profile"),
        (lambda whole: whole[:-20], "is cut"),
        (lambda whole: whole[:16] + b"HSV " + whole[20:], "is for 'HSV' to 'Lab'"),
    ],
)
def test_a_bad_header_says_what_is_wrong(change, complaint):
    with pytest.raises(ProfileError, match=complaint):
        read_header(change(profile_of("CMYK", 4, np.zeros((2, 2, 2, 4), np.uint16))))


def test_profiles_that_do_not_go_together_are_an_error():
    profile = profile_of("CMYK", 4, np.zeros((2, 2, 2, 4), np.uint16))
    broken = profile[:132] + bytes(len(profile) - 132)
    with pytest.raises(ProfileError, match="cannot be used"):
        transform(np.zeros((1, 3), np.uint16), builtin("lab4"), broken)
    with pytest.raises(ProfileError, match="is for 4 channels, the pixels have 3"):
        transform(np.zeros((1, 3), np.uint16), profile, builtin("lab4"))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(1, 12))
def test_a_table_dressed_as_profiles_is_interpolated(seed, nodes, inks):
    """At its nodes exactly; between them never outside the values around."""
    random = np.random.default_rng(seed)
    table = random.integers(0, 65536, (nodes, nodes, nodes, inks), dtype=np.uint16)
    source, target = write_table(Lut(STRAIGHT, table))
    at = random.integers(0, nodes, (50, 3))
    codes = np.rint(at * 65535 / (nodes - 1)).astype(np.uint16)
    found = transform(codes, source, target, gridpoints(nodes))
    # codes of nodes are rounded, by half a code of which each is (nodes - 1) times as steep
    assert np.abs(found.astype(int) - table[tuple(at.T)]).max() <= 2 + 1.5 * (nodes - 1)
    between = transform(random.integers(0, 65536, (50, 3), dtype=np.uint16), source, target, gridpoints(nodes))
    assert (between <= table.max(axis=(0, 1, 2))).all()
    assert (between >= table.min(axis=(0, 1, 2))).all()
