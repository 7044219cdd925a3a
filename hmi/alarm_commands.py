"""Commands for the alarms of a running Foulard: `foulard alarm …`."""

from typing import Annotated, Any

import typer

from hmi import remote
from hmi.output import AsJson, tell
from hmi.session import current_session

alarm = typer.Typer(help="Alarms of a running Foulard by ISA-18.2: list, acknowledge, shelve, figures.")

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the alarm.", min=0)]
Why = Annotated[str, typer.Option(help="Why, for those who come after.")]


@alarm.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that are normal.")] = False, as_json: AsJson = False
) -> None:
    """List alarms, unacknowledged first, then by priority; those that say nothing now are counted only."""
    found = remote.read(current_session(), "/alarms", normal=every)
    if as_json:
        tell({"alarms": found}, as_json)
        return
    silent = [] if every else [one for one in found if one["state"] == "H" and not one["active"]]
    shown = [_shown(one) for one in found if one not in silent]
    tell({"alarms": shown or "none", "suppressed by design": len(silent)}, as_json)


@alarm.command()
def ack(
    numbers: Annotated[list[int], typer.Argument(metavar="ID...", help="Numbers of the alarms.", min=0)],
    as_json: AsJson = False,
) -> None:
    """Acknowledge alarms: what they are now is seen."""
    session = current_session()
    seen = {one["id"]: one["occurrence"] for one in remote.read(session, "/alarms", normal=True)}
    asked = [{"id": number, "occurrence": seen.get(number)} for number in numbers]
    done = remote.act(session, "/alarms/acknowledge", {"alarms": asked})
    left = [_shown(one["alarm"]) | {"left": one["why"]} for one in done["left"]]
    shown = {"acknowledged": [_shown(one) for one in done["acknowledged"]]} | ({"left": left} if left else {})
    tell(done if as_json else shown, as_json)


@alarm.command()
def shelve(
    number: Number,
    minutes: Annotated[float, typer.Option(help="For how long; it comes back by itself.")],
    why: Why,
    as_json: AsJson = False,
) -> None:
    """Shelve an alarm for a time."""
    _act(number, "shelve", as_json, {"minutes": minutes, "why": why})


@alarm.command()
def unshelve(number: Number, as_json: AsJson = False) -> None:
    """Take an alarm from the shelf before its time."""
    _act(number, "unshelve", as_json)


@alarm.command()
def reset(number: Number, as_json: AsJson = False) -> None:
    """Reset a latched alarm whose condition is over."""
    _act(number, "reset", as_json)


@alarm.command("out-of-service")
def out_of_service(number: Number, why: Why, as_json: AsJson = False) -> None:
    """Take an alarm out of service, for maintenance."""
    _act(number, "out-of-service", as_json, {"why": why})


@alarm.command("in-service")
def in_service(number: Number, as_json: AsJson = False) -> None:
    """Put an alarm back into service."""
    _act(number, "in-service", as_json)


@alarm.command()
def figures(
    hours: Annotated[float, typer.Option(help="Length of the span up to now.")] = 24.0, as_json: AsJson = False
) -> None:
    """Show rates, floods, chattering and stale alarms against what is acceptable."""
    found = remote.read(current_session(), "/alarms/figures", hours=hours)
    if as_json:
        tell(found, as_json)
        return
    counted = found | {name: len(found[name]) for name in ("chattering", "stale")}
    tell(
        {
            "hours": found["hours"],
            "announced": found["announced"],
            "flood": "yes" if found["flood"] else "no",
            "rates": [
                {"figure": name, "is": counted[name], "at most": most} for name, most in found["targets"].items()
            ],
            "most frequent": [_shown(one["alarm"]) | {"count": one["count"]} for one in found["frequent"]] or "none",
            "chattering": ", ".join(f"{one['machine']} {one['name']}" for one in found["chattering"]) or "none",
        },
        as_json,
    )


def _act(number: int, act: str, as_json: bool, body: dict[str, object] | None = None) -> None:
    done = remote.act(current_session(), f"/alarms/{number}/{act}", body)
    tell(done if as_json else {"alarm": [_shown(done)]}, as_json)


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "state": one["state"],
        "priority": one["priority"],
        "machine": one["machine"],
        "alarm": one["text"],
        "since": (one["active_at"] or "")[:19],
        "do": one["response"],
    }
