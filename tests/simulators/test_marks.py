"""What faults leave on the print, and what the state of the cloth does to it, in the camera's picture."""

import numpy as np
import pytest

from simulators.cloth import new_cloth
from simulators.faults import parse_faults
from simulators.imaging import Sight, eye, render
from simulators.marks import bend_px
from simulators.retained import Printed

MM_PER_PX = 4 * 25.4 / 600
ROWS = 12_000  # half a metre


def row_of(metres):
    return round(metres * 1000 / MM_PER_PX)


def strip(raster, faults="", cloth=None, row_start=0, height_px=2900):
    sight = Sight((Printed(0, ROWS, faults),)) if cloth is None else Sight((Printed(0, ROWS, faults),), cloth)
    return render(eye(raster), sight, ticket=3, row_start=row_start, height_px=height_px).astype(int)


@pytest.fixture(scope="module")
def clean(raster):
    return strip(raster)


def changed(picture, clean):
    return np.abs(picture - clean).max(axis=2) > 12


def test_a_splice_skips_its_length_over_the_whole_width(raster, clean):
    rows = changed(strip(raster, "press.splice:at_m=0.1"), clean).mean(axis=1) > 0.3
    assert np.flatnonzero(rows).min() == pytest.approx(row_of(0.1), abs=4)
    assert np.flatnonzero(rows).max() == pytest.approx(row_of(0.4), abs=4)


def test_a_crease_leaves_an_unprinted_wedge(raster, clean):
    picture = strip(raster, "crease:at_m=0.1,x_mm=10,width_mm=20")
    mark = changed(picture, clean)
    rows = np.flatnonzero(mark.any(axis=1))
    assert (rows.min(), rows.max()) == (pytest.approx(row_of(0.1), abs=10), pytest.approx(row_of(0.35), abs=40))
    widths = mark[rows.min() + 50].sum(), mark[rows.max() - 200].sum()
    assert widths[0] > 2 * widths[1] > 0
    assert picture[mark].mean() > clean[mark].mean() + 20  # white cloth where ink should be


def test_vacuum_loss_drips_at_random_but_the_same_places(raster, clean):
    faults = "vacuum_loss:seed=5,at_m=0.1,for_m=0.2"
    mark = changed(strip(raster, faults), clean)
    rows = np.flatnonzero(mark.any(axis=1))
    assert row_of(0.1) - 12 <= rows.min() < rows.max() <= row_of(0.3) + 12
    part, clean_part = (strip(raster, spec, None, 2400, 1100) for spec in (faults, ""))
    here, there = mark[600:1700], changed(part, clean_part)  # each picture has a noise of its own: pale borders differ
    assert (here & there).sum() > 0.95 * (here | there).sum() > 100
    assert not np.array_equal(mark, changed(strip(raster, faults.replace("5", "6", 1)), clean))


def test_a_starved_ink_fades(raster, clean):
    gain = (strip(raster, "ink_starvation:ink=0,at_m=0.05") - clean).mean(axis=(1, 2))
    assert abs(gain[: row_of(0.05) - 5]).max() < 0.5
    early, late = gain[row_of(0.1) : row_of(0.15)].mean(), gain[row_of(0.4) : row_of(0.45)].mean()
    assert late > early + 1 > 1


def test_a_head_strike_closes_nozzles_of_one_head(raster, clean):
    columns = np.flatnonzero(
        (np.abs(strip(raster, "head_strike:ink=1,head=0,at_m=0.1") - clean).max(axis=2) > 6).any(0)
    )
    assert columns.min() == pytest.approx(310 / 4, abs=4)
    assert columns.max() < 350


def test_a_bent_weft_bends_the_print_and_comes_back_straight():
    faults = parse_faults("press.bow_skew:bow_mm=10,at_m=1,for_m=2")
    late = bend_px(faults, np.array([0.5, 2.0, 3.5]), 101, MM_PER_PX)
    assert (late[0] == 0).all()
    assert (late[2] == 0).all()
    assert late[1, 50] - late[1, 0] == pytest.approx(10 / MM_PER_PX)
    assert late.min() >= 0


def test_the_picture_of_a_bent_print_lies_where_the_bend_says(raster, clean):
    bent = strip(raster, "press.bow_skew:skew_mm=6,at_m=0")
    assert np.abs(bent[:20] - clean[:20]).mean() < 3  # the bend comes on slowly
    left, right = bent[2400:2700, 2:40].mean(axis=(1, 2)), bent[2400:2700, -40:-2].mean(axis=(1, 2))
    shift = row_of(0.006)
    for side, edge, late in ((left, slice(2, 40), 0), (right, slice(-40, -2), shift)):
        shown = clean[2400 - late : 2700 - late, edge].mean(axis=(1, 2))
        assert np.corrcoef(side, shown)[0, 1] > 0.6


def test_wet_cloth_bleeds_where_it_is_wet(raster, clean):
    cloth = new_cloth("press", 1, ROWS * 25.4e-3 / 600)
    cloth["spread"][2:] = 3.0
    picture = strip(raster, cloth=cloth)
    detail = [np.abs(np.diff(p, axis=1)).mean(axis=(1, 2)) for p in (picture, clean)]
    assert np.array_equal(picture[: row_of(0.15)], clean[: row_of(0.15)])
    assert detail[0][row_of(0.3) :].mean() < 0.95 * detail[1][row_of(0.3) :].mean()


def test_cloth_as_it_should_be_changes_nothing(raster, clean):
    cloth = new_cloth("press", 1, ROWS * 25.4e-3 / 600)
    assert np.array_equal(strip(raster, cloth=cloth), clean)


def test_less_liquor_on_one_side_prints_lighter_there(raster, clean):
    cloth = new_cloth("press", 1, ROWS * 25.4e-3 / 600)
    cloth["pickup_right_pct"][:] = 50.0
    gain = (strip(raster, cloth=cloth) - clean).mean(axis=(0, 2))
    assert gain[-40:].mean() > gain[:100].mean() + 1


def test_a_fault_elsewhere_leaves_the_picture_alone(raster, clean):
    assert np.array_equal(strip(raster, "spot:at_m=5,x_mm=1,d_mm=1"), clean)
