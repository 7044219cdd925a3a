"""Makes the pictures of layouts in the documentation from the sample designs, with the RIP's own layout.

`python deploy/layout_pictures.py [FOLDER]`; takes some ten seconds.
"""

import io
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parent.parent))

from hmi.designs import draw
from hmi.designs.bands import fan, flower, guilloche, pearls, rope
from hmi.designs.canvas import Canvas, Points
from hmi.designs.shapes import around, box, petal, place
from rip.cloth import Cloth
from rip.fill import fill_band, rows_of
from rip.marks import Pen, centre_crosses, colour_bar, crop_ticks, header, piece_codes
from rip.motif import compose_shawl, picture
from rip.overlay import Patch
from rip.pieces import nest, plan_pieces
from rip.plan import Colour, Plan
from rip.repeat import Repeat, plan_repeat

Picture = NDArray[np.uint8]

OUT = Path(__file__).parent.parent / "docs" / "pictures"
WIDTH = 1200
MAX_BYTES = 149_000
FINER = 2
"""Layouts are made at twice the size of the picture and averaged down."""

CLOTH: Colour = (250, 247, 241)
INKS: tuple[Colour, ...] = ((0, 139, 190), (203, 46, 110), (248, 211, 60), (34, 32, 36))
NIGHT, PAPER = (24, 32, 38), (244, 227, 208)

BORDER = {
    "petrol": "#16323b", "ink": "#0f222b", "bordeaux": "#5f1d31", "rose": "#a8455a", "coral": "#d07a75",
    "blush": "#e8b7a6", "cream": "#f4e3d0", "gold": "#c79d54", "sage": "#6d9280", "fir": "#2f5a50",
}  # fmt: skip
CORNER_MM, EDGE_MM, SHAWL_MM = 150.0, 75.0, 1350.0
STRIPES = (
    (0.0, "petrol"), (3.0, "gold"), (4.6, "cream"), (7.0, "bordeaux"), (47.0, "gold"), (48.6, "petrol"),
    (62.0, "gold"), (63.6, "cream"), (136.0, "rose"), (138.0, "cream"), (139.5, "bordeaux"), (145.5, "gold"),
    (147.0, "petrol"),
)  # fmt: skip
"""Depth in mm at which each colour of the shawl's border begins."""


def border(canvas: Canvas, turned: bool) -> None:
    """Draw the bands of the border along the upper side, or along the left one: all of them come again every edge."""
    start, length = -3 * EDGE_MM, 6 * EDGE_MM

    def lane(depth: float) -> Callable[[Points], Points]:
        def lay(points: Points) -> Points:
            s, deep = points[:, 0], depth - points[:, 1]
            return np.column_stack([deep, -s] if turned else [s, deep])

        return lay

    guilloche(canvas, lane(27.0), start, 12, length, 36.0, ("cream", "gold"), "ink", ("blush", "rose"))
    rope(canvas, lane(55.3), start, 48, length, 11.6, ("gold", "cream"), "ink")
    pearls(canvas, lane(142.5), start, 36, length, 2.1, ("gold", "cream"))
    for number in range(-3, 3):
        s = (number + 0.5) * EDGE_MM
        fan(canvas, lane(133.0), s, 0.0, 56.0, 9, ("bordeaux", "rose", "blush", "gold"))
        lay = lane(100.0)
        for turn, size in ((0.0, 33.0), (38.0, 24.0), (-38.0, 24.0), (180.0, 30.0), (142.0, 22.0), (-142.0, 22.0)):
            leaf = np.array([number * EDGE_MM, 0.0])
            canvas.fill(lay(place(petal(size, 9.0, 0.5, 0.9), turn, leaf)), "fir")
            canvas.fill(lay(place(petal(size * 0.88, 5.0, 0.5, 0.9), turn, leaf)), "sage")
        flower(canvas, lay(np.array([[number * EDGE_MM, 0.0]]))[0], 14.0, 8, ("bordeaux", "coral", "cream", "gold"))


def edge_motif() -> Picture:
    """Draw one length of the shawl's upper edge, its outer side up."""
    canvas = Canvas(EDGE_MM, CORNER_MM, 4, BORDER)
    for depth, colour in STRIPES:
        canvas.fill(box(-1.0, depth, EDGE_MM + 1.0, CORNER_MM + 1.0), colour)
    border(canvas, turned=False)
    return canvas.pixels()


def corner_motif() -> Picture:
    """Draw the shawl's upper left corner: both bands of the border run into three squares on the diagonal."""
    upper, left = (corner_half(turned) for turned in (False, True))
    y, x = np.indices(upper.shape[:2])
    upper[x < y] = left[x < y]
    return upper


def corner_half(turned: bool) -> Picture:
    """Draw the corner with the bands of one side."""
    canvas = Canvas(CORNER_MM, CORNER_MM, 4, BORDER)
    for depth, colour in STRIPES:
        canvas.fill(box(depth, depth, CORNER_MM + 1.0, CORNER_MM + 1.0), colour)
    border(canvas, turned)
    for low, high, ground in ((7.0, 48.6, "ink"), (47.0, 63.6, "bordeaux"), (62.0, 138.0, "petrol")):
        canvas.fill(box(low, low, high, high), "gold")
        canvas.fill(box(low + 1.6, low + 1.6, high - 1.6, high - 1.6), ground)
    flower(canvas, np.array([27.4, 27.4]), 16.0, 8, ("bordeaux", "cream", "coral", "gold"))
    flower(canvas, np.array([55.3, 55.3]), 5.6, 6, ("ink", "cream", "blush", "gold"))
    middle = np.array([100.0, 100.0])
    for turn in around(8, 22.5):
        canvas.fill(place(petal(34.0, 13.0, 0.55, 0.9), turn, middle), "fir")
        canvas.fill(place(petal(30.0, 7.5, 0.55, 0.9), turn, middle), "sage")
    flower(canvas, middle, 28.0, 12, ("bordeaux", "coral", "cream", "gold"))
    return canvas.pixels()


def laid(plan: Plan, sources: Sequence[Picture], rows: int | None = None) -> Picture:
    """Return rows of a job in colour, each source resampled to the size the plan wants: uint8 (rows, width, 3)."""
    rows = rows or plan.job_rows or plan.period_rows
    sized = [
        np.asarray(Image.fromarray(source).resize(size, Image.Resampling.HAMMING, reducing_gap=None))
        for source, size in zip(sources, plan.sources_px, strict=True)
    ]
    out = np.empty((rows, plan.width_px, 3), np.uint8)
    fill_band(plan, [rows_of(source) for source in sized], 0, rows, out)
    return out


def stamp(cloth: Picture, patches: Sequence[Patch]) -> None:
    """Lay marks over the picture of a job, in the colour of their ink."""
    for patch in patches:
        for row in range(patch.row, min(len(cloth), patch.until_row or len(cloth)), patch.every_rows or len(cloth)):
            under = cloth[row : row + patch.levels.shape[0], patch.x : patch.x + patch.levels.shape[1]]
            if patch.ground == "clear":
                under[:] = CLOTH
            under[patch.levels[: len(under)] > 0] = INKS[patch.inks[0]]


class Sketch:
    """Thin lines and short words over a finished picture."""

    def __init__(self, cloth: Picture, height: int, colour: Colour) -> None:
        whole = Image.fromarray(cloth)
        self.image = whole.resize((WIDTH, height), Image.Resampling.BOX)
        self._pen = ImageDraw.Draw(self.image)
        self._colour = colour

    def dashes(self, *corners: tuple[float, float]) -> None:
        """Draw a dashed line along the corners."""
        self._pen.line([*corners], NIGHT, 4)
        for (x0, y0), (x1, y1) in pairwise(corners):
            count = max(1, round(max(abs(x1 - x0), abs(y1 - y0)) / 12))
            for number in range(count):
                begin, end = number / count, (number + 0.6) / count
                line = [x0 + (x1 - x0) * begin, y0 + (y1 - y0) * begin, x0 + (x1 - x0) * end, y0 + (y1 - y0) * end]
                self._pen.line(line, self._colour, 2)

    def arrow(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a line with a head at both ends; upright or level."""
        self._pen.line([x0, y0, x1, y1], NIGHT, 5)
        self._pen.line([x0, y0, x1, y1], self._colour, 3)
        for x, y, way in ((x0, y0, 1), (x1, y1, -1)):
            dx, dy = (0, 9 * way) if x0 == x1 else (9 * way, 0)
            self._pen.polygon(
                [(x, y), (x + dx + dy / 2, y + dy + dx / 2), (x + dx - dy / 2, y + dy - dx / 2)], self._colour
            )

    def word(self, x: float, y: float, text: str, size: float = 20) -> None:
        """Write a word on a field of its own, its middle at x, y."""
        font = ImageFont.load_default(size)
        left, top, right, bottom = self._pen.textbbox((x, y), text, font, anchor="mm")
        self._pen.rounded_rectangle([left - 9, top - 6, right + 9, bottom + 6], 5, NIGHT)
        self._pen.text((x, y), text, PAPER, font, anchor="mm")


def save(sketch: Sketch, path: Path) -> None:
    """Write the picture as the best JPEG below the limit of size."""
    for quality in range(92, 30, -2):
        file = io.BytesIO()
        sketch.image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        if file.tell() <= MAX_BYTES:
            path.write_bytes(file.getvalue())
            sys.stdout.write(f"{path.name}: {file.tell() / 1000:.0f} kB, quality {quality}\n")
            return
    raise SystemExit(f"{path.name} does not get below {MAX_BYTES} bytes")


def half_drop() -> Sketch:
    """Pivoine in half-drop; one repeat and its lower neighbour outlined."""
    height = 720
    plan = plan_repeat(Repeat("half-drop"), (320, 320), Cloth(WIDTH * FINER, 56))
    sketch = Sketch(laid(plan, [np.asarray(draw("pivoine-half-drop"))], height * FINER), height, PAPER)
    w, h = (side / FINER for side in plan.sources_px[0])
    x, y = w, h / 2
    for left, top in ((0.0, 0.0), (w, y)):
        sketch.dashes(
            (left + 2, top + 2), (left + w, top + 2), (left + w, top + h), (left + 2, top + h), (left + 2, top + 2)
        )
    sketch.arrow(x - 24, 4, x - 24, y)
    sketch.dashes((x - 40, y), (x, y))
    sketch.word(x - 24, y / 2, "1/2")
    sketch.word(w / 2, 24, "320 mm")
    return sketch


def mirrored() -> Sketch:
    """A quarter of Carré Lyon's field, mirrored across and along; the design itself outlined."""
    height = 640
    carre = np.asarray(draw("carre-lyon"))
    middle, reach = carre.shape[0] // 2, 330 * 4
    quarter = np.ascontiguousarray(carre[middle : middle + reach, middle : middle + reach])
    side = 420
    cloth = Cloth(WIDTH * FINER, 254)
    size, origin = side * FINER / 10, 180 * FINER / 10
    plan = plan_repeat(Repeat(mirror="both", origin_mm=(origin, origin / 2)), (size, size), cloth)
    sketch = Sketch(laid(plan, [quarter], height * FINER), height, PAPER)
    x, y = 180, 90
    sketch.dashes((x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y))
    sketch.word(x + side / 2, y + 24, "design")
    sketch.word(x + 1.5 * side, y + 24, "mirrored across")
    sketch.word(x + side / 2, y + side + 24, "mirrored along")
    sketch.word(x + 1.5 * side, y + side + 24, "both")
    return sketch


def shawl() -> Sketch:
    """A shawl composed of a corner and an edge around a field of Pivoine, with hem and marks; beside it both motifs."""
    corner, edge = corner_motif(), edge_motif()
    height = 940
    cloth = Cloth(height * FINER, round(height * FINER / 1460 * 25.4))
    motif = compose_shawl(
        "Pivoine shawl", (SHAWL_MM, SHAWL_MM), CORNER_MM, (EDGE_MM, CORNER_MM), cloth, corners="turned", centre=True
    )
    field = plan_repeat(Repeat("half-drop", origin_mm=(-60, -60)), (320, 320), Cloth(motif.sources_px[4][0], cloth.dpi))
    centre = laid(field, [np.asarray(draw("pivoine-half-drop"))], motif.sources_px[4][1])
    plan = plan_pieces(motif, 1, cloth, gutter_mm=(20, 50), hem_mm=5, ground=CLOTH)
    pen = Pen(cloth.dpi, cloth.width_px, inks=4, ink=3, level=3)
    sheet = laid(plan, [corner, edge, np.rot90(edge, -1), np.rot90(corner, -1), centre])
    stamp(sheet, [*crop_ticks(plan, pen), *centre_crosses(plan, pen)])
    panel = np.empty((height * FINER, WIDTH * FINER, 3), np.uint8)
    panel[:] = CLOTH
    shown = min(len(sheet), len(panel))
    panel[:shown, -cloth.width_px :] = sheet[:shown]
    sketch = Sketch(panel, height, NIGHT)
    for part, (x, y), (w, h), name in (
        (corner, (20, 200), (240, 240), "corner"),
        (edge, (80, 520), (120, 240), "edge"),
    ):
        sketch.image.paste(Image.fromarray(part).resize((w, h), Image.Resampling.BOX), (x, y))
        sketch.word(x + w / 2, y + h + 24, name, 18)
    return sketch


def strike_off() -> Sketch:
    """Strike-offs of several designs and colourways nested on one width, each with its code, name and crop ticks."""
    dpi = 98
    cloth = Cloth(WIDTH * FINER, dpi)
    designs = {
        name: np.asarray(draw(name)) for name in ("carre-lyon", "pivoine-half-drop", "rayure-club", "ombre-dunes")
    }

    def cut(name: str, size_mm: tuple[float, float], px_per_mm: float, shift: int = 0) -> Picture:
        part = designs[name][: round(size_mm[1] * px_per_mm), : round(size_mm[0] * px_per_mm)]
        colours = np.asarray(Image.fromarray(np.ascontiguousarray(part)).convert("HSV")).copy()
        colours[..., 0] += np.uint8(shift)
        return np.asarray(Image.fromarray(colours, "HSV").convert("RGB"))

    wanted = (
        ("Carré Lyon 26 %", "carre-lyon", (236.0, 236.0), 3600 / 236, 0),
        ("Pivoine petrol", "pivoine-half-drop", (165.0, 190.0), 6.0, 0),
        ("Pivoine orchid", "pivoine-half-drop", (165.0, 190.0), 6.0, 228),
        ("Rayure Club navy", "rayure-club", (120.0, 130.0), 8.0, 0),
        ("Rayure Club moss", "rayure-club", (120.0, 130.0), 8.0, 170),
        ("Ombré Dunes sand", "ombre-dunes", (165.0, 130.0), 4.0, 0),
        ("Ombré Dunes sea", "ombre-dunes", (165.0, 130.0), 4.0, 120),
    )
    items = [(picture(title, size, cloth), 1) for title, _, size, _, _ in wanted]
    plan = nest(items, cloth, gutter_mm=(14, 27), ground=CLOTH)
    sheet = laid(plan, [cut(name, size, scale, shift) for _, name, size, scale, shift in wanted])
    pen = Pen(dpi, cloth.width_px, inks=4, ink=3, level=3)
    marks = [*crop_ticks(plan, pen), *centre_crosses(plan, pen)]
    marks += piece_codes(plan, pen, lambda piece: f"FOULARD 1042/{piece.name}", text_mm=7)
    left = min(piece.x for piece in plan.pieces)
    marks += header(
        ["FOULARD 1042  ·  strike-offs  ·  silk twill  ·  acid inks"], pen, row=pen.px(4), x=left, text_mm=6
    )
    marks += colour_bar(pen, row=pen.px(4), x=cloth.width_px - left - 12 * pen.px(8))
    stamp(sheet, marks)
    return Sketch(sheet, round(len(sheet) / FINER), NIGHT)


def main() -> None:
    """Write the four pictures."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.mkdir(parents=True, exist_ok=True)
    for name, make in (("half-drop", half_drop), ("mirrored", mirrored), ("shawl", shawl), ("strike-off", strike_off)):
        save(make(), out / f"layout-{name}.jpg")


if __name__ == "__main__":
    main()
