"""`foulard plan`: what it tells, what it writes, and that a bad file is one line."""

import json
from pathlib import Path

import pytest

from tests.hmi.terminal import assert_refused, foulard

KEYS = {"rule", "setup_min", "dumped_l", "tardiness_min", "tardiness_points", "shelf_min", "pin_min", "campaign_min",
        "objective", "bound", "gap_pct", "seconds", "steps", "warnings", "notes", "sequences",
        "operations"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in it."""
    place = tmp_path_factory.mktemp("plan")
    done = foulard("plan", "example", "--out", "jobs.json", folder=place)
    assert done.returncode == 0, done.stderr
    assert "foulard plan solve jobs.json" in done.stdout
    return place


def test_a_plan_is_one_json_object(folder: Path) -> None:
    first, again = (
        foulard("plan", "solve", "jobs.json", "--steps", 800, "--seed", 3, "--json", folder=folder) for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert set(told) == KEYS
    assert told["bound"] <= told["objective"]
    assert told["operations"] == json.loads(again.stdout)["operations"]
    listed = [name for machine in told["sequences"] for name in machine["sequence"]]
    assert sorted(listed) == sorted(f"{one['job']}@{one['stage']}" for one in told["operations"])
    pinned = next(one for one in told["operations"] if (one["job"], one["stage"]) == ("sample-iris", "print"))
    assert (pinned["machine"], pinned["start"]) == ("press-spare", "2026-03-02T09:00:00+01:00")
    assert any("defaults from practice" in note for note in told["notes"])
    rules = {
        rule: json.loads(foulard("plan", "solve", "jobs.json", "--rule", rule, "--json", folder=folder).stdout)
        for rule in ("edd", "atc")
    }
    assert told["objective"] < min(rules["edd"]["objective"], rules["atc"]["objective"])


def test_people_see_every_machine_and_why(folder: Path) -> None:
    done = foulard("plan", "solve", "jobs.json", "--steps", 300, "--explain", "scarf-peony@print", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "min of set-up" in done.stdout.splitlines()[0]
    bars = [line for line in done.stdout.splitlines() if line.startswith(("press-acid", "steamer")) and "=" in line]
    assert len({len(line) for line in bars}) == 1
    assert "scarf-peony@print is number 1 on press-acid" in done.stdout
    assert "before scarf-ginkgo@print" in done.stdout


def test_the_example_and_the_schema_go_through_a_pipe(folder: Path) -> None:
    example = foulard("plan", "example", folder=folder).stdout
    done = foulard("plan", "solve", "-", "--rule", "edd", "--json", folder=folder, stdin=example)
    assert json.loads(done.stdout)["rule"] == "edd"
    assert json.loads(foulard("plan", "schema", folder=folder).stdout)["properties"]["machines"]


def test_what_cannot_be_done_is_one_line(folder: Path) -> None:
    (folder / "bad.json").write_text((folder / "jobs.json").read_text().replace('"stages"', '"stage"', 1))
    (folder / "latin.json").write_bytes(b'{"start": "\xe9"}')
    assert_refused(foulard("plan", "solve", "bad.json", folder=folder), "bad.json", "stage: unknown key", "'stages'")
    assert_refused(foulard("plan", "solve", "latin.json", folder=folder), "latin.json", "UTF-8")
    assert_refused(foulard("plan", "solve", "none.json", folder=folder), "none.json", "does not exist")
    assert_refused(foulard("plan", "solve", "-", folder=folder, stdin="{"), "is not JSON", "line 1")
    assert_refused(
        foulard("plan", "solve", "jobs.json", "--steps", 0, "--explain", "nobody@print", folder=folder),
        "no operation is called 'nobody@print'", "scarf-ginkgo@pretreat",
    )  # fmt: skip
    assert_refused(foulard("plan", "solve", "jobs.json", "--seconds", "-1", folder=folder), "--seconds")
    assert_refused(foulard("plan", "example", "--out", "no/where.json", folder=folder), "no/where.json")
