"""Where along the rows a streak begins and ends: the segment of one column's evidence that best supports it (CUSUM)."""

from dataclasses import dataclass

import numpy as np

from qc.evidence import Evidence, Matched, column
from qc.residual import ROWS, Frame, Pair

Z_KEPT = 6.4  # significance a streak must have over the segment found for it
# Least share of the ink film (one dead nozzle of four leaves about 0.08 over 3 px) and least share of the light.
LIMITS = (0.03, 0.025)
# The same by width in px. A line of one camera pixel between quiet neighbours is drawn by nothing but a nozzle; a broad
# one is what a colour of the artwork that the print model misses looks like.
LIMITS_BY_BOX = {1: (0.010, 0.010), 3: LIMITS, 9: (0.08, 0.07)}
# Least length by the same, in blocks: in the shortest window a line of one pixel has to stand out in both halves.
BLOCKS_BY_BOX = {1: 12, 3: 3, 9: 3}
SILENT = 6  # blocks at the lower end too short to speak for an end
WITHIN_MM = 10.0  # a beginning placed so near is as good as exact: whoever looks for it there sees it
DOUBT = 6.0  # log likelihood by which one beginning may be behind the best one and still be likely
TEMPER = 1.5  # how much less the blocks around an onset say than independent ones would
AGAINST = 8.0  # log likelihood it takes to say that a streak is not there


@dataclass(frozen=True)
class Line:
    """A streak in the pair's block rows: column in full-size px, blocks from begin to end, what it looks like.

    One that is not ``sure`` stands out too little by its brightness and needs a nozzle that explains it.
    """

    x: float
    begin: float
    end: int
    width_px: float
    template: int
    channel: int
    share: float
    z: float
    open: bool
    box: int
    ink: int | None = None
    sure: bool = True


def trace(pair: Pair, proof: Evidence, x: int, template: int, channel: int, box: int) -> Line | None:
    """Begin and end of a streak in one column by the segment of rows that best supports it (two-sided CUSUM).

    Parameters
    ----------
    pair, proof
        The pictures and their evidence.
    x
        Column in full-size px.
    template, channel, box
        What it was found with; channel 3 is all together.

    Returns
    -------
    Line or None
        None if no segment supports a streak.
    """
    # The film template knows where the ink is used; light only where it explains clearly more.
    limits = LIMITS_BY_BOX[box]
    scores = []
    for t in range(2):
        a, b = column(proof, x, t, channel, box)
        scores.append(abs(a.sum()) / np.sqrt(b.sum() + 1e-9) if abs(a.sum()) > limits[t] * b.sum() else 0.0)
    if template == 1 and scores[0] > 0.8 * scores[1]:
        template = 0
    a, b = column(proof, x, template, channel, box)
    blocks = len(a)
    share = float(a.sum() / (b.sum() + 1e-9))
    begin, end = 0, blocks
    scatter = noise(a, b, share)
    for _ in range(4):
        gain = (share * a - share * share * b / 2) / scatter
        begin, end = _best_segment(gain)
        if end - begin < BLOCKS_BY_BOX[box]:
            return None
        share = float(a[begin:end].sum() / (b[begin:end].sum() + 1e-9))
    z = abs(share) * np.sqrt(b[begin:end].sum() / scatter)
    if z < Z_KEPT or abs(share) < limits[template]:
        return None
    # It runs on if the rows left below do not speak against it.
    gain = (share * a - share * share * b / 2) / scatter
    runs_on = blocks - end <= SILENT or gain[end:].sum() > -AGAINST
    centre, width = _profile(proof, x, template, channel, begin, end)
    return Line(
        centre,
        likely_begin(gain, end, pair.frame.mm_per_px),
        blocks if blocks - end <= SILENT else end,
        width,
        template,
        channel,
        share,
        float(z),
        bool(runs_on),
        box,
    )


def follow(
    frame: Frame, proof: Matched, x: float, template: int, channel: int, share: float, box: int
) -> tuple[str, int]:
    """Whether a streak known from before goes on in this picture, with less evidence than finding it new takes.

    Parameters
    ----------
    frame, proof
        The picture's place and its evidence.
    x
        Expected column in full-size px.
    template, channel, share, box
        As the streak was found.

    Returns
    -------
    state
        ``"runs"`` to the end of the picture, ``"ends"`` inside it, ``"gone"``, or ``"unseen"`` (its ink is not used).
    end
        Block after its last one (0 if gone or unseen).
    """
    first = frame.tail // ROWS
    best = max(
        (column(proof, round(x) + d, template, channel, box) for d in range(-2, 3)),
        key=lambda ab: np.sign(share) * ab[0][first:].sum() / np.sqrt(ab[1][first:].sum() + 1e-9),
    )
    a, b = best[0][first:], best[1][first:]
    scatter = noise(a, b, share)
    if share * share * b.sum() / scatter < 2 * AGAINST:
        return "unseen", 0
    gain = (share * a - share * share * b / 2) / scatter
    total = np.concatenate([[0.0], np.cumsum(gain)])
    end = int(np.argmax(total))
    if total[end] < 3.0:
        return "gone", 0
    if len(a) - end <= SILENT or gain[end:].sum() > -AGAINST:
        return "runs", first + end
    return "ends", first + end


def noise(a: np.ndarray, b: np.ndarray, share: float) -> float:
    """How much more the blocks scatter than the weights say (weave and grain are not independent)."""
    seen = b > 0.02 * b.max() if b.max() > 0 else b > 0
    if np.count_nonzero(seen) < 4:
        return 1.0
    off = np.diff(a[seen] / np.sqrt(b[seen]))
    return max(1.0, (1.4826 * float(np.median(np.abs(off))) / np.sqrt(2)) ** 2)


def _best_segment(gain: np.ndarray) -> tuple[int, int]:
    total = np.concatenate([[0.0], np.cumsum(gain)])
    lowest = np.minimum.accumulate(total)
    end = int(np.argmax(total - lowest))
    begin = int(np.argmin(total[: end + 1]))
    # Blocks without evidence at the front do not belong to it.
    return begin, end


def likely_begin(gain: np.ndarray, end: int, mm_per_px: float) -> float:
    """Where the streak began: the first place that is likely, and there where most of the likelihood lies.

    Where the ink is hardly used the rows say little, and a beginning before them is as likely as one behind. Then the
    earlier one is given: who takes it for true loses some good cloth, who takes the later one sells a fault. Rows that
    speak against the streak still bound it.

    Parameters
    ----------
    gain
        float64 (blocks,): log likelihood of the streak against none, per block.
    end
        Block after its last one.
    mm_per_px
        Size of a pixel in mm.
    """
    total = np.concatenate([[0.0], np.cumsum(gain[:end])])
    first = int(np.argmax(total <= total.min() + DOUBT))
    stretch = slice(first, first + round(WITHIN_MM / (ROWS * mm_per_px)) + 1)
    weight = np.exp(np.maximum((total[stretch].min() - total[stretch]) / TEMPER, -50.0))
    return float(np.average(np.arange(len(total))[stretch], weights=weight))


def _profile(proof: Evidence, x: int, t: int, channel: int, begin: int, end: int) -> tuple[float, float]:
    lo, hi = max(0, x - 12), x + 13
    pick = slice(None) if channel == 3 else slice(channel, channel + 1)
    a = proof.a[t, pick, begin:end, lo:hi].sum((0, 1), dtype=np.float64)
    b = proof.b[t, pick, begin:end, lo:hi].sum((0, 1), dtype=np.float64)
    share = a / (b + 1e-9)
    at = x - lo
    peak = at + int(np.argmax(np.abs(share[max(0, at - 4) : at + 5]))) - min(4, at)
    share = share * np.sign(share[peak])
    left = right = peak
    while left > 0 and share[left - 1] > 0.4 * share[peak]:
        left -= 1
    while right + 1 < len(share) and share[right + 1] > 0.4 * share[peak]:
        right += 1
    weights = np.maximum(share[left : right + 1], 0)
    centre = float((weights * np.arange(left, right + 1)).sum() / weights.sum()) + lo
    return centre, float(right - left + 1)
