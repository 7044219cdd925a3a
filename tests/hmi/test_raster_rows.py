"""`foulard raster rows`: the drops of any rows of a job, in a file anyone can read."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rip import Raster
from tests.hmi.terminal import SMALL, assert_refused, foulard


@pytest.fixture(scope="module")
def ripped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, dict]:
    """A folder with a repeat without end and a sheet of two pieces, as `foulard rip` tells of them."""
    folder = tmp_path_factory.mktemp("rows")
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(folder / "design.png", dpi=(50, 50))
    told = []
    for job in (("--length-m", "0.1"), ("--pieces", "2", "--marks", "codes")):
        done = foulard("rip", "design.png", *SMALL, *job, "--out", "out", "--json", folder=folder)
        assert done.returncode == 0, done.stderr[-2000:]
        told.append(json.loads(done.stdout))
    return folder, *told


def rows(folder: Path, raster: str, start: int, count: int, out: str = "rows.npy") -> subprocess.CompletedProcess[str]:
    return foulard("raster", "rows", raster, "--start", start, "--count", count, "--out", out, folder=folder)


def test_rows_are_the_drop_levels_of_the_job(ripped: tuple[Path, dict, dict]) -> None:
    folder, repeat, pieces = ripped
    for told, start, count in ((repeat, 10 * repeat["period_rows"] - 3, 7), (pieces, pieces["total_rows"] - 9, 9)):
        done = rows(folder, told["raster"], start, count, "rows.dat")
        assert done.returncode == 0, done.stderr[-2000:]
        answer, levels = json.loads(done.stdout), np.load(folder / "rows.dat")
        assert answer == {"rows": "rows.dat", "start": start, "count": count, "inks": told["inks"],
                          "width_px": told["width_px"]}  # fmt: skip
        assert (levels.dtype, levels.shape) == (np.uint8, (len(told["inks"]), count, told["width_px"]))
        np.testing.assert_array_equal(levels, Raster.open(folder / told["raster"]).rows(start, count))
    assert not (folder / "rows.dat.npy").exists()


def test_rows_that_the_job_has_not_are_refused(ripped: tuple[Path, dict, dict]) -> None:
    folder, repeat, pieces = ripped
    end = pieces["total_rows"]
    for start, count in ((end, 1), (end - 1, 2), (end + 1000, 5)):
        assert_refused(rows(folder, pieces["raster"], start, count, "none.npy"), f"{start}+{count}", f"{end} rows")
    assert_refused(rows(folder, repeat["raster"], -1, 1, "none.npy"), "-1+1", "from 0")
    assert_refused(rows(folder, repeat["raster"], 0, 10**6, "none.npy"), "0+1000000", "20000")
    assert not (folder / "none.npy").exists()


def test_a_file_that_cannot_be_written_or_read_is_one_line(ripped: tuple[Path, dict, dict]) -> None:
    folder, repeat, _ = ripped
    assert_refused(rows(folder, repeat["raster"], 0, 5, "nodir/r.npy"), "nodir/r.npy", "does not exist", "--out")
    assert_refused(rows(folder, repeat["raster"], 0, 5, "out"), "out cannot be written", "--out")
    assert_refused(rows(folder, "design.png", 0, 5), "design.png")
    assert_refused(rows(folder, "nothere.tif", 0, 5), "nothere.tif")
    full = foulard("raster", "rows", repeat["raster"], "--start", 0, "--count", 50, "--out", "large.npy",
                   folder=folder, file_bytes=20_000)  # fmt: skip
    assert_refused(full, "large.npy", "larger than is allowed", "make room")
    assert not list(folder.glob("*large*"))
