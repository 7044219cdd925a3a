"""Inspection strip by strip: streaks run on, defects on a border are reported once."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from qc.evidence import Matched
from qc.finding import DefectClass, Finding, defect_points
from qc.inks import Inks
from qc.look import blob_finding, check_pair, line_finding, look, place
from qc.onset import Line, follow
from qc.residual import ROWS, Frame
from qc.spots import Blob

TAIL_ROWS = 192  # rows of the strip before that are looked at again
REACH_BLOCKS = 4  # a streak that begins so near to the top of the tail may have begun before it
SAME_STREAK_MM = 0.5
# Two parts of a defect at a border are one; without structure to register on, the rows there are not judged.
SAME_BLOB_MM = 2.0
SAME_BLOB_ALONG_MM = 4.0
# A streak not seen for so long (its ink is not used) is closed; a new one in that column is a new finding.
MAX_UNSEEN_M = 3.0

WORST_FIRST: tuple[DefectClass, ...] = ("misprint", "streak", "spot")


@dataclass(frozen=True)
class Running:
    """A streak between strips: its finding so far and how it is recognised."""

    finding: Finding
    template: int
    channel: int
    share: float
    box: int


@dataclass(frozen=True)
class Inspection:
    """What one strip hands on to the next; starts empty as ``Inspection()``.

    Attributes
    ----------
    streaks
        Streaks that run, or ended less than ``MAX_UNSEEN_M`` ago.
    recent
        Spots and misprints near the lower border of the last strip.
    count
        Findings so far; makes keys.
    at_m
        Where the last strip began.
    """

    streaks: tuple[Running, ...] = ()
    recent: tuple[Finding, ...] = ()
    count: int = 0
    at_m: float = 0.0

    def to_json(self) -> str:
        """Text that :meth:`from_json` restores exactly."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Inspection":
        """Restore an inspection.

        Raises
        ------
        ValueError
            If the text is not what :meth:`to_json` wrote.
        """
        try:
            raw: dict[str, Any] = json.loads(text)
            streaks = tuple(Running(**(r | {"finding": Finding(**r["finding"])})) for r in raw["streaks"])
            return Inspection(
                streaks, tuple(Finding(**f) for f in raw["recent"]), int(raw["count"]), float(raw["at_m"])
            )
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"not the JSON of an inspection ({error}); give what Inspection.to_json wrote") from error


@dataclass(frozen=True)
class Seen:
    """What one strip shows by itself, to be judged with what the strips before it left behind.

    Attributes
    ----------
    frame
        Where its pixels lie.
    lines, blobs
        What the detectors found.
    """

    frame: Frame
    lines: tuple[Line, ...]
    blobs: tuple[Blob, ...]


def see_strip(
    expected: np.ndarray,
    captured: np.ndarray,
    *,
    mm_per_px: float,
    previous: tuple[np.ndarray, np.ndarray] | None = None,
    inks: Inks | None = None,
    sought: Seen | None = None,
) -> tuple[Seen, np.ndarray]:
    """Look at a strip: the long part of an inspection, which needs no other strip's result.

    Parameters
    ----------
    expected, captured
        uint8 (h, w, 3) RGB of the same size.
    mm_per_px
        Size of a pixel in mm, > 0.
    previous
        Expected and captured tail rows that end where this strip begins, uint8 (t, w, 3) each: ``TAIL_ROWS``, or as
        many as there are where :func:`reaches_back` asks for more. None at the beginning or if the strip before is not
        at hand.
    inks
        What lies on the cloth of each ink in these rows, those of ``previous`` first; names a dead nozzle's ink and
        finds its beginning where brightness alone cannot.
    sought
        What a look at fewer rows before the strip saw; its lines are looked for in particular.

    Returns
    -------
    seen
        For :func:`judge_strip`.
    evidence
        float32 (2, 2, 3, blocks, w): what each block says about a streak in each column; for :func:`judge_strip`.

    Raises
    ------
    ValueError
        If pictures differ in size, are empty, not uint8 RGB, or the scale is not positive.
    """
    check_pair(expected, captured, mm_per_px)
    if previous is not None:
        check_pair(*previous, mm_per_px)
        if previous[0].shape[1] != expected.shape[1]:
            raise ValueError(
                f"the strip before is {previous[0].shape[1]} px wide and this one {expected.shape[1]} px; "
                "give the tail of the same camera"
            )
    tail = 0 if previous is None else previous[0].shape[0]
    lines = () if sought is None else tuple(_moved(line, (tail - sought.frame.tail) // ROWS) for line in sought.lines)
    view = look(expected, captured, mm_per_px, previous, inks, lines)
    return Seen(view.pair.frame, view.lines, view.blobs), np.stack([view.proof.a, view.proof.b])


def _moved(line: Line, blocks: int) -> Line:
    return replace(line, begin=line.begin + blocks, end=line.end + blocks)


def reaches_back(inspection: Inspection, seen: Seen, *, at_m: float, x_mm: float = 0.0) -> bool:
    """Whether a streak began in the strip before, above the tail that was looked at.

    What the strip before could not tell from noise, or could place only roughly from its last rows, is plain with this
    strip's rows added: look again with all of that strip.
    """
    frame = seen.frame
    for line in seen.lines:
        if line.begin * ROWS >= frame.tail or line.end * ROWS <= frame.tail:
            continue
        found = line_finding(frame, line, at_m, x_mm, "")
        known = [run.finding for run in inspection.streaks if _same_streak(found, run)]
        above = line.begin <= REACH_BLOCKS and any(streak.at_m > inspection.at_m for streak in known)
        if above or not known:
            return True
    return False


def judge_strip(
    inspection: Inspection, seen: Seen, evidence: np.ndarray, *, at_m: float, x_mm: float = 0.0
) -> tuple[Inspection, tuple[Finding, ...]]:
    """Join what a strip shows to what runs on from the strips before; quick, and in the order of the web.

    Parameters
    ----------
    inspection
        What the strip before handed on.
    seen, evidence
        As :func:`see_strip` gave them.
    at_m, x_mm
        Position of the strip's first row in metres and of its left edge in mm.

    Returns
    -------
    inspection
        To hand on to the next strip.
    findings
        New findings and grown ones; a grown one has the same ``key``.
    """
    matched = Matched(evidence[0], evidence[1])
    streaks, fresh, count = _carry_streaks(inspection, seen, matched, at_m, x_mm)
    recent, blobs, count = _carry_blobs(inspection, seen, streaks, at_m, x_mm, count)
    return Inspection(tuple(streaks), tuple(recent), count, at_m), tuple(fresh + blobs)


def _carry_streaks(
    inspection: Inspection, seen: Seen, matched: Matched, at_m: float, x_mm: float
) -> tuple[list[Running], list[Finding], int]:
    frame, count = seen.frame, inspection.count
    kept: list[Running] = []
    changed: list[Finding] = []
    lines = list(seen.lines)
    bottom_m = at_m + (frame.blocks * ROWS - frame.tail) * frame.mm_per_px / 1000
    top_m = at_m + (REACH_BLOCKS * ROWS - frame.tail) * frame.mm_per_px / 1000
    for run in inspection.streaks:
        old = before = run.finding
        match = [n for n in lines if _same_streak(line_finding(frame, n, at_m, x_mm, ""), run)]
        if match:
            new = line_finding(frame, match[0], at_m, x_mm, old.key)
            lines = [n for n in lines if n not in match]
            if old.at_m > top_m:  # these rows hold its beginning, and more of what follows than when it was found
                old = replace(old, at_m=new.at_m, length_mm=new.length_mm)
            after = _grow(old, new.end_m, new.open)
            run = Running(after, match[0].template, match[0].channel, match[0].share, match[0].box)
        elif old.open:
            dx, _ = frame.field.at((old.x_mm - x_mm) / frame.mm_per_px, 0)
            column = (old.x_mm - x_mm) / frame.mm_per_px + dx - 0.5
            inside = 2 <= column < frame.width - 2
            state, end = (
                follow(frame, matched, column, run.template, run.channel, run.share, run.box) if inside else ("gone", 0)
            )
            end_m, _ = place(frame, column, end * ROWS, at_m, x_mm)
            if state in ("runs", "ends"):
                after = _grow(old, end_m, state == "runs")
            else:
                after = replace(old, open=state == "unseen" and bottom_m - old.end_m < MAX_UNSEEN_M)
            run = replace(run, finding=after)
        if run.finding != before:
            changed.append(run.finding)
        if run.finding.open or bottom_m - run.finding.end_m < MAX_UNSEEN_M:
            kept.append(run)
    for line in lines:
        if line.end * ROWS <= frame.tail:
            continue  # it ended in the strip before, which has judged it
        count += 1
        finding = line_finding(frame, line, at_m, x_mm, f"streak-{count}")
        kept.append(Running(finding, line.template, line.channel, line.share, line.box))
        changed.append(finding)
    return kept, changed, count


def _same_streak(found: Finding, run: Running) -> bool:
    return abs(found.x_mm - run.finding.x_mm) <= SAME_STREAK_MM + run.finding.width_mm / 2


def _grow(old: Finding, end_m: float, is_open: bool) -> Finding:
    length = max(old.length_mm, (end_m - old.at_m) * 1000)
    return replace(old, length_mm=length, points=defect_points("streak", length, old.width_mm), open=is_open)


def _carry_blobs(
    inspection: Inspection, seen: Seen, streaks: list[Running], at_m: float, x_mm: float, count: int
) -> tuple[list[Finding], list[Finding], int]:
    frame = seen.frame
    recent = list(inspection.recent)
    changed: list[Finding] = []
    for blob in seen.blobs:
        new = blob_finding(frame, blob, at_m, x_mm, "")
        if new.cls == "spot" and any(_beside(new, run.finding) for run in streaks):
            continue
        match = next((i for i, old in enumerate(recent) if _touch(old, new)), None)
        if match is not None:
            union = _union(recent[match], new)
            if (
                union.cls != recent[match].cls
                or union.length_mm > recent[match].length_mm + 1.0
                or (union.width_mm > recent[match].width_mm + 1.0)
            ):
                recent[match] = union
                changed = [f for f in changed if f.key != union.key] + [union]
        elif blob.bottom * frame.factor > frame.tail - 2 * ROWS:  # what ends higher the strip before has judged
            count += 1
            new = replace(new, key=f"{new.cls}-{count}")
            recent.append(new)
            changed.append(new)
    bottom_m = at_m + (frame.blocks * ROWS - frame.tail) * frame.mm_per_px / 1000
    near = (TAIL_ROWS + 64) * frame.mm_per_px / 1000
    return [f for f in recent if f.end_m > bottom_m - near], changed, count


def _beside(spot: Finding, streak: Finding) -> bool:
    """A slim mark on a running streak is part of it."""
    slim = spot.width_mm <= max(1.5, 2 * streak.width_mm)
    return slim and abs(spot.x_mm - streak.x_mm) <= 1.0 + streak.width_mm / 2 and spot.begin_m <= streak.end_m + 0.01


def _touch(a: Finding, b: Finding) -> bool:
    apart_x = abs(a.x_mm - b.x_mm) - (a.width_mm + b.width_mm) / 2
    apart_y = max(a.begin_m, b.begin_m) - min(a.end_m, b.end_m)
    return apart_x <= SAME_BLOB_MM and apart_y * 1000 <= SAME_BLOB_ALONG_MM


def _union(a: Finding, b: Finding) -> Finding:
    begin, end = min(a.begin_m, b.begin_m), max(a.end_m, b.end_m)
    left = min(a.x_mm - a.width_mm / 2, b.x_mm - b.width_mm / 2)
    right = max(a.x_mm + a.width_mm / 2, b.x_mm + b.width_mm / 2)
    cls = a.cls if WORST_FIRST.index(a.cls) <= WORST_FIRST.index(b.cls) else b.cls
    length, width = (end - begin) * 1000, right - left
    at = begin if cls == "streak" else (begin + end) / 2
    return replace(
        a,
        cls=cls,
        at_m=at,
        x_mm=(left + right) / 2,
        length_mm=length,
        width_mm=width,
        open=b.open,
        points=defect_points(cls, length, width),
        score=max(a.score, b.score),
    )
