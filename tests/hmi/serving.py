"""A running `foulard serve` and clients for it."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.hmi.terminal import foulard

DEAD_LINE = """
title: Line without machines
machines:
  - {name: padder, stage: pretreat, profile: padder-stenter, endpoint: "modbus://127.0.0.1:1"}
  - {name: press, stage: print, profile: press, endpoint: "opc.tcp://127.0.0.1:1"}
  - {name: steamer, stage: fix, profile: loop-steamer, endpoint: "modbus://127.0.0.1:1"}
  - {name: washer, stage: wash, profile: open-width-washer, endpoint: "opc.tcp://127.0.0.1:1"}
camera: "tcp://127.0.0.1:1"
"""


@dataclass(frozen=True)
class Server:
    """Where it is and how to get in."""

    url: str
    admin_password: str
    folder: Path

    def client(self) -> httpx.Client:
        """A client that is not signed in; every write carries a fresh key."""
        return httpx.Client(base_url=self.url, timeout=20, event_hooks={"request": [_with_key]})

    @contextlib.contextmanager
    def signed_in(self, name: str = "admin", password: str = "") -> Iterator[httpx.Client]:
        """A client that is."""
        with self.client() as client:
            self.sign_in(client, name, password)
            yield client

    def sign_in(self, client: httpx.Client, name: str = "admin", password: str = "") -> None:
        """Sign a client in."""
        answer = client.post("/api/v1/session", json={"name": name, "password": password or self.admin_password})
        assert answer.status_code == 200, answer.text

    def add_user(self, name: str, role: str) -> str:
        """Make a person on the command line."""
        password = uuid.uuid4().hex
        made = foulard("user", name, "--role", role, folder=self.folder, stdin=password + "\n",
                       FOULARD_DATA=str(self.folder))  # fmt: skip
        assert made.returncode == 0, made.stderr
        return password


def _with_key(request: httpx.Request) -> None:
    request.headers.setdefault("Idempotency-Key", uuid.uuid4().hex)
