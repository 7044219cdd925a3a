import numpy as np
import pytest

from rip.flatten import reduce_colours

FIVE = np.array([[255, 255, 255], [200, 30, 40], [20, 60, 120], [20, 60, 122], [0, 0, 0]], np.uint8)


def test_a_flat_design_keeps_exactly_its_colours():
    """Even two that are two codes apart."""
    design = FIVE[np.random.default_rng(0).choice(5, (80, 90), p=[0.4, 0.3, 0.15, 0.1, 0.05])]
    found = reduce_colours(design, 8)
    assert set(found.palette) == {tuple(colour) for colour in FIVE.tolist()}
    assert found.palette[0] == (255, 255, 255)
    assert list(found.shares) == sorted(found.shares, reverse=True)
    assert found.most_delta_e00 == 0
    assert (found.flat(design) == design).all()


def test_noise_round_flat_colours_is_taken_away():
    random = np.random.default_rng(1)
    places = random.choice(3, (120, 130), p=[0.5, 0.3, 0.2])
    noisy = np.clip(FIVE[[1, 2, 4]][places] + random.normal(0, 3, (120, 130, 3)), 0, 255).astype(np.uint8)
    found = reduce_colours(noisy, 3)
    assert (found.places(noisy) == places).mean() > 0.999
    assert np.abs(np.array(found.palette, int) - FIVE[[1, 2, 4]]).max() <= 4
    assert found.shares == pytest.approx((0.5, 0.3, 0.2), abs=0.02)
    assert found.mean_delta_e00 < 4


def test_white_ground_stays_white(photo):
    image = pytest.importorskip("PIL.Image").open(photo)
    design = np.array(image.convert("RGB"))
    design[:150] = 255
    assert (255, 255, 255) in reduce_colours(design, 6).palette


def test_more_colours_come_nearer_and_the_seed_decides(photo):
    design = np.array(pytest.importorskip("PIL.Image").open(photo).convert("RGB"))
    few, many = reduce_colours(design, 4), reduce_colours(design, 16)
    assert many.mean_delta_e00 < few.mean_delta_e00
    assert few.mean_delta_e00 <= few.p95_delta_e00 <= few.most_delta_e00
    again = reduce_colours(design, 4)
    assert (again.palette, again.shares) == (few.palette, few.shares)
    assert (again.index == few.index).all()
    assert len(few.palette) == 4
    assert few.index.max() == 3
    assert set(map(tuple, few.flat(design).reshape(-1, 3).tolist())) == set(few.palette)


@pytest.mark.parametrize("colours", [0, 1, 257])
def test_an_impossible_number_of_colours_is_refused(colours):
    with pytest.raises(ValueError, match=f"colours {colours} is not in 2..256"):
        reduce_colours(np.zeros((2, 2, 3), np.uint8), colours)
