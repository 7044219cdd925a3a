"""From the tables to the records that genealogy works with."""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from sqlmodel import Session, and_, col, func, or_, select

import recipes
from controller.gaps import ways_of
from controller.tables import Job, Operation, Question, Roll
from controller.tracing.cloth import Demand, Laid, Remainder, remainder
from controller.tracing.genealogy import Did, Kind, Place, Ran, Records
from controller.tracing.places import BOXES, places_of
from controller.tracing.tables import Ingredient, Laying, Lot, Mounting, Scan, Winding
from controller.tracing.tanks import UNKNOWN, Contents, Mounted, after
from controller.tracing.winding import Seen, Wound

OVER = ("complete", "cancelled", "failed")
"""Jobs that take no more cloth."""


def records(session: Session, jobs: Set[int]) -> Records:
    """Return all that genealogy needs of these jobs."""
    found = {job.id or 0: job for job in session.exec(select(Job).where(col(Job.id).in_(jobs)).order_by(col(Job.id)))}
    control = _controls(found)
    started = select(Operation).where(col(Operation.job_id).in_(jobs), col(Operation.started_at).is_not(None))
    operations = session.exec(started.order_by(col(Operation.id))).all()
    mounted = mountings(session, {one.machine for one in operations})
    boxes = {(one.machine, one.place) for one in mounted if one.place in BOXES}
    cloth_m = {number: found[number].length_m + way.cut_out_m for number, way in ways_of(session, found).items()}
    lots = {lot.id: lot for lot in session.exec(select(Lot))}
    laid = laid_in(session, jobs)
    rolls = rolls_named(session, {one.roll for one in laid})
    ingredients: dict[str, tuple[str, ...]] = {}
    for mix in session.exec(select(Ingredient).order_by(col(Ingredient.id))):
        liquor, chemical = lots[mix.liquor_id].name, lots[mix.chemical_id].name
        ingredients[liquor] = (*ingredients.get(liquor, ()), chemical)
    return Records(
        recipes={number: _recipe(control[number]) for number in found},
        ran=tuple(_ran(one, found[one.job_id], cloth_m[one.job_id], control[one.job_id], boxes) for one in operations),
        mounted=mounted,
        laid=laid,
        did=_did(session, found.values()),
        lot_of={name: lots[roll.lot_id].name for name, roll in rolls.items() if roll.lot_id is not None},
        kind_of={lot.name: Kind(lot.kind) for lot in lots.values()},
        ingredients=ingredients,
    )


def jobs_near(session: Session, lots: Set[int]) -> set[int]:
    """Return all jobs that some lots may have touched, and perhaps more; `genealogy.touches` says which they did.

    A lot of cloth can only have reached jobs that its rolls were laid into, and what was filled into a tank only
    operations that ended after it was, and began before the tank was next filled anew.
    """
    mixed = set(session.exec(select(Ingredient.liquor_id).where(col(Ingredient.chemical_id).in_(lots))))
    laid = select(Laying.job_id).join(Roll, col(Roll.id) == col(Laying.roll_id)).where(col(Roll.lot_id).in_(lots))
    near = set(session.exec(laid))
    for filled in session.exec(select(Mounting).where(col(Mounting.lot_id).in_(lots | mixed))).all():
        same = select(Mounting.mounted_at).where(Mounting.machine == filled.machine, Mounting.place == filled.place)
        anew = same.where(col(Mounting.topped_up).is_(False), col(Mounting.id) > filled.id).order_by(col(Mounting.id))
        near |= jobs_of(session, filled.machine, filled.mounted_at, session.exec(anew.limit(1)).first())
    return near


def jobs_of(session: Session, machine: str, since: datetime | None, until: datetime | None) -> set[int]:
    """Return the jobs that a machine worked on in a span of time."""
    asked = select(Operation.job_id).where(Operation.machine == machine, col(Operation.started_at).is_not(None))
    if since is not None:
        asked = asked.where(or_(col(Operation.ended_at).is_(None), col(Operation.ended_at) >= since))
    if until is not None:
        asked = asked.where(col(Operation.started_at) <= until)
    return set(session.exec(asked))


def mountings(session: Session, machines: Set[str]) -> tuple[Mounted, ...]:
    """Return all that was filled into the tanks of some machines, in the order in which it was recorded."""
    asked = select(Mounting, Lot.name).join(Lot, col(Lot.id) == col(Mounting.lot_id), isouter=True)
    asked = asked.where(col(Mounting.machine).in_(machines)).order_by(col(Mounting.id))
    return tuple(_mounted(row, lot) for row, lot in session.exec(asked))


def tanks_now(session: Session) -> dict[tuple[str, str], Contents]:
    """Return what is in every tank that anything was ever recorded of."""
    anew = select(Mounting.machine, Mounting.place, func.max(Mounting.id).label("id"))
    begins = anew.where(col(Mounting.topped_up).is_(False)).group_by(Mounting.machine, Mounting.place).subquery()
    asked = select(Mounting, Lot.name).join(Lot, col(Lot.id) == col(Mounting.lot_id), isouter=True)
    same = and_(begins.c.machine == col(Mounting.machine), begins.c.place == col(Mounting.place))
    asked = asked.join(begins, same, isouter=True).where(col(Mounting.id) >= func.coalesce(begins.c.id, 0))
    tanks: dict[tuple[str, str], Contents] = {}
    for row, lot in session.exec(asked.order_by(col(Mounting.id))):
        place = row.machine, row.place
        tanks[place] = after(tanks.get(place, UNKNOWN), _mounted(row, lot))
    return tanks


def laid_in(session: Session, jobs: Set[int]) -> tuple[Laid, ...]:
    """Return what was recorded of the cloth of some jobs, in that order."""
    asked = select(Laying, Roll.name).join(Roll, col(Roll.id) == col(Laying.roll_id))
    asked = asked.where(col(Laying.job_id).in_(jobs)).order_by(col(Laying.id))
    return tuple(Laid(row.job_id, row.at_m, roll) for row, roll in session.exec(asked))


def rolls_named(session: Session, names: Set[str]) -> dict[str, Roll]:
    """Return rolls by name."""
    if not names:
        return {}
    return {roll.name: roll for roll in session.exec(select(Roll).where(col(Roll.name).in_(names)))}


def windings(session: Session, rolls: Iterable[Roll]) -> dict[str, Seen]:
    """Return how rolls are wound as somebody saw it last, by name; those that nobody looked at are left out."""
    names = {roll.id: roll.name for roll in rolls}
    asked = select(Winding).where(col(Winding.roll_id).in_(names)).order_by(col(Winding.id))
    return {names[row.roll_id]: Seen(Wound(row.wound), row.wound_at) for row in session.exec(asked)}


def remainders(session: Session, rolls: Iterable[Roll]) -> dict[str, Remainder]:
    """Return what is left of some rolls, whichever jobs they went into."""
    rolls = list(rolls)
    if not rolls:
        return {}
    into = select(Laying.job_id).where(col(Laying.roll_id).in_([roll.id for roll in rolls]))
    jobs = set(session.exec(into))
    first = select(Job, Operation.metres).join(Operation, col(Operation.job_id) == col(Job.id))
    first = first.where(col(Job.id).in_(jobs), Operation.stage == "pretreat")
    demands = [Demand(job.id or 0, job.length_m, metres, job.status in OVER) for job, metres in session.exec(first)]
    laid = laid_in(session, jobs)
    return {roll.name: remainder(roll.name, roll.length_m, laid, demands) for roll in rolls}


def _controls(jobs: Mapping[int, Job]) -> dict[int, recipes.ControlRecipe]:
    """Return the recipes of jobs; those that are the same are read once, as there are few and jobs are many."""
    read: dict[str, recipes.ControlRecipe] = {}
    for job in jobs.values():
        if job.control_recipe["digest"] not in read:
            read[job.control_recipe["digest"]] = recipes.ControlRecipe.model_validate(job.control_recipe)
    return {number: read[job.control_recipe["digest"]] for number, job in jobs.items()}


def _recipe(control: recipes.ControlRecipe) -> str:
    return f"{control.recipe.name} {control.recipe.version} ({control.digest[:12]})"


def _ran(
    operation: Operation, job: Job, cloth_m: float, control: recipes.ControlRecipe, boxes: Set[tuple[str, str]]
) -> Ran:
    """Return an operation that has begun; boxes of a washer count only if anything was ever filled into them.

    All metres are along the cloth, of which the job has `cloth_m`.
    """
    places = places_of(operation.stage, control.recipe, job.planned_ml)
    boxed = sorted(place for machine, place in boxes if machine == operation.machine)
    length_m = min(operation.length_m if operation.status == "done" else operation.metres, cloth_m)
    return Ran(
        operation.id or 0, job.id or 0, operation.stage, operation.machine, operation.started_at or job.created_at,
        operation.ended_at, length_m, places + tuple(Place(name, Kind.CHEMICAL, "") for name in boxed),
    )  # fmt: skip


def _mounted(row: Mounting, lot: str | None) -> Mounted:
    return Mounted(row.machine, row.place, lot, row.topped_up, row.mounted_at, row.operation_id, row.at_m or 0.0,
                   row.mounted_by)  # fmt: skip


def _did(session: Session, found: Iterable[Job]) -> tuple[Did, ...]:
    found = list(found)
    jobs = [job.id for job in found]
    submitted = [Did(job.id or 0, None, job.created_by, "submitted") for job in found]
    laid = select(Laying).where(col(Laying.job_id).in_(jobs)).order_by(col(Laying.id))
    sewn = [Did(one.job_id, None, one.laid_by, "laid the cloth") for one in session.exec(laid)]
    asked = select(Question).where(col(Question.job_id).in_(jobs), col(Question.answered_by).is_not(None))
    answers = [
        Did(one.job_id, one.operation_id, one.answered_by, f"{_word(one.kind)}: {one.answer}")
        for one in session.exec(asked.order_by(col(Question.id)))
        if one.answered_by is not None and one.answer != "withdrawn"
    ]
    proofs = select(Scan, Operation.job_id).join(Operation, col(Operation.id) == col(Scan.operation_id))
    proofs = proofs.where(col(Operation.job_id).in_(jobs), col(Scan.right)).order_by(col(Scan.id))
    scanned = [Did(job, one.operation_id, one.scanned_by, f"scanned {one.code}") for one, job in session.exec(proofs)]
    return (*submitted, *sewn, *scanned, *answers)


def _word(kind: str) -> str:
    """What kind of question, without the metre that makes it one of its own."""
    return kind.partition("@")[0]
