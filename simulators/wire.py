"""Just enough of Modbus TCP and OPC UA TCP to spoil them: where a message ends, what lies where, how an error looks.

Pure functions over bytes. Sources: MODBUS Messaging on TCP/IP 1.0b §3.1.3 (MBAP header), Modbus Application Protocol
1.1b3 §7 (exceptions); OPC 10000-6 §6.7.2 (message chunks) and §7.1.2 (connection protocol).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

__all__ = ["MODBUS", "OPCUA", "WIRES", "Wire", "WireError", "exception_reply", "garbled", "refusal", "with_transaction"]

BAD_TOO_MANY_SESSIONS = 0x80560000  # OPC 10000-6 Annex A.2


class WireError(ValueError):
    """The bytes are not of the protocol; there is no way to find the next message."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How messages of a protocol are told apart.

    The first ``size_bytes`` of a message say its length, which is at most ``longest`` bytes; what comes before its
    values is ``header_bytes`` long.
    """

    protocol: Literal["modbus-tcp", "opcua"]
    scheme: str
    size_bytes: int
    header_bytes: int
    longest: int

    def length(self, start: bytes | bytearray) -> int:
        """Length in bytes of the message that begins with ``start``; WireError if that cannot be one."""
        if self.protocol == "modbus-tcp":
            transaction, protocol, rest = struct.unpack_from(">HHH", start)
            length = 6 + rest
            sound = protocol == 0 and rest >= 2
            told = f"transaction {transaction}, protocol {protocol}"
        else:
            kind, length = struct.unpack_from("<4sI", start)
            sound = length > self.size_bytes
            told = f"type {kind!r}"
        if not sound or length > self.longest:
            raise WireError(f"{told}, {length} bytes: this is no message of {self.protocol}")
        return length

    def take(self, buffer: bytearray) -> Iterator[bytes]:
        """Take the whole messages off the front of a buffer; WireError if it does not begin with one."""
        while len(buffer) >= self.size_bytes and len(buffer) >= (length := self.length(buffer)):
            message = bytes(buffer[:length])
            del buffer[:length]
            yield message


MODBUS = Wire("modbus-tcp", "modbus", size_bytes=6, header_bytes=9, longest=260)
"""Header: MBAP, function and byte count."""
OPCUA = Wire("opcua", "opc.tcp", size_bytes=8, header_bytes=24, longest=100_000_000)
"""Header: type, size, channel, token, sequence number and request number."""
WIRES = {wire.protocol: wire for wire in (MODBUS, OPCUA)}


def garbled(wire: Wire, message: bytes, part: str, bits: int, random: Random) -> bytes:
    """Message with ``bits`` different bits turned over in its ``header`` or in its ``payload``, which may be all."""
    edge = min(wire.header_bytes, len(message))
    first, stop = (0, edge) if part == "header" or edge == len(message) else (edge, len(message))
    spoiled = bytearray(message)
    for place in random.sample(range(8 * first, 8 * stop), bits):
        spoiled[place // 8] ^= 1 << place % 8
    return bytes(spoiled)


def with_transaction(message: bytes, shift: int) -> bytes:
    """Modbus message under another transaction number."""
    (transaction,) = struct.unpack_from(">H", message)
    return struct.pack(">H", (transaction + shift) % 0x10000) + message[2:]


def exception_reply(request: bytes, code: int) -> bytes:
    """Modbus exception in answer to a request."""
    transaction, unit, function = request[:2], request[6], request[7]
    return transaction + struct.pack(">HHBBB", 0, 3, unit, function | 0x80, code)


def refusal(reason: str) -> bytes:
    """OPC UA error message, after which a server closes the connection: too many sessions."""
    text = reason.encode()
    return struct.pack("<4sIII", b"ERRF", 16 + len(text), BAD_TOO_MANY_SESSIONS, len(text)) + text
