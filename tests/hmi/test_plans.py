"""Plans through the API and the command line, on a running Foulard that hears none of its machines."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from controller import load_line
from controller.book import Book
from controller.store import Store
from tests.hmi.serving import Server
from tests.hmi.terminal import assert_refused, foulard
from tests.standing import on_the_line

expect.set_options(timeout=20_000)  # how long an answer takes says how busy the computer is

CHROMIUM = Path(os.environ.get("FOULARD_CHROMIUM", "/usr/bin/chromium"))
MISSING = not CHROMIUM.exists() and not os.environ.get("FOULARD_REQUIRE_BROWSER")
FABRICS = ("silk-twill", "polyester-satin", "silk-twill")


@pytest.fixture(scope="module")
def jobs(server: Server) -> Iterator[list[int]]:
    """Three jobs, their rasters made, that wait before the padder; nothing of them is left afterwards."""
    store = Store.in_folder(server.folder)
    book = Book(store, load_line(), server.folder)
    made = [on_the_line(book, fabric, 90.0, title=f"plan {fabric}") for fabric in FABRICS]
    store.close()
    with server.signed_in() as client:
        client.post(f"/api/v1/jobs/{made[0]}/resume")  # the running Foulard looks at what others wrote when it writes
        until(client, lambda plan: set(made) <= set(order(plan)))
        yield made
        for job_id in made:
            client.post(f"/api/v1/jobs/{job_id}/cancel")


def until(client: httpx.Client, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The plan, once it is so: the API has nothing that waits for that."""
    deadline = time.monotonic() + 60
    while not done(plan := client.get("/api/v1/plan").json()):
        assert time.monotonic() < deadline, plan
        time.sleep(0.1)
    return plan


def order(plan: dict[str, Any], machine: str = "padder", which: str = "proposal") -> list[int]:
    (lane,) = (lane for lane in plan[which]["lanes"] if lane["machine"] == machine)
    return [slot["job_id"] for slot in lane["slots"] if not slot["running"]]


def test_a_planner_pins_and_releases_and_others_only_look(server: Server, jobs: list[int]) -> None:
    first, other, second = jobs
    with server.signed_in() as client:
        plan = client.get("/api/v1/plan").json()
    mine = [job for job in order(plan) if job in jobs]
    assert mine in ([first, second, other], [other, first, second])
    assert [job for job in order(plan, which="standing") if job in jobs] == jobs
    assert plan["change"]["setup_min"] < 0
    assert (plan["mode"], plan["settled"], plan["trouble"]) == ("release", False, "")
    names = [f"{role}-{uuid.uuid4().hex[:6]}" for role in ("viewer", "planner")]
    passwords = [server.add_user(name, name.split("-")[0]) for name in names]
    with server.signed_in(names[0], passwords[0]) as client:
        assert client.get("/api/v1/plan").status_code == 200
        assert client.post("/api/v1/plan/release", json={"order": plan["order"]}).status_code == 403
    with server.signed_in(names[1], passwords[1]) as client:
        pinned = client.post("/api/v1/plan/pin", json={"operation": f"{second}@pretreat", "place": 1})
        assert pinned.status_code == 200, pinned.text
        plan = until(client, lambda plan: order(plan)[:1] == [second])
        slot = next(slot for slot in plan["proposal"]["lanes"][0]["slots"] if slot["job_id"] == second)
        assert (slot["place"], slot["pinned_place"], slot["pinned_by"]) == (1, 1, names[1])
        assert client.post("/api/v1/plan/release", json={"order": "old"}).status_code == 409
        done = client.post("/api/v1/plan/release", json={"order": plan["order"]}).json()
        assert (done["settled"], done["released_by"]) == (True, names[1])
        unpinned = client.post("/api/v1/plan/unpin", json={"operation": f"{second}@pretreat"})
        assert unpinned.status_code == 200, unpinned.text


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"operation": "x@print", "place": 1}, 422, "operation"),
        ({"operation": "999999@print", "place": 1}, 404, "999999@print"),
        ({"operation": "{job}@print"}, 422, "give a place"),
        ({"operation": "{job}@print", "place": 0}, 422, "place"),
        ({"operation": "{job}@print", "place": 90_000}, 422, "it has 1 to"),
        ({"operation": "{job}@print", "not_before": "2020-01-01T00:00:00Z"}, 422, "next 60 days"),
        ({"operation": "{job}@print", "not_before": "2020-01-01T00:00:00"}, 422, "earliest start"),
    ],
)
def test_a_pin_that_is_not_possible_is_one_sentence(
    server: Server, jobs: list[int], body: dict[str, Any], status: int, says: str
) -> None:
    body = {**body, "operation": body["operation"].format(job=jobs[0])}
    with server.signed_in() as client:
        answer = client.post("/api/v1/plan/pin", json=body)
        assert answer.status_code == status, answer.text
        assert says in answer.json()["detail"]
        assert client.get("/api/v1/plan/why", params={"operation": "999999@print"}).status_code == 404


def test_the_command_line_shows_explains_pins_and_releases(server: Server, jobs: list[int], tmp_path: Path) -> None:
    def told(*command: object) -> Any:
        done = foulard("plan", *command, "--json", folder=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    foulard("sign-in", "--url", server.url, folder=tmp_path, stdin=f"admin\n{server.admin_password}\n")
    shown = foulard("plan", "show", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for word in ("padder", "silk-twill", "min of set-up", "the line follows", "set-up min"):
        assert word in shown.stdout
    later = datetime.now(UTC) + timedelta(hours=3)
    told("pin", f"{jobs[1]}@wash", "--not-before", later.isoformat(timespec="seconds"))
    with server.signed_in() as client:
        plan = until(client, lambda plan: any(slot["not_before"] for lane in plan["proposal"]["lanes"]
                                              for slot in lane["slots"]))  # fmt: skip
    (slot,) = (slot for lane in plan["proposal"]["lanes"] for slot in lane["slots"] if slot["not_before"])
    assert datetime.fromisoformat(slot["start"]) >= later.replace(microsecond=0)
    why = told("why", f"{jobs[0]}@print")
    assert why["machine"] == "press"
    assert why["reasons"]
    assert all("min of set-up" in move["told"] for move in why["moves"])
    assert foulard("plan", "why", f"{jobs[0]}@print", folder=tmp_path).returncode == 0
    assert told("release")["settled"]
    assert "admin released" in foulard("plan", "show", "--standing", folder=tmp_path).stdout
    told("unpin", f"{jobs[1]}@wash")
    assert_refused(foulard("plan", "pin", f"{jobs[1]}@wash", "--not-before", "soon", folder=tmp_path), "'soon'", "2026")
    assert_refused(foulard("plan", "release", "--order", "x", folder=tmp_path), "look at it again")
    assert_refused(foulard("plan", "unpin", "print", folder=tmp_path), "operation")


@pytest.mark.browser
@pytest.mark.skipif(MISSING, reason=f"no browser at {CHROMIUM}; install chromium or set FOULARD_CHROMIUM")
def test_the_page_says_why_pins_and_releases_with_the_keyboard_alone(server: Server, jobs: list[int]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1024, "height": 768}, locale="en-GB")
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.url)
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(server.admin_password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("main")).to_contain_text("Pretreat")
        page.keyboard.press("g")
        page.keyboard.press("p")
        expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()
        last = page.locator(f'[data-operation="{jobs[1]}@print"]')
        last.focus()
        page.keyboard.press("Enter")
        one = page.get_by_role("region", name=f"{jobs[1]} plan polyester-satin")
        expect(one.get_by_role("heading", name="Why here")).to_be_visible(timeout=30_000)
        with server.signed_in() as client:
            here = order(client.get("/api/v1/plan").json(), "press").index(jobs[1])
            name = "Pin as first" if here > 1 else "Pin one earlier" if here else "Pin here"
            one.get_by_role("button", name=name).focus()
            page.keyboard.press("Enter")
            until(client, lambda plan: order(plan, "press")[0] == jobs[1])
            expect(one).to_contain_text("number 1 of", timeout=20_000)
            page.get_by_role("button", name="Release the proposal").focus()
            page.keyboard.press("Enter")
            page.get_by_role("button", name="Release now").focus()
            page.keyboard.press("Enter")
            until(client, lambda plan: plan["settled"])
            expect(page.get_by_role("main")).to_contain_text("The line follows the plan that admin released")
            page.locator(f'[data-operation="{jobs[1]}@print"]').focus()
            page.keyboard.press("ArrowRight")
            assert page.evaluate("document.activeElement.dataset.operation") != f"{jobs[1]}@print"
            page.keyboard.press("ArrowLeft")
            assert page.evaluate("document.activeElement.dataset.operation") == f"{jobs[1]}@print"
            client.post("/api/v1/plan/unpin", json={"operation": f"{jobs[1]}@print"})
        assert errors == []
        browser.close()


def test_figures_are_told_for_any_span_that_is_past(server: Server, jobs: list[int], tmp_path: Path) -> None:
    with server.signed_in() as client:
        found = client.get("/api/v1/figures").json()
        assert [row["machine"] for row in found["rows"]] == ["padder", "press", "steamer", "washer"]
        assert all(row["oee"] is None for row in found["rows"]), "no machine has worked here"
        for query, says in (
            ({"start": "2020-01-01T00:00:00Z"}, "too long a span"),
            ({"start": "2099-01-01T00:00:00Z"}, "no past span"),
            ({"start": "yesterday"}, "start"),
            ({"by": "moon"}, "by"),
        ):
            answer = client.get("/api/v1/figures", params=query)
            assert answer.status_code == 422
            assert says in answer.json()["detail"]
    foulard("sign-in", "--url", server.url, folder=tmp_path, stdin=f"admin\n{server.admin_password}\n")
    told = foulard("figures", "--by", "shift", "--json", folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["by"] == "shift"
    assert "figures" in foulard("figures", folder=tmp_path).stdout
    assert_refused(foulard("figures", "--from", "noon", folder=tmp_path), "--from 'noon'", "2026")
