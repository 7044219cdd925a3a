import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rip.cloth import Cloth
from rip.fill import fill_band, rows_of
from rip.motif import compose_shawl, hemmed, picture
from rip.pieces import nest, plan_pieces
from rip.plan import LayoutError

DPI = 254
"""10 device pixels to the millimetre."""
GROUND = (9, 9, 9)


def noise(sizes) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.integers(10, 256, (height, width, 3), dtype=np.uint8) for width, height in sizes]


def printed(plan, pictures, rows=None) -> np.ndarray:
    rows = rows or plan.period_rows
    out = np.empty((rows, plan.width_px, 3), np.uint8)
    fill_band(plan, [rows_of(image) for image in pictures], 0, rows, out)
    return out


def apart(pieces) -> bool:
    """Whether no two pieces share a pixel."""

    def beside(one, other):
        return one.x >= other.x + other.width or other.x >= one.x + one.width

    def below(one, other):
        return one.y >= other.y + other.height or other.y >= one.y + one.height

    return all(
        beside(one, other) or below(one, other) for number, one in enumerate(pieces) for other in pieces[number + 1 :]
    )


@given(
    size=st.tuples(st.integers(16, 120), st.integers(16, 200)),
    count=st.integers(1, 40),
    width=st.integers(160, 600),
    gutter=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    hem=st.integers(0, 10),
    skew=st.sampled_from([0, 0, 1.5, -2.0]),
)
@settings(max_examples=60, deadline=None)
def test_pieces_are_all_there_whole_named_and_apart(size, count, width, gutter, hem, skew):
    cloth = Cloth(width, DPI, skew_mm=skew, bow_mm=skew / 2)
    motif = picture("carré", (size[0] / 10, size[1] / 10), cloth)
    plan = plan_pieces(motif, count, cloth, gutter_mm=(gutter[0] / 10, gutter[1] / 10), hem_mm=hem / 10, ground=GROUND)
    assert plan.pieces[:count] == tuple(piece for piece in plan.pieces if "spare" not in piece.name)
    assert [piece.name for piece in plan.pieces[:count]] == [f"carré {number + 1}" for number in range(count)]
    assert len({piece.name for piece in plan.pieces}) == len(plan.pieces)
    assert apart(plan.pieces)
    assert all(piece.x >= 0 and piece.x + piece.width <= width for piece in plan.pieces)
    assert all(piece.y >= 0 and piece.y + piece.height <= plan.job_rows for piece in plan.pieces)
    assert list(plan.pieces) == sorted(plan.pieces, key=lambda piece: (piece.y // plan.period_rows, piece.x))
    assert plan.job_rows >= max(piece.y + piece.height for piece in plan.pieces) + gutter[1]
    if skew == 0:
        image = noise([size])[0]
        job = printed(plan, [image], plan.job_rows)
        framed = np.pad(image, ((hem, hem), (hem, hem), (0, 0)), mode="symmetric")
        for piece in plan.pieces:
            assert np.array_equal(job[piece.y : piece.y + piece.height, piece.x : piece.x + piece.width], framed)
            job[piece.y : piece.y + piece.height, piece.x : piece.x + piece.width] = GROUND
        assert (job == GROUND).all()


def test_the_gutter_is_kept_and_as_many_as_fit_lie_across():
    cloth = Cloth(1000, DPI)
    plan = plan_pieces(picture("a", (30, 20), cloth), 6, cloth, gutter_mm=(5, 8))
    assert [(piece.x, piece.y) for piece in plan.pieces[:3]] == [(0, 40), (350, 40), (700, 40)]
    assert plan.period_rows == 280
    assert plan.notes == ()
    assert plan_pieces(picture("a", (30, 20), cloth), 7, cloth, gutter_mm=(5, 8)).notes == (
        "7 pieces, 3 across: the last row holds 2 spare",
    )


def test_shrinkage_is_compensated_in_pieces():
    cloth = Cloth(30_000, 600, shrink_warp_pct=4, shrink_weft_pct=1)
    motif = picture("carré", (900, 900), cloth)
    assert motif.width == round(900 / 25.4 * 600 / 0.99)
    assert motif.height == round(900 / 25.4 * 600 / 0.96)


def shawl_by_hand(images, shape, corners, depth, centre):
    """Compose with whole pictures and quarter turns."""
    corner, edge = images[0], images[1]
    height, width = shape
    count = (width - 2 * corner.shape[1]) // edge.shape[1]
    quarter = np.rot90(edge, -1)
    counts = (height - 2 * corner.shape[0]) // quarter.shape[0]
    upper, right = np.tile(edge, (1, count, 1)), np.tile(quarter, (counts, 1, 1))
    shawl = np.empty((height, width, 3), np.uint8)
    shawl[:] = GROUND
    if centre:
        shawl[depth : height - depth, depth : width - depth] = images[-1]
    wide, high = corner.shape[1], corner.shape[0]
    shawl[:depth, wide : width - wide] = upper
    shawl[high : height - high, width - depth :] = right
    turned = corners == "turned"
    shawl[height - depth :, wide : width - wide] = upper[::-1, ::-1] if turned else upper[::-1]
    shawl[high : height - high, :depth] = right[::-1, ::-1] if turned else right[:, ::-1]
    shawl[:high, :wide] = corner
    shawl[:high, width - wide :] = np.rot90(corner, -1) if turned else corner[:, ::-1]
    shawl[height - high :, width - wide :] = corner[::-1, ::-1]
    shawl[height - high :, :wide] = np.rot90(corner, 1) if turned else corner[::-1]
    return shawl


@example(corner=24, length=36, thinner=0, across=386, taller=0, corners="mirrored", centre=False)  # corner: 22 px
@given(
    corner=st.integers(20, 60),
    length=st.integers(16, 60),
    thinner=st.integers(0, 4),
    across=st.integers(100, 400),
    taller=st.integers(0, 100),
    corners=st.sampled_from(["mirrored", "turned"]),
    centre=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_shawl_is_its_corner_and_edge_all_round(corner, length, thinner, across, taller, corners, centre):
    side = max(across, 2 * corner + length)
    cloth = Cloth(700, DPI)
    sizes = (side / 10, (side + taller) / 10)
    depth = corner - thinner
    motif = compose_shawl("shawl", sizes, corner / 10, (length / 10, depth / 10), cloth, corners=corners, centre=centre)
    assert abs(motif.width - side) <= 1
    assert abs(motif.height - side - taller) <= 1
    images = noise(motif.sources_px)
    (corner_w, corner_h), (length_w, depth_h), (depth_w, length_h) = motif.sources_px[:3]
    assert abs(corner_w - corner) <= 1 + (side // length) / 4
    assert (depth_w, depth_h) == (min(depth, corner_w), min(depth, corner_h))
    assert length_w * ((motif.width - 2 * corner_w) // length_w) + 2 * corner_w == motif.width
    assert length_h * ((motif.height - 2 * corner_h) // length_h) + 2 * corner_h == motif.height
    plan = plan_pieces(motif, 1, cloth, gutter_mm=(0, 0), ground=GROUND)
    piece = plan.pieces[0]
    if length_w != length_h or corner_w != corner_h:
        return  # the quarter turns below want one size for both directions
    images[2] = np.rot90(images[1], -1)
    if corners == "turned":
        images[3] = np.rot90(images[0], -1)
    found = printed(plan, images)[piece.y : piece.y + piece.height, piece.x : piece.x + piece.width]
    assert np.array_equal(found, shawl_by_hand(images, found.shape[:2], corners, depth_w, centre))


def test_a_shawl_can_have_a_hem():
    cloth = Cloth(700, DPI)
    motif = compose_shawl("shawl", (40, 40), 5, (3, 4), cloth)
    assert hemmed(motif, 0, cloth) is motif
    wide = hemmed(motif, 1.5, cloth)
    assert (wide.width, wide.height, wide.hem_px) == (motif.width + 30, motif.height + 30, (15, 15))
    images = noise(motif.sources_px)
    plain, framed = (
        printed(plan_pieces(one, 1, cloth, gutter_mm=(0, 0), ground=GROUND), images) for one in (motif, wide)
    )
    y, x = (700 - motif.width) // 2, (700 - wide.width) // 2
    inner = plain[: motif.height, y : y + motif.width]
    outer = framed[: wide.height, x : x + wide.width]
    assert np.array_equal(outer, np.pad(inner, ((15, 15), (15, 15), (0, 0)), mode="symmetric"))


@given(
    sizes=st.lists(st.tuples(st.integers(16, 300), st.integers(16, 150), st.integers(1, 4)), min_size=1, max_size=9),
    gutter=st.tuples(st.integers(0, 20), st.integers(0, 20)),
)
@settings(max_examples=60, deadline=None)
def test_a_nest_places_everything_apart_inside_the_width_under_its_name(sizes, gutter):
    cloth = Cloth(300, DPI)
    items = [
        (picture(f"d{number}", (width / 10, height / 10), cloth), count)
        for number, (width, height, count) in enumerate(sizes)
    ]
    plan = nest(items, cloth, gutter_mm=(gutter[0] / 10, gutter[1] / 10), ground=GROUND)
    wanted = {
        f"d{number}" if count == 1 else f"d{number} {copy + 1}": (number, width, height)
        for number, (width, height, count) in enumerate(sizes)
        for copy in range(count)
    }
    assert {piece.name for piece in plan.pieces} == set(wanted)
    assert len(plan.pieces) == len(wanted)
    assert apart(plan.pieces)
    assert list(plan.pieces) == sorted(plan.pieces, key=lambda piece: (piece.y, piece.x))
    images = noise(plan.sources_px)
    sheet = printed(plan, images)
    for piece in plan.pieces:
        number, width, height = wanted[piece.name]
        assert (piece.width, piece.height) == (width, height)
        area = sheet[piece.y : piece.y + height, piece.x : piece.x + width]
        assert np.array_equal(area, images[number])
        area[:] = GROUND
    assert (sheet == GROUND).all()
    assert plan.job_rows == plan.period_rows
    assert not plan.wraps


def test_a_nest_uses_the_room_beside_high_pieces():
    cloth = Cloth(1000, DPI)
    items = [(picture("high", (60, 50), cloth), 1), (picture("low", (30, 10), cloth), 2)]
    plan = nest(items, cloth, gutter_mm=(5, 5))
    rows = {piece.name: piece.y for piece in plan.pieces}
    assert rows["low 1"] == rows["high"]
    assert rows["low 2"] > rows["high"]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda cloth: plan_pieces(picture("stole", (71, 20), cloth), 1, cloth), "stole: 71.0 mm .*turned by 90°"),
        (lambda cloth: plan_pieces(picture("flag", (71, 200), cloth), 1, cloth), "wider than the print width of 70.0"),
        (lambda cloth: plan_pieces(picture("a", (7, 20), cloth), 0, cloth), "0 pieces"),
        (lambda cloth: plan_pieces(picture("a", (7, 20), cloth), 1, cloth, gutter_mm=(-1, 0)), "gutter"),
        (lambda cloth: plan_pieces(picture("a", (7, 20), cloth), 1, cloth, hem_mm=-1), "hem -1 mm"),
        (lambda cloth: plan_pieces(picture("a", (7, 20), cloth), 1, cloth, hem_mm=math.nan), "hem nan mm"),
        (lambda cloth: plan_pieces(picture("a", (7, 20), cloth), 1, cloth, hem_mm=9), "wider than the piece itself"),
        (lambda cloth: picture("dot", (0.1, 20), cloth), "dot: width 0.1 mm is outside"),
        (lambda cloth: nest([], cloth), "0 pieces to nest"),
        (lambda cloth: nest([(picture("a", (7, 7), cloth), 1)] * 2, cloth), "two pieces would be called 'a'"),
        (lambda cloth: nest([(picture("a", (80, 7), cloth), 1)], cloth), "a: 80.0 mm"),
        (lambda cloth: compose_shawl("s", (50, 50), 20, (15, 10), cloth), "do not make 50 × 50 mm"),
        (lambda cloth: compose_shawl("s", (50, 50), 10, (5, 11), cloth), "no deeper than the corner"),
        (lambda cloth: compose_shawl("s", (50, 50), 10, (1, 9), cloth), "s: edge: width 1 mm"),
        (lambda cloth: compose_shawl("s", (50, 50), 10, (5, 5), cloth, corners="odd"), "mirrored or turned"),
    ],
)
def test_pieces_that_cannot_be_laid_out_are_refused_in_one_line(make, complaint):
    with pytest.raises(LayoutError, match=complaint) as refused:
        make(Cloth(700, DPI))
    assert "\n" not in str(refused.value)
