"""The journal as GS1 EPCIS 2.0 events: cloth and inks become a printed roll, which is fixed, washed and inspected.

Where it is recorded, rolls that were delivered become the job's roll first, and inks are told by their lots.
Only what the journal and the tables hold is told. Each event stands for one journal line, named by number and digest;
its ID is made from that digest, so that it is the same however often it is exported. Facts: GS1 EPCIS 2.0 and CBV 2.0.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, inspect
from sqlmodel import Session, col, select

from controller.archive import JournalError
from controller.journal import Line
from controller.line import STAGES
from controller.tables import Job, Operation, Roll
from controller.tracing.genealogy import Kind, Touch, touches
from controller.tracing.reading import records

CONTEXT = ("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"foulard": "urn:foulard:vocabulary:"})

BASE = "urn:foulard"
"""Begins all identifiers that are not ours to give worldwide: unique on this line only."""

ML_PER_L = 1000


@dataclass(frozen=True)
class Names:
    """Identifiers below one URI, in the private forms of the Core Business Vocabulary (obj, class, loc, bt).

    Raises
    ------
    JournalError
        If `base` is neither an `http(s)` address nor a URN.
    """

    base: str = BASE

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?|urn:[A-Za-z0-9][A-Za-z0-9-]+(:[^\s?#]+)?", self.base):
            msg = f"{self.base!r:.80} cannot begin identifiers: give an address of your own, like https://mill.example"
            raise JournalError(msg)

    def __call__(self, kind: str, name: str) -> str:
        """Return the URI of something by its kind and its name on this line."""
        sep = "/" if self.base.startswith("http") else ":"
        return f"{self.base.rstrip(sep)}{sep}{kind}{sep}{quote(name, safe='')}"


@dataclass(frozen=True)
class Made:
    """What the tables hold of a job: the names of its rolls, its operations by stage, and the lots that touched it."""

    job: Job
    rolls: tuple[str, ...]
    operations: dict[str, Operation]
    touches: tuple[Touch, ...] = ()

    def goods(self, kind: Kind, stage: str = "", where: str = "") -> tuple[str | None, ...]:
        """Return what of a kind touched it, in a tank of a stage; None among them: something that nobody recorded."""
        asked = (kind, stage, where)
        return tuple(dict.fromkeys(one.name for one in self.touches if (one.kind, one.stage, one.where) == asked))


def made_of(connection: Connection) -> Callable[[int], Made | None]:
    """Return a function that looks a job up; it keeps the last one, as lines of one job mostly follow one another."""
    kept: dict[int, Made | None] = {}
    has_lots = inspect(connection).has_table("lot")  # an older database is exported as it is

    def made(job_id: int) -> Made | None:
        if job_id not in kept:
            kept.clear()
            with Session(connection) as session:
                job = session.get(Job, job_id)
                rolls = session.exec(select(Roll.name).where(Roll.job_id == job_id).order_by(col(Roll.id))).all()
                operations = session.exec(select(Operation).where(Operation.job_id == job_id)).all()
                found = touches(records(session, {job_id})) if has_lots else ()
            by_stage = {operation.stage: operation for operation in operations}
            kept[job_id] = None if job is None or not rolls else Made(job, tuple(rolls), by_stage, found)
        return kept[job_id]

    return made


def events(lines: Iterable[Line], made: Callable[[int], Made | None], names: Names) -> Iterator[dict[str, Any]]:
    """Yield one event for each line that ends a stage or a job; what is neither, or of no known job, is passed over.

    Raises
    ------
    JournalError
        A line was changed after it was written.
    """
    for line in lines:
        if not line.sound:
            msg = f"line {line.seq} was changed after it was written, so it proves nothing: verify the journal"
            raise JournalError(msg)
        if line.job_id is None or line.kind not in ("operation ended", "job complete"):
            continue
        known = made(line.job_id)
        if known is None:
            continue
        if line.kind == "job complete":
            yield _inspected(line, known, names)
        elif line.payload.get("stage") in STAGES:
            yield _stage_ended(line, known, names)


def write_document(file: BinaryIO, told: Iterable[dict[str, Any]], created: datetime) -> int:
    """Write an EPCIS document event by event; returns their number."""
    empty = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": _time(created),
             "epcisBody": {"eventList": []}}  # fmt: skip
    opening, closing = json.dumps(empty).rsplit("[]", 1)
    count = 0
    file.write(f"{opening}[".encode())
    for count, event in enumerate(told, start=1):
        file.write(("\n" if count == 1 else ",\n").encode() + json.dumps(event, ensure_ascii=False).encode())
    file.write(f"\n]{closing}\n".encode())
    return count


def _stage_ended(line: Line, made: Made, names: Names) -> dict[str, Any]:
    stage, done = line.payload["stage"], bool(line.payload.get("done"))
    place = {} if line.machine is None else {"readPoint": {"id": names("loc", line.machine)}}
    said = place | {"foulard:metres": line.payload.get("metres")}
    if stage == "print" and done:
        return _event("TransformationEvent", line, made, names) | said | _printed(made, names)
    heat = _temperatures(line, made.operations.get(stage), names)
    laid = [name for name in made.goods(Kind.ROLL) if name]
    if stage == "pretreat" and done and laid:
        return _event("TransformationEvent", line, made, names) | said | _prepared(made, names, laid, heat)
    printed = STAGES.index(stage) > STAGES.index("print")
    return _event("ObjectEvent", line, made, names) | said | {
        "action": "OBSERVE", "epcList": _rolls(made, names, printed=printed),
        "bizStep": names("bizstep", stage), "foulard:done": done,
    } | ({"disposition": "in_progress"} if done else {}) | ({"sensorElementList": heat} if heat else {})  # fmt: skip


def _printed(made: Made, names: Names) -> dict[str, Any]:
    """Tell cloth and inks becoming a printed roll; inks as far as the press told how much it used."""
    job, operation = made.job, made.operations.get("print")
    recipe, actuals = job.control_recipe["recipe"], operation.actuals if operation else {}
    used = {ink: actuals.get(f"ink{number}_used_ml") for number, ink in enumerate(job.planned_ml, start=1)}
    held = {ink: made.goods(Kind.INK, "print", f"ink{number}") for number, ink in enumerate(job.planned_ml, start=1)}
    inks = [
        {"epcClass": names("class", _one(held[ink]) or f"ink-{recipe['ink_set']['ink_class']}-{ink}"),
         "quantity": round(ml / ML_PER_L, 6), "uom": "LTR"}
        for ink, ml in used.items()
        if ml is not None
    ]  # fmt: skip
    several = {ink: [name or "unknown" for name in lots] for ink, lots in held.items() if len(lots) > 1}
    about = {
        "foulard:fabric": job.fabric, "foulard:recipe": f"{recipe['name']} {recipe['version']}",
        "foulard:recipeSha256": job.control_recipe["digest"], "foulard:rasterSha256": job.raster_sha256,
    }  # fmt: skip
    return {
        "inputEPCList": _rolls(made, names, printed=False),
        "outputEPCList": _rolls(made, names, printed=True), "bizStep": "commissioning", "disposition": "in_progress",
        "ilmd": {name: value for name, value in about.items() if value is not None},
    } | ({"inputQuantityList": inks} if inks else {}) | ({"foulard:inkLots": several} if several else {})  # fmt: skip


def _prepared(made: Made, names: Names, laid: list[str], heat: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell rolls that were delivered, and the liquor, becoming the job's roll; how much of each, nobody measured."""
    liquors = [name for name in made.goods(Kind.LIQUOR, "pretreat", "liquor") if name]
    return {
        "inputEPCList": [names("obj", roll) for roll in laid], "outputEPCList": _rolls(made, names, printed=False),
        "bizStep": names("bizstep", "pretreat"), "disposition": "in_progress",
    } | ({"inputQuantityList": [{"epcClass": names("class", lot)} for lot in liquors]} if liquors else {}) | (
        {"sensorElementList": heat} if heat else {})  # fmt: skip


def _one(lots: tuple[str | None, ...]) -> str | None:
    """Return the lot if there was only this one, and it is known."""
    return lots[0] if len(lots) == 1 else None


def _inspected(line: Line, made: Made, names: Names) -> dict[str, Any]:
    grade = line.payload.get("grade") or {}
    quality = grade.get("quality")
    fit = {} if quality is None else {"disposition": "conformant" if quality == "first" else "non_conformant"}
    return _event("ObjectEvent", line, made, names) | {
        "action": "OBSERVE", "epcList": _rolls(made, names, printed=True),
        "bizStep": "inspecting", "foulard:points": grade.get("points"),
        "foulard:pointsPer100m2": grade.get("points_per_100m2"), "foulard:quality": quality,
    } | fit  # fmt: skip


def _event(kind: str, line: Line, made: Made, names: Names) -> dict[str, Any]:
    """Return what all events tell."""
    return {
        "type": kind,
        "eventID": f"urn:uuid:{uuid5(NAMESPACE_URL, names('line', line.digest))}",
        "eventTime": _time(line.time), "eventTimeZoneOffset": "+00:00",
        "bizTransactionList": [{"type": "prodorder", "bizTransaction": names("bt", f"job-{made.job.id}")}],
        "foulard:journalLine": f"{line.seq}:{line.digest}",
    }  # fmt: skip


def _rolls(made: Made, names: Names, *, printed: bool) -> list[str]:
    """Return the rolls before or after printing, which are two things to EPCIS: one is used up, the other made."""
    return [names("obj", f"{roll}.printed" if printed else roll) for roll in made.rolls]


def _temperatures(line: Line, operation: Operation | None, names: Names) -> list[dict[str, Any]]:
    """Return the last temperatures that the machine told of this operation; set-points are none."""
    reports = [
        {"type": "Temperature", "value": value, "uom": "CEL", "deviceID": names("device", f"{line.machine}.{tag}")}
        for tag, value in (operation.actuals if operation else {}).items()
        if tag.endswith("_c") and not tag.endswith("_sp_c")
    ]
    return [{"sensorReport": reports}] if reports else []


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
