from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.cloth import Cloth
from rip.fill import rows_of
from rip.repeat import Repeat, plan_repeat
from rip.seam import check_seam

DPI = 254
CLOTH = Cloth(700, DPI)


def smooth(width: int, height: int, seed: int, drop: float = 0.0) -> np.ndarray:
    """A pattern of waves that closes over its edges, each column lower by `drop` of the height."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    y = y - drop * height / width * x
    picture = np.zeros((height, width, 3))
    for across, along in ((1, 0), (0, 1), (2, 1), (1, 2), (3, -1)):
        angle = 2 * np.pi * (across * x / width + along * y / height)
        picture += np.sin(angle[..., None] + 6 * random.random(3))
    return (128 + picture * 20).astype(np.uint8)


def lay(picture, repeat=None):
    plan = plan_repeat(repeat or Repeat(), (picture.shape[1] / 10, picture.shape[0] / 10), CLOTH)
    assert plan.sources_px[0] == picture.shape[1::-1]
    return check_seam(plan, [rows_of(picture)])


@given(
    seed=st.integers(0, 99),
    repeat=st.sampled_from(
        [Repeat(), Repeat("half-drop"), Repeat("drop", Fraction(1, 3)), Repeat(mirror="both"), Repeat(gap_mm=(2, 3))]
    ),
)
@settings(max_examples=25, deadline=None)
def test_a_design_that_closes_has_no_seam(seed, repeat):
    drop = float(repeat.shift) if repeat.axis == "down" else 0.0
    report = lay(smooth(120, 192, seed, drop), repeat)
    assert report.warnings == ()
    assert report.vertical < 1.2
    assert report.horizontal < 1.2
    if repeat.gap_mm != (0, 0):
        assert (report.vertical, report.horizontal) == (0, 0)


@given(seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_a_design_laid_by_the_wrong_drop_does_not_meet(seed):
    report = lay(smooth(120, 192, seed, 0.5), Repeat("drop", Fraction(1, 5)))
    assert report.vertical > 1.5
    assert report.horizontal < 1.2
    assert report.warnings == (report.warnings[0],)
    assert "between columns of repeats: the columns do not meet" in report.warnings[0]


@pytest.mark.parametrize(
    ("line", "place", "told"),
    [
        ("column", 0, "the first column of the design is unlike"),
        ("column", -1, "the last column of the design is unlike"),
        ("row", 0, "the first row of the design is unlike"),
        ("row", -1, "the last row of the design is unlike"),
    ],
)
@pytest.mark.parametrize("kind", ["straight", "half-drop"])
def test_an_odd_line_at_the_edge_is_told(line, place, told, kind):
    """As an editor's anti-aliasing leaves it: one line mixed with white."""
    picture = smooth(120, 192, 5, 0.5 if kind == "half-drop" else 0)
    at = (slice(None), place) if line == "column" else (place,)
    picture[at] = picture[at] // 2 + 128
    report = lay(picture, Repeat(kind))
    assert len(report.warnings) == 1
    assert told in report.warnings[0]
    assert (report.vertical if line == "column" else report.horizontal) > 1.5


def test_a_photo_does_not_meet_but_mirrored_it_does(photo):
    from PIL import Image

    picture = np.asarray(Image.open(photo).resize((240, 192)))
    plain = lay(picture)
    assert len(plain.warnings) == 2
    mirrored = lay(picture, Repeat(mirror="both"))
    assert mirrored.warnings == ()
    assert mirrored.vertical < 0.5


@pytest.mark.parametrize("kind", ["stripes", "flat", "noise"])
def test_strong_lines_inside_a_design_do_not_make_its_seams_suspect(kind):
    random = np.random.default_rng(3)
    stripes = np.repeat(random.integers(0, 256, (1, 12, 3), dtype=np.uint8), 10, axis=1)
    picture = {
        "stripes": np.repeat(stripes, 192, axis=0),
        "flat": np.full((192, 120, 3), 90, np.uint8),
        "noise": random.integers(0, 256, (192, 120, 3), dtype=np.uint8),
    }[kind]
    assert lay(picture).warnings == ()


def test_a_brick_is_judged_where_its_repeats_meet():
    picture = smooth(120, 96, 4)
    assert lay(picture, Repeat("brick", Fraction(0))).warnings == ()
    report = lay(picture, Repeat("brick"))
    assert len(report.warnings) == 1
    assert "between rows of repeats" in report.warnings[0]
