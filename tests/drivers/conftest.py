"""What tests of drivers share: small devices, a server for them, and a proxy that can go silent."""

import asyncio
import contextlib
import logging
import time
from pathlib import Path

import pytest
from asyncua import Server, ua

import drivers
from tests.drivers.devices import ModbusDevice, OpcUaDevice, small_profile


class Proxy:
    """A TCP proxy in front of a device that keeps what it heard; ``silent`` holds connections and forwards nothing."""

    def __init__(self, device):
        self.device = device
        self.silent = False
        self.heard = b""
        self.tasks = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        self.endpoint = f"{self.device.scheme}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *exc):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.device.port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self.tasks.add(asyncio.create_task(self.pump(source, sink)))

    async def pump(self, source, sink):
        with contextlib.suppress(OSError):
            try:
                while data := await source.read(65536):
                    self.heard += data
                    if not self.silent:
                        sink.write(data)
            finally:
                sink.close()


def home(task):
    """File of the coroutine that a task runs."""
    return task.get_coro().cr_code.co_filename


@contextlib.asynccontextmanager
async def running(*machines):
    """Run machines until the block ends; nothing may be left over of them."""
    before = asyncio.all_tasks()
    tasks = [asyncio.create_task(machine.run()) for machine in machines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended
        rooms = (str(Path(drivers.__file__).parent), "asyncua/client", "pymodbus/client")
        left = [task for task in asyncio.all_tasks() - before if any(room in home(task) for room in rooms)]
        assert not left


async def until(machine, holds, timeout_s=5.0):
    """Await a snapshot for which ``holds`` is true; tell how long it took."""
    began = time.monotonic()
    snapshot = machine.snapshot()
    while not holds(snapshot):
        assert time.monotonic() - began < timeout_s, f"not within {timeout_s} s: {snapshot}"
        snapshot = await machine.changed(snapshot, 0.1)
    return time.monotonic() - began


@pytest.fixture(scope="session")
def run():
    """Run coroutines in one loop for all tests, so that they can share the server below."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def opcua_server(run):
    """An OPC UA server that does not listen yet: building its standard nodes takes seconds, so it is built once."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)

    async def build():
        server = Server()
        server.iserver.bind_condition_methods = True  # ConditionRefresh, for machines whose alarms are events
        await server.init()
        server.disable_clock()  # stopping would wait for its next tick
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        await server.register_namespace("urn:test:small")
        return server

    return run(build())


@pytest.fixture
def modbus_device(tmp_path):
    """A small Modbus device that is not started yet."""
    return ModbusDevice(small_profile(tmp_path, "modbus-tcp"))


@pytest.fixture
def opcua_device(tmp_path, opcua_server):
    """A small OPC UA device that is not started yet."""
    return OpcUaDevice(small_profile(tmp_path, "opcua"), opcua_server)


@pytest.fixture(params=["modbus", "opcua"])
def device(request):
    """A small device that is not started yet; once per protocol."""
    return request.getfixturevalue(f"{request.param}_device")


@pytest.fixture(params=["modbus-tcp", "opcua"])
def device_of(request, tmp_path):
    """Make a small device that is not started yet from further keys and tags; once per protocol."""

    def build(keys="", tags=()):
        profile = small_profile(tmp_path, request.param, keys, tags)
        if request.param == "modbus-tcp":
            return ModbusDevice(profile)
        return OpcUaDevice(profile, request.getfixturevalue("opcua_server"))

    return build


@pytest.fixture
def opcua_device_of(tmp_path, opcua_server):
    """Make a small OPC UA device that is not started yet from further keys and tags."""
    return lambda keys="", tags=(): OpcUaDevice(small_profile(tmp_path, "opcua", keys, tags), opcua_server)


@pytest.fixture
def bench():
    """The tools a test of a machine needs."""
    return Bench


class Bench:
    Proxy = Proxy
    running = staticmethod(running)
    until = staticmethod(until)
