"""`foulard journal`: verified, exported and pruned on the data folder, also while a Foulard runs there."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from controller import Store
from controller.journal import append
from tests.hmi.serving import Server
from tests.hmi.terminal import assert_refused, foulard

LINES = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a data folder whose journal has some lines."""
    store = Store.in_folder(tmp_path / "data")
    with store.write() as session:
        for n in range(LINES):
            append(session, actor="anna", kind="note", job_id=n % 2, payload={"n": n})
    store.close()
    return tmp_path


def journal(folder: Path, *arguments: object, code: int = 0, **environment: str) -> dict[str, Any]:
    done = foulard("journal", *arguments, "--json", folder=folder, **environment)
    assert done.returncode == code, done.stderr[-2000:]
    return json.loads(done.stdout)


def tamper(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "data" / "foulard.db")
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_journal_is_verified(folder: Path) -> None:
    found = journal(folder, "verify")
    assert (found["whole"], found["lines"], found["faults"]) == (True, LINES, [])
    assert found["head"] == found["kept_head"]
    tamper(folder, "UPDATE event SET actor = 'otto' WHERE seq = 7")
    found = journal(folder, "verify", code=1)
    assert not found["whole"]
    assert found["faults"] == [{"line": 7, "what": "was changed: its digest is not that of what it says"}]
    shown = foulard("journal", "verify", folder=folder)
    assert shown.returncode == 1
    assert "was changed" in shown.stdout


def test_a_head_noted_elsewhere_finds_what_was_cut_off(folder: Path) -> None:
    head = journal(folder, "verify")["head"]
    tamper(folder, f"DELETE FROM event WHERE seq = {LINES}")
    (folder / "data" / "foulard.db-head").unlink()
    assert journal(folder, "verify")["kept_head"] is None
    (fault,) = journal(folder, "verify", "--head", head, code=1)["faults"]
    assert fault["line"] == LINES
    assert_refused(foulard("journal", "verify", "--head", "12", folder=folder), "--head", "'12'", "SEQ:DIGEST")


def test_an_export_is_verified_from_its_file_alone(folder: Path) -> None:
    told = journal(folder, "export", "--out", "all.jsonl")
    assert (told["file"], told["lines"], told["whole"]) == ("all.jsonl", LINES, True)
    found = journal(folder, "verify", "all.jsonl", FOULARD_DATA=str(folder / "none"))
    assert (found["head"], found["lines"]) == (told["head"], LINES)
    assert journal(folder, "export", "--job", 1, "--out", "job.jsonl")["lines"] == LINES / 2
    assert journal(folder, "verify", "job.jsonl", "--job", 1)["whole"]
    assert journal(folder, "verify", "job.jsonl", code=1)["faults"][0]["line"] == 3
    time = json.loads((folder / "all.jsonl").read_text().splitlines()[4])["time"]
    assert journal(folder, "export", "--from", time, "--to", "2999-01-01", "--out", "new.jsonl")["lines"] == LINES - 4
    assert journal(folder, "verify", "new.jsonl")["after"].startswith("4:")
    assert journal(folder, "export", "--format", "epcis", "--out", "events.jsonld")["events"] == 0
    assert json.loads((folder / "events.jsonld").read_text())["epcisBody"] == {"eventList": []}


def test_old_lines_are_pruned_into_a_file(folder: Path) -> None:
    told = journal(folder, "prune", "--before", "2999-01-01", "--out", "old.jsonl")
    assert told["lines"] == LINES
    found = journal(folder, "verify")
    assert (found["after"], found["lines"]) == (told["head"], 1)
    assert journal(folder, "verify", "old.jsonl", "--head", told["head"])["whole"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "none.jsonl"), ("none.jsonl", "does not exist")),
        (("verify", "--job", "1"), ("--job", "FILE")),
        (("export",), ("--out",)),
        (("export", "--out", "nowhere/x.jsonl"), ("nowhere", "--out")),
        (("export", "--out", "x", "--from", "yesterday"), ("--from", "yesterday", "2026-11-25")),
        (("export", "--out", "x", "--format", "xml"), ("--format", "xml", "epcis")),
        (("export", "--out", "x", "--base", "https://mill.example"), ("--base", "epcis")),
        (("export", "--out", "x", "--format", "epcis", "--base", "mill"), ("mill", "https://mill.example")),
        (("prune", "--before", "", "--out", "x"), ("--before",)),
        (("prune", "--before", "2020-01-01", "--out", "x"), ("2020-01-01", "nothing to prune")),
        (("prune", "--before", "2999-01-01", "--out", "nowhere/x"), ("nowhere", "--out")),
        (("--job", "1", "verify"), ("options of verify",)),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: tuple[str, ...], says: tuple[str, ...]) -> None:
    assert_refused(foulard("journal", *arguments, folder=folder), *says)
    assert not (folder / "x").exists()


@pytest.mark.parametrize(
    "command", [("verify",), ("export", "--out", "x"), ("prune", "--before", "2026-01-01", "--out", "x")]
)
def test_without_a_database_nothing_is_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert_refused(foulard("journal", *command, folder=tmp_path), "foulard.db", "FOULARD_DATA")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "foulard.db").write_text("this is no database, but long enough to be looked at as one" * 20)
    assert_refused(foulard("journal", *command, folder=tmp_path), "foulard.db", "not a database")


def test_a_running_foulard_is_not_disturbed(server: Server, tmp_path: Path) -> None:
    data = {"FOULARD_DATA": str(server.folder)}
    with server.signed_in() as client:
        while not client.get("/api/v1/journal").json():
            pass  # its machines are lost, which it writes down first
    found = journal(tmp_path, "verify", **data)
    assert found["whole"]
    assert found["lines"] > 0
    told = journal(tmp_path, "export", "--out", "all.jsonl", **data)
    assert told["lines"] >= found["lines"]
    assert journal(tmp_path, "verify", "all.jsonl", "--head", found["head"])["whole"]
