"""What a person should know before a layout is printed: seams that would show, a repeat the artwork hides, colours."""

from collections.abc import Sequence

import numpy as np

from rip.colourway import Colourway
from rip.drop import find_drop
from rip.layout import Layout
from rip.plan import Plan
from rip.seam import check_seam
from rip.sources import Source, sample


def advice(layout: Layout, plan: Plan, sources: Sequence[Source]) -> tuple[str, ...]:
    """Return warnings and proposals, one line each.

    Parameters
    ----------
    layout : Layout
    plan : Plan
    sources : sequence of Source
    """
    told: list[str] = []
    if layout.pieces is None:
        told += check_seam(plan, [source.seen for source in sources]).warnings
        told += _hidden(layout, sources[0])
    if layout.colourway is not None:
        told += _absent(layout.colourway, sources)
    return tuple(told)


def _hidden(layout: Layout, source: Source) -> list[str]:
    """Propose the repeat that an artwork laid straight holds."""
    if layout.laid.kind != "straight" or layout.mirror != "none" or any(layout.gap_mm) or layout.turn:
        return []
    spool = source.spool
    found = find_drop(source.seen, spool.width_px, spool.height_px)
    if found is None:
        return []
    whole = layout.width_mm or (source.artwork.size_mm or (0.0, 0.0))[0]
    size = (whole, whole * spool.height_px / spool.width_px)
    repeat = found.repeat(*size)
    drop = f":{repeat.drop}" if repeat.kind in ("drop", "brick") else ""
    how = f"{repeat.kind}{drop}"
    if found.columns * found.rows == 1:
        return [f"the edges of the design meet as {how}: it may be meant to repeat that way"]
    return [f"the design holds {found.columns} × {found.rows} tiles that repeat as {how}: one of them is enough"]


def _absent(colourway: Colourway, sources: Sequence[Source]) -> list[str]:
    """Name the colours that shall be replaced and that no design holds, as far as a sample tells."""
    wanted = {swap.colour: swap.title for swap in colourway.swaps if isinstance(swap.colour, tuple)}
    held: set[tuple[int, ...]] = set()
    for source in sources:
        if not source.is_rgb:
            continue
        pixels = sample(source.spool) if source.flat is None else np.array(source.flat.palette, np.uint8)
        held |= {tuple(colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}
    return [f"colour {title} is replaced, but was not found in the design" for colour, title in wanted.items()
            if colour not in held]  # fmt: skip
