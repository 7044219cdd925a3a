"""`foulard rip` on a press of its own: what its options change in the drops."""

import json
from pathlib import Path

import pytest
from PIL import Image

import rip
from hmi.errors import BadInput
from hmi.offline import RipRequest, rip_designs


@pytest.fixture(scope="session")
def blue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blue") / "blue.png"
    Image.new("RGB", (40, 40), (40, 60, 120)).save(path, dpi=(25.4, 25.4))
    return path


def request(design: Path, **options: object) -> RipRequest:
    return RipRequest((design,), "silk-twill", rip.Layout(), 0.1, dpi=300, print_width_mm=80, **options)  # type: ignore[arg-type]


def test_a_nozzle_file_and_dead_nozzles_named_beside_it_add_up(blue: Path, tmp_path: Path) -> None:
    file = tmp_path / "nozzles.json"
    file.write_text(json.dumps({"dead": {"cyan": [100]}, "gain": {"black": [0.0] * 945}}))
    made = rip_designs(request(blue, nozzles=file, dead="cyan=200"), tmp_path)
    cyan, _, _, black = rip.Raster.open(Path(made["raster"])).rows(0, 100)
    assert not cyan[:, [100, 200]].any()
    assert cyan[:, 300].any()
    assert not black.any()


@pytest.mark.parametrize("content", ['{"dead": {"mauve": [1]}}', None])
def test_a_nozzle_file_that_cannot_be_used_is_one_line(blue: Path, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "nozzles.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadInput, match=r"--nozzles .*nozzles\.json"):
        rip_designs(request(blue, nozzles=file), tmp_path)
