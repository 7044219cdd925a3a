"""Commands for the goods of a running Foulard: `foulard lot …`, `foulard roll …`, `foulard trace`, `foulard scan`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from hmi import remote
from hmi.errors import writing
from hmi.output import AsJson, tell
from hmi.session import current_session

lot = typer.Typer(help="Lots of cloth, ink, chemicals and liquor: take in, list, fill into machines.",
                  no_args_is_help=True, rich_markup_mode=None)  # fmt: skip
roll = typer.Typer(help="Rolls of cloth: list, label, lay into a job.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What its label says, or the supplier's number of a lot.")]
Roll = Annotated[str, typer.Argument(metavar="ROLL", help="What its label says.")]
Moment = Annotated[datetime | None, typer.Option(help="UTC.")]


@lot.command("add")
def add(
    kind: Annotated[str, typer.Argument(help="cloth, ink, chemical or liquor.")],
    material: Annotated[str, typer.Argument(help='Fabric; "acid cyan"; name of the chemical.')],
    supplier: Annotated[str, typer.Option(help="Who made it.")] = "",
    supplier_lot: Annotated[str, typer.Option(help="The number on their label.")] = "",
    best_before: Moment = None,
    width_mm: Annotated[float | None, typer.Option(help="Of cloth, measured.")] = None,
    shrink_warp_pct: Annotated[float | None, typer.Option(help="Of cloth, measured along.")] = None,
    shrink_weft_pct: Annotated[float | None, typer.Option(help="Of cloth, measured across.")] = None,
    roll_m: Annotated[list[float] | None, typer.Option(help="Length of a roll; once for each.")] = None,
    of: Annotated[list[str] | None, typer.Option(help="A lot of a chemical in a liquor; once for each.")] = None,
    wound: Annotated[str | None, typer.Option(help="How rolls of cloth are wound: face-out or face-in.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take goods in, or a liquor that was mixed."""
    body = {"kind": kind, "material": material, "supplier": supplier, "supplier_lot": supplier_lot,
            "best_before": best_before and best_before.isoformat(), "width_mm": width_mm,
            "shrink_warp_pct": shrink_warp_pct, "shrink_weft_pct": shrink_weft_pct, "rolls_m": roll_m or [],
            "made_of": of or [], "wound": wound}  # fmt: skip
    _tell_lot(remote.act(current_session(), "/lots", body), as_json)


@lot.command("list")
def list_lots(
    kind: Annotated[str | None, typer.Option(help="cloth, ink, chemical or liquor.")] = None, as_json: AsJson = False
) -> None:
    """List lots, newest first."""
    found = remote.read(current_session(), "/lots", kind=kind)
    tell({"lots": found if as_json else [_lot_line(one) for one in found] or "none"}, as_json)


@lot.command("show")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one lot with its rolls."""
    _tell_lot(remote.read(current_session(), f"/lots/{_path(name)}"), as_json)


@lot.command("label")
def lot_label(
    name: Name,
    out: Annotated[Path | None, typer.Option(help="SVG file; LOT.svg if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the label of a lot with its code, to be printed."""
    _write_label("lot", name, out, as_json)


@lot.command("fill")
def fill(
    machine: Annotated[str, typer.Argument(help="The machine.")],
    place: Annotated[str, typer.Argument(help="The tank: liquor, ink1 …, soap, box1 ….")],
    name: Annotated[str | None, typer.Argument(metavar="LOT", help="The lot; left out: the tank was emptied.")] = None,
    top_up: Annotated[bool, typer.Option("--top-up", help="What was in the tank is still in it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say that a lot was filled into a tank just now."""
    body = {"machine": machine, "place": place, "lot": name, "topped_up": top_up}
    done = remote.act(current_session(), "/tanks", body)
    tell(done if as_json else {"tanks": [_filled_line(done)]}, as_json)


@lot.command("tanks")
def tanks(machine: Annotated[str | None, typer.Option(help="Of one machine.")] = None, as_json: AsJson = False) -> None:
    """List what was filled into the tanks, newest first."""
    found = remote.read(current_session(), "/tanks", machine=machine)
    tell({"tanks": found if as_json else [_filled_line(one) for one in found] or "none"}, as_json)


@roll.command("list")
def list_rolls(
    made: Annotated[bool, typer.Option("--made", help="Those that jobs make, instead of those delivered.")] = False,
    as_json: AsJson = False,
) -> None:
    """List rolls with what is left of each."""
    found = remote.read(current_session(), "/rolls", delivered=not made)
    shown = [{"roll": one["name"], "fabric": one["fabric"], "metres": one["length_m"], "used": one["used_m"],
              "promised": one["promised_m"], "free": one["free_m"], "wound": one["wound"] or ""}
             for one in found]  # fmt: skip
    tell({"rolls": found if as_json else shown or "none"}, as_json)


@roll.command("label")
def label(
    name: Roll,
    out: Annotated[Path | None, typer.Option(help="SVG file; ROLL.svg if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the label of a roll with its code, to be printed."""
    _write_label("roll", name, out, as_json)


@roll.command("lay")
def lay(
    name: Roll,
    job: Annotated[int, typer.Argument(help="Number of the job.", min=0)],
    at_m: Annotated[
        float | None, typer.Option(help="Metre of the job it begins at; where the first machine is if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say that a job's cloth comes from this roll: from metre 0 on, or from a later one where it is sewn on."""
    tell(remote.act(current_session(), f"/rolls/{_path(name)}/lay", {"job_id": job, "at_m": at_m}), as_json)


@roll.command("wound")
def wound(
    name: Roll,
    way: Annotated[str, typer.Argument(metavar="face-out|face-in", help="Where the face of its cloth lies.")],
    as_json: AsJson = False,
) -> None:
    """Say how a roll is wound: one that was delivered, as it came; one that a job makes, as it lies now."""
    done = remote.act(current_session(), f"/rolls/{_path(name)}/wound", {"wound": way})
    tell(done if as_json else {"roll": done["name"], "wound": done["wound"]}, as_json)


def trace(
    name: Name,
    from_m: Annotated[float | None, typer.Option(help="First metre of a printed roll.")] = None,
    to_m: Annotated[float | None, typer.Option(help="Last metre of a printed roll.")] = None,
    since: Moment = None,
    until: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Trace a roll, a piece, a lot or a machine: what went into it, and where it went."""
    from hmi.trace_tree import tree

    found = remote.read(current_session(), "/trace", name=name, from_m=from_m, to_m=to_m,
                        since=since and since.isoformat(), until=until and until.isoformat())  # fmt: skip
    if as_json:
        tell(found, as_json)
    else:
        typer.echo("\n".join(tree(found)))


def scan(
    question: Annotated[int, typer.Argument(metavar="QUESTION", help="Number of the question for a roll.", min=0)],
    code: Annotated[str, typer.Argument(help="What the scanner read.")],
    as_json: AsJson = False,
) -> None:
    """Answer the question for a roll with the code on its label."""
    done = remote.act(current_session(), f"/questions/{question}/scan", {"code": code})
    tell(done if as_json else {"question": done["id"], "machine": done["machine"], "text": done["text"]}, as_json)


def _write_label(what: str, name: str, out: Path | None, as_json: bool) -> None:
    session = current_session()
    found = remote.read(session, f"/{what}s/{_path(name)}")["name"]
    drawn, path = remote.page(session, f"/{what}s/{_path(found)}/label.svg"), out or Path(f"{found}.svg")
    with writing(path):
        path.write_bytes(drawn)
    tell({what: found, "label": str(path)}, as_json)


def _tell_lot(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        tell(found, as_json)
        return
    rolls = [{"roll": one["name"], "metres": one["length_m"], "free": one["free_m"]} for one in found["rolls"]]
    made_of = {"made of": ", ".join(found["made_of"])} if found["made_of"] else {}
    tell(_lot_line(found) | made_of | ({"rolls": rolls} if rolls else {}), as_json)


def _lot_line(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "lot": one["name"], "kind": one["kind"], "material": one["material"], "supplier": one["supplier"],
        "their number": one["supplier_lot"], "best before": (one["best_before"] or "")[:10],
        "received": one["received_at"][:16], "by": one["received_by"],
    }  # fmt: skip


def _filled_line(one: dict[str, Any]) -> dict[str, Any]:
    return {"machine": one["machine"], "tank": one["place"], "lot": one["lot"] or "emptied",
            "topped up": "yes" if one["topped_up"] else "", "at metre": "" if one["at_m"] is None else one["at_m"],
            "when": one["at"][:19], "by": one["by"]}  # fmt: skip


def _path(name: str) -> str:
    """Return a name as part of an address."""
    return quote(name, safe="")
