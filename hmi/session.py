"""The session of the person at the terminal, kept between commands in a file that only they can read."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hmi.errors import BadInput, reading, writing
from hmi.settings import read_settings

COOKIE = "foulard_session"
"""Name of the cookie that carries the token."""

FILE = "session.json"


@dataclass(frozen=True)
class Session:
    """Where somebody is signed in, and as whom; the token is as good as the password until it ends."""

    url: str
    token: str = field(repr=False)
    name: str


def keep_session(session: Session, folder: Path) -> Path:
    """Write the session, mode 0600 from its first byte; raises `BadInput` if the folder takes no files."""
    from drivers.trust import write_private  # here, for it loads much that most commands have no use for

    path = folder / FILE
    with writing(folder, "FOULARD_DATA"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, json.dumps(asdict(session)).encode())
    return path


def kept_session(folder: Path) -> Session:
    """Return the session of this folder; raises `BadInput` when nobody is signed in."""
    path = folder / FILE
    if not path.exists():
        msg = "nobody is signed in here; sign in with: foulard sign-in"
        raise BadInput(msg)
    try:
        with reading(str(path), "another folder as FOULARD_DATA"):
            return Session(**json.loads(path.read_text("utf-8")))
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
        msg = f"{path} holds no session; sign in again with: foulard sign-in"
        raise BadInput(msg) from error


def current_session() -> Session:
    """Return the session of the data folder; raises `BadInput` when nobody is signed in."""
    return kept_session(read_settings().data)


def forget_session(folder: Path) -> None:
    """Remove the session's file."""
    (folder / FILE).unlink(missing_ok=True)
