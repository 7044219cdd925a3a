"""The journal of a job as EPCIS 2.0 events: complete, the same each time, and nothing but what was written down."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from controller import Actor, Store, control_recipe, load_line
from controller.archive import JournalError, readable, stored
from controller.book import Book
from controller.epcis import Names, events, made_of, write_document
from controller.store import in_folder, looking
from controller.tables import Job, Operation
from controller.tracing.delivery import Delivery
from controller.tracing.desk import GoodsDesk
from controller.work import Prepared

REQUIRED = {
    "EPCISDocument": {"@context", "type", "schemaVersion", "creationDate", "epcisBody"},
    "ObjectEvent": {"type", "eventTime", "eventTimeZoneOffset", "action", "epcList"},
    "TransformationEvent": {"type", "eventTime", "eventTimeZoneOffset"},
}
"""What the JSON schema of EPCIS 2.0 requires."""

OPTIONAL = {
    "ObjectEvent": {"quantityList"},
    "TransformationEvent": {"inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList",
                            "transformationID", "ilmd"},
}  # fmt: skip
COMMON = {"eventID", "recordTime", "bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList",
          "sensorElementList"}  # fmt: skip
BIZ_STEPS = {"commissioning", "inspecting"}
DISPOSITIONS = {"in_progress", "conformant", "non_conformant"}

ACTUALS = {
    "pretreat": {"dryer_temp_c": 128.5, "dryer_temp_sp_c": 130.0, "pickup_pct": 70.1},
    "print": {"ink1_used_ml": 12.5, "ink2_used_ml": 0.0, "ink3_used_ml": 3.25, "head_temp_c": 38.0},
    "fix": {"chamber_temp_c": 102.25},
    "wash": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder in which one job went through and one was cancelled in print."""
    went_through(tmp_path)
    went_through(tmp_path, cancelled=True)
    return tmp_path


def went_through(folder: Path, begun: Callable[[int], object] = lambda _: None, *, cancelled: bool = False) -> None:
    """Move a job through the line by hand; `begun` is called before its first stage."""
    store, line = Store.in_folder(folder), load_line()
    book = Book(store, line, folder)
    control = control_recipe("silk-twill")
    ordered = Job(title="ordered", fabric="silk-twill", control_recipe=control.model_dump(mode="json"),
                  length_m=2.0)  # fmt: skip
    job = book.add_job("anna", ordered, {machine.name: "opcua" for machine in line.machines})
    planned_ml = {"cyan": 1.0, "magenta": 1.0, "yellow": 1.0, "black": 1.0}
    book.preparing(job.id or 0)
    book.prepared(job.id or 0, Prepared(folder / "raster", "ab" * 32, 0, 0.042, {}, planned_ml))
    begun(job.id or 0)
    with store.read() as session:
        operations = session.exec(select(Operation).where(Operation.job_id == job.id)).all()
    for operation in operations:
        book.started(operation.id or 0)
        book.reached(operation.id or 0, "Complete", 2.0, ACTUALS[operation.stage])
        stopped = cancelled and operation.stage == "print"
        book.finished(operation.id or 0, done=not stopped)
        if stopped:
            break
    store.close()


def document(folder: Path, names: Names) -> dict[str, Any]:
    file = io.BytesIO()
    with looking(in_folder(folder)) as connection:
        told = events(readable(stored(connection)), made_of(connection), names)
        write_document(file, told, datetime(2026, 1, 2, tzinfo=UTC))
    return json.loads(file.getvalue())


def told(folder: Path, names: Names | None = None) -> list[dict[str, Any]]:
    return document(folder, names or Names())["epcisBody"]["eventList"]


def test_it_is_an_epcis_document(folder: Path) -> None:
    whole = document(folder, Names())
    assert set(whole) == REQUIRED["EPCISDocument"]
    assert (whole["type"], whole["schemaVersion"]) == ("EPCISDocument", "2.0")
    context, own = whole["@context"]
    assert context == "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    for event in whole["epcisBody"]["eventList"]:
        kind = event["type"]
        keys = {key for key in event if key.partition(":")[0] not in own}
        assert REQUIRED[kind] <= keys <= REQUIRED[kind] | OPTIONAL[kind] | COMMON
        assert datetime.fromisoformat(event["eventTime"]).utcoffset() is not None
        assert event["eventTimeZoneOffset"] == "+00:00"
        assert event["bizStep"] in BIZ_STEPS or event["bizStep"].startswith("urn:foulard:bizstep:")
        assert event.get("disposition", "in_progress") in DISPOSITIONS
        assert event.get("action", "OBSERVE") == "OBSERVE"
        for item in event.get("inputQuantityList", []):
            assert {"epcClass"} <= set(item) <= {"epcClass", "quantity", "uom"}
        assert all(key.startswith("foulard:") for key in event.get("ilmd", {}))
        assert all(report["sensorReport"] for report in event.get("sensorElementList", []))


def test_cloth_and_inks_become_a_printed_roll_which_is_then_fixed_washed_and_inspected(folder: Path) -> None:
    pretreat, printed, fix, wash, inspected = told(folder)[:5]
    assert [event["bizStep"].rpartition(":")[2] for event in (pretreat, printed, fix, wash, inspected)] == [
        "pretreat", "commissioning", "fix", "wash", "inspecting"]  # fmt: skip
    cloth, roll = ["urn:foulard:obj:R-000001"], ["urn:foulard:obj:R-000001.printed"]
    assert pretreat["epcList"] == printed["inputEPCList"] == cloth
    assert printed["outputEPCList"] == fix["epcList"] == wash["epcList"] == inspected["epcList"] == roll
    assert printed["readPoint"] == {"id": "urn:foulard:loc:press"}
    assert printed["ilmd"]["foulard:rasterSha256"] == "ab" * 32
    assert inspected["disposition"] == "conformant"
    assert {event["bizTransactionList"][0]["bizTransaction"] for event in told(folder)[:5]} == {"urn:foulard:bt:job-1"}


def test_only_what_was_measured_is_told(folder: Path) -> None:
    pretreat, printed, fix, wash, _ = told(folder)[:5]
    quantities = [(item["epcClass"].rpartition("-")[2], item["quantity"]) for item in printed["inputQuantityList"]]
    assert quantities == [("cyan", 0.0125), ("magenta", 0.0), ("yellow", 0.00325)]  # the press said nothing of black
    ((report,),) = [element["sensorReport"] for element in pretreat["sensorElementList"]]  # no set-point, no pick-up
    assert (report["type"], report["value"], report["uom"]) == ("Temperature", 128.5, "CEL")
    assert fix["sensorElementList"][0]["sensorReport"][0]["value"] == 102.25
    assert "sensorElementList" not in wash


def test_lots_that_are_known_are_told_and_mixes_are_not_guessed(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    goods, rosa = GoodsDesk(Book(store, load_line(), tmp_path)), Actor("rosa", "operator")
    goods.receive(rosa, Delivery("cloth", "silk-twill", rolls_m=(1.5, 9.0)))
    urea = goods.receive(rosa, Delivery("chemical", "urea")).lot.name
    liquor = goods.receive(rosa, Delivery("liquor", "silk-twill", made_of=(urea,))).lot.name
    cyan, other = (goods.receive(rosa, Delivery("ink", "acid cyan")).lot.name for _ in range(2))
    goods.mount(rosa, "padder", "liquor", liquor, topped_up=False)
    goods.mount(rosa, "press", "ink1", cyan, topped_up=False)
    goods.mount(rosa, "press", "ink2", other, topped_up=True)
    laid = (("CL-000001-01", 0.0), ("CL-000001-02", 1.5))
    went_through(tmp_path, lambda job: [goods.lay(rosa, roll, job, at_m) for roll, at_m in laid])
    store.close()
    pretreat, printed = told(tmp_path)[:2]
    assert (pretreat["type"], pretreat["outputEPCList"]) == ("TransformationEvent", ["urn:foulard:obj:R-000001"])
    assert pretreat["inputEPCList"] == [f"urn:foulard:obj:{roll}" for roll, _ in laid]
    assert pretreat["inputQuantityList"] == [{"epcClass": f"urn:foulard:class:{liquor}"}]
    classes = [item["epcClass"].removeprefix("urn:foulard:class:") for item in printed["inputQuantityList"]]
    assert classes == [cyan, "ink-acid-magenta", "ink-acid-yellow"]
    assert printed["foulard:inkLots"] == {"magenta": [other, "unknown"]}


def test_a_print_that_was_cancelled_made_nothing(folder: Path) -> None:
    *_, pretreat, stopped = told(folder)
    assert pretreat["foulard:done"] is True
    assert (stopped["type"], stopped["bizStep"]) == ("ObjectEvent", "urn:foulard:bizstep:print")
    assert (stopped["foulard:done"], stopped["epcList"]) == (False, ["urn:foulard:obj:R-000002"])
    assert "disposition" not in stopped


def test_events_are_the_same_each_time_and_name_their_line(folder: Path) -> None:
    assert told(folder) == told(folder)
    ids = [event["eventID"] for event in told(folder)]
    assert len(set(ids)) == len(ids) == 7
    with looking(in_folder(folder)) as connection:
        lines = {f"{line.seq}:{line.digest}" for line in readable(stored(connection))}
    assert {event["foulard:journalLine"] for event in told(folder)} <= lines


def test_identifiers_begin_with_the_mills_own_address(folder: Path) -> None:
    printed = told(folder, Names("https://mill.example/"))[1]
    assert printed["outputEPCList"] == ["https://mill.example/obj/R-000001.printed"]
    for base in ("mill", "https://", "urn:", "https://mill.example/?a=b", "urn:x y"):
        with pytest.raises(JournalError, match="give an address of your own"):
            Names(base)


def test_a_changed_line_gives_no_event(folder: Path) -> None:
    store = Store.in_folder(folder)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE event SET machine = 'other' WHERE kind = 'operation ended'")
    store.close()
    with pytest.raises(JournalError, match="was changed after it was written"):
        told(folder)
