"""Commands for the plan of a running Foulard: `foulard plan show|release|pin|unpin|why`."""

from datetime import datetime
from typing import Annotated, Any

import typer

from hmi import remote
from hmi.errors import BadInput
from hmi.output import AsJson, tell
from hmi.session import current_session

Operation = Annotated[str, typer.Argument(metavar="JOB@STAGE", help="An operation that waits, like 12@print.")]


def show(
    standing: Annotated[
        bool, typer.Option("--standing", help="What the line follows now, instead of the proposal.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the plan of a running Foulard: each machine in order, with starts, ends and set-ups."""
    found = remote.read(current_session(), "/plan")
    if as_json:
        tell(found, as_json)
        return
    tell(_head(found) | _lanes(found["standing" if standing else "proposal"]), as_json)


def release(
    order: Annotated[str, typer.Option(help="The order that `plan show` named; the newest if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let the line follow the newest proposal."""
    session = current_session()
    done = remote.act(session, "/plan/release", {"order": order or remote.read(session, "/plan")["order"] or "none"})
    tell(done if as_json else _head(done), as_json)


def pin(
    operation: Operation,
    place: Annotated[int | None, typer.Option(help="Number in its machine's queue, from 1.", min=1)] = None,
    not_before: Annotated[
        str, typer.Option(help="Earliest start, like 2026-03-02T14:00+01:00; without an offset: this computer's zone.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Pin an operation's place or earliest start; every later proposal keeps it."""
    body = {"operation": operation, "place": place, "not_before": _time(not_before) if not_before else None}
    done = remote.act(current_session(), "/plan/pin", body)
    tell(done if as_json else {"pinned": operation, "proposal": "a new one comes within seconds"}, as_json)


def unpin(operation: Operation, as_json: AsJson = False) -> None:
    """Let the plan put an operation where it likes."""
    done = remote.act(current_session(), "/plan/unpin", {"operation": operation})
    tell(done if as_json else {"unpinned": operation, "proposal": "a new one comes within seconds"}, as_json)


def why(operation: Operation, as_json: AsJson = False) -> None:
    """Say why an operation has its place, and what the places next to it cost."""
    found = remote.read(current_session(), "/plan/why", operation=operation)
    if as_json:
        tell(found, as_json)
        return
    moves = [{"to place": move["place"], "costs": move["told"]} for move in found["moves"]]
    told = {"operation": f"{operation} is number {found['place']} on the {found['machine']}"}
    tell(told | {"because": "\n  ".join(found["reasons"]), "instead": moves or "there is no other place"}, as_json)


def _head(found: dict[str, Any]) -> dict[str, Any]:
    change, proposal = found["change"], found["proposal"]
    if found["released_by"]:
        follows = f"the plan that {found['released_by']} released at {found['released_at'][:16]}"
    else:
        follows = "no plan is released: the oldest job comes first"
    told = {
        "mode": found["mode"],
        "the line follows": follows,
        "proposal": f"order {found['order']}: {proposal['setup_min']} min of set-up, {proposal['late_jobs']} jobs late"
        + (f" by {proposal['late_min']} min in all" if proposal["late_min"] else "")
        + ("; no plan is better" if found["best"] else ""),
        "a release changes": "nothing" if found["settled"] else
        f"{change['setup_min']:+d} min of set-up, {change['late_min']:+d} min late, {change['dumped_l']:+g} l dumped",
    }  # fmt: skip
    left = [f"{one['job_id']} ({one['why']})" for one in found["left_out"]]
    more = {"left out": ", ".join(left), "trouble": found["trouble"], "warnings": "\n  ".join(proposal["warnings"])}
    return told | {name: value for name, value in more.items() if value}


def _lanes(plan: dict[str, Any]) -> dict[str, Any]:
    return {
        lane["machine"]: [
            {"no.": slot["place"] or "runs", "job": slot["job_id"], "title": slot["title"], "fabric": slot["fabric"],
             "set-up min": slot["setup_min"] or "", "start": slot["start"][:16], "end": slot["end"][:16],
             "pinned": _pinned(slot), "late min": slot["late_min"] or ""}
            for slot in lane["slots"]
        ] or "nothing"
        for lane in plan["lanes"]
    }  # fmt: skip


def _pinned(slot: dict[str, Any]) -> str:
    place = "here" if slot["pinned_place"] else ""
    return ", ".join(filter(None, (place, slot["not_before"] and f"not before {slot['not_before'][:16]}")))


def _time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError as error:
        raise BadInput(f"--not-before {text!r:.40} is no time; give one like 2026-03-02T14:00+01:00") from error
