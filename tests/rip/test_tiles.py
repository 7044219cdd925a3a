"""Pictures of a layout: at every zoom they show the very drops of the raster."""

import dataclasses
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rip
from rip.appearance import proof
from rip.cells import levels_in, mean_cells
from rip.dots import dots
from rip.inkmap import HATCH_COLOUR, OVER_COLOUR, heat_colours
from rip.inkuse import PRICE_PER_L, area_ink, ink_use
from rip.overlay import Overlays, Patch
from rip.pyramid import AREA_LEVEL, BASE_LEVEL, PEAK_PCT, Pyramid, find_pyramid, load_pyramid
from rip.raster import write_job
from rip.tiles import TILE_PX, VIEWS, TileError, Zoom, tile
from rip.writer import RasterWriter

WIDTH, PERIOD = 1181, 1387
VOLUMES = (0.0, 0.28, 0.61, 1.0)


def cloudy(inks: int, rows: int, width: int, levels: int = 4) -> np.ndarray:
    """Drops of soft clouds with sharp edges: uint8 (inks, rows, width)."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:rows, 0:width]
    tone = np.stack([
        0.45 + 0.4 * np.sin(x / (61 + 19 * ink)) * np.cos(y / (83 - 11 * ink)) + 0.15 * ((x // 97 + y // 131) % 2)
        for ink in range(inks)
    ])  # fmt: skip
    tone[:, : rows // 9] = 0
    return np.clip(tone * (levels - 0.5) + rng.random(tone.shape) - 0.7, 0, levels - 1).astype(np.uint8)


def written(path, drops: np.ndarray, *, bits: int = 2, wraps: bool = True) -> rip.Raster:
    inks, rows, width = drops.shape
    volumes = VOLUMES if bits == 2 else tuple(np.linspace(0, 1, 8).tolist())
    names = [{"name": name} for name in INKS[:inks]]
    meta = {"key": path.stem, "width_px": width, "period_rows": rows, "dpi": 300, "bits": bits, "drop_pl": 18.0,
            "drop_volumes": list(volumes), "inks": names, "wraps": wraps}  # fmt: skip
    per_byte = 8 // bits
    packed = np.pad(drops, ((0, 0), (0, 0), (0, -width % per_byte)))
    shifted = [packed[..., place::per_byte] << (8 - bits * (place + 1)) for place in range(per_byte)]
    with RasterWriter(path, meta) as writer:
        for first in range(0, rows, 64):
            writer.write(first, np.bitwise_or.reduce(shifted)[:, first : first + 64].astype(np.uint8))
        writer.finish()
    return rip.Raster.open(path)


INKS = ("cyan", "magenta", "yellow", "black")


@pytest.fixture(scope="module")
def raster(tmp_path_factory) -> rip.Raster:
    return written(tmp_path_factory.mktemp("tiles") / "clouds.tif", cloudy(4, PERIOD, WIDTH))


def volumes_of(raster: rip.Raster, start: int, count: int, left: int = 0, right: int | None = None) -> np.ndarray:
    return np.array(raster.drop_volumes)[raster.rows(start, count)[:, :, left:right]]


def mosaic(raster, condition, rows: int, level: int, view="proof") -> np.ndarray:
    columns, lines = Zoom(raster.width_px, rows).tiles(level)
    return np.concatenate(
        [
            np.concatenate([tile(raster, condition, rows, level, at, line, view) for at in range(columns)], axis=1)
            for line in range(lines)
        ]
    )


def plain_means(volumes: np.ndarray, side: int) -> np.ndarray:
    """Means of squares, cut ones included."""
    _, height, width = volumes.shape
    rows, columns = range(0, height, side), range(0, width, side)
    sums = np.add.reduceat(np.add.reduceat(volumes, rows, axis=1), columns, axis=2)
    down = np.minimum(side, height - np.array(rows))
    across = np.minimum(side, width - np.array(columns))
    return sums / (down[:, None] * across)


# -- cells and pyramid ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 4])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_cells_are_the_means_of_the_drops_in_any_window(tmp_path_factory, bits, data):
    path = tmp_path_factory.getbasetemp() / f"window-{bits}.tif"
    one = (
        rip.Raster.open(path) if path.exists() else written(path, cloudy(2, 90, 131, 4 if bits == 2 else 8), bits=bits)
    )
    step = data.draw(st.sampled_from([1, 2, 4, 8, 16, 32]))
    start, count = data.draw(st.integers(0, 400)), data.draw(st.integers(1, 150))
    left = 4 * data.draw(st.integers(0, 30))
    right = data.draw(st.sampled_from([131, *range(left + step, 131, step)]))
    wanted = volumes_of(one, start, count, left, right)
    np.testing.assert_allclose(mean_cells(one, start, count, step, left, right), plain_means(wanted, step), atol=6e-4)
    assert np.array_equal(levels_in(one, start, count, left, right), one.rows(start, count)[:, :, left:right])


def test_every_level_of_the_pyramid_is_the_mean_of_its_cells_and_the_peak_of_its_areas(raster):
    pyramid = load_pyramid(raster)
    volumes = volumes_of(raster, 0, PERIOD)
    areas = plain_means(volumes, 1 << AREA_LEVEL).sum(axis=0) * 100
    assert pyramid.shape(pyramid.top) == (1, 1)
    for level in range(BASE_LEVEL, pyramid.top + 1):
        means = plain_means(volumes, 1 << level)
        np.testing.assert_allclose(pyramid.cells(level).transpose(1, 0, 2) / 255, means, atol=0.5 / 255 + 6e-4)
        if level >= AREA_LEVEL:
            side = 1 << (level - AREA_LEVEL)
            highest = [[areas[y : y + side, x : x + side].max() for x in range(0, areas.shape[1], side)]
                       for y in range(0, areas.shape[0], side)]  # fmt: skip
            np.testing.assert_allclose(pyramid.peaks(level) * PEAK_PCT, highest, atol=0.2)
    counted = np.bincount(np.rint(areas).astype(int).ravel())
    assert abs(np.array([n for _, n in pyramid.area_pct]).sum() - counted.sum()) == 0
    assert max(pct for pct, _ in pyramid.area_pct) == pytest.approx(areas.max(), abs=1)


def test_one_thread_makes_the_same_pyramid_and_it_is_found_again(raster, tmp_path):
    again = written(tmp_path / "again.tif", raster.rows(0, PERIOD))
    assert find_pyramid(again) is None
    made = load_pyramid(again, threads=1)
    same = load_pyramid(raster)
    assert made.area_pct == same.area_pct
    assert all(np.array_equal(made.cells(level), same.cells(level)) for level in range(BASE_LEVEL, made.top + 1))
    found = find_pyramid(again)
    assert isinstance(found, Pyramid)
    assert found.area_pct == made.area_pct
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.pyramid", "again.tif"]


@pytest.mark.parametrize("damage", ["cut", "other raster", "no JSON", "empty"])
def test_a_pyramid_that_is_not_sound_is_made_again(raster, tmp_path, damage):
    one = written(tmp_path / "one.tif", cloudy(1, 100, 90))
    path = load_pyramid(one).path
    match damage:
        case "cut":
            os.truncate(path, path.stat().st_size - 1)
        case "other raster":
            path.write_bytes(load_pyramid(raster).path.read_bytes())
        case "no JSON":
            path.write_bytes(b"\xff" * path.stat().st_size)
        case "empty":
            path.write_bytes(b"")
    assert find_pyramid(one) is None
    np.testing.assert_allclose(load_pyramid(one).cells(9)[0, 0, 0] / 255, volumes_of(one, 0, 100).mean(), atol=3e-3)


# -- tiles ---------------------------------------------------------------------------------------------------------


@given(level=st.integers(-2, 20), column=st.integers(-1, 6), row=st.integers(-1, 6), view=st.sampled_from(VIEWS))
@settings(max_examples=120, deadline=None)
def test_a_tile_has_its_size_or_there_is_none(raster, silk, level, column, row, view):
    rows = 3000
    zoom = Zoom(WIDTH, rows)
    inside = 0 <= level < zoom.levels and 0 <= column < zoom.tiles(level)[0] and 0 <= row < zoom.tiles(level)[1]
    if not inside:
        with pytest.raises(TileError, match=r"level -?\d+ (is not in|has) "):
            tile(raster, silk, rows, level, column, row, view)
        return
    width, height = zoom.size(level)
    picture = tile(raster, silk, rows, level, column, row, view)
    assert picture.dtype == np.uint8
    assert picture.shape == (min(TILE_PX, height - row * TILE_PX), min(TILE_PX, width - column * TILE_PX), 3)


def test_levels_halve_down_to_one_pixel(silk):
    zoom = Zoom(32126, 23_622_047)
    assert zoom.size(0) == (1, 1)
    assert zoom.size(zoom.one_to_one) == (32126, 23_622_047)
    assert zoom.size(zoom.levels - 1) == (32126 * 16, 23_622_047 * 16)
    for level in range(zoom.levels - 1):
        assert all(
            -(-finer // 2) == coarser for finer, coarser in zip(zoom.size(level + 1), zoom.size(level), strict=True)
        )


@pytest.mark.parametrize("shrink", [0, 1, 2, 3])
def test_fine_tiles_are_the_proof_of_the_rows_of_the_job_without_seams(raster, silk, shrink):
    rows = PERIOD + 700
    whole = plain_means(volumes_of(raster, 0, rows), 1 << shrink) if shrink else volumes_of(raster, 0, rows)
    picture = mosaic(raster, silk, rows, Zoom(WIDTH, rows).one_to_one - shrink)
    assert np.abs(picture.astype(int) - proof(whole.astype(np.float32), silk)).max() <= 1


@pytest.mark.parametrize("shrink", [4, 5, 6, 8, 10])
def test_coarse_tiles_are_the_proof_of_the_mean_in_every_period(raster, silk, shrink):
    rows = 5 * PERIOD + 331
    side = 1 << shrink
    wanted = proof(plain_means(volumes_of(raster, 0, rows), side).astype(np.float32), silk).astype(int)
    picture = mosaic(raster, silk, rows, Zoom(WIDTH, rows).one_to_one - shrink).astype(int)
    first = PERIOD // side
    assert np.abs(picture[:first] - wanted[:first]).max(initial=0) <= 3  # eight bits of coverage
    assert np.abs(picture - wanted).mean() < 1.5
    assert np.abs(picture - wanted).max() < 60  # a sharp edge, half a pixel off


def test_a_roll_of_a_thousand_metres_is_drawn_from_its_period(raster, silk):
    rows = 23_622_047
    zoom = Zoom(WIDTH, rows)
    mean = proof(volumes_of(raster, 0, PERIOD).mean(axis=(1, 2), keepdims=True).astype(np.float32), silk)[0, 0]
    for level in range(zoom.one_to_one - 10):
        columns, lines = zoom.tiles(level)
        for view in VIEWS:
            picture = tile(raster, silk, rows, level, columns - 1, lines - 1, view)
            assert picture.shape[0] == zoom.size(level)[1] - (lines - 1) * TILE_PX
        assert np.abs(tile(raster, silk, rows, level, 0, 0).mean(axis=(0, 1)) - mean).max() < 12


def test_a_sheet_ends_where_it_ends(tmp_path, silk):
    sheet = written(tmp_path / "sheet.tif", cloudy(4, 300, 200), wraps=False)
    assert tile(sheet, silk, 300, 0, 0, 0).shape == (1, 1, 3)
    with pytest.raises(ValueError, match="301 rows of a sheet that has 300"):
        tile(sheet, silk, 301, 0, 0, 0)


# -- single drops --------------------------------------------------------------------------------------------------


def test_drops_are_dots_in_the_colour_of_their_ink_on_white_cloth(tmp_path, silk):
    drops = np.random.default_rng(3).choice(4, (4, 64, 64), p=[0.97, 0.01, 0.01, 0.01]).astype(np.uint8)
    sparse = written(tmp_path / "sparse.tif", drops)
    white, solids = solid_colours(silk)
    blocks = mosaic(sparse, silk, 64, Zoom(64, 64).levels - 1).reshape(64, 16, 64, 16, 3).swapaxes(1, 2)
    edged = np.pad(drops, ((0, 0), (1, 1), (1, 1)))
    around = np.stack([edged[:, y : y + 64, x : x + 64] for y in range(3) for x in range(3)], axis=1) > 0
    assert (blocks[~around.any(axis=(0, 1))] == white).all()
    for ink in range(4):
        lone = around[ink, 4] & (around.sum(axis=(0, 1)) == 1)
        assert lone.sum() > 10
        assert (np.abs(blocks[:, :, 7:9, 7:9][lone].astype(int) - solids[ink]) <= 1).all()
        assert (blocks[:, :, 0, 0][lone & (drops[ink] < 3)] == white).all()


def solid_colours(condition: rip.Condition) -> tuple[np.ndarray, np.ndarray]:
    solids = np.concatenate([np.zeros((4, 1)), np.eye(4)], axis=1).astype(np.float32)[:, None]
    colours = proof(solids, condition)[0].astype(int)
    return colours[0], colours[1:]


def test_a_dot_has_the_area_of_its_drop_and_is_round():
    for level in (1, 2, 3):
        lone = np.zeros((1, 5, 5), np.uint8)
        lone[0, 2, 2] = level
        dot = dots(lone, VOLUMES, 4)[0]
        assert dot.sum() / 256 == pytest.approx(VOLUMES[level] * np.pi / 2, rel=0.02)
        assert np.array_equal(dot, dot[::-1])
        assert np.array_equal(dot, dot.T)
        y, x = np.mgrid[0:48, 0:48] - 23.5
        radius = 8 * np.sqrt(2 * VOLUMES[level])
        assert (dot[np.hypot(y, x) < radius - 1] == 1).all()
        assert (dot[np.hypot(y, x) > radius + 1] == 0).all()


@pytest.mark.parametrize("doublings", [0, 1, 2, 3, 4])
def test_dots_do_not_change_at_the_border_of_a_tile(doublings):
    drops = np.pad(cloudy(2, 24, 20), ((0, 0), (1, 1), (1, 1)))
    whole = dots(drops, VOLUMES, doublings)
    right = dots(drops[:, :, 10:], VOLUMES, doublings)
    assert np.array_equal(whole[:, :, 10 << doublings :], right)


@pytest.mark.parametrize("tones", [(0.1, 0.1, 0.2, 0.0), (0.27, 0.48, 0.6, 0.0), (0.87, 0.57, 0.45, 0.4)])
def test_the_tone_stays_from_zoom_to_zoom(tmp_path, silk, tones):
    flat = written(tmp_path / "flat.tif", screened(tones, 512))
    zoom = Zoom(512, 512)
    looks = {shrink: mean_look(tile(flat, silk, 512, zoom.one_to_one - shrink, 0, 0)) for shrink in range(5, -4, -1)}
    for shrink, look in looks.items():
        assert np.abs(look - looks[5]).max() < (5 if shrink >= 0 else 16), (shrink, looks)


def screened(tones: tuple[float, ...], side: int) -> np.ndarray:
    """Flat tones in drops of mixed size, spread by a golden-ratio lattice: uint8 (inks, side, side)."""
    y, x = np.mgrid[0:side, 0:side]
    drops = []
    for ink, tone in enumerate(tones):
        threshold = ((x + 31 * ink) * 0.7548776662 + (y + 17 * ink) * 0.5698402910) % 1
        upper = int(np.searchsorted(VOLUMES, tone, side="left"))
        lower = max(upper - 1, 0)
        share = (tone - VOLUMES[lower]) / (VOLUMES[upper] - VOLUMES[lower]) if upper > lower else 0
        drops.append(np.where(threshold < share, upper, lower))
    return np.stack(drops).astype(np.uint8)


def mean_look(picture: np.ndarray) -> np.ndarray:
    code = picture.reshape(-1, 3) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).mean(axis=0)
    return 255 * (1.055 * linear ** (1 / 2.4) - 0.055)


# -- ink maps and ink use ------------------------------------------------------------------------------------------


def test_more_ink_is_always_darker_on_the_heat_map():
    linear = (heat_colours().astype(float) / 255) ** 2.2
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(np.convolve(luminance, np.ones(4) / 4, "valid")) < 0).all()
    assert luminance[0] > 0.8
    assert luminance[-1] < 0.03


def test_one_area_over_the_limit_is_seen_at_every_zoom(tmp_path, silk):
    drops = np.zeros((4, 900, 800), np.uint8)
    drops[:, 320:336, 160:176] = 3
    spot = written(tmp_path / "spot.tif", drops)
    zoom = Zoom(800, 2500)
    for level in range(zoom.levels):
        at = [int(pixel * 2.0 ** (level - zoom.one_to_one)) for pixel in (168, 328 + 900)]
        picture = tile(spot, silk, 2500, level, at[0] // TILE_PX, at[1] // TILE_PX, "limit")
        over = [(picture == colour).all(axis=2).any() for colour in (OVER_COLOUR, HATCH_COLOUR)]
        assert any(over), level
    area = area_ink(load_pyramid(spot), silk)
    assert area.highest_pct == 400
    assert area.over == pytest.approx(1 / (57 * 50))
    assert area.near == 0


def test_ink_use_is_what_the_drops_are(raster, silk):
    condition = dataclasses.replace(silk, width_mm=WIDTH / 300 * 25.4)
    rows = 3 * PERIOD + 100
    drops_ml = volumes_of(raster, 0, rows).sum(axis=(1, 2)) * 18e-9
    ml = dict(zip(raster.inks, drops_ml.tolist(), strict=True))
    inks = ink_use(ml, condition, rows, price_per_l=50)
    for ink, wanted in zip(inks, volumes_of(raster, 0, rows).mean(axis=(1, 2)), strict=True):
        assert ink.coverage == pytest.approx(wanted)
        assert ink.cost == pytest.approx(ink.ml / 1000 * 50)
    assert [ink.name for ink in inks] == list(raster.inks)
    assert ink_use(ml, condition, rows)[0].cost == pytest.approx(ml["cyan"] / 1000 * PRICE_PER_L)


# -- overlays ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["clear", "knock-out", "overprint"])
def test_overlays_lie_over_every_zoom_and_not_in_the_pyramid(raster, silk, ground):
    bar = np.zeros((150, 400), np.uint8)
    bar[:, ::2], bar[40:90] = 2, 3
    patches = [Patch("bar", 200, 333, bar, (3,), ground, every_rows=900), Patch("once", 1200, 0, bar, (0, 1), ground)]
    overlays = Overlays(patches, width_px=WIDTH, inks=4, levels=4, bits=2)
    rows = PERIOD
    job = write_job(raster.planes_path.with_name(f"{ground}.json"), raster, overlays, rows)
    assert load_pyramid(job).path == load_pyramid(raster).path
    for shrink in (2, 4, 5, 6):
        side = 1 << shrink
        wanted = proof(plain_means(volumes_of(job, 0, rows), side).astype(np.float32), silk).astype(int)
        level = Zoom(WIDTH, rows).one_to_one - shrink
        picture = mosaic(job, silk, rows, level).astype(int)
        bare = mosaic(raster, silk, rows, level).astype(int)
        error, change = np.abs(picture - wanted), np.abs(bare - wanted)
        assert error.mean() < change.mean() / 6
        assert error.max() < change.max() / 2
