"""A job made from another: the same designs, recipe and layout, another amount."""

from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

import recipes
import rip
from controller.pieces import PieceResult
from controller.request import Quantity, Refused, length_of_pieces, quantity
from controller.states import Conflict
from controller.tables import Job
from controller.tally import tally
from controller.work import piece_names

_TAKEN_OVER = ("order_id", "title", "fabric", "control_recipe", "designs", "overrun_pct", "seconds_pct", "priority",
               "due_at", "needs_approval", "strike_off_id")  # fmt: skip


def copy(job: Job, amount: Quantity, **changes: Any) -> Job:
    """Return a new job like `job`, of an amount, with some fields changed; not stored yet, by nobody yet."""
    taken = {name: getattr(job, name) for name in _TAKEN_OVER} | {"made_from_id": job.id, "created_by": ""}
    return Job(**(taken | _measures(amount) | changes))


def become(job: Job, amount: Quantity) -> None:
    """Let a job that waits be of another amount."""
    for name, value in _measures(amount).items():
        setattr(job, name, value)


def _measures(amount: Quantity) -> dict[str, Any]:
    return {"layout": amount.layout.stated(), "length_m": amount.length_m, "ordered": amount.ordered}


def amount_of(job: Job) -> float:
    """Return what was ordered: pieces of each design, or metres."""
    return job.ordered if job.layout.get("pieces") is None else job.ordered / len(job.designs)


def quantity_of(job: Job, amount: float) -> Quantity:
    """Return what is printed when so much of a job is ordered; raises `Refused`."""
    control = recipes.ControlRecipe.model_validate(job.control_recipe)
    return quantity(rip.read_layout(job.layout), _names(job), amount, job.overrun_pct, control)


def shorter(job: Job, at_m: float) -> Quantity:
    """Return a job by the piece that ends at a metre or, as its rows of pieces are whole, soon after it."""
    layout, control = rip.read_layout(job.layout), recipes.ControlRecipe.model_validate(job.control_recipe)

    def length_m(pieces: int) -> float:
        return length_of_pieces(layout.model_copy(update={"pieces": pieces}), _names(job), control)

    counts = range(1, (layout.pieces or 1) + 1)
    fewest = counts[min(bisect_left(counts, at_m, key=length_m), len(counts) - 1)]
    most = counts[bisect_right(counts, length_m(fewest), key=length_m) - 1]
    ordered = min(job.ordered, most * len(job.designs))
    return Quantity(layout.model_copy(update={"pieces": most}), length_m(most), ordered)


def missing_of(job: Job, results: list[PieceResult]) -> float:
    """Return how much must be ordered again to make up for what is missing: pieces of each design, or metres.

    Raises
    ------
    Conflict
        The job is not complete; nothing is missing.
    """
    found = tally(job, results)
    if found is None:
        raise Conflict(f"job {job.id} is {job.status}; what is missing is known when it is complete")
    if found.missing == 0:
        firsts = f"{found.firsts:g} of {found.ordered:g} {found.unit} are firsts"
        raise Conflict(f"nothing of job {job.id} is missing: {firsts}")
    if found.unit == "metres":
        return found.missing
    return max(_missing_of_each(job, results, found.missing))


def _missing_of_each(job: Job, results: list[PieceResult], missing: float) -> list[float]:
    """Return the pieces that are missing of each design, by their names: "name 3" of several, "name" of one."""
    if len(job.designs) == 1:
        return [missing]
    wanted = amount_of(job)
    firsts = [result.piece.name for result in results if result.quality == "first"]
    return [wanted - sum(name == one or name.rpartition(" ")[0] == one for name in firsts) for one in _names(job)]


def check_designs(job: Job) -> None:
    """Pass if the files of a job's designs are there; raises `Refused`."""
    if gone := [Path(design).name for design in job.designs if not Path(design).is_file()]:
        raise Refused(f"the design file of job {job.id} is gone ({gone[0]}): submit the design again", "design")


def _names(job: Job) -> list[str]:
    return piece_names(job.title, len(job.designs))
