import dataclasses

import numpy as np
import pytest

import rip
from rip.appearance import predicted_lab
from rip.colour import XYZ_TO_SRGB, lab_to_xyz, srgb_code, xyz_to_lab
from rip.inkmodel import InkModel


def test_the_proof_is_the_profiles_own_model(silk):
    coverage = np.random.default_rng(0).random((4, 60, 70)).astype(np.float32)
    exact = srgb_code(InkModel.of(silk).xyz(np.moveaxis(coverage, 0, -1).astype(float)) @ XYZ_TO_SRGB.T) * 255
    assert np.abs(rip.proof(coverage, silk) - exact).max() <= 2


def test_no_ink_is_the_cloth_and_a_solid_is_the_ink(silk):
    coverage = np.zeros((4, 1, 5), np.float32)
    coverage[range(4), 0, range(1, 5)] = 1
    look = rip.proof(coverage, silk)[0]
    for found, lab in zip(look, [silk.white_lab, *(ink.lab for ink in silk.inks)], strict=True):
        wanted = srgb_code(XYZ_TO_SRGB @ lab_to_xyz(np.array(lab))) * 255
        assert found == pytest.approx(wanted, abs=1.5)


def test_more_ink_is_never_lighter(silk):
    ramp = np.linspace(0, 1, 200, dtype=np.float32)
    for ink in range(4):
        coverage = np.zeros((4, 1, 200), np.float32)
        coverage[ink, 0] = ramp
        assert (np.diff(rip.proof(coverage, silk)[0].astype(int).sum(axis=1)) <= 0).all()


@pytest.mark.parametrize("name", ["twelve", "textile", "one grey"])
def test_any_number_of_inks_light_ones_too(ink_set, name):
    condition = ink_set(name)
    random = np.random.default_rng(7)
    coverage = random.random((len(condition.inks), 90, 200)).astype(np.float32)
    coverage[:, :, 100:] = 0
    coverage[len(condition.inks) // 2 :, :60] = 0  # inks that do nothing here are passed over
    look = rip.proof(coverage, condition)
    exact = srgb_code(InkModel.of(condition).xyz(np.moveaxis(coverage, 0, -1).astype(float)) @ XYZ_TO_SRGB.T) * 255
    assert np.abs(look - exact).max() <= 2


def test_linearised_inks_look_like_the_tone_wanted(silk, ink_set):
    """Drop volumes of a linearised set look as the tones would have on a set that needs no linearisation."""
    curve = ((0, 0), (0.4, 0.2), (1, 0.9))
    inks = tuple(dataclasses.replace(ink, linear=curve) for ink in silk.inks)
    tones = np.random.default_rng(8).random((4, 40, 50)).astype(np.float32)
    volumes = np.interp(tones, *np.array(curve).T).astype(np.float32)
    look = rip.proof(volumes, dataclasses.replace(silk, inks=inks)).astype(int)
    assert np.abs(look - rip.proof(tones, silk)).max() <= 1


def test_flat_tones_are_predicted_as_the_proof_shows_them(ink_set):
    condition = ink_set("light")
    tones = np.random.default_rng(9).integers(0, 256, (200, 8)).astype(np.uint8)
    lab = predicted_lab(tones, condition)
    look = rip.proof(np.ascontiguousarray(tones[:, :6].T[:, None] / 255, np.float32), condition)[0]
    assert np.abs(srgb_code(lab_to_xyz(lab) @ XYZ_TO_SRGB.T) * 255 - look).max() <= 2


def test_lab_and_xyz_are_inverse():
    lab = np.random.default_rng(3).uniform([0, -80, -80], [100, 80, 80], (500, 3))
    assert xyz_to_lab(lab_to_xyz(lab)) == pytest.approx(lab, abs=1e-9)


@pytest.mark.parametrize("max_px", [100, 400, 1600])
def test_preview_shows_the_whole_width(photo, silk, cache, max_px):
    raster = rip.rip(photo, silk, layout=rip.Layout(repeat="half-drop", width_mm=30), length_m=1, folder=cache)
    picture = rip.preview(raster, silk, max_px)
    height, width = picture.shape[:2]
    assert picture.dtype == np.uint8
    assert max(height, width) <= max_px
    assert width == min(max_px, raster.width_px // 4)
    whole = rip.proof(raster.coverage(0, raster.period_rows), silk).reshape(-1, 3).mean(axis=0)
    assert picture.reshape(-1, 3).mean(axis=0) == pytest.approx(whole, abs=4)
