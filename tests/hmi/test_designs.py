"""The sample designs have their true size, close at their repeat and come out the same every time."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from hmi import designs

SAMPLES = {sample.name: sample for sample in designs.samples()}
LARGEST_FILE = 3_000_000


@pytest.fixture(scope="module")
def pictures():
    return {name: np.asarray(designs.draw(name)) for name in SAMPLES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artwork") / "samples"
    designs.write(folder)
    return folder


def difference(one, other):
    """Return the mean difference of two lines of pixels in sRGB steps."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def neighbours(picture):
    """Return the differences of all neighbouring columns, but those at the wrap."""
    return np.abs(np.diff(picture.astype(np.int16), axis=1)).mean(axis=(0, 2))


def seam(picture, repeat):
    """Return the difference of the right edge and what lies beside it on the cloth."""
    beside = np.roll(picture[:, 0], picture.shape[0] // 2 if repeat == "half-drop" else 0, axis=0)
    return difference(picture[:, -1], beside)


def test_names_and_repeats_of_the_samples():
    assert {name: (sample.repeat, sample.width_mm) for name, sample in SAMPLES.items()} == {
        "carre-lyon": ("straight", 900.0),
        "pivoine-half-drop": ("half-drop", 320.0),
        "rayure-club": ("straight", 160.0),
        "ombre-dunes": ("straight", 240.0),
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_the_file_says_its_true_size(folder, name):
    path = folder / f"{name}.png"
    with Image.open(path) as picture:
        assert picture.mode == "RGB"
        assert "srgb" in picture.info
        across, along = picture.info["dpi"]
        assert across == along
        assert picture.width / across * 25.4 == pytest.approx(SAMPLES[name].width_mm, abs=0.01)
    assert path.stat().st_size <= LARGEST_FILE


@pytest.mark.parametrize("name", SAMPLES)
def test_the_file_holds_the_drawn_picture(folder, pictures, name):
    with Image.open(folder / f"{name}.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), pictures[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_design_is_the_same_in_every_drawing(pictures, name):
    again = hashlib.sha256(designs.draw(name).tobytes()).hexdigest()
    assert again == hashlib.sha256(pictures[name].tobytes()).hexdigest()


@pytest.mark.parametrize("name", SAMPLES)
def test_no_colour_is_out_of_reach_of_textile_ink(pictures, name):
    assert pictures[name].min() >= 10
    assert pictures[name].max() <= 250


@pytest.mark.parametrize("name", SAMPLES)
def test_a_design_closes_across_the_cloth(pictures, name):
    picture = pictures[name]
    assert seam(picture, SAMPLES[name].repeat) <= np.percentile(neighbours(picture), 95)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_design_closes_along_the_cloth(pictures, name):
    turned = pictures[name].swapaxes(0, 1)
    # In half-drop a column of repeats is still straight in itself.
    assert seam(turned, "straight") <= np.percentile(neighbours(turned), 95)


def test_half_drop_needs_its_drop(pictures):
    picture = pictures["pivoine-half-drop"]
    assert picture.shape[0] % 2 == 0
    assert seam(picture, "straight") > 3 * neighbours(picture).max()


def test_flat_colours_meet_in_antialiased_edges(pictures):
    colours, counts = np.unique(pictures["rayure-club"].reshape(-1, 3), axis=0, return_counts=True)
    flat = np.sort(counts)[::-1][:7].sum() / counts.sum()
    assert 0.85 < flat < 0.98
    assert len(colours) > 30


def test_the_dunes_are_continuous_tone(pictures):
    dunes = pictures["ombre-dunes"].astype(np.int16)
    assert len(np.unique(dunes[..., 1])) > 150
    assert max(np.abs(np.diff(dunes, axis=axis)).max() for axis in (0, 1)) <= 16


def test_writing_again_touches_nothing_and_restores_what_is_missing(tmp_path):
    paths = designs.write(tmp_path)
    assert set(paths) == set(SAMPLES)
    kept, missing = paths["carre-lyon"], paths["ombre-dunes"]
    before, content = kept.stat().st_mtime_ns, missing.read_bytes()
    missing.unlink()
    assert designs.write(tmp_path) == paths
    assert kept.stat().st_mtime_ns == before
    assert missing.read_bytes() == content
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(designs.UnknownSampleError, match=r"'tartan'.*carre-lyon.*ombre-dunes"):
        designs.draw("tartan")
