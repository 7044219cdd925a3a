"""What all tests share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Before NumPy is loaded: the threads of its BLAS wait for each other busily, which costs more than all they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# How long an example takes says how busy the machine is: speed is measured by the benches.
settings.register_profile("foulard", deadline=None)
settings.load_profile("foulard")


@pytest.fixture(scope="session")
def primed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Gives a folder of rasters, which it returns, the masks, profiles and tables that other tests have made so far."""
    base = tmp_path_factory.getbasetemp()
    made = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "made"

    def prime(rasters: Path) -> Path:
        rasters.mkdir(parents=True, exist_ok=True)
        for name in ("masks", "profiles"):
            (made / name).mkdir(parents=True, exist_ok=True)
            (rasters / name).symlink_to(made / name)
        return rasters

    return prime
