from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rip

ACID_ON_SILK = (
    rip.Ink("cyan", (53, -33, -46)),
    rip.Ink("magenta", (46, 73, -4)),
    rip.Ink("yellow", (86, -5, 92)),
    rip.Ink("black", (17, 1, -2)),
)


@pytest.fixture(scope="session")
def silk() -> rip.Condition:
    """A narrow press of low resolution; colours of acid inks on silk."""
    return rip.Condition(
        width_mm=100,
        dpi=300,
        white_lab=(92.5, -0.3, 3.6),
        inks=ACID_ON_SILK,
        drop_volumes=(0, 0.28, 0.61, 1.0),
        drop_pl=18,
        total_limit_pct=250,
        black_start=0.65,
    )


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """One cache for the whole session, so that profiles and masks are made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def photo(tmp_path_factory) -> Path:
    """A real photograph (scikit-image's astronaut, public domain), 256 px at 150 dpi."""
    skimage_data = pytest.importorskip("skimage.data")
    path = tmp_path_factory.mktemp("designs") / "photo.png"
    Image.fromarray(np.ascontiguousarray(skimage_data.astronaut()[::2, ::2])).save(path, dpi=(150, 150))
    return path
