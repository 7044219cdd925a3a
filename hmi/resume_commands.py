"""The command for a print of a running Foulard that stopped: take it up further back."""

from typing import Annotated, Any

import typer

from hmi import remote
from hmi.errors import BadInput
from hmi.output import AsJson, tell
from hmi.session import current_session


def go_back(
    question_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the question.", min=0)],
    at_m: Annotated[float | None, typer.Option(help="Metre of the print at which to go on.", min=0)] = None,
    row: Annotated[int | None, typer.Option(help="Row at which to go on.", min=0)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be cut out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a print that stopped go on further back; without a place, show where it may. What lies between is cut out."""
    if at_m is not None and row is not None:
        raise BadInput("--at-m and --row both say where to go on: give one of them")
    session, path = current_session(), f"/questions/{question_id}/resume"
    if at_m is None and row is None:
        found = remote.read(session, path)
        shown = [_shown(one) for one in found["choices"]]
        tell(found if as_json else {"stopped_at_m": found["stop_m"], "choices": shown}, as_json)
        return
    if dry_run:
        told = remote.read(session, f"{path}/preview", at_m=at_m, row=row)
    else:
        told = remote.act(session, path, {"at_m": at_m, "row": row})
    tell(told if as_json else _shown(told), as_json)


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    cut = one["cut_out"]
    what = {"what": one["name"]} if "name" in one else {}
    lies = "" if cut is None else f"{cut['from_m']:g} to {cut['to_m']:g} m of the cloth"
    return what | {"row": one["row"], "at_m": one["at_m"], "cut_out_m": cut["length_m"] if cut else 0.0,
                   "lies": lies}  # fmt: skip
