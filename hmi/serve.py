"""Runs the controller and the web application in one process until told to stop."""

import asyncio
import contextlib
import errno
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import uvicorn
from PIL import Image

from controller import Controller, Line
from controller.feed import Feed
from drivers.trust import write_private
from hmi import designs
from hmi.accounts import Accounts
from hmi.app import create_app
from hmi.database import open_store
from hmi.errors import CannotStart, reason
from hmi.events import EventRing, pump
from hmi.settings import Settings
from hmi.state import App

SPACE_MB = 1024
"""Free disk space without which nothing is started: a spool of strips and some rasters."""

GRACE_S = 2
"""How long open requests may take when the server ends."""


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; raises `CannotStart` when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        why = (error.strerror or str(error)).lower()
        not_ours = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        remedy = "set FOULARD_HOST to an address of this machine" if not_ours else "set FOULARD_PORT to a free one"
        msg = f"port {port} on {host} cannot be used ({why}); {remedy}"
        raise CannotStart(msg) from error
    return bound


def address(listening: socket.socket) -> str:
    """Let callers wait at a bound socket, and return its address: whoever is told it may call at once."""
    listening.listen()
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check_folder(folder: Path, instead: str = "FOULARD_DATA") -> None:
    """Make the data folder, for this user alone.

    Parameters
    ----------
    folder
        With 1 GB free or more.
    instead
        The variable or option that takes another.

    Raises
    ------
    CannotStart
        It cannot be written, or the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        probe = folder / f".{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        msg = f"the data folder {folder} cannot be written ({reason(error)}); give another as {instead}"
        raise CannotStart(msg) from error
    free_mb = shutil.disk_usage(folder).free >> 20
    if free_mb < SPACE_MB:
        msg = f"{folder} has {free_mb} MB free; {SPACE_MB} MB are needed: make room or give another as {instead}"
        raise CannotStart(msg)


@contextlib.asynccontextmanager
async def application(
    settings: Settings, line: Line, standby: Callable[[str], None] | None = None
) -> AsyncIterator[tuple[App, str | None]]:
    """Run the controller and the event stream for the length of the block.

    Parameters
    ----------
    settings
        Where the data is.
    line
        The line.
    standby
        See `Controller.running`.

    Yields
    ------
    tuple[App, str | None]
        What the routes need, and the first admin's password if it was made just now.
    """
    check_folder(settings.data)
    feed = Feed()
    store = open_store(settings, feed)
    accounts = Accounts(store)
    password = accounts.first_admin()
    samples = await asyncio.to_thread(designs.write, settings.data / "samples")
    pictures = await asyncio.to_thread(_small, samples, settings.data / "samples")
    try:
        running = Controller.running(
            line, store, settings.data.resolve(), settings.secrets, standby,
            approving=settings.jobs_need_approval, plan=settings.plan, keeping=settings.keeping,
        )  # fmt: skip
        async with running as controller:
            controller.viewing.begin()
            ring = EventRing()
            pumping = asyncio.create_task(pump(controller, ring))
            try:
                yield (
                    App(settings, controller, accounts, ring, _metrics_token(settings.data), samples, pictures),
                    password,
                )
            finally:
                pumping.cancel()
                await asyncio.gather(pumping, return_exceptions=True)
    finally:
        store.close()


async def serve(app: App, listening: socket.socket) -> None:
    """Answer requests on a bound socket until SIGINT or SIGTERM, then end the streams and return."""
    config = uvicorn.Config(create_app(app), log_level="warning", access_log=False, server_header=False,
                            timeout_graceful_shutdown=GRACE_S, lifespan="off")  # fmt: skip
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        app.ring.close()
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await server.serve(sockets=[listening])
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """uvicorn's server without its own signal handlers: ours end the event streams first, or it would wait for them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _metrics_token(folder: Path) -> str:
    path = folder / "metrics-token"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24).encode())
    return path.read_text().strip()


def _small(samples: dict[str, Path], folder: Path) -> dict[str, Path]:
    pictures = {}
    for name, path in samples.items():
        pictures[name] = folder / f"{name}.jpg"
        if not pictures[name].exists():
            with Image.open(path) as picture:
                picture.thumbnail((480, 480))
                picture.convert("RGB").save(pictures[name], quality=88)
    return pictures
