"""The screening mask of a period: one tile as often as it fits, and one made to lie between two of these.

So a period of any height is screened as it is, neither stretched nor taken several times, and no seam is seen. Each
tile is a whole ranking: over every one of them the mean drop volume is the tone.
"""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.ranking import void_and_cluster

MASK_COLUMNS = 128
TILE_ROWS = 128
CLOSING_ROWS = 32
"""A closing tile has so many rows or up to a tile more."""

VERSION = 3

Ranking = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Mask:
    """Rankings down the rows of one period.

    Attributes
    ----------
    tile : uint16 (n, columns)
        Lies on the first rows, as often as it fits.
    closing : uint16 (m, columns), optional
        Lies on the last rows.
    times : int
        How often the tile lies above the closing one; without one, it does not matter.
    """

    tile: Ranking
    closing: Ranking | None = None
    times: int = 1

    @property
    def rows(self) -> int:
        """Rows until the mask is the same again."""
        return len(self.tile) * self.times + (0 if self.closing is None else len(self.closing))

    def shortened(self, reach: int) -> "Mask":
        """Return the mask with only as many tiles as are needed to find any `reach` rows of it next to each other."""
        return replace(self, times=min(self.times, 1 + -(-reach // len(self.tile))))


def load_mask(period_rows: int, folder: Path, *, wraps: bool = True) -> Mask:
    """Return the mask of a period; its tiles come from the folder, made and kept there the first time.

    Parameters
    ----------
    period_rows : int
        Rows of the period, at least 1.
    folder : Path
    wraps : bool
        The last row meets the first one. False: a sheet, on which no tile has to close anything.

    Returns
    -------
    Mask
        Its rows are the period's, or divide them, or, on a sheet, go on beyond it.
    """
    over = period_rows % TILE_ROWS
    if not wraps or over == 0:
        return Mask(_load(TILE_ROWS, folder))
    if period_rows < CLOSING_ROWS + TILE_ROWS:
        return Mask(_load(period_rows, folder))
    rows = over if over >= CLOSING_ROWS else over + TILE_ROWS
    tile = _load(TILE_ROWS, folder)
    return Mask(tile, _load(rows, folder, tile), (period_rows - rows) // TILE_ROWS)


def _load(rows: int, folder: Path, between: Ranking | None = None) -> Ranking:
    closing = "" if between is None else "closing-"
    path = folder / f"mask-{closing}{rows}x{MASK_COLUMNS}-v{VERSION}.npy"
    if path.is_file():
        try:
            kept = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            kept = None
        if kept is not None and _is_ranking(kept, rows):
            return kept
    ranking = void_and_cluster(rows, MASK_COLUMNS, between=between)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{uuid.uuid4().hex}.npy"
    np.save(partial, ranking, allow_pickle=False)
    partial.replace(path)
    return ranking


def _is_ranking(ranking: NDArray, rows: int) -> bool:
    size = rows * MASK_COLUMNS
    if ranking.shape != (rows, MASK_COLUMNS) or ranking.dtype != np.uint16:
        return False
    return bool((np.bincount(ranking.ravel(), minlength=size) == 1).all())
