"""Goods and traces through the API and the command line, on a running Foulard whose machines are moved by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright
from sqlmodel import col, select

from controller import Store, load_line
from controller.book import Book
from controller.queue import MOST_PRIORITY
from controller.tables import Operation
from hmi.labels import label
from tests.hmi.serving import Server
from tests.hmi.terminal import assert_refused, foulard
from tests.hmi.test_browser import CHROMIUM, MISSING
from tests.standing import on_the_line

expect.set_options(timeout=20_000)  # how long an answer takes says how busy the computer is

LENGTH_M = 2.0
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with server.signed_in() as client:
        yield client


@pytest.fixture(scope="module")
def desk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the admin is signed in."""
    folder = tmp_path_factory.mktemp("desk")
    done = foulard("sign-in", "--url", server.url, folder=folder, stdin=f"admin\n{server.admin_password}\n")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def job(server: Server) -> int:
    """A job of 2 m whose design is prepared, so that the padder has something to do."""
    return prepared_job(server)


def prepared_job(server: Server) -> int:
    """Put a job behind its RIP by hand."""
    store, line = Store.in_folder(server.folder), load_line()
    book = Book(store, line, server.folder)
    number = on_the_line(book, "silk-twill", LENGTH_M, title="flower", total_rows=100, priority=MOST_PRIORITY)
    store.close()
    return number


def by_hand(server: Server, job: int, metres: float | None) -> None:
    """The padder is at a metre of a job; None: its supervisor asks for the roll."""
    store = Store.in_folder(server.folder)
    book = Book(store, load_line(), server.folder)
    with store.read() as session:
        first = session.exec(select(Operation).where(Operation.job_id == job).order_by(col(Operation.id))).first()
    assert first is not None
    if metres is None:
        book.ask(first, "load", "Load the roll into the padder and confirm.")
    else:
        book.started(first.id or 0)
        book.reached(first.id or 0, "Execute", metres, {})
        if metres == LENGTH_M:
            book.finished(first.id or 0, done=True)
    store.close()


def told(folder: Path, *command: object) -> dict[str, Any]:
    done = foulard(*command, "--json", folder=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_roll_is_taken_in_scanned_and_traced(server: Server, client: httpx.Client, desk: Path, job: int) -> None:
    lot = told(desk, "lot", "add", "cloth", "silk-twill", "--supplier", "Seta", "--supplier-lot", "S-77",
               "--roll-m", "1.5", "--roll-m", "40", "--best-before", "2031-01-01", "--wound", "face-in")  # fmt: skip
    first, second = (one["name"] for one in lot["rolls"])
    assert told(desk, "roll", "wound", second, "face-out")["wound"] == "face-out"
    wound = {one["name"]: one["wound"] for one in told(desk, "roll", "list")["rolls"]}
    assert (wound[first], wound[second]) == ("face-in", "face-out")
    told(desk, "roll", "label", first)
    assert "wound face-in" in (desk / f"{first}.svg").read_text("utf-8")
    urea = told(desk, "lot", "add", "chemical", "urea")["name"]
    liquor = told(desk, "lot", "add", "liquor", "silk-twill", "--of", urea)["name"]
    told(desk, "lot", "fill", "padder", "liquor", liquor)
    told(desk, "roll", "lay", first, job, "--at-m", "0")
    by_hand(server, job, None)
    question = next(one for one in client.get("/api/v1/questions").json() if one["job_id"] == job)
    wrong = client.post(f"/api/v1/questions/{question['id']}/scan", json={"code": second})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "code")
    assert f"this is {second} (silk-twill, 40 m); the padder wants {first}" in wrong.json()["detail"]
    told(desk, "scan", question["id"], first.lower())
    assert client.get("/api/v1/questions").json() == []
    by_hand(server, job, 1.2)
    assert told(desk, "roll", "lay", second, job) == {"job_id": job, "roll": second, "at_m": 1.2}
    by_hand(server, job, LENGTH_M)
    kinds = [line["kind"] for line in client.get("/api/v1/journal", params={"job_id": job}).json()]
    assert kinds[:6] == ["operation ended", "splice", "answer", "scanned", "wrong roll", "question"]

    made = f"R-{job:06d}"
    found = told(desk, "trace", made, "--from-m", "1", "--to-m", "1.5")
    rolls = [(one["name"], one["from_m"], one["to_m"]) for one in found["origins"] if one["kind"] == "roll"]
    assert rolls == [(first, 1.0, 1.2), (second, 1.2, 1.5)]
    assert {one["name"] for one in found["origins"] if one["where"] == "liquor"} == {liquor, urea}
    for name in ("S-77", urea, liquor, lot["name"]):
        assert {(one["roll"], one["to_m"]) for one in told(desk, "trace", name)["reached"]} >= {(made, 2.0)}

    shown = foulard("trace", made, folder=desk)
    assert shown.returncode == 0, shown.stderr
    for line in (f"{made}: metres 0.00 to 2.00 of job {job}, flower", f"├─ roll: {first} over 0.00 to 1.20 m",
                 "├─ lot: CL-", "silk-twill, Seta S-77", "├─ pretreat on padder", f"│  ├─ liquor: {liquor}, silk-twill",
                 "│  └─ load: Yes, by admin", "└─ findings: none"):  # fmt: skip
        assert line in shown.stdout
    shown = foulard("trace", second, folder=desk)
    assert f"{made} (job {job}, flower, running)" in shown.stdout
    assert "40 m: 0.8 m used, 0 m promised, 39.2 m free" in shown.stdout
    assert {one["name"]: one["free_m"] for one in told(desk, "roll", "list")["rolls"]}[first] == pytest.approx(0.3)
    assert_refused(foulard("trace", "nowhere", folder=desk), "nothing here is called 'nowhere'")
    assert_refused(foulard("trace", made, "--from-m", "9", folder=desk), "which has 2 m")


def test_tables_for_people(desk: Path, job: int) -> None:
    ink = told(desk, "lot", "add", "ink", "acid cyan", "--supplier-lot", "c-9")["name"]
    assert told(desk, "lot", "label", ink) == {"lot": ink, "label": f"{ink}.svg"}
    assert "acid cyan" in (desk / f"{ink}.svg").read_text("utf-8")
    for command, words in (
        (("lot", "list", "--kind", "ink"), ("acid cyan", "c-9")),
        (("lot", "list"), ("INK-",)),
        (("roll", "list", "--made"), (f"R-{job:06d}", "silk-twill")),
        (("lot", "tanks"), ()),
    ):
        shown = foulard(*command, folder=desk)
        assert shown.returncode == 0, shown.stderr
        for word in words:
            assert word in shown.stdout
    assert_refused(foulard("lot", "add", "ink", "pink", folder=desk), "'pink' is no ink", "acid cyan")
    assert_refused(foulard("lot", "fill", "press", "ink99", folder=desk), "it has ink1")
    assert_refused(foulard("roll", "wound", f"R-{job}", "upside-down", folder=desk), "face-out")


def test_the_code_of_a_label_is_read_by_a_scanner(desk: Path, job: int) -> None:
    done = told(desk, "roll", "label", f"R-{job}", "--out", "label.svg")
    assert done == {"roll": f"R-{job:06d}", "label": "label.svg"}
    svg = ET.fromstring((desk / "label.svg").read_text("utf-8"))
    assert [text.text for text in svg.iter(f"{SVG}text")] == [f"R-{job:06d}", "silk-twill", "2 m", "printed roll"]
    assert scanned(svg) == f"R-{job:06d}"
    odd = ET.fromstring(label("CL-000001-02", ["<a & b>", "x" * 200]))
    assert scanned(odd) == "CL-000001-02"
    assert [text.text for text in odd.iter(f"{SVG}text")][1] == "<a & b>"
    assert float([text.get("font-size") or "" for text in odd.iter(f"{SVG}text")][2]) < 1


def scanned(svg: ET.Element) -> str:
    """Read the code of a label from its drawing, as a camera would."""
    drawn = svg.find(f"{SVG}path")
    assert drawn is not None
    modules = [tuple(map(int, part.split("h")[0].split())) for part in (drawn.get("d") or "").split("M")[1:]]
    side = max(max(one) for one in modules) + 1
    picture = np.full((side + 8, side + 8), 255, np.uint8)
    for x, y in modules:
        picture[y + 4, x + 4] = 0
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(
        cv2.resize(picture, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    )
    return text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/lots", {"kind": "cloth", "material": "silk-twill", "rolls_m": [0]}, 422),
        ("/lots", {"kind": "cloth", "material": "silk-twill", "rolls_m": [1] * 100}, 422),
        ("/lots", {"kind": "paper", "material": "x"}, 422),
        ("/lots", {"kind": "ink", "material": "acid cyan", "made_of": ["CH-000001"]}, 422),
        ("/tanks", {"machine": "loom", "place": "x"}, 404),
        ("/tanks", {"machine": "press", "place": "ink1", "lot": "INK-999999"}, 422),
        ("/rolls/CL-999999-01/lay", {"job_id": 1}, 404),
        ("/rolls/CL-999999-01/wound", {"wound": "face-in"}, 404),
        ("/lots", {"kind": "ink", "material": "acid cyan", "wound": "face-in"}, 422),
        ("/questions/999999/scan", {"code": "R-000001"}, 404),
        ("/questions/999999/scan", {"code": "x" * 300}, 422),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    client: httpx.Client, path: str, body: dict[str, object], status: int
) -> None:
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def test_goods_are_recorded_at_the_machines_and_read_by_everybody(server: Server) -> None:
    password = server.add_user("greta", "designer")
    with server.signed_in("greta", password) as client:
        assert client.get("/api/v1/lots").status_code == 200
        assert client.get("/api/v1/trace", params={"name": "press"}).status_code == 200
        refused = client.post("/api/v1/lots", json={"kind": "chemical", "material": "urea"})
    assert (refused.status_code, "goods.record" in refused.json()["detail"]) == (403, True)


@pytest.mark.browser
@pytest.mark.skipif(MISSING, reason=f"no browser at {CHROMIUM}; install chromium or set FOULARD_CHROMIUM")
def test_a_label_answers_the_question_in_the_browser(server: Server, client: httpx.Client) -> None:
    job = prepared_job(server)
    lot = client.post("/api/v1/lots", json={"kind": "cloth", "material": "silk-twill", "rolls_m": [3, 4]}).json()
    wanted, other = (roll["name"] for roll in lot["rolls"])
    assert client.post(f"/api/v1/rolls/{wanted}/lay", json={"job_id": job, "at_m": 0}).status_code == 200
    ink = client.post("/api/v1/lots", json={"kind": "ink", "material": "acid cyan"}).json()["name"]
    by_hand(server, job, None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(locale="en-GB")
        page.goto(server.url)
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(server.admin_password)
        page.get_by_role("button", name="Sign in").click()
        field = page.get_by_label("Scan the label of the roll").last
        field.fill(other)
        field.press("Enter")
        alert = page.get_by_role("alert").last
        expect(alert).to_contain_text(f"this is {other} (silk-twill, 4 m); the padder wants {wanted}")
        page.get_by_role("button", name="Camera").last.click()
        expect(page.get_by_role("banner")).to_contain_text("cannot read codes with the camera")
        field.fill(wanted.lower())
        field.press("Enter")
        expect(field).to_be_hidden()
        by_hand(server, job, 1.0)
        page.get_by_role("link", name="Trace").click()
        page.get_by_label("Roll, piece, lot").fill(wanted)
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_contain_text(f"R-{job:06d}0.00 to 1.00 m")
        page.get_by_role("link", name=f"R-{job:06d}").click()
        expect(page.get_by_role("main")).to_contain_text("Pretreat, padder")
        for width in (1360, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_label("Roll, piece, lot").fill("nowhere")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("nothing here is called 'nowhere'")
        page.get_by_label("Roll, piece, lot").fill(other)
        page.keyboard.press("Enter")
        page.get_by_role("textbox", name="Job").fill(str(job))
        page.get_by_label("From metre").fill("1.25")
        page.get_by_role("button", name="Lay in").click()
        expect(page.get_by_role("main")).to_contain_text("0.75 m promised")
        page.get_by_label("How it is wound", exact=True).select_option("face-in")
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_role("main")).to_contain_text("0.75 m promised, 3.25 m free; wound face in")
        page.get_by_label("Roll, piece, lot").fill(ink)
        page.keyboard.press("Enter")
        page.get_by_label("Tank", exact=True).select_option("press ink1")
        page.get_by_label("What was in it").check()
        page.get_by_role("button", name="Filled in now").click()
        expect(page.locator("footer")).to_contain_text("Accepted")
        filled = client.get("/api/v1/tanks").json()[0]
        assert (filled["place"], filled["lot"], filled["topped_up"], filled["by"]) == ("ink1", ink, True, "admin")
        browser.close()
