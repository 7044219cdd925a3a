"""What the plan wants of a machine, made from what the book holds: pure."""

from collections.abc import Mapping, Sequence
from typing import cast

import recipes
from controller.cutting import looked_at
from controller.decide import Intent, Value, Want
from controller.interlocks import Beginning, Goods
from controller.line import Line, Stage
from controller.tables import Job, Operation
from controller.tracing.standing import Standing, goods_of
from controller.tracing.winding import Passed
from controller.way import so_far


def intent_of(
    operation: Operation,
    job: Job,
    done: Sequence[Operation],
    made: str,
    confirmed: frozenset[str],
    back: Mapping[str, int],
    now_there: Standing,
    line: Line,
) -> Intent:
    """Return what is wanted of the machine of an operation.

    Parameters
    ----------
    operation, job
        What is to be done.
    done
        The job's operations that are over.
    made
        Name of the roll that the job makes.
    confirmed
        Kinds of questions about the operation that a person has answered with yes.
    back
        Kinds of those that a person has answered with a row further back, and the row.
    now_there
        What is recorded of cloth, ink and chemicals.
    line
        The machines that the cloth goes through.
    """
    control = recipes.ControlRecipe.model_validate(job.control_recipe)
    length_m = operation.length_m - operation.behind.get("metres", 0.0)
    settings: dict[str, Value] = {"ticket": operation.ticket, "length_m": length_m}
    stage = control.recipe.stages[cast("Stage", operation.stage)]
    settings |= stage.setpoints
    if operation.stage == "print":
        settings |= {"raster_path": job.raster or "", "raster_sha256": job.raster_sha256 or "",
                     "total_rows": job.total_rows or 0, "start_row": operation.start_row}  # fmt: skip
    begins_m = operation.start_row * (job.mm_per_row or 0.0) / 1000
    passed = [Passed(one.ended_at, line.machine_for(one.stage).turns) for one in done if one.ended_at]
    goods = goods_of(operation, job, control.recipe, done, made, now_there, passed)
    return Intent(
        ticket=operation.ticket,
        want=Want(job.want),
        settings=settings,
        roll=goods.rolls[0],
        confirmed=confirmed,
        inspected=operation.stage != "print" or looked_at(job),
        until_m=job.cut_m - begins_m if operation.stage == "print" and job.cut_m is not None else None,
        beginning=_beginning(operation, job, done, control.recipe, goods, line),
        wishes={"runs_alone": stage.runs_alone},
        leg=operation.leg,
        begins_m=begins_m,
        back=back,
    )


def _beginning(
    operation: Operation, job: Job, done: Sequence[Operation], recipe: recipes.Recipe, goods: Goods, line: Line
) -> Beginning:
    stage = cast("Stage", operation.stage)
    needs_l: dict[str, float] = {}
    if stage == "print":
        left = 1 - min(so_far(operation, job) / job.length_m, 1)
        needs_l = {f"ink{number}_level_l": job.planned_ml.get(ink.name, 0) / 1000 * left
                   for number, ink in enumerate(recipe.ink_set.inks, start=1)}  # fmt: skip
    ended = [(one.ended_at, one.stage) for one in done if one.ended_at]
    before = max(ended, default=None)
    moistures = [one.wettest_pct for one in done if before and one.stage == before[1]]
    wanted = recipe.stages[stage]
    profiled = recipe.ink_set.profile is not None or not wanted.needs_profile
    return Beginning(
        needs_l,
        before and (before[1], before[0]),
        wanted.max_wait_h,
        moisture_pct=next(iter(moistures), None),
        max_moisture_pct=wanted.max_moisture_pct,
        unprofiled="" if profiled else f"{recipe.ink_set.title} on {recipe.fabric.title}",
        goods=goods,
        takes=line.machine_for(stage).takes,
        face=recipe.fabric.face,
    )
