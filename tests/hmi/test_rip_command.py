"""`foulard rip` and `foulard atlas`: what they are asked for, what they tell, and what excludes each other."""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import recipes
from controller.work import condition
from hmi.errors import BadInput
from hmi.layout_options import BY_METRE, BY_PIECE, LayoutOptions, layout_of, refuse_contradictions
from recipes import freeze
from rip import Raster, ink_ml
from rip.profile import build_profile
from tests.hmi.terminal import SMALL, assert_refused, foulard

KEYS = {"raster", "preview", "sha256", "inks", "dpi", "bits", "width_px", "period_rows", "total_rows", "ink_ml",
        "coverage", "seconds", "peak_rss_mb", "warnings", "notes", "pieces", "palettes"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a design of 20 × 10 mm and an ICC profile."""
    place = tmp_path_factory.mktemp("rip")
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, :40], picture[:, 40:] = (200, 30, 40), (30, 60, 160)
    Image.fromarray(picture).save(place / "flag.png", dpi=(101.6, 101.6))
    profile = build_profile(condition(freeze(recipes.recipe("silk-twill"))))
    (place / "silk.icc").write_bytes(profile)
    return place


def ripped(folder: Path, *options: object) -> dict[str, Any]:
    done = foulard("rip", "flag.png", *options, "--out", "out", "--json", folder=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert set(told) == KEYS
    return told


def test_a_repeat_is_told_as_its_raster_has_it(folder: Path) -> None:
    told = ripped(folder, *SMALL, "--length-m", "0.05", "--inks", "6", "--columns", "2.5", "--dead", "black=200,201")
    raster = Raster.open(folder / told["raster"])
    assert told["inks"] == list(raster.inks)
    assert len(told["inks"]) == 6
    assert (told["dpi"], told["width_px"], told["bits"]) == (100, 394, raster.bits)
    assert told["total_rows"] == round(50 / 25.4 * 100)
    assert told["period_rows"] == raster.period_rows
    assert told["sha256"] == raster.sha256
    assert told["ink_ml"] == {name: round(ml, 3) for name, ml in ink_ml(raster, 0.05).items()}
    levels = np.array(raster.drop_volumes)[raster.rows(0, told["total_rows"])]
    assert list(told["coverage"].values()) == pytest.approx(levels.mean(axis=(1, 2)), abs=1e-5)
    assert list(told["seconds"]) == ["read", "separate", "screen", "write", "preview"]
    assert all(seconds >= 0 for seconds in told["seconds"].values())
    assert 50 < told["peak_rss_mb"] < 4000
    assert all(isinstance(line, str) for line in (*told["warnings"], *told["notes"]))
    printed = np.flatnonzero(raster.rows(0, raster.period_rows).any(axis=(0, 1)))
    assert printed.max() == pytest.approx(2.5 * raster.meta["tile_w_px"], abs=1)
    assert not raster.rows(0, raster.period_rows)[told["inks"].index("black"), :, 200:202].any()
    with Image.open(folder / told["preview"]) as preview:
        assert min(preview.size) > 10


def test_pieces_marks_a_profile_and_a_file_of_options(folder: Path) -> None:
    (folder / "layout.json").write_text(json.dumps({"pieces": 9, "gutter_mm": [4, 4], "marks": ["codes"]}))
    told = ripped(folder, *SMALL, "--layout", "layout.json", "--pieces", "3", "--marks", "crop-ticks,cut-lines",
                  "--profile", "silk.icc", "--hem-mm", "1")  # fmt: skip
    raster = Raster.open(folder / told["raster"])
    assert told["pieces"][:3] == ["flag 1", "flag 2", "flag 3"]
    assert raster.job_rows == told["total_rows"]
    assert raster.meta["layout"]["marks"] == ["crop-ticks", "cut-lines"]
    assert (raster.meta["layout"]["pieces"], raster.meta["layout"]["gutter_mm"]) == (3, [4, 4])
    assert raster.meta["profile"] == "customer's"
    rows = (0, raster.job_rows)
    assert not np.array_equal(raster.rows(*rows), raster.bare.rows(*rows))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--length-m", "1", "--inks", "40"), ("inks",)),
        (("--length-m", "1", "--dpi", "5"), ("dpi 5",)),
        (("--length-m", "1", "--dead", "gold=1"), ("gold", "INK=N,N")),
        (("--length-m", "1", "--profile", "flag.png"), ("profile",)),
        (("--pieces", "3", "--length-m", "99", "--repeat", "half-drop"), ("--pieces", "--length-m")),
        (("--length-m", "1", "--hem-mm", "3"), ("--hem-mm", "--length-m")),
        (("--length-m", "1", "--columns", "2", "--turn", "90"), ("--columns", "--turn 90")),
    ],
)  # fmt: skip
def test_what_is_impossible_is_one_line(folder: Path, options: tuple[str, ...], says: tuple[str, ...]) -> None:
    assert_refused(foulard("rip", "flag.png", "--fabric", "silk-twill", *options, folder=folder), *says)


SAID = {"length_m": 1.0, "repeat": "half-drop", "width_mm": 60.0, "mirror": "both", "gap_mm": "1,1", "columns": 2.5,
        "piece_mm": "60,60", "gutter_mm": "5", "hem_mm": 3.0}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in BY_METRE if name in SAID])
def test_what_is_for_the_metre_excludes_pieces(name: str) -> None:
    with pytest.raises(BadInput, match=f"^--pieces and --{name.replace('_', '-')} exclude each other"):
        layout_of(LayoutOptions(pieces=3, **{name: SAID[name]}))


@pytest.mark.parametrize(("piece", "metre"), list(product(BY_PIECE[:3], ["width_mm", "repeat"])))
def test_what_is_for_pieces_excludes_the_metre(piece: str, metre: str) -> None:
    with pytest.raises(BadInput, match=f"^--{piece.replace('_', '-')} and --{metre.replace('_', '-')} exclude"):
        layout_of(LayoutOptions(**{piece: SAID[piece], metre: SAID[metre]}))
    with pytest.raises(BadInput, match=f"^--{piece.replace('_', '-')} is for a job by the piece: .* --pieces"):
        layout_of(LayoutOptions(**{piece: SAID[piece]}))


def test_every_option_of_a_repeat_or_a_piece_is_one_or_the_other() -> None:
    both = {"pieces", "turn", "flip", "marks", "colours", "layout"}
    assert {*LayoutOptions.__dataclass_fields__} <= {*BY_METRE, *BY_PIECE, *both}
    layout_of(LayoutOptions(pieces=3, turn=90, flip="both", marks="codes", colours=4, hem_mm=2, piece_mm="60,60"))


def test_a_file_s_words_exclude_options_too(tmp_path: Path) -> None:
    file = tmp_path / "layout.json"
    file.write_text('{"origin_mm": [3, 3], "repeat": "straight"}')
    with pytest.raises(BadInput, match=re.escape("--pieces and origin_mm (of --layout) exclude each other")):
        layout_of(LayoutOptions(pieces=3, layout=file))
    file.write_text('{"pieces": 3, "piece_mm": [60, 60], "repeat": "straight"}')
    assert layout_of(LayoutOptions(layout=file)).pieces == 3
    with pytest.raises(BadInput, match="--pieces and --length-m exclude each other"):
        refuse_contradictions({"pieces": 3, "length_m": 1.0})


def test_an_atlas_is_a_sheet_and_the_layout_that_prints_it(folder: Path) -> None:
    done = foulard(
        "atlas", "--fabric", "silk-twill", "--around", "50,20,-10", "--out", "atlas", "--json", folder=folder
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["patches"] == 5**3
    with Image.open(folder / told["sheet"]) as sheet:
        assert sheet.info["dpi"] == pytest.approx((150, 150), abs=0.1)
    layout = json.loads((folder / told["layout"]).read_text("utf-8"))
    assert layout["pieces"] == 1
    assert [50, 20, -10] in layout["colourway"]["replace"].values()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--around", "50,inf,2"), ("--around '50,inf,2'", "give L,a,b")),
        (("--around", "50,nan,2"), ("give L,a,b",)),
        (("--around", "150,1,2"), ("L in 0..100",)),
        (("--around", "50,2"), ("give L,a,b",)),
        (("--steps", "99"), ("steps 99", "2..32")),
        (("--steps", "4", "--around", "50,1,2"), ("--around and --steps exclude each other",)),
    ],
)
def test_an_impossible_atlas_is_one_line(folder: Path, options: tuple[str, ...], says: tuple[str, ...]) -> None:
    assert_refused(foulard("atlas", "--fabric", "silk-twill", *options, folder=folder), *says)
