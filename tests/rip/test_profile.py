import dataclasses
import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from rip.appearance import predicted_lab
from rip.colour import D50, delta_e00, lab_to_xyz, xyz_to_lab
from rip.icc import read_header
from rip.inkmodel import InkModel
from rip.littlecms import builtin, transform
from rip.profile import load_profile
from rip.rendering import compensated, decode_lab, encode_lab, rendering_of
from rip.sharing import colour_model

INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


@pytest.fixture(scope="module")
def profile(silk, cache):
    return load_profile(silk, cache)


def to_inks(profile: bytes, rgb: np.ndarray) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.ImageCmsTransform(source, target, "RGB", "CMYK", INTENT, flags=FLAGS)
    return np.asarray(transform.apply(Image.fromarray(np.ascontiguousarray(rgb, np.uint8))))


def test_littlecms_opens_it_as_a_cmyk_printer_profile(profile):
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    assert opened.device_class == "prtr"
    assert opened.xcolor_space.strip() == "CMYK"
    assert opened.connection_space.strip() == "Lab"
    assert opened.version == pytest.approx(2.4)
    assert "computed default" in opened.profile_description


def test_the_model_gives_each_solid_its_own_colour(silk):
    model = InkModel.of(silk)
    for ink, coverage in zip(silk.inks, np.eye(4), strict=True):
        assert model.lab(coverage) == pytest.approx(np.array(ink.lab), abs=0.01)
    assert model.lab(np.zeros(4)) == pytest.approx(np.array(silk.white_lab), abs=0.01)
    assert model.relative_lab(np.zeros(4)) == pytest.approx(np.array([100, 0, 0]), abs=0.01)


def test_white_is_bare_cloth_and_near_white_is_not_lost(profile):
    inks = to_inks(profile, np.array([[[255, 255, 255], [252, 252, 252], [240, 240, 240]]]))[0]
    assert inks[0].tolist() == [0, 0, 0, 0]
    assert inks[1].sum() > 0
    assert (inks[2][:3] > 0).all()


def test_neutral_ramp_is_monotone_grey_and_black_comes_late(profile, silk):
    grey = np.repeat(np.arange(256)[None, :, None], 3, axis=2)
    inks = to_inks(profile, grey)[0]
    lab = InkModel.of(silk).relative_lab(inks / 255)
    assert (np.diff(lab[:, 0]) > -0.15).all()
    assert np.hypot(lab[:, 1], lab[:, 2]).max() < 3
    black = inks[:, 3].astype(int)
    assert (np.diff(black) <= 0).all()
    assert black[128] == 0
    assert black[0] > 200
    balanced = inks[: np.argmax(black == 0), :3].min()
    assert balanced > 20, "coloured inks stay in the dark"


def test_total_ink_stays_within_the_limit(profile, silk):
    colours = np.random.default_rng(0).integers(0, 256, (300, 300, 3))
    colours[0, :9] = [[r, g, 0] for r in (0, 60, 255) for g in (0, 60, 255)]
    total = to_inks(profile, colours).astype(int).sum(axis=2).max() / 2.55
    assert total <= silk.total_limit_pct + 1


def test_colours_within_reach_come_back(profile, silk, record_property):
    """Random prints → Lab (8 bit) → inks by the profile → Lab: what is lost is the table's and the 8 bits' share."""
    model = InkModel.of(silk)
    random = np.random.default_rng(1)
    inks = random.random((20000, 4)) * random.random((20000, 1))
    inks[:, 3] *= random.random(20000) > 0.7
    inks = inks[inks.sum(axis=1) < 2.4]
    lab = np.rint(model.relative_lab(inks) * [2.55, 1, 1])
    image = Image.frombytes("LAB", (len(lab), 1), lab.astype(np.int16).astype(np.uint8).tobytes())
    source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000))
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    back = np.asarray(ImageCms.ImageCmsTransform(source, target, "LAB", "CMYK", INTENT).apply(image))[0]
    error = np.linalg.norm(model.relative_lab(back / 255) - lab / [2.55, 1, 1], axis=1)
    record_property("delta_e76_mean", round(float(error.mean()), 2))
    assert error.mean() < 0.6
    assert np.percentile(error, 95) < 1.6
    assert error.max() < 4


def test_forward_table_agrees_with_the_model(profile, silk):
    inks = np.random.default_rng(2).integers(0, 256, (1, 2000, 4), dtype=np.uint8)
    image = Image.frombytes("CMYK", (2000, 1), inks.tobytes())
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000))
    found = np.asarray(ImageCms.ImageCmsTransform(source, target, "CMYK", "LAB", INTENT).apply(image))[0]
    found = np.stack([found[:, 0] / 2.55, found[:, 1].view(np.int8), found[:, 2].view(np.int8)], axis=1)
    error = np.linalg.norm(found - InkModel.of(silk).relative_lab(inks[0] / 255), axis=1)
    assert error.mean() < 1.0
    assert np.percentile(error, 99) < 2.5


def test_the_profile_is_kept_and_a_cut_one_is_made_again(ink_set, tmp_path):
    condition = ink_set("one grey")
    first = load_profile(condition, tmp_path)
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    assert load_profile(condition, tmp_path) == first
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(first[:5000])
    assert load_profile(condition, tmp_path) == first
    assert read_header(first).space == "GRAY"


def test_a_customers_profile_is_taken_as_it_is(silk, profile, tmp_path):
    assert load_profile(dataclasses.replace(silk, profile=profile), tmp_path) == profile
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("cmyk", "CMYK"),
        ("cmy", "CMY "),
        ("one grey", "GRAY"),
        ("seven", "7CLR"),
        ("light", "CMYK"),
        ("textile", "8CLR"),
        ("twelve", "CMYK"),
    ],
)
def test_prints_come_back(ink_set, cache, name, space, record_property):
    """Prints of up to four inks → their colour → 8-bit sRGB → inks → colour: for any set of inks, with their limits."""
    condition = ink_set(name)
    rendering = rendering_of(condition, cache)
    assert read_header(rendering.target).space == space
    model = colour_model(condition)
    random = np.random.default_rng(5)
    prints = random.random((20000, len(model.k))) * random.random((20000, 1))
    prints[np.argsort(random.random(prints.shape), axis=1) >= 4] = 0
    prints = 0.97 * prints[prints.sum(axis=1) < condition.total_limit_pct / 100]
    srgb, lab4 = builtin("srgb"), builtin("lab4")
    deeper = compensated(encode_lab(model.relative_lab(prints)), rendering.target_black, 0.0)
    codes = transform(deeper[deeper[:, 0] > 0], lab4, srgb)
    rgb = np.rint(codes[((codes > 300) & (codes < 65235)).all(axis=1)] / 257).astype(np.uint8)
    assert len(rgb) > 5000
    wanted = transform(rgb, srgb, lab4)
    tones = rendering.channels.bytes(rendering.tones(wanted))
    found = xyz_to_lab(lab_to_xyz(predicted_lab(tones, condition)) * (D50 / model.white_xyz))
    error = delta_e00(found, decode_lab(compensated(wanted, 0.0, rendering.target_black)))
    record_property("delta_e00_mean", round(float(error.mean()), 2))
    record_property("delta_e00_max", round(float(error.max()), 2))
    assert error.mean() < 0.3
    assert np.percentile(error, 99) < 1
    assert error.max() < 3


@pytest.mark.parametrize("name", ["seven", "textile"])
def test_the_forward_table_of_many_inks_agrees_with_the_model(ink_set, cache, name):
    condition = ink_set(name)
    model = colour_model(condition)
    random = np.random.default_rng(2)
    inks = random.random((1000, len(model.k))) * random.random((1000, 1))
    inks[random.random(inks.shape) < 0.5] = 0
    codes = np.rint(inks * 65535).astype(np.uint16)
    found = decode_lab(transform(codes, load_profile(condition, cache), builtin("lab4")))
    error = delta_e00(found, model.relative_lab(inks))
    assert error.mean() < 0.7
    assert np.percentile(error, 99) < 3
