"""Layouts as values, and printed: repeats, pieces, marks, other colours, turned and mirrored jobs."""

import dataclasses
import json
import re

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

import rip
from rip.appearance import predicted_lab
from rip.colour import delta_e00
from rip.lettering import code_modules
from rip.table import palette_table
from tests.rip.samples import inks, tiff

FLAG = ((200, 30, 40), (30, 60, 160), (250, 250, 250), (20, 90, 50))


@pytest.fixture(scope="session")
def flag(tmp_path_factory):
    """Four flat quarters, all different: it shows how it lies. 20 × 10 mm at 254 dpi."""
    path = tmp_path_factory.mktemp("flag") / "flag.png"
    picture = np.zeros((100, 200, 3), np.uint8)
    for number, colour in enumerate(FLAG):
        row, column = divmod(number, 2)
        picture[50 * row : 50 * row + 50, 100 * column : 100 * column + 100] = colour
    Image.fromarray(picture).save(path, dpi=(254, 254))
    return path


def go(designs, silk, cache, **options):
    arguments = {"length_m": 0.2} | {name: options.pop(name) for name in set(options) - set(rip.Layout.model_fields)}
    return rip.rip(designs, silk, layout=rip.Layout(**options), folder=cache, **arguments)


def look(raster, silk, rows=None):
    """The print in 8 × 8 cells as it looks, float (rows, columns, 3)."""
    return rip.proof(raster.coverage(0, rows or raster.period_rows, 8), silk).astype(float)


def test_a_layout_is_told_by_what_differs_from_the_defaults():
    values = {"pieces": 4, "piece_mm": [900.0, 900.0], "marks": ["codes"], "gap_colour": "#102030"}
    layout = rip.read_layout(json.dumps(values))
    assert layout.stated() == values
    assert rip.read_layout(layout.stated()) == layout
    assert layout.ground == (16, 32, 48)
    assert rip.Layout().stated() == {}


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"repeat": "spiral"}, "repeat", "spiral"),
        ({"repeat": "drop:1/0"}, "repeat", "1/0"),
        ({"pieces": 0}, "pieces", "0 was given"),
        ({"piece_mm": [90, 90]}, "layout", "by the piece"),
        ({"pieces": 2, "width_mm": 30}, "layout", "piece_mm"),
        ({"turn": 45}, "turn", "45"),
        ({"turn": 90, "pieces": 1, "piece_mm": [900, 900], "shawl": {"corner_mm": 90, "edge_mm": [30, 60]}}, "layout",
         "turned"),
        ({"marks": ["codes", "codes"]}, "layout", "twice"),
        ({"gap_mm": [float("nan"), 0]}, "gap_mm", "finite"),
        ({"colourway": {"replace": {"#red": [50, 0, 0]}}}, "colourway", "#red"),
        ({"spiral": 1}, "spiral", "unknown"),
        ("[]", "layout", "layout"),
        ("{", "layout", "JSON"),
    ],
)  # fmt: skip
def test_an_impossible_layout_is_refused_in_one_line_that_names_the_field(values, field, says):
    with pytest.raises(rip.LayoutError, match=says) as error:
        rip.read_layout(values)
    assert error.value.field == field
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["none", "across", "along", "both"])
def test_the_whole_job_is_turned_and_mirrored(flag, silk, cache, turn, flip):
    raster = go(flag, silk, cache, turn=turn, flip=flip, pieces=1, gutter_mm=(0, 0))
    (piece,) = raster.meta["pieces"]
    printed = raster.rows(piece["y"], piece["height"])[:, :, piece["x"] : piece["x"] + piece["width"]].mean(axis=0)
    tall, wide = printed.shape
    quarters = [
        [printed[row * tall // 2 :][: tall // 2, column * wide // 2 :][:, : wide // 2].mean() for column in (0, 1)]
        for row in (0, 1)
    ]
    straight = go(flag, silk, cache, pieces=1, gutter_mm=(0, 0))
    (piece,) = straight.meta["pieces"]
    whole = straight.rows(piece["y"], piece["height"])[:, :, piece["x"] : piece["x"] + piece["width"]].mean(axis=0)
    high, broad = whole.shape
    wanted = np.array(
        [
            [whole[row * high // 2 :][: high // 2, column * broad // 2 :][:, : broad // 2].mean() for column in (0, 1)]
            for row in (0, 1)
        ]
    )
    wanted = np.rot90(wanted, -turn // 90)
    wanted = wanted[:, ::-1] if flip in ("across", "both") else wanted
    wanted = wanted[::-1] if flip in ("along", "both") else wanted
    assert np.array(quarters) == pytest.approx(wanted, abs=0.03)


def test_a_turned_repeat_is_the_repeat_of_the_turned_design(flag, silk, cache, tmp_path):
    turned = tmp_path / "turned.png"
    Image.open(flag).transpose(Image.Transpose.ROTATE_270).save(turned, dpi=(254, 254))
    one = go(flag, silk, cache, turn=90, width_mm=30)
    other = go(turned, silk, cache, width_mm=15)
    assert one.period_rows == other.period_rows
    difference = np.abs(look(one, silk) - look(other, silk)).mean(axis=2)
    assert np.percentile(difference, 90) < 3


def test_pieces_keep_their_names_and_marks_lie_beside_them(flag, silk, cache):
    raster = go(flag, silk, cache, pieces=7, piece_mm=(20, 10), gutter_mm=(4, 20), label=("FOULARD 7", "flag"),
                names=("Tricolore",), marks=("crop-ticks", "centre-crosses", "codes"))  # fmt: skip
    pieces = raster.meta["pieces"]
    assert [piece["name"] for piece in pieces[:7]] == [f"Tricolore {number}" for number in range(1, 8)]
    assert all(piece["name"].startswith("Tricolore spare") for piece in pieces[7:])
    assert raster.total_rows() >= pieces[-1]["y"] + pieces[-1]["height"]
    bare = raster.bare
    for piece in pieces:
        box = slice(piece["x"], piece["x"] + piece["width"])
        rows = piece["y"], piece["height"]
        assert np.array_equal(raster.rows(*rows)[:, :, box], bare.rows(*rows)[:, :, box]), "a mark lies on a piece"
    second = pieces[1]
    modules = code_modules("FOULARD 7/Tricolore 2")
    below = raster.rows(second["y"] + second["height"], 236)[3, :, second["x"] : second["x"] + second["width"]] > 0
    side = next(n for n in range(20, 0, -1) if holds(below, np.kron(modules, np.ones((n, n), bool))))
    assert 25.4 / silk.dpi * side >= 0.4


def holds(picture, pattern):
    """Whether the pattern lies somewhere in the picture."""
    if any(small > large for small, large in zip(pattern.shape, picture.shape, strict=True)):
        return False
    windows = np.lib.stride_tricks.sliding_window_view(picture, pattern.shape)
    return bool((windows == pattern).all(axis=(2, 3)).any())


def test_marks_of_a_job_by_the_metre_end_with_it_and_stay_within_the_limit(flag, silk, cache):
    marks = ("header", "colour-bar", "nozzle-bars", "cut-lines", "codes", "metres")
    raster = go(flag, silk, cache, length_m=1.3, width_mm=20, marks=marks, label=("FOULARD 8", "flag", "silk"))
    rows = raster.total_rows()
    assert rows == round(1300 / 25.4 * silk.dpi)
    assert raster.bare.path == go(flag, silk, cache, length_m=0.3, width_mm=20).path, "marks cost a second raster"
    levels = raster.rows(0, rows)
    assert not np.array_equal(levels, raster.bare.rows(0, rows))
    assert raster.coverage(0, rows, 16).sum(axis=0).max() * 100 <= silk.total_limit_pct + 1
    assert np.array_equal(raster.rows(rows, 50), raster.bare.rows(rows, 50)), "a mark lies behind the end"


def test_marks_without_room_are_refused(flag, silk, cache):
    with pytest.raises(rip.LayoutError, match="gutter") as error:
        go(flag, silk, cache, pieces=3, piece_mm=(20, 10), marks=("nozzle-bars",))
    assert error.value.field == "marks"
    with pytest.raises(rip.LayoutError, match="rows"):
        go(flag, silk, cache, length_m=0.01, marks=("nozzle-bars", "header"))


def test_several_designs_are_nested_and_each_keeps_its_own_colours(flag, photo, silk, cache):
    raster = go([flag, photo], silk, cache, pieces=2, gutter_mm=(5, 5), piece_mm=(20, 20), names=("flag", "photo"))
    assert {piece["name"] for piece in raster.meta["pieces"]} == {"flag 1", "flag 2", "photo 1", "photo 2"}
    assert raster.total_rows() == raster.period_rows
    assert not raster.rows(raster.period_rows, 10).any()
    alone = go(flag, silk, cache, pieces=1, piece_mm=(20, 20), gutter_mm=(5, 5))
    means = []
    for sheet, name in ((raster, "flag 1"), (alone, "flag 1")):
        (piece,) = (one for one in sheet.meta["pieces"] if one["name"] == name)
        drops = sheet.rows(piece["y"], piece["height"])[:, :, piece["x"] : piece["x"] + piece["width"]]
        means.append(np.array(silk.drop_volumes)[drops].mean(axis=(1, 2)))
    assert means[0] == pytest.approx(means[1], abs=0.002)
    with pytest.raises(rip.LayoutError, match="how many pieces"):
        go([flag, photo], silk, cache)


def test_designs_of_different_modes_lie_on_one_sheet(flag, silk, cache, tmp_path):
    plates = tmp_path / "plates.tif"
    Image.new("CMYK", (100, 100), (255, 0, 0, 0)).save(plates, dpi=(254, 254))
    raster = go([flag, plates], silk, cache, pieces=1, gutter_mm=(5, 5), names=("flag", "plates"))
    (piece,) = (one for one in raster.meta["pieces"] if one["name"] == "plates")
    drops = raster.rows(piece["y"], piece["height"])[:, :, piece["x"] : piece["x"] + piece["width"]]
    assert (drops[0] == 3).all()
    assert not drops[1:].any()
    assert not raster.rows(0, 20).any(), "the ground takes ink"


def test_a_shawl_is_composed_of_its_motifs(flag, photo, silk, cache):
    with pytest.raises(rip.LayoutError, match="corner, an edge"):
        go(flag, silk, cache, pieces=1, piece_mm=(80, 80), shawl={"corner_mm": 20, "edge_mm": (20, 15)})
    raster = go([photo, flag, flag], silk, cache, pieces=1, piece_mm=(80, 80), gutter_mm=(0, 0),
                shawl={"corner_mm": 20, "edge_mm": (20, 15), "corners": "turned"})  # fmt: skip
    (piece,) = raster.meta["pieces"]
    drops = raster.rows(piece["y"], piece["height"])[:, :, piece["x"] : piece["x"] + piece["width"]]
    tone = np.array(silk.drop_volumes)[drops].mean(axis=0)
    side, corner = tone.shape[0], raster.meta["tile_w_px"]
    upper_left, lower_right = tone[:corner, :corner], tone[side - corner :, side - corner :][::-1, ::-1]
    cells = corner // 20 * 20
    means = [
        part[:cells, :cells].reshape(cells // 20, 20, -1, 20).mean(axis=(1, 3)) for part in (upper_left, lower_right)
    ]
    assert means[0] == pytest.approx(means[1], abs=0.03)


def test_colours_are_replaced_by_lab_by_recipe_and_by_name(flag, silk, cache):
    colourway = {
        "replace": {
            "#c81e28": {"cyan": 40, "yellow": 60},
            "#1e3ca0": "rose",
            "#010203": {"black": 50},
        },
        "colours": {"rose": [62.0, 30.0, 5.0]},
    }
    raster = go(flag, silk, cache, pieces=1, piece_mm=(20, 10), gutter_mm=(0, 0), colourway=colourway)
    (piece,) = raster.meta["pieces"]
    drops = raster.rows(piece["y"], piece["height"])[:, :, piece["x"] : piece["x"] + piece["width"]]
    quarter = np.array(silk.drop_volumes)[drops[:, 5:55, 5:105]].mean(axis=(1, 2))
    assert quarter == pytest.approx([0.4, 0, 0.6, 0], abs=0.01)
    assert raster.meta["warnings"] == ["colour #010203 is replaced, but was not found in the design"]
    with pytest.raises(rip.ColourwayError, match="tin"):
        go(flag, silk, cache, colourway={"replace": {"#c81e28": {"tin": 40}}})
    deep = cache / "deep.png"
    Image.fromarray(np.full((64, 64), 128 * 257, np.uint16)).save(deep)
    with pytest.raises(rip.LayoutError, match="8-bit RGB"):
        go(deep, silk, cache, width_mm=20, colourway=colourway)


@pytest.fixture(scope="session")
def plates(tmp_path_factory):
    """Five plates: the fifth is gold, full in the left half and half in the right one. 20 × 10 mm at 254 dpi."""
    path = tmp_path_factory.mktemp("plates") / "plates.tif"
    picture = np.zeros((100, 200, 5), np.uint8)
    picture[:, :100, 4], picture[:, 100:, 4] = 255, 128
    options = {"photometric": "separated", "planarconfig": "contig", "resolution": (254, 254)}
    path.write_bytes(tiff(picture, **options, extratags=inks("cyan", "magenta", "yellow", "black", "gold")))
    return path


def test_a_plate_without_an_ink_is_warned_of_and_printed_by_a_colourway(plates, silk, cache):
    bare = go(plates, silk, cache, width_mm=20)
    (warning,) = (line for line in bare.meta["warnings"] if "gold" in line)
    assert "plate gold of plates.tif" in warning
    assert "not printed" in warning
    assert not bare.rows(0, 100).any()
    by_recipe = go(plates, silk, cache, width_mm=20, colourway={"replace": {"Gold": {"magenta": 20, "yellow": 80}}})
    assert not any("gold" in line.casefold() for line in by_recipe.meta["warnings"])
    left, right = slice(5, 110), slice(125, 230)
    volume = np.array(silk.drop_volumes)[by_recipe.rows(0, by_recipe.period_rows)]
    assert volume[..., left].mean(axis=(1, 2)) == pytest.approx([0, 0.2, 0.8, 0], abs=0.01)
    assert volume[..., right].mean(axis=(1, 2)) == pytest.approx([0, 0.1, 0.4, 0], abs=0.01)
    ochre = (60.0, 8.0, 45.0)
    by_lab = go(plates, silk, cache, width_mm=20, colourway={"replace": {"gold": "ochre"}, "colours": {"ochre": ochre}})
    mean = np.array(silk.drop_volumes)[by_lab.rows(0, by_lab.period_rows)[..., left]].mean(axis=(1, 2))
    assert delta_e00(predicted_lab(mean * 255, silk), np.array(ochre)) < 1


@pytest.mark.parametrize(
    ("design", "replace", "says"),
    [
        ("plates", "silver", "no plate 'silver' to be replaced; its plates are cyan, magenta, yellow, black, gold"),
        ("flag", "gold", "no plate 'gold' to be replaced; it has no plates: give #rrggbb"),
        ("plates", "#c81e28", "8-bit RGB only, plates by their names"),
    ],
)
def test_what_no_design_holds_cannot_be_replaced(request, silk, cache, design, replace, says):
    with pytest.raises(rip.LayoutError, match=re.escape(says)) as refused:
        go(request.getfixturevalue(design), silk, cache, width_mm=20, colourway={"replace": {replace: {"cyan": 50}}})
    assert refused.value.field == "colourway"


def test_an_indexed_design_prints_its_palette_exactly(silk, cache, tmp_path):
    """Between codes that are multiples of three the table of all colours only interpolates."""
    palette = [(200, 31, 40), (31, 62, 161), (250, 250, 251), (19, 89, 49)]
    indexed = Image.new("P", (40, 40))
    indexed.putpalette([code for colour in palette for code in colour])
    indexed.putdata([number % 40 // 10 for number in range(1600)])
    indexed.save(tmp_path / "indexed.png", dpi=(50.8, 50.8))
    raster = go(tmp_path / "indexed.png", silk, cache, pieces=1, gutter_mm=(0, 0))
    (piece,) = raster.meta["pieces"]
    drops = raster.rows(piece["y"], piece["height"])[:, :, piece["x"] : piece["x"] + piece["width"]]
    exact = palette_table(palette, silk, None, cache / "profiles")
    quarter = piece["width"] // 4
    for number, tones in enumerate(exact[:, :4]):
        flat = drops[:, 5:-5, number * quarter + 5 : (number + 1) * quarter - 5]
        assert np.array(silk.drop_volumes)[flat].mean(axis=(1, 2)) * 255 == pytest.approx(tones.astype(float), abs=1.5)


def test_a_design_is_reduced_to_flat_colours(photo, silk, cache):
    raster = go(photo, silk, cache, width_mm=40, colours=5)
    (palette,) = raster.meta["palettes"]
    assert len(palette) == 5
    again = go(photo, silk, cache, width_mm=40, colours=5,
               colourway={"replace": {palette[0]: {"cyan": 100}}})  # fmt: skip
    assert (again.rows(0, 100)[0] == 3).mean() > 0.2
    assert again.meta["warnings"] == raster.meta["warnings"]


def test_the_cloth_s_shrinkage_is_compensated(flag, silk, cache):
    lot = rip.Cloth(silk.width_px, silk.dpi, shrink_warp_pct=10, shrink_weft_pct=5)
    raster = go(flag, silk, cache, pieces=1, cloth=lot)
    (piece,) = raster.meta["pieces"]
    assert piece["width"] == round(20 / 25.4 * silk.dpi / 0.95)
    assert piece["height"] == round(10 / 25.4 * silk.dpi / 0.90)
    skewed = go(flag, silk, cache, cloth=rip.Cloth(silk.width_px, silk.dpi, skew_mm=8), width_mm=20)
    assert skewed.sha256 != go(flag, silk, cache, width_mm=20).sha256


def test_dead_nozzles_print_nothing_and_their_neighbours_more(flag, silk, cache):
    whole = go(flag, silk, cache, width_mm=20)
    nozzles = rip.Nozzles(silk.width_px, ((300,), (), (), ()))
    helped = go(flag, silk, cache, width_mm=20, nozzles=nozzles)
    assert helped.path != whole.path
    drops, before = (raster.rows(0, raster.period_rows)[0].astype(int) for raster in (helped, whole))
    assert not drops[:, 300].any()
    assert drops[:, 299:302:2].sum() > before[:, 299:302:2].sum()


def test_the_limits_hold_in_the_drops_whatever_the_nozzles_are(flag, silk, cache):
    """Gains up to 1.25 and dead nozzles side by side; windows of 16 × 16 drops, screening alone moves them by 1 %."""
    low = dataclasses.replace(silk, inks=tuple(dataclasses.replace(ink, limit_pct=70) for ink in silk.inks),
                              total_limit_pct=180)  # fmt: skip
    random = np.random.default_rng(5)
    gain = random.uniform(0.8, 1.25, (4, silk.width_px))
    dead = ((200, 210), (200, 211), (200, 201, 212), (213,))
    colourway = {"replace": {"#c81e28": {"cyan": 70, "magenta": 70, "yellow": 40}, "#1e3ca0": {"cyan": 70}}}
    raster = go(flag, low, cache, width_mm=20, colourway=colourway,
                nozzles=rip.Nozzles(silk.width_px, dead, gain))  # fmt: skip
    volume = np.array(low.drop_volumes)[raster.rows(0, raster.period_rows)]
    windows = sliding_window_view(volume, (16, 16), axis=(1, 2)).mean(axis=(3, 4))
    assert windows.max() <= 0.7 * 1.02
    assert windows.sum(axis=0).max() <= 1.8 * 1.02
    assert windows[0].max() > 0.68


def test_a_seam_and_a_hidden_repeat_are_told(photo, silk, cache, tmp_path):
    assert any("seam" in line for line in go(photo, silk, cache, width_mm=40).meta["warnings"])
    tile = np.asarray(Image.open(photo).convert("RGB").resize((60, 60)))
    dropped = np.concatenate([np.tile(tile, (2, 1, 1)), np.tile(np.roll(tile, 30, axis=0), (2, 1, 1))], axis=1)
    path = tmp_path / "dropped.png"
    Image.fromarray(dropped).save(path, dpi=(254, 254))
    told = go(path, silk, cache).meta["warnings"]
    assert any("half-drop" in line and "tiles" in line for line in told), told
    again = go(path, silk, cache)
    assert again.meta["warnings"] == told


def test_the_preview_shows_a_sheet_once_with_its_marks(flag, silk, cache):
    raster = go([flag, flag], silk, cache, pieces=1, gutter_mm=(5, 20), marks=("codes",), names=("a", "b"))
    picture = rip.preview(raster, silk)
    assert picture.shape[0] == raster.period_rows // 4
    without = rip.preview(raster.bare, silk)
    assert np.abs(picture.astype(int) - without).max() > 100
