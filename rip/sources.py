"""Artwork as the sources of a plan: spooled at the press's size, turned, and given as colours or as ink tones.

8-bit RGB designs with one profile stay colours until the table of all colours is looked up in the hot path. Everything
else becomes tones on its way into a band.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.arrange import Placed
from rip.colourway import Colourway, matches
from rip.condition import Condition
from rip.fill import Rows, fill_band
from rip.flatten import Flat, reduce_colours
from rip.formats.opening import Artwork
from rip.period import Fill
from rip.plan import LayoutError, Plan
from rip.spool import Spool, spool, turned
from rip.table import Table, load_table, palette_table
from rip.tones import plain, plates_left_out, tone_notes, tones_of

SAMPLE_PX = 4_000_000
"""Pixels of a design that its few flat colours are found from."""

Bytes = NDArray[np.uint8]
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Source:
    """One source of a plan.

    Attributes
    ----------
    artwork : Artwork
    spool : Spool
        Its rows at the size the plan wants, turned.
    flat : Flat or None
        The few colours it is reduced to.
    """

    artwork: Artwork
    spool: Spool
    flat: Flat | None = None

    @property
    def is_rgb(self) -> bool:
        """Whether its colours are looked up in the table of all."""
        return self.artwork.mode == "rgb" and self.artwork.bits == 8

    @property
    def palette(self) -> list[str]:
        """The flat colours as #rrggbb, the most frequent first; empty for a design that is not reduced."""
        return [] if self.flat is None else ["#{:02x}{:02x}{:02x}".format(*colour) for colour in self.flat.palette]

    @property
    def flat_colours(self) -> tuple[tuple[int, int, int], ...]:
        """The palette of an indexed design, or the flat colours it is reduced to."""
        return self.artwork.palette or () if self.flat is None else self.flat.palette

    def colours(self, first: int, count: int) -> Bytes:
        """Return rows of an 8-bit RGB design, in its flat colours if it has such."""
        rows = self.spool.rows(first, count)
        return rows if self.flat is None else self.flat.flat(rows)

    def seen(self, first: int, count: int) -> Bytes:
        """Return rows as three bytes a pixel, whatever the design holds: its structure, not its colour."""
        rows = self.spool.rows(first, count)
        codes = rows if rows.dtype == np.uint8 else (rows >> 8).astype(np.uint8)
        wanted = [0, 1, 2] if codes.shape[2] >= 3 else [0, 0, 0]
        return np.ascontiguousarray(codes[..., wanted])


def read_sources(
    plan: Plan,
    placed: Sequence[Placed],
    artworks: Sequence[Artwork],
    folder: Path,
    *,
    colours: int | None = None,
    progress: Progress | None = None,
) -> list[Source]:
    """Spool every artwork at the sizes a plan wants it.

    Parameters
    ----------
    plan : Plan
    placed : sequence of Placed
        One for each of its sources.
    artworks : sequence of Artwork
    folder : Path
        Of spools.
    colours : int, optional
        Reduce each design to so many flat colours.
    progress : callable, optional
        Called with "read" and the share done, 0..1.

    Raises
    ------
    ArtworkError
        If a file turns out cut or damaged.
    LayoutError
        If a design that is not 8-bit RGB shall be reduced to flat colours.
    """
    report = progress or (lambda step, share: None)
    sources: list[Source] = []
    repeats = plan.wraps and not plan.pieces
    for number, (place, (width, height)) in enumerate(zip(placed, plan.sources_px, strict=True)):
        artwork = artworks[place.artwork]

        def tell(step: str, share: float, number: int = number) -> None:
            report(step, (number + share) / len(placed))

        size = (height, width) if place.turns % 2 else (width, height)
        rows = turned(spool(artwork, *size, folder, tell, wrap=repeats), place.turns, mirror=False, folder=folder)
        source = Source(artwork, rows)
        if colours is not None:
            if not source.is_rgb:
                what = f"{artwork.mode} of {artwork.bits} bits"
                raise LayoutError(f"{artwork.path.name} is {what}: flat colours are found in 8-bit RGB only", "colours")
            source = Source(artwork, rows, reduce_colours(sample(rows), colours, source=artwork.profile))
        sources.append(source)
    return sources


def sample(rows: Spool) -> Bytes:
    """Return evenly spread pixels of a design, some millions at most: uint8 (h, w, channels)."""
    step = max(1, round((rows.width_px * rows.height_px / SAMPLE_PX) ** 0.5))
    return np.concatenate([rows.rows(row, 1)[:, ::step] for row in range(0, rows.height_px, step)])


@dataclass(frozen=True)
class Inked:
    """What the hot path takes: how to fill a band, and the table if it is filled with colours."""

    fill: Fill
    entries: Bytes | None


def inked(
    plan: Plan, sources: Sequence[Source], condition: Condition, folder: Path, colourway: Colourway | None = None
) -> Inked:
    """Return how bands of a plan are filled.

    Parameters
    ----------
    plan : Plan
    sources : sequence of Source
    condition : Condition
    folder : Path
        Of profiles and tables.
    colourway : Colourway, optional

    Raises
    ------
    ColourwayError, LayoutError
        If a colour cannot be printed, or no design can hold what is to be replaced.
    """
    check_colourway(colourway, [source.artwork for source in sources])
    solids = replaced(colourway, condition, folder)
    colours = {colour: tones for colour, tones in solids.items() if isinstance(colour, tuple)}
    spots = {plate: tones for plate, tones in solids.items() if isinstance(plate, str)}
    profiles = {source.artwork.profile for source in sources if source.is_rgb}
    tables = {profile: _table(profile, sources, condition, folder, colours) for profile in profiles}
    if len(tables) == 1 and all(source.is_rgb for source in sources):
        rows: list[Rows] = [source.colours for source in sources]
        (table,) = tables.values()
        return Inked(lambda first, out: fill_band(plan, rows, first, len(out), out), table.entries)

    def toned(source: Source) -> Rows:
        art = source.artwork
        if source.is_rgb:
            table = tables[art.profile]
            return lambda first, count: table.tones(source.colours(first, count))
        return lambda first, count: tones_of(source.spool.rows(first, count), art.mode, art.profile, condition, folder,
                                             names=art.channel_names, spots=spots)  # fmt: skip

    bands = [toned(source) for source in sources]
    ground = palette_table([plan.ground], condition, None, folder)[0].tolist()
    return Inked(lambda first, out: fill_band(plan, bands, first, len(out), out, ground), None)


def check_colourway(colourway: Colourway | None, artworks: Sequence[Artwork]) -> None:
    """See that designs can hold what a colourway replaces: colours if of 8-bit RGB, plates if separations.

    Raises
    ------
    LayoutError
        Names what cannot be replaced.
    """
    if colourway is None:
        return
    named = [swap.colour for swap in colourway.swaps if isinstance(swap.colour, str)]
    plates = {plain(name): name for artwork in artworks for name in artwork.channel_names}
    if missing := [name for name in named if plain(name) not in plates]:
        held = f"its plates are {', '.join(plates.values())}" if plates else "it has no plates: give #rrggbb"
        raise LayoutError(f"the design holds no plate {missing[0]!r:.60} to be replaced; {held}", "colourway")
    others = [artwork for artwork in artworks if artwork.mode != "separations"]
    wanted = len(named) < len(colourway.swaps)
    if wanted and (not others or any((artwork.mode, artwork.bits) != ("rgb", 8) for artwork in others)):
        raise LayoutError("colours can be replaced in designs of 8-bit RGB only, plates by their names", "colourway")


def replaced(
    colourway: Colourway | None, condition: Condition, folder: Path
) -> dict[tuple[int, int, int] | str, tuple[int, ...]]:
    """Return what a colourway prints for a colour or a plate: drop volume of each ink, 255 = a solid.

    Raises
    ------
    ColourwayError
        If a colour cannot be printed.
    """
    swaps = () if colourway is None else colourway.swaps
    return {colour: match.tones for colour, match in matches(swaps, condition, folder).items()}


def colour_notes(
    artworks: Sequence[Artwork], condition: Condition, colourway: Colourway | None = None
) -> tuple[str, ...]:
    """Return what has to be assumed of the designs' colours, one line each."""
    return tuple(
        note
        for artwork in artworks
        for note in tone_notes(artwork.mode, artwork.profile, condition, names=artwork.channel_names,
                               spots=_named(colourway))
    )  # fmt: skip


def plate_warnings(
    artworks: Sequence[Artwork], condition: Condition, colourway: Colourway | None = None
) -> tuple[str, ...]:
    """Return which plates are not printed, one line each."""
    return tuple(
        f"plate {name} of {artwork.path.name} has no ink of its name and none is left for it: it is not printed; a "
        f"colourway can give it a colour or inks by its name"
        for artwork in artworks
        if artwork.mode == "separations"
        for name in plates_left_out(condition, artwork.channel_names, _named(colourway))
    )


def _named(colourway: Colourway | None) -> dict[str, tuple[int, ...]]:
    """Plates that a colourway replaces, whatever by."""
    swaps = () if colourway is None else colourway.swaps
    return {swap.colour: () for swap in swaps if isinstance(swap.colour, str)}


def _table(
    profile: bytes | None,
    sources: Sequence[Source],
    condition: Condition,
    folder: Path,
    colours: Mapping[tuple[int, int, int], tuple[int, ...]],
) -> Table:
    """Table of all colours, with those of palettes rendered exactly and those of a colourway replaced."""
    table = load_table(condition, profile, folder)
    of_palettes = sorted({colour for source in sources if source.is_rgb and source.artwork.profile == profile
                          for colour in source.flat_colours})  # fmt: skip
    if of_palettes:
        exact = palette_table(of_palettes, condition, profile, folder)
        table = table.with_colours(dict(zip(of_palettes, exact.tolist(), strict=True)))
    return table.with_colours(colours) if colours else table
