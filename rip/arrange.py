"""From a layout and the size of its artwork to a plan: which artwork is each source of it, and turned by how much."""

from collections.abc import Sequence
from dataclasses import dataclass

from rip.cloth import Cloth
from rip.layout import Layout, Shawl
from rip.motif import compose_shawl, picture
from rip.pieces import nest, plan_pieces
from rip.plan import LayoutError, Plan
from rip.repeat import plan_repeat

Size = tuple[float, float]


@dataclass(frozen=True)
class Placed:
    """A source of a plan: the number of an artwork, and its quarter turns clockwise."""

    artwork: int
    turns: int = 0


@dataclass(frozen=True)
class Motif:
    """What is known of an artwork before it is read: a name, and its size in mm."""

    name: str
    size_mm: Size


def arrange(
    layout: Layout, motifs: Sequence[Motif], cloth: Cloth, length_m: float | None
) -> tuple[Plan, tuple[Placed, ...]]:
    """Lay the artwork out.

    Parameters
    ----------
    layout : Layout
    motifs : sequence of Motif
        One per design; of a shawl: corner, edge, and what fills the field if there is a third.
    cloth : Cloth
    length_m : float or None
        Of a job by the metre.

    Returns
    -------
    Plan
    tuple of Placed
        One for each of the plan's sources.

    Raises
    ------
    LayoutError
        If it cannot be laid out.
    """
    quarter = layout.turn % 180 == 90
    if layout.shawl is not None:
        plan, placed = _shawl(layout, layout.shawl, motifs, cloth)
    elif layout.pieces is not None:
        plan, placed = _pieces(layout, layout.pieces, motifs, cloth, quarter)
    elif len(motifs) == 1:
        plan, placed = _repeat(layout, motifs[0], cloth, length_m, quarter)
    else:
        raise LayoutError(f"{len(motifs)} designs do not make one repeat: say how many pieces of each", "pieces")
    # a job turned by 180° is one mirrored both ways
    upside_down = layout.turn >= 180
    across, along = layout.flip in ("across", "both"), layout.flip in ("along", "both")
    if upside_down != across or upside_down != along:
        plan = plan.mirrored(across=upside_down != across, along=upside_down != along)
    return plan, placed


def size_of(layout: Layout, motif: Motif) -> Size:
    """Return width and height, mm, of one repeat or one piece of a design, before the job is turned."""
    if layout.width_mm is not None:
        return layout.width_mm, layout.width_mm * motif.size_mm[1] / motif.size_mm[0]
    return layout.piece_mm or motif.size_mm


def _repeat(
    layout: Layout, motif: Motif, cloth: Cloth, length_m: float | None, quarter: bool
) -> tuple[Plan, tuple[Placed, ...]]:
    repeat, size = layout.laid, size_of(layout, motif)
    if quarter:
        repeat, size = repeat.quarter_turned(size), (size[1], size[0])
    return plan_repeat(repeat, size, cloth, length_m=length_m), (Placed(0, int(quarter)),)


def _pieces(
    layout: Layout, count: int, motifs: Sequence[Motif], cloth: Cloth, quarter: bool
) -> tuple[Plan, tuple[Placed, ...]]:
    pieces = []
    for motif in motifs:
        size = size_of(layout, motif)
        pieces.append(picture(motif.name, (size[1], size[0]) if quarter else size, cloth))
    placed = tuple(Placed(number, int(quarter)) for number in range(len(motifs)))
    if len(pieces) == 1:
        plan = plan_pieces(pieces[0], count, cloth, gutter_mm=layout.gutter_mm, hem_mm=layout.hem_mm,
                           ground=layout.ground)  # fmt: skip
    else:
        plan = nest([(piece, count) for piece in pieces], cloth, gutter_mm=layout.gutter_mm, hem_mm=layout.hem_mm,
                    ground=layout.ground)  # fmt: skip
    return plan, placed


def _shawl(layout: Layout, shawl: Shawl, motifs: Sequence[Motif], cloth: Cloth) -> tuple[Plan, tuple[Placed, ...]]:
    if len(motifs) not in (2, 3):
        raise LayoutError(f"a shawl takes a corner, an edge and perhaps a field: {len(motifs)} designs given", "shawl")
    if layout.piece_mm is None or layout.pieces is None:
        raise LayoutError("a shawl is composed to a size: give piece_mm", "piece_mm")
    motif = compose_shawl(motifs[0].name, layout.piece_mm, shawl.corner_mm, shawl.edge_mm, cloth,
                          corners=shawl.corners, centre=len(motifs) == 3)  # fmt: skip
    # in the order of compose_shawl: corner, edge, edge turned, corner turned, field
    corners = [Placed(0, 1)] if shawl.corners == "turned" else []
    field = [Placed(2)] if len(motifs) == 3 else []
    placed = (Placed(0), Placed(1), Placed(1, 1), *corners, *field)
    plan = plan_pieces(motif, layout.pieces, cloth, gutter_mm=layout.gutter_mm, hem_mm=layout.hem_mm,
                       ground=layout.ground)  # fmt: skip
    return plan, placed
