"""Takes the pictures of the README: runs the demonstration in a folder of its own and photographs its pages.

`make screenshots`; wants a Chromium (`/usr/bin/chromium` or `FOULARD_CHROMIUM`).
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

OUT = Path(__file__).parent.parent / "docs" / "pictures"
DESK = {"width": 1360, "height": 850}
FAULTS = "nozzle_out:ink=0,nozzle=9000,from_m=1.2;spot:at_m=0.9,x_mm=420,d_mm=5"


@contextmanager
def demonstration() -> Iterator[tuple[str, str]]:
    """Run `foulard demo` with two faults in the print; yields its address and the admin's password."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"FOULARD_DATA": folder, "FOULARD_PORT": "0"}
        command = [sys.executable, "-m", "hmi.cli", "demo", "--speed", "40", "--faults", FAULTS]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            said += process.stdout.readline()
        try:
            yield re.search(r"http://\S+", said)[0], re.search(r"admin with (\S+)", said)[1]  # pyright: ignore
        finally:
            process.terminate()
            process.wait(timeout=20)


def photograph(page: Page, address: str, password: str, out: Path) -> None:
    """Sign in, wait until the first job is being inspected, and take the pictures."""
    page.goto(address)
    page.get_by_label(re.compile("name", re.IGNORECASE)).fill("admin")
    page.get_by_label(re.compile("password", re.IGNORECASE)).fill(password)
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    page.wait_for_url(f"{address}/")
    deadline = time.monotonic() + 300
    while (job := page.request.get(f"{address}/api/v1/jobs/1").json())["inspected_m"] < 2:
        if job["status"] in ("failed", "cancelled") or time.monotonic() > deadline:
            sys.exit(f"the first job is {job['status']} after {job['inspected_m']} m: {job['error']}")
        page.wait_for_timeout(500)
    shots = {"line": "/", "job": "/jobs/1", "jobs": "/jobs"}
    for name, path in shots.items():
        page.goto(address + path)
        expect(page.get_by_role("main")).to_be_visible()
        page.wait_for_timeout(4000)  # pictures load, trends get a few points
        page.screenshot(path=out / f"{name}.png")


def main() -> None:
    """Write line.png, jobs.png and job.png."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.mkdir(parents=True, exist_ok=True)
    browser_path = os.environ.get("FOULARD_CHROMIUM", "/usr/bin/chromium")
    with demonstration() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu",
                                             "--disable-background-networking"])  # fmt: skip
        photograph(browser.new_page(viewport=DESK), address, password, out)
        browser.close()


if __name__ == "__main__":
    main()
