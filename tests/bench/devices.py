"""Plain servers for the bench of the drivers: values that say when they changed, commands answered at once.

Run: ``python tests/bench/devices.py [--still] PROFILE…``; says ``ready URL…`` and ends when its stdin closes.
"""

import argparse
import asyncio
import logging
import random
import sys
import time
from pathlib import Path

from asyncua import Server, ua
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

sys.path[:0] = [str(Path(__file__).parents[2])]
from drivers import Profile, load_profile  # noqa: E402
from drivers.profile import Modbus, OpcUa  # noqa: E402

ANSWER_S = 0.005  # how often a PLC of this kind looks for a command
CHANGE_S = (0.08, 0.12)  # 10 Hz in the mean, at no fixed distance from anybody's poll
TYPES = {"uint16": ua.VariantType.UInt16, "uint32": ua.VariantType.UInt32, "float32": ua.VariantType.Float}
FIXED = [
    ("state", "uint16", "r", 0),
    ("machine_heartbeat", "uint16", "r", 1),
    ("command_ack", "uint16", "r", 2),
    ("command_result", "uint16", "r", 3),
    ("stamp_ms", "uint32", "r", 4),
    ("count", "uint16", "r", 6),
    ("heartbeat", "uint16", "rw", 0),
    ("command", "uint16", "rw", 1),
    ("command_token", "uint16", "rw", 2),
]
FLOATS_FROM = 7
HEAD = """
profile: bench
title: Device of the bench
identification: {{manufacturer: nobody, model: bench}}
protocol: {protocol}
stage: print
{section}
heartbeat: {{write: heartbeat, watch: machine_heartbeat, period_s: 0.5, timeout_s: 3.0}}
tags:
"""


def write_profile(path: Path, protocol: str, tags: int) -> Path:
    """Write a profile of so many tags, most of them floats."""
    section = "modbus: {unit_id: 1}" if protocol == "modbus-tcp" else 'opcua: {namespace: "urn:bench", root: Bench}'
    floats = [(f"v{n}", "float32", "r", FLOATS_FROM + 2 * n) for n in range(tags - len(FIXED))]
    lines = [HEAD.format(protocol=protocol, section=section)]
    for name, kind, access, place in FIXED + floats:
        where = f'address: "{"input" if access == "r" else "holding"}:{place}"'
        where = where if protocol == "modbus-tcp" else f"node: {name}"
        limits = ", low: 0, high: 65535" if access == "rw" else ""
        lines.append(f"  - {{name: {name}, title: {name}, type: {kind}, access: {access}, {where}{limits}}}\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


class ModbusDevice:
    """A profile's registers."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        last = max(tag.registers.stop for tag in profile.tags.values())
        bits = SimData(0, values=[False] * 16, datatype=DataType.BITS)
        words = SimData(0, count=last, values=0, datatype=DataType.REGISTERS)
        assert profile.modbus == Modbus(unit_id=1)
        self._server = ModbusTcpServer(
            SimDevice(1, simdata=([bits], [bits], [words], [words])), address=("127.0.0.1", 0)
        )

    async def start(self) -> str:
        await self._server.serve_forever(background=True)
        return f"modbus://127.0.0.1:{self._server.transport.sockets[0].getsockname()[1]}"

    async def token(self) -> int:
        return (await self._server.async_getValues(1, 3, 2, 1))[0]

    async def show(self, values: dict[str, float]) -> None:
        """Change values; those of one call lie one behind the other."""
        tags = [self._profile.tags[name] for name in values]
        words = [word for tag, value in zip(tags, values.values(), strict=True) for word in tag.encode(value)]
        await self._server.async_setValues(1, 16 if tags[0].access == "rw" else 4, tags[0].registers.start, words)


class OpcUaDevice:
    """A profile's nodes."""

    def __init__(self, profile: Profile) -> None:
        self._profile, self._server = profile, Server()

    async def start(self) -> str:
        assert self._profile.opcua == OpcUa(namespace="urn:bench", root="Bench")
        await self._server.init()
        self._server.set_endpoint("opc.tcp://127.0.0.1:0")
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await self._server.register_namespace("urn:bench")
        root = await self._server.nodes.objects.add_object(index, "Bench")
        self._nodes = {}
        for tag in self._profile.tags.values():
            node = await root.add_variable(
                ua.NodeId(f"Bench.{tag.name}", index), tag.name, tag.to_raw(0), TYPES[tag.type]
            )
            if tag.access == "rw":
                await node.set_writable()
            self._nodes[tag.name] = node
        await self._server.start()
        return f"opc.tcp://127.0.0.1:{self._server.bserver.port}"

    async def token(self) -> int:
        return await self._nodes["command_token"].read_value()

    async def show(self, values: dict[str, float]) -> None:
        """Change values."""
        for name, value in values.items():
            tag = self._profile.tags[name]
            changed = ua.DataValue(ua.Variant(tag.to_raw(value), TYPES[tag.type]))
            await self._server.write_attribute_value(self._nodes[name].nodeid, changed)


async def change(device: ModbusDevice | OpcUaDevice, tags: int) -> None:
    """Change all values ten times a second; one of them says when (monotonic, ms), the one clock of all processes."""
    count = 0
    while True:
        await asyncio.sleep(random.uniform(*CHANGE_S))
        count = (count + 1) % 0x10000
        await device.show({"machine_heartbeat": count})
        floats = {f"v{n}": count + n / 128 for n in range(tags - len(FIXED))}
        await device.show({"stamp_ms": int(time.monotonic() * 1000) % 2**32, "count": count, **floats})


async def beat(device: ModbusDevice | OpcUaDevice) -> None:
    """Do nothing but live."""
    count = 0
    while True:
        count = (count + 1) % 0x10000
        await device.show({"machine_heartbeat": count})
        await asyncio.sleep(0.2)


async def answer(device: ModbusDevice | OpcUaDevice) -> None:
    """Accept every command at once."""
    seen = 0
    while True:
        if (token := await device.token()) != seen:
            seen = token
            await device.show({"command_ack": token, "command_result": 1})
        await asyncio.sleep(ANSWER_S)


async def serve(paths: list[Path], still: bool) -> None:
    profiles = [load_profile(path) for path in paths]
    devices = [ModbusDevice(p) if p.protocol == "modbus-tcp" else OpcUaDevice(p) for p in profiles]
    endpoints = [await device.start() for device in devices]
    tasks = [asyncio.create_task(answer(device)) for device in devices]
    for device, profile in zip(devices, profiles, strict=True):
        await device.show({"state": 4})
        tasks.append(asyncio.create_task(beat(device) if still else change(device, len(profile.tags))))
    sys.stdout.write(" ".join(["ready", *endpoints]) + "\n")
    sys.stdout.flush()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ended = asyncio.create_task(reader.read())
    for task in (await asyncio.wait({ended, *tasks}, return_when=asyncio.FIRST_COMPLETED))[0]:
        task.result()


if __name__ == "__main__":
    for name in ("asyncua", "pymodbus"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--still", action="store_true", help="change nothing")
    parser.add_argument("profiles", nargs="+", type=Path)
    given = parser.parse_args()
    asyncio.run(serve(given.profiles, given.still))
