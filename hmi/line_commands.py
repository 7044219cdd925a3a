"""Commands for the line of a running Foulard: its machines and questions."""

from typing import Annotated

import typer

from hmi import remote
from hmi.output import AsJson, tell
from hmi.session import current_session


def line(as_json: AsJson = False) -> None:
    """Show the machines of a running Foulard: link, state, job, alarms."""
    found = remote.read(current_session(), "/line")
    if as_json:
        tell(found, as_json)
        return
    machines = [
        {"machine": one["name"], "link": one["link"], "state": one["state"], "job": one["job_title"] or "",
         "metres": "" if one["metres"] is None else round(one["metres"], 2), "waiting": one["waiting"] or "",
         "alarms": ", ".join(alarm["text"] for alarm in one["alarms"])}
        for one in found["machines"]
    ]  # fmt: skip
    tell({"machines": machines, "questions": len(found["questions"])}, as_json)


def questions(as_json: AsJson = False) -> None:
    """List what a running Foulard asks the operator, oldest first."""
    found = remote.read(current_session(), "/questions")
    shown = [
        {"id": one["id"], "machine": one["machine"], "job": one["job_id"], "text": one["text"],
         "answers": " | ".join(one["answers"])}
        for one in found
    ]  # fmt: skip
    tell({"questions": found if as_json else shown}, as_json)


def answer(
    question_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the question.", min=0)],
    answered: Annotated[str, typer.Argument(metavar="ANSWER", help="One of its answers, as it stands there.")],
    as_json: AsJson = False,
) -> None:
    """Answer a question of a running Foulard."""
    tell(remote.act(current_session(), f"/questions/{question_id}/answer", {"answer": answered}), as_json)
