"""What cannot be written is one line that names the path, the reason and what to do, and exit code 2."""

from pathlib import Path

import pytest
from PIL import Image

from tests.hmi.terminal import SMALL, assert_refused, foulard


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a design and a file that is none."""
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(tmp_path / "design.png", dpi=(50, 50))
    (tmp_path / "notes.txt").write_text("not a folder")
    return tmp_path


RIP = ("rip", "design.png", *SMALL, "--length-m", "0.1")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ((*RIP, "--out", "notes.txt"), ("notes.txt", "a file is in the way", "--out")),
        ((*RIP, "--out", "notes.txt/out"), ("notes.txt", "not a folder", "--out")),
        ((*RIP, "--out", "/proc/out"), ("/proc/out", "does not exist", "--out")),
        ((*RIP, "--profile", "nothere.icc"), ("--profile nothere.icc", "does not exist", "ICC")),
        ((*RIP, "--nozzles", "nothere.json"), ("--nozzles nothere.json", "does not exist", "JSON")),
        ((*RIP, "--layout", "nothere.json"), ("--layout nothere.json", "does not exist", "JSON")),
        ((*RIP, "--layout", "notes.txt"), ("--layout notes.txt", "JSON")),
        (("atlas", "--fabric", "silk-twill", "--out", "notes.txt"), ("notes.txt", "in the way", "--out")),
        (("print", "design.png", "--fabric", "silk-twill", "--length-m", "1", "--out", "notes.txt"),
         ("notes.txt", "in the way", "--out")),
        (("plant", "padder", "--state-dir", "notes.txt"), ("notes.txt", "in the way", "--state-dir")),
        (("user", "anna", "--role", "viewer"), ("data", "in the way", "FOULARD_DATA")),
    ],
)  # fmt: skip
def test_a_path_that_takes_no_files_is_named(folder: Path, command: tuple[str, ...], says: tuple[str, ...]) -> None:
    if command[0] == "user":
        (folder / "data").write_text("not a folder")
    assert_refused(foulard(*command, folder=folder, stdin="a long password\n"), *says)


@pytest.mark.parametrize("file_bytes", [1000, 300_000])
def test_a_raster_that_does_not_fit_is_one_line_and_leaves_no_raster(folder: Path, file_bytes: int) -> None:
    done = foulard(*RIP, "--out", "out", folder=folder, file_bytes=file_bytes)
    assert_refused(done, "out", "larger than is allowed", "make room", "--out")
    assert not list((folder / "out").glob("*.tif"))
