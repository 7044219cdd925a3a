"""The client side of the API: what commands say to a Foulard that runs, on this machine or another.

One request, one answer; no proxy of the environment, no redirect. A write carries a key of its own, so that it is done
once.
"""

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hmi.errors import BadInput, reading
from hmi.session import COOKIE, Session

if TYPE_CHECKING:
    import httpx

API = "/api/v1"

TIMEOUT_S = 30.0
UPLOAD_TIMEOUT_S = 600.0
"""A large design is decoded once before it is taken."""


def sign_in(url: str, name: str, password: str) -> Session:
    """Return a new session; raises `BadInput` for a wrong name or password, or a service that cannot be reached."""
    guest = Session(_checked(url), "", name)
    answer = _exchange(guest, "POST", "/session", json={"name": name, "password": password})
    if COOKIE not in answer.cookies:
        raise BadInput(_no_foulard(guest.url))
    return Session(guest.url, answer.cookies[COOKIE], name)


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
    return _data(session, _exchange(session, "GET", path, params=asked))


@contextlib.contextmanager
def lines(session: Session, path: str, **query: object) -> Iterator[Iterator[str]]:
    """Give the lines of an answer that is too long to be held, with their ends, while they come.

    Raises
    ------
    BadInput
        As :func:`read` does; in the block too, when the service ends before it has said everything.
    """
    import httpx

    asked: Any = {name: value for name, value in query.items() if value is not None}
    with (
        _told(session),
        httpx.Client(cookies=_cookies(session), timeout=TIMEOUT_S, trust_env=False) as client,
        client.stream("GET", f"{session.url}{API}{path}", params=asked) as answer,
    ):
        if not answer.is_success:
            answer.read()
            raise BadInput(_refusal(session, answer))
        yield _lines(answer.iter_bytes())


def page(session: Session, path: str) -> bytes:
    """Return a page or picture of the API; raises `BadInput` as :func:`read` does."""
    return _exchange(session, "GET", path).content


def act(session: Session, path: str, body: Mapping[str, object] | None = None) -> Any:
    """Do something and return what came of it; raises `BadInput` as :func:`read` does."""
    return _data(session, _exchange(session, "POST", path, json=body))


def submit(session: Session, fields: Mapping[str, str], designs: Sequence[Path]) -> Any:
    """Submit a job with its designs, read from the disk while they are sent.

    Raises
    ------
    BadInput
        As :func:`read` does; or a design cannot be read.
    """
    with contextlib.ExitStack() as opened:
        files = []
        for design in designs:
            with reading(str(design), "a design that is there"):
                files.append(("design", (design.name, opened.enter_context(design.open("rb")))))
        return _data(session, _exchange(session, "POST", "/jobs", UPLOAD_TIMEOUT_S, data=fields, files=files))


def _exchange(
    session: Session, method: str, path: str, timeout_s: float = TIMEOUT_S, **content: Any
) -> "httpx.Response":
    """Send one request and return the answer, which is no refusal."""
    import httpx  # here, for most commands speak to nobody

    headers = {"Accept": "application/json"}
    if method != "GET":
        headers["Idempotency-Key"] = secrets.token_hex(16)
    with _told(session), httpx.Client(cookies=_cookies(session), timeout=timeout_s, trust_env=False) as client:
        answer = client.request(method, f"{session.url}{API}{path}", headers=headers, **content)
    if not answer.is_success:
        raise BadInput(_refusal(session, answer))
    return answer


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode() + "\n" for line in whole)
    if rest:
        yield rest.decode()


def _cookies(session: Session) -> dict[str, str]:
    return {COOKIE: session.token} if session.token else {}


@contextlib.contextmanager
def _told(session: Session) -> Iterator[None]:
    """Say in one line that a service cannot be reached, or no more."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        remedy = "see that foulard serve runs there, or sign in elsewhere with --url"
        msg = f"cannot reach {session.url} ({_why(error)}); {remedy}"
        raise BadInput(msg) from error


def _why(error: BaseException) -> str:
    """Return what the system said, which lies below what the library says."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


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


def _refusal(session: Session, answer: "httpx.Response") -> str:
    """Say in one line what the service has against it."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return _no_foulard(session.url, f" ({answer.status_code})")
    if answer.status_code == 401 and session.token:
        return f"the session at {session.url} has ended; sign in again with: foulard sign-in"
    return " ".join(str(detail).split())


def _data(session: Session, answer: "httpx.Response") -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise BadInput(_no_foulard(session.url)) from error


def _no_foulard(url: str, with_status: str = "") -> str:
    return f"{url} answers, but not as Foulard does{with_status}; sign in elsewhere with: foulard sign-in --url URL"
