"""The API over a real socket: it lets in who belongs, says no in one sentence, and never breaks on what it is sent."""

import io
import json
import re
import stat
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hmi.openapi import DOCUMENT, document, text
from tests.hmi.serving import Server

OPEN = {("post", "/api/v1/session")}
PLACES = ("job_id", "index", "finding_id", "question_id", "level", "column", "row", "alarm_id")


def png(dpi: float | None = 150) -> bytes:
    data = io.BytesIO()
    stated = {} if dpi is None else {"dpi": (dpi, dpi)}
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(data, "PNG", **stated)
    return data.getvalue()


HALF_DROP = '{"repeat": "half-drop"}'


def submit(client: httpx.Client, design: bytes | None = None, **fields: object) -> httpx.Response:
    form = {"fabric": "silk-twill", "length_m": "2"} | {name: str(value) for name, value in fields.items()}
    files = {"design": ("flower.png", design, "image/png")} if design is not None else None
    return client.post("/api/v1/jobs", data=form, files=files)


def every_route() -> list[tuple[str, str]]:
    return [(method, path) for path, methods in document()["paths"].items() for method in methods]


@pytest.mark.parametrize(("method", "path"), every_route())
def test_nobody_gets_anything_without_signing_in(server: Server, method: str, path: str) -> None:
    if (method, path) in OPEN:
        return
    url = path.format_map(dict.fromkeys(PLACES, 1) | {"name": "carre-lyon", "view": "proof", "kind": "ink"})
    with server.client() as client:
        answer = client.request(method, url, json={"answer": "Yes"} if "answer" in path else None)
    assert answer.status_code == 401, answer.text
    assert answer.json() == {"detail": "sign in first"}


def test_the_document_in_the_repository_is_what_the_api_says() -> None:
    assert DOCUMENT.read_text("utf-8") == text()


def test_sign_in_and_out(server: Server) -> None:
    with server.signed_in() as client:
        me = client.get("/api/v1/session").json()
        assert (me["name"], me["role"]) == ("admin", "admin")
        cookie = next(iter(client.cookies.jar))
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "strict"
        assert client.delete("/api/v1/session").status_code == 204
        client.cookies.set("foulard_session", str(cookie.value))
        assert client.get("/api/v1/session").status_code == 401


def test_wrong_passwords_say_the_same_for_everybody_and_are_slowed(server: Server) -> None:
    name = f"nobody-{uuid.uuid4().hex[:6]}"
    with server.client() as client:
        answers = [client.post("/api/v1/session", json={"name": name, "password": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 6
    assert answers[0].json()["detail"] == "name or password is wrong"
    assert answers[-1].json()["detail"].startswith("too many tries")


def test_a_write_needs_its_key(server: Server) -> None:
    with server.signed_in() as client:
        request = client.build_request("POST", "/api/v1/jobs/1/cancel")
    with httpx.Client(cookies=client.cookies) as bare:
        assert bare.send(request).status_code == 422


@pytest.mark.parametrize(("role", "allowed"), [("viewer", False), ("operator", False), ("designer", True)])
def test_roles_decide_who_may_submit(server: Server, role: str, allowed: bool) -> None:
    name = f"{role}-{uuid.uuid4().hex[:6]}"
    with server.signed_in(name, server.add_user(name, role)) as client:
        answer = submit(client, png())
        assert answer.status_code == (201 if allowed else 403), answer.text
        assert client.get("/api/v1/line").status_code == 200


def test_a_job_is_submitted_once_shown_held_and_cancelled(server: Server) -> None:
    key = uuid.uuid4().hex
    with server.signed_in() as client:
        answers = [
            client.post("/api/v1/jobs", data={"fabric": "cotton-sateen", "length_m": "3", "layout": HALF_DROP},
                        files={"design": ("../../étoile.png", png(), "image/png")}, headers={"Idempotency-Key": key})
            for _ in range(2)
        ]  # fmt: skip
        assert answers[0].status_code == 201, answers[0].text
        assert answers[0].json() == answers[1].json()
        job = answers[0].json()
        assert job["title"] == "étoile"
        assert [stage["stage"] for stage in job["operations"]] == ["pretreat", "print", "fix", "wash"]
        assert client.get(f"/api/v1/jobs/{job['id']}").json()["print_width_mm"] == 1360
        assert client.post(f"/api/v1/jobs/{job['id']}/hold").status_code == 200
        assert client.post(f"/api/v1/jobs/{job['id']}/resume").status_code == 200
        assert client.post(f"/api/v1/jobs/{job['id']}/cancel").json()["status"] == "cancelled"
        again = client.post(f"/api/v1/jobs/{job['id']}/cancel")
        assert again.status_code == 409
        assert "cancelled" in again.json()["detail"]
        kinds = [line["kind"] for line in client.get("/api/v1/journal", params={"job_id": job["id"]}).json()]
        assert {"job submitted", "job hold", "job run", "job cancel"} <= set(kinds)


def test_what_may_be_done_to_a_job_is_shown_and_done(server: Server) -> None:
    with server.signed_in() as client:
        strike_off = submit(client, png(), needs_approval=True).json()
        terms = {"priority": 2, "due_at": "2026-05-04T16:00:00Z", "strike_off_id": strike_off["id"], "overrun_pct": 10}
        job = submit(client, png(), layout='{"pieces": 10, "piece_mm": [60, 45]}', **terms).json()
        assert (job["status"], job["ordered"], job["layout"]["pieces"]) == ("to_approve", 10, 11)
        assert [one["act"] for one in job["acts"]] == [
            "approve", "cut", "split", "schedule", "repeat", "recolour", "cancel"
        ]  # fmt: skip
        path = f"/api/v1/jobs/{job['id']}"

        def act(name: str, **body: object) -> httpx.Response:
            return client.post(f"{path}/{name}", json=body)

        first, rest = act("split", first=4).json()
        assert (first["ordered"], rest["ordered"], rest["made_from_id"]) == (4, 6, job["id"])
        assert rest["order_id"] == job["order_id"]
        assert act("schedule", priority=-1, never_due=True).json()["due_at"] is None
        ways = [
            {"name": name, "colourway": {"replace": {"#000000": [40, 50, lab_b]}}}
            for name, lab_b in (("a", 1), ("b", 9))
        ]
        copies = act("recolour", colourways=ways)
        assert (copies.status_code, [one["title"] for one in copies.json()]) == (201, ["flower, a", "flower, b"])
        assert act("repeat").json()["order_id"] != job["order_id"]
        missing = act("repeat", missing=True)
        assert (missing.status_code, "known when it is complete" in missing.json()["detail"]) == (409, True)
        shorter = act("cut", at_m=0.01)
        assert (shorter.status_code, shorter.json()["field"]) == (422, "at_m")
        refused = act("hold")
        assert refused.status_code == 409
        assert refused.json()["detail"].endswith("is waiting for approval; only a job that waits or runs can be held")
        assert act("approve", comment="fine").json()["approved_by"] == "admin"


def test_roles_decide_who_may_approve_and_nobody_approves_their_own(server: Server) -> None:
    planner, designer = f"planner-{uuid.uuid4().hex[:6]}", f"designer-{uuid.uuid4().hex[:6]}"
    passwords = {name: server.add_user(name, name.partition("-")[0]) for name in (planner, designer)}
    with server.signed_in(planner, passwords[planner]) as client:
        waited_for = submit(client, png(), needs_approval=True).json()
        job = submit(client, png(), needs_approval=True, strike_off_id=waited_for["id"]).json()
        own = client.post(f"/api/v1/jobs/{job['id']}/approve", json={})
        assert (own.status_code, "admin" in own.json()["detail"]) == (403, True)
    with server.signed_in(designer, passwords[designer]) as client:
        assert client.post(f"/api/v1/jobs/{job['id']}/approve", json={}).status_code == 403
    with server.signed_in() as client:
        assert client.post(f"/api/v1/jobs/{job['id']}/approve", json={}).status_code == 200
        assert client.post(f"/api/v1/jobs/{job['id']}/cancel").status_code == 200


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"priority": 10}, "priority", "-9 to 9"),
        ({"priority": "soon"}, "priority", "priority"),
        ({"due_at": "2026-05-04T16:00:00"}, "due_at", "time zone"),
        ({"overrun_pct": 51}, "overrun_pct", "0 to 50"),
        ({"seconds_pct": -1}, "seconds_pct", "0 to 100"),
        ({"strike_off_id": 999999}, "strike_off_id", "no job 999999"),
        ({"fabric": "velvet"}, "fabric", "velvet"),
        ({"length_m": -1}, "length_m", "length"),
        ({"length_m": 1e9}, "length_m", "length"),
        ({"length_m": "nan"}, "length_m", "length"),
        ({"length_m": "long"}, "length_m", "length"),
        ({"title": "x" * 500}, "title", "title"),
        ({"layout": '{"repeat": "spiral"}'}, "repeat", "repeat"),
        ({"layout": '{"width_mm": 1}'}, "width_mm", "width"),
        ({"layout": '{"pieces": 3}'}, "piece_mm", "piece_mm"),
        ({"layout": '{"pieces": 3, "piece_mm": [3000, 200]}'}, "layout", "wider than the print width"),
        ({"layout": '{"marks": ["crop-ticks"]}'}, "layout", "pieces"),
        ({"layout": '{"colourway": {"replace": {"#ff0000": "Bordeaux"}}}'}, "colourway", "Bordeaux"),
        ({"layout": '{"mirorr": "rows"}'}, "mirorr", "mirorr"),
        ({"layout": "{"}, "layout", "JSON"),
    ],
)
def test_impossible_jobs_are_refused_in_one_sentence(server: Server, fields: dict, field: str, says: str) -> None:
    with server.signed_in() as client:
        answer = submit(client, png(), **fields)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]
    assert answer.json()["field"] == field


def test_a_file_that_does_not_say_how_large_it_is_is_asked_about(server: Server) -> None:
    with server.signed_in() as client:
        asked = submit(client, png(dpi=None))
        assert (asked.status_code, asked.json()["field"]) == (422, "width_mm")
        assert submit(client, png(dpi=2), layout='{"width_mm": 60}').status_code == 201
        assert submit(client, png(dpi=None), layout='{"pieces": 2, "piece_mm": [60, 45]}').status_code == 201


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("nothing", b"", 422),
        ("text", b"#!/bin/sh\necho hello\n", 422),
        ("cut", png()[:-40], 422),
        ("only a header", png()[:30], 422),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 422),
        ("large", b"\x89PNG" + bytes(3 << 20), 413),
    ],
)
def test_hostile_uploads_leave_nothing_behind(server: Server, name: str, data: bytes, status: int) -> None:
    before = set((server.folder / "designs").glob("*"))
    with server.signed_in() as client:
        answer = submit(client, data)
    assert answer.status_code == status, f"{name}: {answer.text}"
    assert "flower.png" in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]
    assert set((server.folder / "designs").glob("*")) == before


def test_unknown_things_are_404_and_paths_do_not_escape(server: Server) -> None:
    with server.signed_in() as client:
        for path in (
            "jobs/999999",
            "jobs/999999/report",
            "jobs/999999/strips/0.jpg",
            "designs/..%2f..%2fsecret.jpg",
            "x/y",
        ):
            answer = client.get(f"/api/v1/{path}", headers={"Accept": "text/html"})
            assert answer.status_code == 404, path
            assert answer.json()["detail"]


def test_metrics_want_the_token(server: Server) -> None:
    path = server.folder / "metrics-token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with server.client() as client:
        assert client.get("/metrics").status_code == 401
        shown = client.get("/metrics", headers={"Authorization": f"Bearer {path.read_text()}"})
    assert shown.status_code == 200
    assert 'foulard_machine_connected{machine="press"} 0.0' in shown.text
    assert 'foulard_alarms{priority="medium",state="H"}' in shown.text


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    with server.client() as client:
        for path in ("/", "/api/v1/line", "/nowhere"):
            headers = client.get(path).headers
            assert "default-src 'self'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_stream_begins_with_hello_beats_and_goes_on_where_it_was(server: Server) -> None:
    with server.signed_in() as client:
        start = client.get("/api/v1/line").json()
        after = f"{start['epoch']}:{start['seq']}"
        kinds = []
        with client.stream("GET", "/api/v1/events", params={"after": after}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    event = json.loads(line[6:])
                    kinds.append(event["kind"])
                    assert event["id"].startswith(start["epoch"])
                if kinds.count("beat") == 2:
                    break
        assert kinds[0] == "hello"
        assert "resync" not in kinds
        with client.stream("GET", "/api/v1/events", params={"after": "other:5"}) as stream:
            events = (json.loads(line[6:])["kind"] for line in stream.iter_lines() if line.startswith("data: "))
            assert [next(events), next(events)] == ["hello", "resync"]


def test_a_stream_ends_with_its_session(server: Server) -> None:
    with server.signed_in() as client, server.client() as other:
        other.cookies = client.cookies
        with client.stream("GET", "/api/v1/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 1000"
            assert other.delete("/api/v1/session").status_code == 204
            assert [line for line in lines if line.startswith("data: ")][-1:]  # ends by itself


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    route=st.sampled_from(every_route()),
    number=st.integers(-(2**70), 2**70),
    body=json_values,
    word=st.text(max_size=20),
)
def test_no_input_is_a_500(
    server: Server, one_client: httpx.Client, route: tuple[str, str], number: int, body: object, word: str
) -> None:
    method, path = route
    if path.endswith("/events"):
        return
    if one_client.get("/api/v1/session").status_code == 401:  # an example signed out
        server.sign_in(one_client)
    said = quote(word or "x", safe="")
    url = re.sub(r"\{(\w+)\}", lambda place: str(number) if place[1] in PLACES else said, path)
    answer = one_client.request(method, url, json=body, params={"limit": str(number), "job_id": word})
    assert answer.status_code < 500, f"{method} {url}: {answer.text[:300]}"


@pytest.fixture
def one_client(server: Server) -> Iterator[httpx.Client]:
    with server.signed_in() as client:
        yield client
