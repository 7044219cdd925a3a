"""The browser app over a running line, driven in Chromium as a person would: sign in, watch, submit, cancel."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

expect.set_options(timeout=20_000)  # how long an answer takes says how busy the computer is

CHROMIUM = Path(os.environ.get("FOULARD_CHROMIUM", "/usr/bin/chromium"))
MISSING = not CHROMIUM.exists() and not os.environ.get("FOULARD_REQUIRE_BROWSER")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(MISSING, reason=f"no browser at {CHROMIUM}; install chromium or set FOULARD_CHROMIUM"),
]
DESK, TABLET, PHONE = (1360, 850), (1024, 768), (390, 844)


@pytest.fixture(scope="module")
def demonstration(
    tmp_path_factory: pytest.TempPathFactory, primed: Callable[[Path], Path]
) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    folder = tmp_path_factory.mktemp("demo")
    primed(folder / "rasters")
    environment = os.environ | {"FOULARD_DATA": str(folder), "FOULARD_PORT": "0"}
    command = [sys.executable, "-m", "hmi.cli", "demo", "--speed", "400", "--length-m", "0.5",
               "--design", "rayure-club", "--faults", "padder.tension_loss:at_m=0.2"]  # fmt: skip
    process = subprocess.Popen(command, env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, f"the demonstration ended: {said}"
        said += line
    url, password = re.search(r"http://\S+", said), re.search(r"admin with (\S+)", said)
    assert url is not None
    assert password is not None
    try:
        yield url.group(), password.group(1), process
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
        process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, demonstration: tuple[str, str, object]) -> Iterator[BrowserContext]:
    url, password, _ = demonstration
    with browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, locale="en-GB") as context:
        page = context.new_page()
        page.goto(url)
        page.get_by_label(re.compile("name", re.IGNORECASE)).fill("admin")
        page.get_by_label(re.compile("password", re.IGNORECASE)).fill(password)
        page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
        expect(page.get_by_role("main")).to_contain_text("inkjet press")
        page.close()
        yield context


@pytest.fixture
def page(signed_in: BrowserContext, demonstration: tuple[str, str, object]) -> Iterator[Page]:
    """A signed-in page at desk size; whatever the console says as an error fails the test."""
    errors: list[str] = []
    page = signed_in.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(demonstration[0])
    expect(page.get_by_role("main")).to_contain_text("inkjet press")
    yield page
    assert errors == []
    page.close()


def test_the_line_shows_four_live_machines(page: Page) -> None:
    main = page.get_by_role("main")
    for title in ("Padder and stenter", "inkjet press", "Loop steamer", "Open-width washer"):
        expect(main).to_contain_text(title)
    expect(main).to_contain_text("Rayure Club", timeout=60_000)  # once its raster is made
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()


def test_the_first_job_goes_through_all_machines_and_is_reported(page: Page, demonstration: tuple) -> None:
    url = demonstration[0]
    page.goto(f"{url}/jobs/1")
    expect(page.get_by_role("link", name="Report")).to_be_visible(timeout=180_000)
    job = page.request.get(f"{url}/api/v1/jobs/1").json()
    assert job["status"] == "complete", job["error"]
    assert [(item["stage"], item["status"]) for item in job["operations"]] == [
        ("pretreat", "done"), ("print", "done"), ("fix", "done"), ("wash", "done"),
    ]  # fmt: skip
    assert job["findings"] == 0
    assert job["grade"]["quality"] == "first"
    report = page.request.get(f"{url}/api/v1/jobs/1/report")
    assert "Rayure Club" in report.text()


def test_an_alarm_is_shelved_taken_back_and_acknowledged(page: Page, demonstration: tuple) -> None:
    url, main = demonstration[0], page.get_by_role("main")
    expect(page.get_by_role("navigation")).to_contain_text("1 not acknowledged, the highest: Medium")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url(f"{url}/alarms")
    row = main.get_by_role("listitem").filter(has_text="A dancer is at its limit")
    expect(row).to_contain_text("Over")
    row.get_by_role("button", name="Shelve").click()
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Say why.")
    page.keyboard.type("the dancer is set at noon")
    page.keyboard.press("Enter")
    expect(row).to_contain_text(re.compile("back in (59 min|1 h)"))
    row.get_by_role("button", name="Unshelve").click()
    row.get_by_label(re.compile("^Select")).check()
    main.get_by_role("button", name="Acknowledge 1 selected").click()
    expect(main).to_contain_text("No alarms.")
    every = page.request.get(f"{url}/api/v1/alarms", params={"normal": "true"}).json()
    (alarm,) = (one for one in every if (one["machine"], one["name"]) == ("padder", "tension_low"))
    assert (alarm["state"], alarm["acknowledged_by"]) == ("A", "admin")


def test_a_curve_is_read_by_keyboard_over_time_and_over_the_metres_of_the_job(page: Page, demonstration: tuple) -> None:
    url, main = demonstration[0], page.get_by_role("main")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(f"{url}/curves")
    main.get_by_label("Machine", exact=True).select_option(label="Loop steamer")
    curve = main.get_by_role("slider", name=re.compile("^Chamber temperature: curve"))
    curve.focus()
    page.keyboard.press("End")
    expect(curve).to_have_attribute("aria-valuetext", re.compile(r"\d+:\d+:\d+: \d+\.\d °C"))
    main.get_by_role("checkbox", name="Chamber temperature °C").uncheck()
    expect(curve).to_have_count(0)
    with page.expect_download() as download:
        main.get_by_role("link", name="Save as CSV").click()
    assert download.value.path().read_text("utf-8").startswith("time,machine,tag,value,text,unit,quality\n")
    main.get_by_text("A job", exact=True).click()
    main.get_by_label("Stage").select_option(label="Wash")
    expect(main.get_by_label("Job", exact=True)).to_contain_text("1, Rayure Club")
    speed = main.get_by_role("slider", name=re.compile("^Speed: curve"))
    speed.focus()
    page.keyboard.press("End")
    expect(speed).to_have_attribute("aria-valuetext", re.compile(r"0\.50 m: .* m/min"))
    expect(main).to_contain_text(re.compile(r"Metre 0\.50 (was here at|stood here from) \d+:\d+"))


def test_the_layout_is_looked_at_from_the_whole_width_to_the_drops(page: Page, demonstration: tuple) -> None:
    with page.expect_response(lambda answer: "/tiles/proof/" in answer.url, timeout=180_000):
        page.goto(f"{demonstration[0]}/jobs/1")
    scale = page.locator(".bar")
    expect(scale).to_have_text(re.compile("cm"))
    with page.expect_response(lambda answer: "/tiles/limit/" in answer.url and answer.ok):
        page.locator(".tools label", has_text="Limit").click()
    expect(page.get_by_text("over 250 %")).to_be_visible()
    page.get_by_role("application").focus()
    for _ in range(14):
        page.keyboard.press("+")
    expect(scale).to_have_text(re.compile("mm|µm"))
    page.keyboard.press("0")
    expect(scale).to_have_text(re.compile("cm"))
    page.get_by_label("Repeats").check()
    expect(page.locator(".marks .dark")).to_have_attribute("d", re.compile("^M"))


def test_a_design_is_uploaded_submitted_and_cancelled(page: Page, demonstration: tuple, tmp_path: Path) -> None:
    url = demonstration[0]
    design = tmp_path / "ruban.png"
    Image.radial_gradient("L").convert("RGB").save(design, dpi=(150, 150))
    page.goto(f"{url}/jobs")
    page.get_by_role("button", name="New job").click()
    page.locator("input[type=file]").set_input_files(design)
    page.get_by_text("Priority, due date, over-run, approval").click()
    page.get_by_label("Over-run").fill("10")
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/jobs")) as sent:
        page.get_by_role("button", name="Submit job").click()
    assert sent.value.status == 201, sent.value.text()
    job = sent.value.json()
    assert (job["title"], job["ordered"], job["length_m"]) == ("ruban", 10, 11)
    page.goto(f"{url}/jobs/{job['id']}")
    page.get_by_role("button", name="Priority and due date").click()
    page.get_by_label("Priority", exact=True).fill("3")
    page.locator("form").get_by_role("button", name="Priority and due date").click()
    expect(page.locator("dl", has_text="Order").first).to_contain_text("Priority3")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name=f"Cancel job {job['id']} now").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile("cancelled", re.IGNORECASE), timeout=60_000)


def test_no_page_is_wider_than_its_screen(page: Page, demonstration: tuple) -> None:
    pages = ("/", "/jobs", "/jobs/1", "/alarms", "/plan", "/figures", "/curves", "/trace?name=R-000001")
    for path, (width, height) in itertools.product(pages, (DESK, TABLET, PHONE)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("width => window.innerWidth === width", arg=width)
        if (width, height) == DESK:
            page.goto(demonstration[0] + path)
            expect(page.get_by_role("main")).to_contain_text(
                re.compile("Pretreat|Jobs|Alarms|Plan|Figures|Speed|Recipe")
            )
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
