"""Labels for rolls and lots: a code that every scanner reads, and the same in letters."""

from html import escape

import segno

from controller.tracing.goods import LotRecord, RollRecord

LABEL_MM = (90, 50)
"""Width and height of a label: a common size of label printers; default from practice."""

_CODE_MM = 34
"""Side of the code; it leaves four modules free on each side, as ISO/IEC 18004 wants."""

_LETTER = 0.62
"""Width of a letter of a sans-serif font, as part of its size; default from practice."""


def roll_label(record: RollRecord) -> str:
    """Return the label of a roll as SVG, in millimetres: QR code (error level M) and what people want to read."""
    roll = record.roll
    of = f"lot {record.lot}" if record.lot else "printed roll"
    # a printed roll is turned by machines, and a label is not
    wound = [f"wound {record.wound}"] if record.lot and record.wound else []
    return label(roll.name, [roll.fabric, f"{roll.length_m:g} m", of, *wound])


def lot_label(record: LotRecord) -> str:
    """Return the label of a lot, for cans and drums."""
    lot = record.lot
    before = f"best before {lot.best_before:%Y-%m-%d}" if lot.best_before else ""
    return label(lot.name, [lot.material, f"{lot.supplier} {lot.supplier_lot}".strip(), before])


def label(name: str, lines: list[str]) -> str:
    """Return a label with the code of a name, the name, and lines of text below it."""
    width, height = LABEL_MM
    matrix = segno.make_qr(name, error="m", boost_error=False).matrix
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, module in enumerate(row) if module)
    edge = (height - _CODE_MM) / 2
    left = _CODE_MM + 2 * edge
    texts = [_text(left, 15.0, name, 7.0, ' font-weight="bold"')]
    texts += [_text(left, 24.0 + 7 * number, line, 5.0) for number, line in enumerate(lines)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" role="img" aria-label="{escape(name)}">'
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f'<path transform="translate({edge:g} {edge:g}) scale({_CODE_MM / len(matrix):.4f})" d="{dark}"/>'
        f"{''.join(texts)}</svg>\n"
    )


def _text(x_mm: float, y_mm: float, text: str, size_mm: float, weight: str = "") -> str:
    """Return a line of text, smaller if it would not end on the label."""
    size_mm = min(size_mm, (LABEL_MM[0] - x_mm - 3) / _LETTER / max(len(text), 1))
    return f'<text x="{x_mm:g}" y="{y_mm:g}" font-size="{size_mm:.2f}"{weight}>{escape(text)}</text>'
