"""Pieces on the roll: which piece a finding lies in, and what was found in each.

A job's raster says where its pieces lie, and its findings say where they are; everything here follows from these two.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, cast

from controller.tables import FindingRow, Job
from controller.way import Way
from qc import DefectClass, Finding

MM_PER_INCH = 25.4


@dataclass(frozen=True)
class Piece:
    """One piece on the roll: its name, unlike all others of the job, and its rectangle on the printed cloth.

    Attributes
    ----------
    name : str
    at_m, length_mm : float
        Where it begins along the roll, and how long it is there, hem allowance included.
    x_mm, width_mm : float
        Its left edge from the left edge of the print, and its width.
    """

    name: str
    at_m: float
    x_mm: float
    length_mm: float
    width_mm: float


@dataclass(frozen=True)
class Place:
    """Where a finding lies.

    Attributes
    ----------
    name : str
        Of the piece that holds the finding's own point; of the first that it reaches, if that point is in the gutter.
    along_mm, across_mm : float
        From the upper left corner of that piece, along the roll and across; of the first point of the finding in it.
    also : tuple of str
        Further pieces it reaches, as a streak does, in printing order.
    """

    name: str
    along_mm: float
    across_mm: float
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class PieceResult:
    """What inspection says of one piece.

    Attributes
    ----------
    piece : Piece
    findings, points : int
        Findings that reach it, and their penalty points.
    quality : {"first", "second"} or None
        A piece is sold whole, so one finding makes it a second; default from practice. None: not wholly inspected yet.
    """

    piece: Piece
    findings: int
    points: int
    quality: Literal["first", "second"] | None


@dataclass(frozen=True)
class Pieces:
    """The pieces of a job, in printing order; none of a job by the metre."""

    pieces: tuple[Piece, ...]

    @cached_property
    def _along(self) -> tuple[list[float], tuple[Piece, ...], float]:
        """Where pieces begin, rising; the pieces in this order; the length of the longest, m."""
        rising = tuple(sorted(self.pieces, key=lambda piece: piece.at_m))
        longest = max((piece.length_mm for piece in rising), default=0.0) / 1000
        return [piece.at_m for piece in rising], rising, longest

    def reached(self, finding: Finding) -> tuple[Piece, ...]:
        """Return the pieces that a finding reaches, in printing order."""
        begins, rising, longest = self._along
        left_mm, right_mm = finding.x_mm - finding.width_mm / 2, finding.x_mm + finding.width_mm / 2
        near = rising[bisect_left(begins, finding.begin_m - longest) : bisect_right(begins, finding.end_m)]
        return tuple(
            piece
            for piece in sorted(near, key=lambda piece: (piece.at_m, piece.x_mm))
            if finding.begin_m <= piece.at_m + piece.length_mm / 1000
            and piece.x_mm <= right_mm
            and left_mm <= piece.x_mm + piece.width_mm
        )

    def place(self, finding: Finding) -> Place | None:
        """Return where a finding lies; None in the gutter, or in a job by the metre."""
        reached = self.reached(finding)
        if not reached:
            return None
        own = next((piece for piece in reached if _holds(piece, finding)), reached[0])
        along = min(max((finding.at_m - own.at_m) * 1000, 0.0), own.length_mm)
        across = min(max(finding.x_mm - own.x_mm, 0.0), own.width_mm)
        return Place(own.name, along, across, tuple(piece.name for piece in reached if piece is not own))

    def results(self, findings: Iterable[Finding], inspected_m: float) -> tuple[PieceResult, ...]:
        """Return what was found in each piece; a streak over several counts in every one it reaches.

        Parameters
        ----------
        findings : iterable of Finding
        inspected_m : float
            How far along the roll inspection is.
        """
        found: dict[str, list[Finding]] = {piece.name: [] for piece in self.pieces}
        for finding in findings:
            for piece in self.reached(finding):
                found[piece.name].append(finding)
        return tuple(_result(piece, found[piece.name], inspected_m) for piece in self.pieces)


def pieces_of(job: Job) -> Pieces:
    """Return the pieces of a job whose design is prepared, from what its raster says of them."""
    return read_pieces(job.raster_meta)


def read_pieces(meta: dict[str, Any]) -> Pieces:
    """Return the pieces that a raster's metadata names; rows and columns have the raster's resolution."""
    boxes = meta.get("pieces", ())
    if not boxes:
        return Pieces(())
    mm = MM_PER_INCH / meta["dpi"]
    return Pieces(
        tuple(
            Piece(box["name"], box["y"] * mm / 1000, box["x"] * mm, box["height"] * mm, box["width"] * mm)
            for box in boxes
        )
    )


def finding_of(row: FindingRow) -> Finding:
    """Return a stored finding as inspection gave it."""
    return Finding(
        key=row.key, cls=cast("DefectClass", row.defect), at_m=row.at_m, x_mm=row.x_mm,
        length_mm=row.length_mm, width_mm=row.width_mm,
        points=row.points,
    )  # fmt: skip


def on_cloth(pieces: Pieces, way: Way) -> Pieces:
    """Return pieces with their places along the cloth, for those along the print."""
    return Pieces(tuple(replace(piece, at_m=way.cloth_m(piece.at_m)) for piece in pieces.pieces))


def counted_of(findings: Iterable[FindingRow], way: Way) -> list[Finding]:
    """Return the findings in the goods, without what lies in a length that is cut out."""
    counted = []
    for row in findings:
        found, end_m = finding_of(row), way.ends_m(row.leg)
        if found.cls == "streak" and found.at_m < end_m < found.end_m:
            found = replace(found, length_mm=(end_m - found.at_m) * 1000)  # it ran on into what is cut out
        if found.at_m < end_m:
            counted.append(found)
    return counted


def results_of(job: Job, findings: Sequence[FindingRow], way: Way) -> tuple[PieceResult, ...]:
    """Return what was found in each piece of a job, in what is delivered of its print."""
    inspected_m = job.inspected_rows * (job.mm_per_row or 0.0) / 1000
    return pieces_of(job).results(counted_of(findings, way), inspected_m)


def _holds(piece: Piece, finding: Finding) -> bool:
    return (
        0 <= (finding.at_m - piece.at_m) * 1000 <= piece.length_mm and 0 <= finding.x_mm - piece.x_mm <= piece.width_mm
    )


def _result(piece: Piece, findings: Sequence[Finding], inspected_m: float) -> PieceResult:
    quality: Literal["first", "second"] | None = "second" if findings else None
    if not findings and inspected_m * 1000 >= piece.at_m * 1000 + piece.length_mm:
        quality = "first"
    return PieceResult(piece, len(findings), sum(finding.points for finding in findings), quality)
