"""`foulard sign-in` and `sign-out`: who the commands that speak to a running Foulard are."""

import getpass
import sys
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import typer

from hmi import remote
from hmi.errors import BadInput
from hmi.output import AsJson, tell
from hmi.session import forget_session, keep_session, kept_session
from hmi.settings import read_settings


def sign_in(
    url: Annotated[
        str | None, typer.Option(help="Where Foulard runs; FOULARD_HOST and FOULARD_PORT if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sign in to a running Foulard; asks for name and password, or reads them from stdin, one a line."""
    settings = read_settings()
    where = url or f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{settings.port}"
    if where.startswith("http://") and not _this_machine(where):
        print(f"foulard: the password travels in the clear to {where}; https:// would not", file=sys.stderr)
    name, password = _asked()
    session = remote.sign_in(where, name, password)
    path = keep_session(session, settings.data)
    tell({"url": session.url, "name": session.name, "session": str(path)}, as_json)


def sign_out() -> None:
    """End the session and forget it."""
    folder = read_settings().data
    session = kept_session(folder)
    forget_session(folder)
    remote.sign_out(session)


def _asked() -> tuple[str, str]:
    """Name and password: never an argument, which the whole machine could read."""
    if sys.stdin.isatty():
        name = typer.prompt("Name", err=True)
        return name, getpass.getpass(f"Password for {name}: ")
    name, password = sys.stdin.readline().strip(), sys.stdin.readline().rstrip("\r\n")
    if not name or not password:
        msg = "name or password is missing on stdin; give both, one a line"
        raise BadInput(msg)
    return name, password


def _this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
