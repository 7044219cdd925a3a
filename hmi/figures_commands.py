"""The command `foulard figures`: what the machines of a running Foulard did with their time."""

from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from hmi import remote
from hmi.errors import BadInput
from hmi.output import AsJson, tell
from hmi.session import current_session

WHEN = "like 2026-03-02T06:00+01:00; without an offset: this computer's zone"


def figures(
    begin: Annotated[str, typer.Option("--from", help=f"Beginning, {WHEN}; 24 hours before the end if left out.")] = "",
    end: Annotated[str, typer.Option("--to", help=f"End, {WHEN}; now if left out.")] = "",
    by: Annotated[Literal["machine", "shift", "fabric"], typer.Option(help="One row for each.")] = "machine",
    as_json: AsJson = False,
) -> None:
    """Show overall equipment effectiveness by ISO 22400, waiting, changeovers, and forecasts beside what came out."""
    span = {"start": _time("--from", begin), "end": _time("--to", end)}
    found = remote.read(current_session(), "/figures", by=by, **span)
    if as_json:
        tell(found, as_json)
        return
    told = {"from": found["start"][:16], "to": found["end"][:16],
            "figures": [_shown(row, by) for row in found["rows"]] or "no work in this time"}  # fmt: skip
    waiting = [_part(row, by) | {"waited for": name, "min": minutes} for row in found["rows"]
               for name, minutes in row["waiting_min"].items()]  # fmt: skip
    forecasts = [
        {"job": one["job_id"], "machine": one["machine"], "fabric": one["fabric"], "forecast min": one["expected_min"],
         "actual min": one["actual_min"]} for one in found["forecasts"]
    ]  # fmt: skip
    tell(told | ({"waiting": waiting} if waiting else {}) | ({"forecasts": forecasts} if forecasts else {}), as_json)


def _shown(row: dict[str, Any], by: str) -> dict[str, Any]:
    return _part(row, by) | {
        "OEE": _pct(row["oee"]),
        "availability": _pct(row["availability"]),
        "effectiveness": _pct(row["effectiveness"]),
        "quality": _pct(row["quality"]),
        "busy min": row["planned_busy_min"],
        "production min": row["production_min"],
        "set-up min": row["setup_min"],
        "delay min": row["delay_min"],
        "m": row["produced_m"],
        "m/h": "" if row["m_per_h"] is None else row["m_per_h"],
        "seconds": _pct(row["seconds_rate"]),
        "changeovers": row["changeovers"],
        "changeover min": row["changeover_min"],
    }


def _part(row: dict[str, Any], by: str) -> dict[str, Any]:
    return {"machine": row["machine"]} | ({} if by == "machine" else {by: row["part"]})


def _pct(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _time(option: str, text: str) -> str | None:
    try:
        return datetime.fromisoformat(text).astimezone().isoformat() if text else None
    except ValueError as error:
        raise BadInput(f"{option} {text!r:.40} is no time; give one {WHEN}") from error
