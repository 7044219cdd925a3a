"""The OPC UA server in a thread with an event loop of its own, so that nothing a client does costs control time."""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import structlog
from asyncua import Server, ua
from asyncua.common.callback import CallbackType, ServerItemCallback
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager

from controller import Actor, Conflict, Forbidden, NotFound, Permission, Want
from drivers import Profile
from drivers.opcua_channels import POLICY_TYPES, TrustedServer
from drivers.trust import Trust, own_certificate
from hmi.accounts import Accounts, SignInRefused
from hmi.errors import CannotStart
from hmi.northbound.nodes import LineNodes
from hmi.northbound.state import LineState

__all__ = ["LineServer"]

log = structlog.get_logger(__name__)

ANONYMOUS = Actor("anonymous", "viewer")
START_S = 60.0

Act = Callable[[Actor, str, Want], Awaitable[None]]


class Door(UserManager):
    """Lets in who has a trusted certificate and an account of this line that may read."""

    def __init__(self, trust: Trust, accounts: Accounts, *, anonymous: bool) -> None:
        self._trust, self._accounts, self._anonymous = trust, accounts, anonymous

    def get_user(
        self, iserver: object, username: str | None = None, password: str | None = None, certificate: object = None
    ) -> User | None:
        """Check certificate, name and password; None: refused, with the same answer for all reasons.

        The certificate is that of the secure channel; a channel without encryption has none and is refused.
        """
        del iserver
        if not isinstance(certificate, bytes) or not self._trust.accepts(certificate):
            return None
        if username is None:
            return User(UserRole.User, ANONYMOUS.name) if self._anonymous else None
        try:
            actor = self._accounts.check(username, password or "")
            actor.require(Permission.LINE_READ)
        except (SignInRefused, Forbidden):
            return None
        return User(UserRole.User, actor.name)

    def actor(self, user: User | None) -> Actor | None:
        """Who a session's user is now; a role that was taken away is gone at once."""
        if user is None or user.name is None:
            return None
        return ANONYMOUS if user.name == ANONYMOUS.name else self._accounts.known(user.name)


class LineServer:
    """The line's server; use it with ``async with`` on the control loop, and :meth:`show` states there.

    Parameters
    ----------
    title : str
        What people call the line.
    profiles : mapping
        Machine name → its profile.
    host, port : str, int
        Where to listen; port 0: a free one.
    folder : Path
        Certificates and trust list.
    accounts : Accounts
        The line's own people.
    anonymous, writable : bool
        Whether people without an account may read; whether ``CurrentJob.Want`` may be written.
    act : Callable
        Wants something of a machine's job, on the control loop.

    Raises
    ------
    CannotStart
        If the port is taken or the address is not ours.
    """

    def __init__(
        self,
        title: str,
        profiles: Mapping[str, Profile],
        *,
        host: str,
        port: int,
        folder: Path,
        accounts: Accounts,
        anonymous: bool,
        writable: bool,
        act: Act,
    ) -> None:
        self._title, self._profiles, self._writable, self._act = title, profiles, writable, act
        self._host, self._port, self._folder = host, _free(host, port), folder
        self._trust = Trust(folder)
        self._door = Door(self._trust, accounts, anonymous=anonymous)
        self._anonymous = anonymous
        self._control = asyncio.get_running_loop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._latest: LineState | None = None
        self._started, self._failure = threading.Event(), ""
        self._news = asyncio.Event()
        self._end = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="northbound", daemon=True)

    @property
    def endpoint(self) -> str:
        """URL to connect to."""
        return f"opc.tcp://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}/foulard"

    async def __aenter__(self) -> "LineServer":
        self._thread.start()
        if not await asyncio.to_thread(self._started.wait, START_S) or self._failure:
            raise CannotStart(f"the OPC UA server cannot start: {self._failure or f'not within {START_S:g} s'}")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end = True
        self._wake()
        await asyncio.to_thread(self._thread.join)

    def show(self, state: LineState) -> None:
        """Hand a state over and return at once; one that was not shown yet is replaced."""
        self._latest = state
        self._wake()

    def _wake(self) -> None:
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._news.set)

    async def _run(self) -> None:
        """Serve until told to end; in the server's thread."""
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        try:
            server, nodes = await self._build()
            await server.start()
        except (OSError, ua.UaError) as error:
            self._failure = str(error)
            self._started.set()
            return
        self._loop = asyncio.get_running_loop()
        self._started.set()
        try:
            while not self._end:
                await self._news.wait()
                self._news.clear()
                if self._latest is not None:
                    await nodes.show(self._latest)
        finally:
            if not self._end:
                log.error("the OPC UA server of the line ended; restart to have it again", endpoint=self.endpoint)
            await server.stop()

    async def _build(self) -> tuple[Server, LineNodes]:
        server = TrustedServer(self._trust.accepts, self._door)
        uri = f"urn:{socket.gethostname()}:foulard:line"
        server.name, server.manufacturer_name, server.product_uri = self._title, "Foulard", "urn:foulard"
        server.application_type = ua.ApplicationType.Server
        await server.init()
        await server.set_application_uri(uri)
        server.set_endpoint(self.endpoint)
        own = own_certificate(self._folder, uri, "Foulard line")
        await server.load_certificate(own.certificate)
        await server.load_private_key(own.key)
        server.set_security_policy(list(POLICY_TYPES.values()))
        tokens: list[type] = [ua.UserNameIdentityToken]
        server.set_identity_tokens([*tokens, ua.AnonymousIdentityToken] if self._anonymous else tokens)
        nodes = LineNodes(server, self._title, self._profiles, writable=self._writable)
        await nodes.build()
        if self._writable:

            async def before_write(event: ServerItemCallback, _service: object = None) -> None:
                if event.is_external:
                    await self._want(event, nodes)

            server.subscribe_server_callback(CallbackType.PreWrite, before_write)
        return server, nodes

    async def _want(self, event: ServerItemCallback, nodes: LineNodes) -> None:
        """Carry out what is written to ``Want`` before it is taken; refuse with a status code what cannot be."""
        for item in event.request_params.NodesToWrite:
            machine = nodes.wants.get(item.NodeId)
            if machine is None or item.AttributeId != ua.AttributeIds.Value:
                continue
            actor = self._door.actor(event.user)
            if actor is None:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied)
            try:
                want = Want(item.Value.Value.Value if item.Value.Value is not None else "")
            except ValueError as error:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadOutOfRange) from error
            done = asyncio.run_coroutine_threadsafe(_awaited(self._act(actor, machine, want)), self._control)
            try:
                await asyncio.wrap_future(done)
            except Forbidden as error:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied) from error
            except (Conflict, NotFound) as error:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadInvalidState) from error


async def _awaited(work: Awaitable[None]) -> None:
    await work


def _free(host: str, port: int) -> int:
    """Port to listen on; the one asked for must be free now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            msg = f"port {port} on {host} cannot be used for OPC UA; set FOULARD_OPCUA_PORT to a free one"
            raise CannotStart(msg) from error
        return probe.getsockname()[1]
