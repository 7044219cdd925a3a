"""Alarms through the API and the command line, on a running Foulard that hears none of its machines."""

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from drivers import load_profile
from tests.hmi.serving import Server
from tests.hmi.terminal import assert_refused, foulard


def lost_links(client: httpx.Client) -> list[dict[str, Any]]:
    """The alarms of the lost links, once all four are announced."""
    line = client.get("/api/v1/line").json()
    alarms = line["alarms"]
    with client.stream("GET", "/api/v1/events", params={"after": f"{line['epoch']}:{line['seq']}"}) as stream:
        events = (json.loads(text[6:]) for text in stream.iter_lines() if text.startswith("data: "))
        while len(found := [one for one in alarms if one["name"] == "link_lost" and one["state"] in "BC"]) < 4:
            alarms = next(event["alarms"] for event in events if event["kind"] == "alarms")
    return found


def test_a_lost_link_is_announced_and_hides_what_is_behind_it(server: Server) -> None:
    with server.signed_in() as client:
        found = lost_links(client)
        assert {one["machine"] for one in found} == {"padder", "press", "steamer", "washer"}
        assert {(one["own"], one["priority"], one["active"]) for one in found} == {(True, "high", True)}
        press = [one for one in client.get("/api/v1/alarms").json() if one["machine"] == "press" and not one["own"]]
        assert {one["name"] for one in press} == {alarm.name for alarm in load_profile("press").alarms}
        assert {(one["state"], one["covered_why"]) for one in press} == {("H", "no link")}
        (machine,) = (one for one in client.get("/api/v1/line").json()["machines"] if one["name"] == "press")
        assert [one["name"] for one in machine["alarms"]] == ["link_lost"]
        figures = client.get("/api/v1/alarms/figures", params={"hours": 1}).json()
        assert figures["announced"] >= 4
        assert figures["shares_pct"]["high"] == 100.0
        assert client.get("/api/v1/alarms/figures", params={"hours": 0}).status_code == 422


def test_two_people_acknowledge_and_the_first_is_named(server: Server) -> None:
    names = [f"{role}-{uuid.uuid4().hex[:6]}" for role in ("operator", "technician", "planner")]
    passwords = [server.add_user(name, name.split("-")[0]) for name in names]
    with server.signed_in() as client:
        alarm = lost_links(client)[0]
    answers = []
    for name, password in zip(names, passwords, strict=True):
        with server.signed_in(name, password) as client:
            seen = [{"id": alarm["id"], "occurrence": alarm["occurrence"]}]
            answers.append(client.post("/api/v1/alarms/acknowledge", json={"alarms": seen}))
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    for answer in answers[:2]:
        ((done,), left) = answer.json().values()
        assert (done["state"], done["acknowledged_by"], left) == ("C", names[0], [])
    with server.signed_in() as client:
        old = {"id": alarm["id"], "occurrence": alarm["occurrence"] - 1}
        ((left,),) = (client.post("/api/v1/alarms/acknowledge", json={"alarms": [old]}).json()["left"],)
        assert "come again" in left["why"]
        unknown = client.post("/api/v1/alarms/acknowledge", json={"alarms": [{"id": 10**6}]})
        assert (unknown.status_code, unknown.json()["detail"]) == (404, "there is no alarm 1000000")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"minutes": 481, "why": "long"}, "480"),
        ({"minutes": 0, "why": "short"}, "1"),
        ({"minutes": 5, "why": " "}, "why"),
        ({"minutes": 5}, "why"),
    ],
)
def test_a_shelf_has_a_time_and_a_reason(server: Server, body: dict[str, object], says: str) -> None:
    with server.signed_in() as client:
        answer = client.post("/api/v1/alarms/1/shelve", json=body)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_the_command_line_lists_acknowledges_and_shelves(server: Server, tmp_path: Path) -> None:
    def told(*command: object) -> Any:
        done = foulard("alarm", *command, "--json", folder=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    foulard("sign-in", "--url", server.url, folder=tmp_path, stdin=f"admin\n{server.admin_password}\n")
    (asked,) = (
        one for one in told("list", "--all")["alarms"] if (one["machine"], one["name"]) == ("press", "answer_waits")
    )
    shelved = told("shelve", asked["id"], "--minutes", "30", "--why", "nobody is here")
    assert (shelved["state"], shelved["covered_by"], shelved["covered_why"]) == ("G", "admin", "nobody is here")
    assert asked["id"] in [one["id"] for one in told("list")["alarms"]]
    left = told("ack", asked["id"])["left"]
    assert left[0]["why"] == "it is shelved"
    assert told("unshelve", asked["id"])["state"] == "A"
    assert told("out-of-service", asked["id"], "--why", "trial")["state"] == "I"
    assert told("in-service", asked["id"])["state"] == "A"
    assert_refused(foulard("alarm", "unshelve", asked["id"], folder=tmp_path), "press answer_waits", "is normal")
    assert_refused(foulard("alarm", "reset", 10**6, folder=tmp_path), "there is no alarm 1000000")
    for command in ("list", "figures"):
        shown = foulard("alarm", command, folder=tmp_path)
        assert shown.returncode == 0, shown.stderr
    assert "most_in_10_min" in shown.stdout
