import numpy as np
import pytest

import rip
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


def test_lab_and_xyz_are_inverse():
    lab = np.random.default_rng(3).uniform([0, -80, -80], [100, 80, 80], (500, 3))
    assert xyz_to_lab(lab_to_xyz(lab)) == pytest.approx(lab, abs=1e-9)


@pytest.mark.parametrize("max_px", [100, 400, 1600])
def test_preview_shows_the_whole_width(photo, silk, cache, max_px):
    raster = rip.rip(photo, silk, length_m=1, repeat="half-drop", width_mm=30, folder=cache)
    picture = rip.preview(raster, silk, max_px)
    height, width = picture.shape[:2]
    assert picture.dtype == np.uint8
    assert max(height, width) <= max_px
    assert width == min(max_px, raster.width_px // 4)
    whole = rip.proof(raster.coverage(0, raster.period_rows), silk).reshape(-1, 3).mean(axis=0)
    assert picture.reshape(-1, 3).mean(axis=0) == pytest.approx(whole, abs=4)
