"""`foulard print`: the whole way, with real processes and sockets, from a photograph to a graded roll."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from tests.hmi import terminal

pytestmark = [pytest.mark.line, pytest.mark.timeout(400)]

FULL = bool(os.environ.get("FOULARD_FULL"))  # the long form; see `make test-full`
LENGTH_M = 2.0 if FULL else 0.7
CLEAN_M, STRIPS = (2.0, 12) if FULL else (1.0, 6)
FABRICS = {"silk-twill": "astronaut", "cotton-sateen": "coffee", "polyester-satin": "chelsea"}
STREAK_M, STREAK_NOZZLE = 0.3, 1200
SPOT_M, SPOT_MM = 0.5, 400.0
WITHIN_MM = 10.0


def foulard(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hmi.cli", *map(str, arguments)], capture_output=True, text=True,
                          env=os.environ | {"FOULARD_DATA": str(folder)}, timeout=360, check=False)  # fmt: skip


def quick(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """The same for what starts no machines, without the seconds a new process takes."""
    return terminal.foulard(*arguments, folder=folder, FOULARD_DATA=str(folder))


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("photographs")
    paths = {name: folder / f"{name}.png" for name in FABRICS.values()}
    for name, path in paths.items():
        Image.fromarray(getattr(data, name)()).save(path)
    return paths


def printed(design: Path, fabric: str, length_m: float, out: Path, *more: str) -> dict:
    done = foulard(
        "print", design, "--fabric", fabric, "--length-m", length_m, "--out", out, "--json", *more, folder=out
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not FULL, reason="long form only: tests/line/test_kill.py prints on silk, clean; FOULARD_FULL=1")
def test_a_clean_print_on_silk_is_complete_and_first_quality(photographs: dict[str, Path], tmp_path: Path) -> None:
    result = printed(photographs["astronaut"], "silk-twill", CLEAN_M, tmp_path)
    assert result["status"] == "complete"
    assert result["findings"] == []
    assert result["grade"] == {"points_per_100m2": 0.0, "quality": "first"}
    assert result["printed_m"] == pytest.approx(CLEAN_M, abs=0.001)
    assert result["strips"] == STRIPS
    assert [(s["stage"], s["machine"], s["protocol"]) for s in result["stages"]] == [
        ("pretreat", "padder", "modbus-tcp"),
        ("print", "press", "opcua"),
        ("fix", "steamer", "modbus-tcp"),
        ("wash", "washer", "opcua"),
    ]
    assert all(s["state"] == "Complete" and s["metres"] == pytest.approx(CLEAN_M, abs=0.01) for s in result["stages"])
    page = Path(result["report"]).read_text("utf-8")
    assert page.count("data:image/jpeg") == 1 + STRIPS
    assert "first" in page


@pytest.mark.parametrize("repeat", ["straight", "half-drop"] if FULL else ["half-drop"])
@pytest.mark.parametrize("fabric", FABRICS if FULL else ["cotton-sateen"])
def test_faults_are_found_where_they_were_put(
    photographs: dict[str, Path], tmp_path: Path, primed: Callable[[Path], Path], fabric: str, repeat: str
) -> None:
    primed(tmp_path / "rasters")
    faults = f"nozzle_out:ink=0,nozzle={STREAK_NOZZLE},from_m={STREAK_M};spot:at_m={SPOT_M},x_mm={SPOT_MM},d_mm=4"
    design = photographs[FABRICS[fabric]]
    result = printed(design, fabric, LENGTH_M, tmp_path, "--repeat", repeat, "--faults", faults)
    found = {finding["cls"]: finding for finding in result["findings"]}
    assert sorted(found) == ["spot", "streak"], result["findings"]
    assert len(result["findings"]) == 2
    assert found["streak"]["at_m"] * 1000 == pytest.approx(STREAK_M * 1000, abs=WITHIN_MM)
    assert found["streak"]["x_mm"] == pytest.approx(STREAK_NOZZLE * 25.4 / 600, abs=WITHIN_MM)
    assert found["spot"]["at_m"] * 1000 == pytest.approx(SPOT_M * 1000, abs=WITHIN_MM)
    assert found["spot"]["x_mm"] == pytest.approx(SPOT_MM, abs=WITHIN_MM)
    assert result["grade"]["points_per_100m2"] > 0


@pytest.mark.skipif(not FULL, reason="long form only: tests/controller/test_pieces.py stands for it; FOULARD_FULL=1")
def test_a_fault_in_one_of_two_strike_offs_is_told_of_that_one(tmp_path: Path) -> None:
    """Nested beside each other: the spot lies in the second."""
    designs = []
    for name, colour in (("rose", (190, 90, 110)), ("lily", (120, 140, 180))):
        designs.append(tmp_path / f"{name}.png")
        Image.new("RGB", (300, 200), colour).save(designs[-1])
    layout = ["--pieces", "1", "--piece-mm", "300,600", "--gutter-mm", "40,20"]
    faults = f"spot:at_m={SPOT_M},x_mm=800,d_mm=5"
    done = foulard("print", *designs, "--fabric", "silk-twill", *layout, "--faults", faults, "--out", tmp_path / "out",
                   "--json", folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    (spot,) = result["findings"]
    first, second = result["pieces"]
    assert spot["piece"]["name"] == second["name"] != first["name"]
    at = (second["at_m"] * 1000 + spot["piece"]["along_mm"], second["x_mm"] + spot["piece"]["across_mm"])
    assert at == pytest.approx((SPOT_M * 1000, 800), abs=WITHIN_MM)
    assert [(piece["findings"], piece["quality"]) for piece in (first, second)] == [(0, "first"), (1, "second")]
    page = Path(result["report"]).read_text("utf-8")
    assert f"in {second['name']}, " in page


@pytest.mark.skipif(not FULL, reason="long form only: FOULARD_FULL=1")
@pytest.mark.parametrize("fabric", ["cotton-sateen", "polyester-satin"])
def test_clean_prints_on_the_other_fabrics(photographs: dict[str, Path], tmp_path: Path, fabric: str) -> None:
    result = printed(photographs[FABRICS[fabric]], fabric, 2.0, tmp_path)
    assert (result["status"], result["findings"]) == ("complete", [])


BAD = [
    (["--fabric", "velvet", "--length-m", "1"], "velvet"),
    (["--fabric", "silk-twill", "--length-m", "1", "--repeat", "spiral"], "spiral"),
    (["--fabric", "silk-twill", "--length-m", "-1"], "length"),
    (["--fabric", "silk-twill", "--length-m", "1", "--speed", "fast"], "fast"),
    (["--fabric", "silk-twill", "--length-m", "1", "--faults", "spot:at_m=x"], "at_m"),
    (["--fabric", "silk-twill"], "length-m"),
    (["--fabric", "silk-twill", "--length-m", "1", "--width-mm", "9999"], "width"),
]


@pytest.mark.parametrize(("arguments", "says"), BAD if FULL else BAD[::2])
def test_a_bad_order_is_one_line_and_exit_2(
    photographs: dict[str, Path], tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = quick("print", photographs["astronaut"], *arguments, "--out", tmp_path / "out", "--json", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert says in done.stderr


@pytest.mark.parametrize(
    ("command", "name", "content"),
    [
        ("print", "text.png", b"not a picture"),
        ("rip", "empty.png", b""),
        ("print", "cut.png", None),
        ("rip", "missing.png", False),
    ],
)
def test_a_bad_design_is_one_line_and_exit_2(
    photographs: dict[str, Path], tmp_path: Path, command: str, name: str, content: bytes | bool | None
) -> None:
    path = tmp_path / name
    if content is not False:
        path.write_bytes(photographs["astronaut"].read_bytes()[:5000] if content is None else content)
    done = quick(command, path, "--fabric", "silk-twill", "--length-m", "1", "--out", tmp_path / "out", folder=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert name in done.stderr


def test_rip_stops_after_the_raster(photographs: dict[str, Path], tmp_path: Path) -> None:
    done = quick("rip", photographs["coffee"], "--fabric", "cotton-sateen", "--length-m", "1000", "--out", tmp_path,
                   "--json", folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert Path(result["raster"]).stat().st_size < 200e6  # one period, however many metres
    assert Path(result["preview"]).exists()
    assert result["total_rows"] == round(1000_000 * 600 / 25.4)
    assert result["inks"] == ["cyan", "magenta", "yellow", "black"]


def test_inspect_compares_two_pictures(photographs: dict[str, Path], tmp_path: Path) -> None:
    expected = Image.open(photographs["astronaut"])
    captured = expected.copy()
    captured.paste((30, 20, 60), (300, 100, 308, 108))
    captured.save(tmp_path / "captured.png")
    done = quick("inspect", photographs["astronaut"], tmp_path / "captured.png", "--mm-per-px", "0.5", "--json",
                   folder=tmp_path)  # fmt: skip
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["cls"] == "spot"
    assert (finding["x_mm"], finding["at_m"] * 1000) == pytest.approx((152.0, 52.0), abs=2)
    smaller = tmp_path / "smaller.png"
    expected.resize((100, 100)).save(smaller)
    refused = quick("inspect", photographs["astronaut"], smaller, "--mm-per-px", "0.5", folder=tmp_path)
    assert refused.returncode == 2
    assert "100" in refused.stderr
