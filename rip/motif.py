"""Motifs: what one piece shows. A picture, or a shawl composed of a corner and an edge; with or without a hem."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from rip.cloth import Cloth, check_size
from rip.plan import Cell, LayoutError

Corners = Literal["mirrored", "turned"]

MAX_HEM_MM = 200.0


@dataclass(frozen=True)
class Motif:
    """What one piece shows, in device pixels.

    Attributes
    ----------
    name : str
        Of the piece.
    width, height : int
    cells : tuple of Cell
        From (0, 0); all within width × height.
    sources_px : tuple of (int, int)
        Width and height at which each source is wanted.
    scale_error : float
        Largest relative deviation of a source from its wanted size.
    hem_px : tuple of (int, int)
        How much of each side, left and right, top and bottom, is hem allowance.
    """

    name: str
    width: int
    height: int
    cells: tuple[Cell, ...]
    sources_px: tuple[tuple[int, int], ...]
    scale_error: float = 0.0
    hem_px: tuple[int, int] = (0, 0)


def picture(name: str, size_mm: tuple[float, float], cloth: Cloth) -> Motif:
    """Return a piece that shows one artwork.

    Parameters
    ----------
    name : str
    size_mm : tuple of 2 float
        Width and height of the finished piece.
    cloth : Cloth

    Raises
    ------
    LayoutError
        If it cannot be printed.
    """
    wanted = check_size(name, size_mm, cloth)
    width, height = round(wanted[0]), round(wanted[1])
    error = max(abs(width / wanted[0] - 1), abs(height / wanted[1] - 1))
    return Motif(name, width, height, (Cell(0, 0, 0, width, height),), ((width, height),), error)


def compose_shawl(
    name: str,
    size_mm: tuple[float, float],
    corner_mm: float,
    edge_mm: tuple[float, float],
    cloth: Cloth,
    *,
    corners: Corners = "mirrored",
    centre: bool = False,
) -> Motif:
    """Compose a shawl with a border on four sides from a corner and an edge motif.

    Parameters
    ----------
    name : str
    size_mm : tuple of 2 float
        Width and height of the finished shawl.
    corner_mm : float
        Side of the corner motif; drawn as the upper left corner.
    edge_mm : tuple of 2 float
        Length and depth of the edge motif; drawn as part of the upper edge, its outer side up. Its length is fitted
        so that each side takes a whole number, by less than half a motif per side; its depth is at most the corner's.
    cloth : Cloth
    corners : {"mirrored", "turned"}
        Right and lower side mirror the left and upper one, or each side is the one before turned by 90°.
    centre : bool
        Whether the field within the border shows a source too; else it is ground.

    Returns
    -------
    Motif
        Sources: 0 corner, 1 edge, 2 edge turned clockwise by 90°, then the corner turned likewise (only for turned
        corners), then the centre (only with one). Edges lie over the centre, corners over the edges.

    Raises
    ------
    LayoutError
        If the parts cannot make a shawl of that size.
    """
    if corners not in ("mirrored", "turned"):
        raise LayoutError(f"{name}: corners {corners!r} are unknown: mirrored or turned")
    length_mm, depth_mm = edge_mm
    if not 2 * corner_mm + length_mm <= min(size_mm) + 1e-6 or not depth_mm <= corner_mm + 1e-6:
        raise LayoutError(
            f"{name}: a corner of {corner_mm:g} mm and an edge of {length_mm:g} × {depth_mm:g} mm do not make "
            f"{size_mm[0]:g} × {size_mm[1]:g} mm: each side takes two corners and at least one edge, and the edge is "
            "no deeper than the corner"
        )
    check_size(f"{name}: corner", (corner_mm, corner_mm), cloth)
    check_size(f"{name}: edge", edge_mm, cloth)
    whole = check_size(name, size_mm, cloth)
    width, corner_w, lengths_w = _side(whole[0], cloth.across_px(corner_mm), cloth.across_px(length_mm))
    height, corner_h, lengths_h = _side(whole[1], cloth.along_px(corner_mm), cloth.along_px(length_mm))
    # a corner that gave a pixel to its edges must still be as deep as they are
    depth_w, depth_h = min(round(cloth.across_px(depth_mm)), corner_w), min(round(cloth.along_px(depth_mm)), corner_h)
    length_w, length_h = (width - 2 * corner_w) // lengths_w, (height - 2 * corner_h) // lengths_h
    sources = [(corner_w, corner_h), (length_w, depth_h), (depth_w, length_h)]
    turned = corners == "turned"
    if turned:
        sources.append((corner_w, corner_h))
    cells: list[Cell] = []
    if centre:
        field = (width - 2 * depth_w, height - 2 * depth_h)
        cells.append(Cell(len(sources), depth_w, depth_h, *field))
        sources.append(field)
    upper = Cell(1, corner_w, 0, length_w, depth_h, times=lengths_w, step=length_w if lengths_w > 1 else 0)
    right = [Cell(2, width - depth_w, corner_h + row * length_h, depth_w, length_h) for row in range(lengths_h)]
    corner = Cell(0, 0, 0, corner_w, corner_h)
    sides = [upper, *right, corner]
    if turned:
        sides.append(Cell(3, width - corner_w, 0, corner_w, corner_h))
        cells += sides
        cells += [side.mirrored(width, height, across=True, along=True) for side in sides]
    else:
        cells += [upper, upper.mirrored(width, height, across=False, along=True)]
        cells += [
            side.mirrored(width, height, across=across, along=False) for across in (False, True) for side in right
        ]
        cells += [
            corner.mirrored(width, height, across=across, along=along)
            for along in (False, True)
            for across in (False, True)
        ]
    error = max(
        *(abs(px / cloth.across_px(mm) - 1) for px, mm in ((width, size_mm[0]), (corner_w, corner_mm))),
        *(abs(px / cloth.along_px(mm) - 1) for px, mm in ((height, size_mm[1]), (corner_h, corner_mm))),
    )
    return Motif(name, width, height, tuple(cells), tuple(sources), error)


def _side(whole: float, corner: float, length: float) -> tuple[int, int, int]:
    """Return the whole side, the corner and the number of edges, so that they fill the side to the pixel."""
    side = round(whole)
    between = side - 2 * corner
    count = max(1, round(between / length))
    edge = round(between / count)
    # what edges of whole pixels leave over, the corners take: at most a quarter pixel per edge
    if (side - count * edge) % 2:
        side += 1
    return side, (side - count * edge) // 2, count


def hemmed(motif: Motif, hem_mm: float, cloth: Cloth) -> Motif:
    """Return the motif with a hem allowance on all sides, on which the print goes on mirrored.

    A hem that is rolled or trimmed a little off then never shows bare cloth.

    Raises
    ------
    LayoutError
        If the hem is negative or wider than the motif.
    """
    if not 0 <= hem_mm <= MAX_HEM_MM:
        raise LayoutError(f"{motif.name}: hem {hem_mm:g} mm is not in 0..{MAX_HEM_MM:g} mm")
    across, along = round(cloth.across_px(hem_mm)), round(cloth.along_px(hem_mm))
    if across > motif.width or along > motif.height:
        raise LayoutError(f"{motif.name}: a hem of {hem_mm:g} mm is wider than the piece itself")
    if not (across or along):
        return motif
    width, height = motif.width + 2 * across, motif.height + 2 * along
    return replace(
        motif,
        width=width,
        height=height,
        cells=tuple(_hem(motif, across, along)),
        hem_px=(motif.hem_px[0] + across, motif.hem_px[1] + along),
    )


def _hem(motif: Motif, across: int, along: int) -> Iterator[Cell]:
    """Yield the cells of the motif and its mirror images around it, cut at the hem's outer edge."""
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            for cell in motif.cells:
                image = cell.mirrored(motif.width, motif.height, across=column != 0, along=row != 0)
                image = image.moved(across + column * motif.width, along + row * motif.height)
                for part in image.cut_across(0, motif.width + 2 * across):
                    yield from part.cut_along(0, motif.height + 2 * along)
