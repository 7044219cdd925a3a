"""What machines showed, through the API and the command line, on a running Foulard that hears none of its machines."""

import csv
import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pyarrow import parquet

from controller.history import Keeping
from drivers import Quality
from hmi.history_api import COLUMNS, csv_lines
from hmi.parquet import write
from hmi.settings import Settings
from tests.controller.recording import VIEWER, History, at
from tests.hmi.serving import Server
from tests.hmi.terminal import assert_refused, foulard

SPAN = {"from": "2026-11-25T06:00:00", "to": "2026-11-25T07:00:00"}


def span() -> dict[str, str]:
    """The last ten minutes."""
    end = datetime.now(UTC) + timedelta(seconds=1)
    return {"from": (end - timedelta(minutes=10)).isoformat(), "to": end.isoformat()}


def known(client: httpx.Client, machine: str, tag: str) -> dict[str, list[float]]:
    """A tag's curve, once the historian has looked."""
    while not (curve := asked(client, machine=machine, tag=tag))["seconds"]:
        time.sleep(0.1)  # no event tells that a second is over
    return curve


def asked(client: httpx.Client, **query: object) -> dict[str, list[float]]:
    answer = client.get("/api/v1/history/curve", params=span() | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_machines_that_are_not_heard_leave_a_gap(server: Server) -> None:
    with server.signed_in() as client:
        tags = client.get("/api/v1/history/tags").json()
        assert {one["machine"] for one in tags} == {"padder", "press", "steamer", "washer"}
        (speed,) = (one for one in tags if (one["machine"], one["name"]) == ("press", "speed_m_min"))
        assert (speed["title"], speed["unit"], speed["text"]) == ("Speed", "m/min", False)
        curve = known(client, "press", "speed_m_min")
        assert curve["tag"] == speed
        assert set(curve["mean"]) == {None}


@pytest.mark.parametrize(
    ("path", "query", "status", "says"),
    [
        ("curve", {"machine": "loom", "tag": "metres"}, 404, "the line has padder, press, steamer, washer"),
        ("curve", {"machine": "press", "tag": "warp"}, 404, "press has no recorded tag 'warp'"),
        ("curve", {"machine": "press", "tag": "message"}, 422, "is a text"),
        ("curve", {"machine": "press", "tag": "metres", "from": "yesterday"}, 422, "from"),
        ("curve", {"machine": "press", "tag": "metres", "from": "2026-11-25T08:00:00"}, 422, "its end behind"),
        ("curve", {"machine": "press", "tag": "metres", "from": "1026-11-25T08:00:00"}, 422, "at most 1098 days"),
        ("curve", {"machine": "press", "tag": "metres", "points": 1}, 422, "points"),
        ("jobs/99999/curve", {"stage": "print", "tag": "metres"}, 404, "there is no job 99999"),
        ("jobs/1/when", {"stage": "print", "metre": "nan"}, 422, "metre"),
        ("jobs/1/when", {"stage": "dye", "metre": 1}, 422, "pretreat, print, fix, wash"),
        ("export", {"machine": "loom"}, 404, "there is no machine 'loom'"),
        ("export", {"machine": "press", "tag": ["metres", "warp"]}, 404, "no recorded tag 'warp'"),
    ],
)
def test_what_cannot_be_shown_is_said(server: Server, path: str, query: dict, status: int, says: str) -> None:
    with server.signed_in() as client:
        answer = client.get(f"/api/v1/history/{path}", params=SPAN | query)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["detail"]


def test_nobody_looks_without_signing_in(server: Server) -> None:
    with server.client() as client:
        for path in ("tags", "curve", "export", "jobs/99999/curve", "jobs/1/when"):
            assert client.get(f"/api/v1/history/{path}").status_code == 401


@pytest.fixture(scope="module")
def signed_in(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which somebody has signed in."""
    folder = tmp_path_factory.mktemp("signed-in")
    foulard("sign-in", "--url", server.url, folder=folder, stdin=f"admin\n{server.admin_password}\n")
    return folder


def test_the_command_line_shows_and_exports(server: Server, signed_in: Path) -> None:
    with server.signed_in() as client:
        known(client, "washer", "metres")
    shown = foulard("history", "show", "washer", "metres", folder=signed_in)
    assert shown.returncode == 0, shown.stderr
    assert "Metres done of the ticket in m" in shown.stdout
    tags = foulard("history", "tags", "--machine", "washer", "--json", folder=signed_in)
    names = {one["name"] for one in json.loads(tags.stdout)["tags"]}
    rows = {}
    for name in ("csv", "parquet"):
        done = foulard(
            "history", "export", "washer", "--format", name, "--out", f"h.{name}", "--json", folder=signed_in
        )
        assert done.returncode == 0, done.stderr
        rows[name] = json.loads(done.stdout)["samples"]
    with (signed_in / "h.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    table = parquet.read_table(signed_in / "h.parquet")
    assert tuple(table.column_names) == tuple(lines[0]) == COLUMNS
    assert (len(lines), table.num_rows) == (rows["csv"], rows["parquet"])
    assert {line["tag"] for line in lines} == names == set(table.column("tag").to_pylist())
    assert {(line["value"], line["quality"]) for line in lines} == {("", "bad")}
    assert set(table.column("value").to_pylist()) == {None}
    assert table.column("time")[0].as_py() == datetime.fromisoformat(lines[0]["time"])


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("show", "press", "warp"), "no recorded tag 'warp'"),
        (("show", "press", "metres", "--from", "noon"), "--from 'noon' is no time"),
        (("when", 99999, "print", "2.5"), "there is no job 99999"),
        (("export", "loom", "--out", "no.csv"), "there is no machine 'loom'"),
        (("export", "press", "--out", "nowhere/no.csv"), "nowhere"),
    ],
)
def test_the_command_line_says_no_in_one_line(signed_in: Path, command: tuple, says: str) -> None:
    assert_refused(foulard("history", *command, folder=signed_in), says)
    assert not list(signed_in.glob("no.*"))


def test_numbers_texts_and_gaps_are_the_same_in_csv_and_parquet(tmp_path: Path) -> None:
    history = History(tmp_path)
    text = 'no ink,\n"black"'
    history.take(0, metres=1.5, message="", remote=True)
    history.take(1, metres=1.5, message=text, remote=False)
    history.take(2, Quality.BAD, metres=1.5, message=text, remote=False)
    names = ["metres", "remote", "message"]
    lines = "".join(csv_lines(history.desk.samples(VIEWER, "press", names, at(0), at(10))))
    rows = list(csv.DictReader(lines.splitlines(keepends=True)))
    told = [(row["tag"], row["value"], row["text"], row["quality"]) for row in rows]
    assert told == [
        ("metres", "1.5", "", "good"), ("metres", "", "", "bad"),
        ("remote", "1.0", "", "good"), ("remote", "0.0", "", "good"), ("remote", "", "", "bad"),
        ("message", "", "", "good"), ("message", "", text, "good"), ("message", "", "", "bad"),
    ]  # fmt: skip
    assert datetime.fromisoformat(rows[0]["time"]) == at(0)
    file = tmp_path / "h.parquet"
    with file.open("wb") as out:
        assert write(out, iter(lines.splitlines(keepends=True)), batch=3) == len(rows)
    table = parquet.read_table(file).to_pylist()
    assert [row["value"] for row in table] == [1.5, None, 1.0, 0.0, None, None, None, None]
    assert [row["text"] for row in table] == [None] * 5 + ["", text, None]
    assert [row["time"] for row in table] == [datetime.fromisoformat(row["time"]) for row in rows]
    history.store.close()


def test_without_pyarrow_one_line_says_what_to_install(tmp_path: Path) -> None:
    command = ["foulard", "history", "export", "press", "--format", "parquet", "--out", str(tmp_path / "h.parquet")]
    program = f"import sys; sys.modules['pyarrow'] = None; sys.argv = {command}; from hmi.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert_refused(done, "install foulard[parquet], or write --format csv")


def test_the_settings_keep_as_long_as_the_historian_does_by_itself() -> None:
    assert Settings().keeping == Keeping()
