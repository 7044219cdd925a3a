"""The layout of a job over a real socket: its size, what it takes, and its picture tile by tile."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from controller.work import LayoutTask, TileTask, draw_tile, survey, surveyed
from hmi.schemas import LayoutView
from recipes import freeze, recipe
from rip import RasterError
from tests.hmi.serving import Server


@pytest.fixture(scope="module")
def prepared(server: Server) -> Iterator[tuple[httpx.Client, str]]:
    """A signed-in client and the path of a job whose design is prepared."""
    data = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((72, 60)).save(data, "PNG", dpi=(50, 50))
    with server.signed_in() as client:
        job = client.post("/api/v1/jobs", data={"fabric": "silk-twill", "length_m": "0.5"},
                          files={"design": ("disc.png", data.getvalue(), "image/png")}).json()  # fmt: skip
        path = f"/api/v1/jobs/{job['id']}"
        with client.stream("GET", "/api/v1/events") as stream:
            for line in stream.iter_lines():
                event = json.loads(line[6:]) if line.startswith("data: ") else {}
                if event.get("kind") in ("job", "beat") and client.get(path).json()["has_preview"]:
                    break
        yield client, path


@pytest.fixture
def layout(prepared: tuple[httpx.Client, str]) -> LayoutView:
    answer = prepared[0].get(f"{prepared[1]}/layout")
    assert answer.status_code == 200, answer.text
    return LayoutView.model_validate(answer.json())


def test_a_layout_says_its_size_and_what_it_takes(prepared: tuple[httpx.Client, str], layout: LayoutView) -> None:
    client, path = prepared
    job = client.get(path).json()
    assert layout.width_px == round(1360 / 25.4 * 600)
    assert layout.total_rows == round(500 / 25.4 * 600)
    assert layout.mm_per_px == pytest.approx(25.4 / 600)
    assert layout.period_rows < layout.total_rows
    assert [(ink.name, ink.ml) for ink in layout.inks] == [(ink["name"], ink["planned_ml"]) for ink in job["inks"]]
    assert all(0 < ink.coverage < 1 for ink in layout.inks)
    assert layout.cost == pytest.approx(sum(ink.ml for ink in layout.inks) / 1000 * layout.price_per_l, rel=0.01)
    assert 0 < layout.area.highest_pct <= layout.area.limit_pct * 1.02
    assert layout.area.over == 0
    assert len(set(layout.legend.coverage)) == 9


def test_the_price_of_a_litre_is_for_the_reader_to_say(prepared: tuple[httpx.Client, str], layout: LayoutView) -> None:
    client, path = prepared
    dear = client.get(f"{path}/layout", params={"price_per_l": 10 * layout.price_per_l}).json()
    assert dear["cost"] == pytest.approx(10 * layout.cost, rel=0.01)
    for price in ("-1", "nan", "free"):
        assert client.get(f"{path}/layout", params={"price_per_l": price}).status_code == 422


@pytest.mark.parametrize("view", ["proof", "coverage", "limit"])
def test_tiles_of_every_level_are_pictures(prepared: tuple[httpx.Client, str], layout: LayoutView, view: str) -> None:
    client, path = prepared
    for level in range(layout.levels):
        answer = client.get(f"{path}/tiles/{view}/{level}/0_0.jpg")
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "image/jpeg"
        scale = 2.0 ** (level - layout.one_to_one)
        wanted = [min(layout.tile_px, -int(-side * scale // 1)) for side in (layout.width_px, layout.total_rows)]
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == tuple(max(1, side) for side in wanted)


def test_a_tile_is_kept_by_the_browser_and_never_made_twice(
    prepared: tuple[httpx.Client, str], layout: LayoutView
) -> None:
    client, path = prepared
    url = f"{path}/tiles/proof/3/0_0.jpg"
    named = client.get(url, params={"v": layout.version})
    assert named.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    for version in ("", "of-another-raster"):
        assert client.get(url, params={"v": version}).headers["Cache-Control"] == "private, no-cache"
    again = client.get(url, headers={"If-None-Match": named.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(url, headers={"If-None-Match": '"other"'}).content == named.content


def test_what_is_not_there_is_404_and_what_is_no_number_is_422(
    prepared: tuple[httpx.Client, str], layout: LayoutView
) -> None:
    client, path = prepared
    for place in (f"{layout.levels}/0_0", "0/1_0", "0/0_1", f"{layout.one_to_one}/99999_0", f"{2**31 - 1}/0_0"):
        answer = client.get(f"{path}/tiles/proof/{place}.jpg")
        assert answer.status_code == 404, place
        assert "level" in answer.json()["detail"]
    for place in ("proof/0/0_x", "proof/-1/0_0", f"proof/{2**40}/0_0", "photograph/0/0_0"):
        assert client.get(f"{path}/tiles/{place}.jpg").status_code == 422, place
    assert client.get("/api/v1/jobs/999999/layout").status_code == 404
    assert client.get("/api/v1/jobs/999999/tiles/proof/0/0_0.jpg").status_code == 404


def test_a_raster_that_is_gone_is_said_in_one_line(tmp_path: Path) -> None:
    control = freeze(recipe("silk-twill")).model_dump(mode="json")
    gone = LayoutTask(tmp_path / "gone.tif", "0" * 64, control, 32126, 1000)
    assert surveyed(gone) is None
    for work, task in ((survey, gone), (draw_tile, TileTask(gone, "proof", 0, 0, 0))):
        with pytest.raises(RasterError, match=r"^gone\.tif: no such raster: prepare the design again$"):
            work(task)
