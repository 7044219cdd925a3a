"""The client side of the API: what commands say to a Foulard that runs, on this machine or another.

Plain HTTP of the standard library: one request, one answer, no proxy, no redirect. A write carries a key of its own, so
that it is done once.
"""

import http.client
import json
import secrets
from collections.abc import Iterator, Mapping
from email.message import Message
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from hmi.errors import BadInput
from hmi.multipart import Form
from hmi.session import COOKIE, Session

API = "/api/v1"

TIMEOUT_S = 30.0
UPLOAD_TIMEOUT_S = 600.0
"""A large design is decoded once before it is taken."""


def sign_in(url: str, name: str, password: str) -> Session:
    """Return a new session; raises `BadInput` for a wrong name or password, or a service that cannot be reached."""
    guest = Session(_checked(url), "", name)
    body = json.dumps({"name": name, "password": password}).encode()
    headers, _ = _exchange(guest, "POST", "/session", body, {"Content-Type": "application/json"})
    cookies = SimpleCookie(headers.get("Set-Cookie", ""))
    if COOKIE not in cookies:
        raise BadInput(_no_foulard(guest.url))
    return Session(guest.url, cookies[COOKIE].value, name)


def sign_out(session: Session) -> None:
    """End a session where it runs."""
    _exchange(session, "DELETE", "/session")


def read(session: Session, path: str, **query: object) -> Any:
    """Return what the API has at a path, as plain data; queries that are None are left out.

    Raises
    ------
    BadInput
        One line: the service cannot be reached, the session has ended, or what the service says against it.
    """
    asked = {name: value for name, value in query.items() if value is not None}
    _, data = _exchange(session, "GET", f"{path}?{urlencode(asked)}" if asked else path)
    return _data(session, data)


def page(session: Session, path: str) -> bytes:
    """Return a page or picture of the API; raises `BadInput` as :func:`read` does."""
    return _exchange(session, "GET", path)[1]


def act(session: Session, path: str, body: Mapping[str, object] | None = None) -> Any:
    """Do something and return what came of it; raises `BadInput` as :func:`read` does."""
    sent = None if body is None else json.dumps(body).encode()
    _, data = _exchange(session, "POST", path, sent, {"Content-Type": "application/json"} if sent else {})
    return _data(session, data)


def submit(session: Session, path: str, form: Form) -> Any:
    """Send a form with its files; raises `BadInput` as :func:`read` does."""
    headers = {"Content-Type": form.content_type, "Content-Length": str(form.length())}
    _, data = _exchange(session, "POST", path, form.body(), headers, UPLOAD_TIMEOUT_S)
    return _data(session, data)


def _exchange(
    session: Session,
    method: str,
    path: str,
    body: bytes | Iterator[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> tuple[Message, bytes]:
    """Send one request and return the answer's headers and body."""
    sent = {"Accept": "application/json", "Cookie": f"{COOKIE}={session.token}"} | dict(headers or {})
    if method != "GET":
        sent["Idempotency-Key"] = secrets.token_hex(16)
    where = urlsplit(session.url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=timeout_s)
    try:
        connection.request(method, f"{where.path.rstrip('/')}{API}{path}", body, sent)
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException) as error:
        why = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
        msg = f"cannot reach {session.url} ({why}); see that foulard serve runs there, or sign in elsewhere with --url"
        raise BadInput(msg) from error
    finally:
        connection.close()
    if answer.status >= 300:
        raise BadInput(_refusal(session, answer.status, data))
    return answer.headers, data


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        plain = not (parts.username or parts.query or parts.fragment)
    except ValueError:  # a port that is no number
        fine = plain = False
    if not fine or not plain:
        msg = f"--url {url!r:.80} is not possible; give http://HOST:PORT or https://HOST"
        raise BadInput(msg)
    return url.rstrip("/")


def _refusal(session: Session, status: int, data: bytes) -> str:
    """Say in one line what the service has against it."""
    try:
        detail = json.loads(data)["detail"]
    except (ValueError, KeyError, TypeError):
        return _no_foulard(session.url, f" ({status})")
    if status == 401 and session.token:
        return f"the session at {session.url} has ended; sign in again with: foulard sign-in"
    return " ".join(str(detail).split())


def _data(session: Session, data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise BadInput(_no_foulard(session.url)) from error


def _no_foulard(url: str, with_status: str = "") -> str:
    return f"{url} answers, but not as Foulard does{with_status}; sign in elsewhere with: foulard sign-in --url URL"
