"""What tests of the line share."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rip
from hmi.webbuild import install

INTEROP = Path(__file__).parent.parent / "interop"


@pytest.fixture(scope="session")
def node() -> Path:
    """Node, with node-opcua installed from its lock file."""
    return install(INTEROP)


@pytest.fixture(scope="session")
def raster(tmp_path_factory: pytest.TempPathFactory) -> rip.Raster:
    """A small raster of a real design through the real RIP."""
    folder = tmp_path_factory.mktemp("raster")
    y, x = np.mgrid[0:120, 0:120]
    design = np.stack([(x * 2) % 256, (y * 2) % 256, (x + y) % 200], axis=-1).astype(np.uint8)
    Image.fromarray(design).save(folder / "design.png", dpi=(150, 150))
    inks = (("cyan", (53, -33, -46)), ("magenta", (46, 73, -4)), ("yellow", (86, -5, 92)), ("black", (17, 1, -2)))
    condition = rip.Condition(
        width_mm=60.0, dpi=600, white_lab=(93.0, 0.0, 2.0), inks=tuple(rip.Ink(name, lab) for name, lab in inks),
        drop_volumes=(0.0, 0.28, 0.61, 1.0), drop_pl=18.0, total_limit_pct=250.0, black_start=0.5,
    )  # fmt: skip
    return rip.rip(folder / "design.png", condition, length_m=1.0, layout=rip.Layout(width_mm=20.0), folder=folder)
