"""A job's way into the queue: its roll, and one operation for each stage of its recipe's route."""

from collections.abc import Mapping

from sqlmodel import Session

import recipes
from controller import journal
from controller.approval import to_be_approved
from controller.gaps import new_ticket
from controller.line import Line
from controller.states import State
from controller.tables import Job, Operation, Roll


def enter(session: Session, line: Line, actor: str, job: Job, protocols: Mapping[str, str]) -> None:
    """Take a job of an order into the queue.

    Parameters
    ----------
    session
        The transaction it is part of.
    line
        Which machine does which stage.
    actor
        Who submitted it.
    job
        With its order.
    protocols
        Machine to the protocol it is spoken to by.
    """
    job.created_by = job.created_by or actor
    job.status = State.TO_APPROVE if to_be_approved(session, job) else State.QUEUED
    session.add(job)
    session.flush()
    job_id = job.id or 0
    session.add(Roll(job_id=job_id, name=f"R-{job_id:06d}", fabric=job.fabric, length_m=job.length_m))
    for stage in recipes.ControlRecipe.model_validate(job.control_recipe).recipe.route:
        machine = line.machine_for(stage)
        session.add(
            Operation(
                job_id=job_id,
                stage=stage,
                machine=machine.name,
                protocol=protocols[machine.name],
                ticket=new_ticket(),
                length_m=job.length_m,
            )
        )
    made_from = {} if job.made_from_id is None else {"made_from": job.made_from_id}
    journal.append(session, actor=actor, kind="job submitted", job_id=job_id,
                   payload={"title": job.title, "fabric": job.fabric, "length_m": job.length_m,
                            "layout": job.layout, "recipe": job.control_recipe["digest"]} | made_from)  # fmt: skip
