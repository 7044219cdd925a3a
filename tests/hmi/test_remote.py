"""Commands that speak to a running Foulard: a real server process, and the command line as another."""

import contextlib
import http.server
import json
import os
import pty
import stat
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlmodel import col, select

from controller import load_line
from controller.book import Book
from controller.store import Store
from controller.tables import Operation
from tests.hmi.serving import Server
from tests.hmi.terminal import assert_refused, foulard


@pytest.fixture(scope="module")
def desk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the admin is signed in, with a design."""
    folder = tmp_path_factory.mktemp("desk")
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(folder / 'étoile "1".png', dpi=(150, 150))
    signed_in(folder, server, "admin", server.admin_password)
    return folder


def signed_in(folder: Path, server: Server, name: str, password: str) -> subprocess.CompletedProcess[str]:
    done = foulard("sign-in", "--url", server.url, "--json", folder=folder, stdin=f"{name}\n{password}\n")
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def told(folder: Path, *command: object) -> dict[str, Any]:
    done = foulard(*command, "--json", folder=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def job(desk: Path) -> dict[str, Any]:
    return told(desk, "job", "submit", 'étoile "1".png', "--fabric", "silk-twill", "--length-m", "2", "--repeat",
                "brick", "--columns", "2.5")  # fmt: skip


def test_the_session_is_kept_for_its_owner_alone(desk: Path, server: Server) -> None:
    file = desk / "data" / "session.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert server.admin_password not in file.read_text("utf-8")
    assert [path.name for path in (desk / "data").iterdir()] == ["session.json"]


def test_a_job_is_submitted_listed_held_and_resumed(desk: Path, job: dict[str, Any]) -> None:
    assert (job["title"], job["fabric"], job["length_m"]) == ('étoile "1"', "silk-twill", 2.0)
    assert (job["layout"]["repeat"], job["layout"]["columns"]) == ("brick", 2.5)
    assert job["id"] in [one["id"] for one in told(desk, "job", "list")["jobs"]]
    for act in ("hold", "resume"):
        assert told(desk, "job", act, job["id"])["id"] == job["id"]
    kinds = [entry["kind"] for entry in told(desk, "journal", "--job", job["id"])["journal"]]
    assert kinds.index("job run") < kinds.index("job hold") < kinds.index("job submitted")  # newest first
    shown = foulard("job", "show", job["id"], folder=desk)
    assert shown.returncode == 0, shown.stderr
    for word in ('étoile "1"', "pretreat", "padder", "brick", "2.5"):
        assert word in shown.stdout
    assert told(desk, "job", "show", job["id"])["print_width_mm"] == 1360


def test_what_is_done_to_jobs_has_its_commands(desk: Path, server: Server, tmp_path: Path) -> None:
    add = ("job", "add", 'étoile "1".png', "--fabric", "silk-twill", "--length-m", "4", "--needs-approval")
    strike_off = told(desk, *add)  # nobody approves it, so that the server prepares none of these jobs
    made = told(desk, *add, "--strike-off", strike_off["id"], "--priority", "3", "--due", "2026-05-04T16:00Z")
    assert (made["status"], made["priority"], made["due_at"]) == ("to_approve", 3, "2026-05-04T16:00:00Z")
    first, rest = told(desk, "job", "split", made["id"], "--first", 1.5)["jobs"]
    assert (first["length_m"], rest["length_m"]) == (1.5, 2.5)
    assert told(desk, "job", "cut", rest["id"], "--at-m", 2)["length_m"] == 2.0
    assert told(desk, "job", "set", rest["id"], "--priority", -2, "--due", "never")["due_at"] is None
    (desk / "wine.json").write_text('{"replace": {"#808080": [30, 40, 10]}}')
    (copy,) = told(desk, "job", "recolour", rest["id"], "wine.json")["jobs"]
    assert (copy["title"], copy["order_id"]) == ('étoile "1", wine', made["order_id"])
    assert told(desk, "job", "repeat", rest["id"], "--amount", 3)["length_m"] == 3.0
    signed_in(tmp_path, server, "paula", server.add_user("paula", "planner"))
    assert_refused(foulard("job", "approve", rest["id"], folder=desk), "submitted by admin", "paula")
    assert told(tmp_path, "job", "approve", rest["id"], "--comment", "seen")["approved_by"] == "paula"
    shown = foulard("job", "show", first["id"], folder=desk)
    assert shown.returncode == 0, shown.stderr
    assert "approve, cut, split, schedule" in " ".join(shown.stdout.split())
    assert_refused(foulard("job", "split", first["id"], "--first", "9", folder=desk), "9", "1.5")
    assert_refused(foulard("job", "set", first["id"], "--due", "2026-05-04", folder=desk), "time zone")
    assert_refused(foulard("job", "recolour", rest["id"], "none.json", folder=desk), "none.json")


def test_strike_offs_that_share_a_width_are_one_job(desk: Path) -> None:
    Image.new("RGB", (60, 40), (90, 20, 40)).save(desk / "lily.png")
    sheet = (
        "job",
        "add",
        'étoile "1".png',
        "lily.png",
        "--fabric",
        "silk-twill",
        "--title",
        "Sheet",
        "--needs-approval",
    )
    nested = ("--pieces", "2", "--piece-mm", "300,200", "--gutter-mm", "40,20")
    made = told(desk, *sheet, *nested, "--marks", "codes")
    assert (made["ordered"], made["layout"]["pieces"], made["status"]) == (4, 2, "to_approve")
    alone = told(desk, "job", "add", "lily.png", *sheet[4:], *nested)
    assert made["length_m"] < 2 * alone["length_m"], "they lie beside each other"
    assert_refused(foulard(*sheet, "--length-m", "2", folder=desk), "2 designs do not make one repeat")


def test_the_report_is_a_page(desk: Path, job: dict[str, Any]) -> None:
    assert told(desk, "job", "report", job["id"], "--out", "roll.html") == {"job": job["id"], "report": "roll.html"}
    assert "étoile" in (desk / "roll.html").read_text("utf-8")
    assert_refused(
        foulard("job", "report", job["id"], "--out", "nodir/roll.html", folder=desk), "nodir/roll.html", "--out"
    )


def test_a_question_is_listed_and_answered(desk: Path, job: dict[str, Any], server: Server) -> None:
    store = Store.in_folder(server.folder)
    with store.read() as session:
        one = select(Operation).where(Operation.job_id == job["id"]).order_by(col(Operation.id))
        operation = session.exec(one).first()
    assert operation is not None
    Book(store, load_line(), server.folder).ask(operation, "check", "Is the roll loaded?")
    store.close()
    (question,) = [one for one in told(desk, "questions")["questions"] if one["job_id"] == job["id"]]
    assert question["text"] == "Is the roll loaded?"
    assert_refused(foulard("answer", question["id"], "Perhaps", folder=desk), "Perhaps", "Yes")
    told(desk, "answer", question["id"], "Yes")
    assert question["id"] not in [one["id"] for one in told(desk, "questions")["questions"]]
    assert_refused(foulard("answer", question["id"], "Yes", folder=desk), "answered by admin")
    kinds = [entry["kind"] for entry in told(desk, "journal", "--job", job["id"])["journal"]]
    assert kinds.index("answer") < kinds.index("question")
    newest = told(desk, "journal", "--limit", 2)["journal"]
    assert [entry["seq"] for entry in newest] == [newest[0]["seq"], newest[0]["seq"] - 1]
    assert told(desk, "journal", "--after", newest[1]["seq"])["journal"][0] == newest[0]


def test_the_line_and_the_journal_are_tables_for_people(desk: Path, job: dict[str, Any]) -> None:
    line = told(desk, "line")
    assert [machine["name"] for machine in line["machines"]] == ["padder", "press", "steamer", "washer"]
    for command, words in (
        (("line",), ("padder", "lost", "questions")),
        (("journal",), ("job submitted", "admin")),
        (("job", "list"), ("silk-twill",)),
    ):
        shown = foulard(*command, folder=desk)
        assert shown.returncode == 0, shown.stderr
        for word in words:
            assert word in shown.stdout


def test_what_the_service_refuses_is_one_line(desk: Path, job: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    submit = ("--fabric", "silk-twill", "--length-m", "1")
    for command, words in (
        (("job", "show", 99999), ("there is no job 99999",)),
        (("job", "report", 99999), ("there is no job 99999",)),
        (("answer", 99999, "Yes"), ("there is no question 99999",)),
        (("job", "submit", tmp_path / "text.png", *submit), ("text.png",)),
        (("job", "submit", tmp_path / "none.png", *submit), ("none.png", "does not exist")),
        (("job", "submit", 'étoile "1".png', "--fabric", "velvet", "--length-m", "1"), ("velvet",)),
        (("job", "submit", 'étoile "1".png', *submit, "--pieces", "3"), ("--pieces and --length-m",)),
    ):
        assert_refused(foulard(*command, folder=desk), *words)


def test_a_job_that_is_over_cannot_be_cancelled(desk: Path) -> None:
    other = told(desk, "job", "submit", 'étoile "1".png', "--fabric", "silk-twill", "--pieces", 2, "--piece-mm",
                 "60,45", "--title", "Pocket squares")  # fmt: skip
    assert other["title"] == "Pocket squares"
    assert told(desk, "job", "cancel", other["id"])["status"] == "cancelled"
    assert_refused(foulard("job", "cancel", other["id"], folder=desk), f"job {other['id']} is cancelled")


def test_a_viewer_may_look_and_not_submit(desk: Path, server: Server, job: dict[str, Any], tmp_path: Path) -> None:
    name = f"viewer-{uuid.uuid4().hex[:6]}"
    signed_in(tmp_path, server, name, server.add_user(name, "viewer"))
    assert_refused(foulard("job", "hold", job["id"], folder=tmp_path), f"{name} (viewer) may not", "job.hold")
    assert foulard("sign-out", folder=tmp_path).returncode == 0
    assert_refused(foulard("line", folder=tmp_path), "nobody is signed in", "foulard sign-in")


def test_whoever_is_not_signed_in_is_told_how(server: Server, tmp_path: Path) -> None:
    assert_refused(foulard("job", "list", folder=tmp_path), "nobody is signed in", "foulard sign-in")
    url = ("sign-in", "--url", server.url)
    assert_refused(foulard(*url, folder=tmp_path, stdin="admin\nnot the password\n"), "name or password is wrong")
    assert_refused(foulard(*url, folder=tmp_path, stdin="admin\n"), "missing on stdin", "one a line")
    assert_refused(foulard("sign-in", "--url", "ftp://here", folder=tmp_path, stdin="a\nb\n"), "ftp://here", "http://")
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "session.json").write_text("no json")
    assert_refused(foulard("line", folder=tmp_path), "holds no session", "foulard sign-in")


def test_a_session_that_ended_is_told_from_a_wrong_password(desk: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    kept = json.loads((desk / "data" / "session.json").read_text("utf-8"))
    (tmp_path / "data" / "session.json").write_text(json.dumps(kept | {"token": "old"}))
    assert_refused(foulard("line", folder=tmp_path), f"session at {server.url} has ended", "foulard sign-in")


class Other(http.server.BaseHTTPRequestHandler):
    """Some web server that is no Foulard."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<p>hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        pass


@pytest.fixture
def other() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Other) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()
        thread.join()


def test_what_is_not_there_or_not_foulard_is_one_line(tmp_path: Path, other: str) -> None:
    for url, words in (
        ("http://127.0.0.1:1", ("cannot reach http://127.0.0.1:1", "refused")),
        (other, ("but not as",)),
    ):
        assert_refused(foulard("sign-in", "--url", url, folder=tmp_path, stdin="admin\nsecret\n"), *words)


def test_a_person_is_asked_and_the_password_is_not_shown(server: Server, tmp_path: Path) -> None:
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "hmi.cli", "sign-in", "--url", server.url]
    environment = os.environ | {"FOULARD_DATA": str(tmp_path / "data")}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
                          start_new_session=True) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        for asked, answer in (("Name", "admin"), ("Password for admin: ", server.admin_password)):
            while asked.encode() not in shown:
                shown += os.read(terminal, 1000)
            os.write(terminal, f"{answer}\n".encode())
        # the end of the process is the end of its terminal, which is an error to read from (Linux, pty(7))
        with contextlib.suppress(OSError):
            while more := os.read(terminal, 1000):
                shown += more
        assert process.wait(timeout=30) == 0
    assert b"session.json" in shown
    os.close(terminal)
    assert server.admin_password.encode() not in shown
    assert json.loads((tmp_path / "data" / "session.json").read_text("utf-8"))["name"] == "admin"
