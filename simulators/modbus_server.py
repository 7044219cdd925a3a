"""A machine's face over Modbus TCP, plain or in TLS: the profile's registers, and nothing else.

Reads answer from the last published image. A write that cuts a 32-bit value in two is refused (illegal address), NaN is
refused (illegal value), a number out of its tag's range is clamped into it, as the read-back shows.
"""

import ipaddress
import logging
from collections.abc import Mapping
from typing import Any, cast

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.transport import CommParams, CommType

from drivers.conduit import WRITE, WRITE_ONE, conduit_of
from drivers.profile import Profile, TagSpec
from drivers.tls import server_context
from simulators.endpoint import Networks
from simulators.limits import accept
from simulators.security import Security

__all__ = ["ModbusFace"]

_WRITES = {WRITE_ONE, WRITE}
_READS = {3: "holding", 4: "input", 6: "holding", 16: "holding"}


class ModbusFace:
    """Serves a profile; ``inputs`` is the machine's own mapping of the writable tags, changed when a client writes.

    With ``security`` it speaks TLS, and shows a certificate whose time is over if it is ``expired``. Who comes from
    none of ``clients`` is hung up on; without any, everybody may come.
    """

    def __init__(
        self,
        profile: Profile,
        host: str,
        port: int,
        inputs: dict[str, Any],
        clients: Networks = (),
        security: Security | None = None,
        *,
        expired: bool = False,
    ) -> None:
        logging.getLogger("pymodbus_internal").setLevel(logging.CRITICAL)
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        assert profile.modbus is not None
        self._address = (host, port)
        self._inputs = inputs
        self._modbus = profile.modbus
        self._tags: dict[str, list[TagSpec]] = {"input": [], "holding": []}
        for spec in profile.tags.values():
            self._tags[spec.registers.kind].append(spec)
        self._image: dict[str, dict[int, int]] = {"input": {}, "holding": {}}
        self._conduit = conduit_of(profile, _WRITES)
        self._clients, self._security, self._expired = clients, security, expired
        self._server: ModbusTcpServer | None = None

    async def start(self, values: Mapping[str, Any]) -> None:
        """Listen; ``values`` are the first ones to be read."""
        self.publish_now(values)
        # the library insists on coils and discrete inputs; these lie at the far end and every access is refused
        bits = SimData(address=65520, values=[False] * 16, datatype=DataType.BITS)
        device = SimDevice(
            id=self._modbus.unit_id,
            simdata=([bits], [bits], self._blocks("holding"), self._blocks("input")),
            action=self._access,
        )
        self._server = _Server(self, device, self._address)
        await self._server.serve_forever(background=True)

    async def present(self, *, expired: bool) -> None:
        """Show the certificate whose time is over, or the machine's own again; all connections end."""
        self._expired = expired
        if self._server is not None:
            for connection in list(self._server.active_connections.values()):
                connection.close()

    def comm_params(self) -> CommParams:
        """How the server listens."""
        context = None
        if (found := self._security) is not None:
            context = server_context(found.folder, lambda: found.certificate(expired=self._expired), found.key())
        kind = CommType.TCP if context is None else CommType.TLS
        return CommParams(comm_name="listener", comm_type=kind, sslctx=context, reconnect_delay=0.0)

    def admits(self, transport: Any) -> bool:
        """Tell whether a connection comes from where it may, and with a certificate that is trusted itself."""
        tls = transport.get_extra_info("ssl_object")
        if self._security is not None and not self._security.trust().accepts(tls.getpeercert(binary_form=True) or b""):
            return False
        peer = ipaddress.ip_address(transport.get_extra_info("peername")[0].partition("%")[0])
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return not self._clients or any(peer in network for network in self._clients)

    def guard(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        """Replace a request that the profile does not allow by one that is answered with an exception."""
        if sending or self._conduit.allows(pdu.function_code, pdu.address, pdu.count):
            return pdu
        known = self._conduit.allows_function(pdu.function_code)
        return _Refused(pdu, ExcCodes.ILLEGAL_ADDRESS if known else ExcCodes.ILLEGAL_FUNCTION)

    async def stop(self) -> None:
        """Close all connections."""
        if self._server is not None:
            await self._server.shutdown()

    def told(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the machine's values as they are."""
        return values

    async def publish(self, values: Mapping[str, Any]) -> None:
        """Replace the image that clients read."""
        self.publish_now(values)

    def publish_now(self, values: Mapping[str, Any]) -> None:
        """Encode all tags; the writable ones from ``inputs``."""
        for spec in self._tags["input"]:
            self._put(spec, values[spec.name])
        for spec in self._tags["holding"]:
            self._put(spec, self._inputs.get(spec.name, values.get(spec.name)))

    def _put(self, spec: TagSpec, value: Any) -> None:
        place = spec.registers
        self._image[place.kind].update(enumerate(spec.encode(value, self._modbus.word_order), place.start))

    def _blocks(self, kind: str) -> list[SimData]:
        return [
            SimData(address=spec.registers.start, count=spec.registers.count, datatype=DataType.REGISTERS)
            for spec in self._tags[kind]
        ]

    async def _access(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        words: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if function not in _READS:
            return ExcCodes.ILLEGAL_FUNCTION
        # what writes registers brings numbers; bits come with the functions refused above
        if words is not None and function in _WRITES and (refused := self._write(address, cast("list[int]", words))):
            return refused
        for place, word in self._image[_READS[function]].items():
            registers[place - start] = word
        return None

    def _write(self, address: int, words: list[int]) -> ExcCodes | None:
        taken: dict[str, Any] = {}
        for spec in self._tags["holding"]:
            place = spec.registers
            if place.stop <= address or place.start >= address + len(words):
                continue
            low, high = place.start - address, place.stop - address
            if low < 0 or high > len(words):
                return ExcCodes.ILLEGAL_ADDRESS
            try:
                value = accept(spec, spec.decode(words[low:high], self._modbus.word_order))
            except ValueError:
                return ExcCodes.ILLEGAL_VALUE
            words[low:high] = spec.encode(value, self._modbus.word_order)
            taken[spec.name] = value
        self._inputs.update(taken)
        for name in taken:
            self._put(next(spec for spec in self._tags["holding"] if spec.name == name), taken[name])
        return None


class _Refused(ModbusPDU):
    """A request that was not allowed."""

    def __init__(self, given: ModbusPDU, code: ExcCodes) -> None:
        super().__init__(dev_id=given.dev_id, transaction_id=given.transaction_id)
        self.function_code, self._code = given.function_code, code

    async def datastore_update(self, context: object, device_id: int) -> ModbusPDU:
        del context, device_id
        return ExceptionResponse(self.function_code, self._code)


class _Server(ModbusTcpServer):
    def __init__(self, face: ModbusFace, device: SimDevice, address: tuple[str, int]) -> None:
        self.face, self.tls_setup = face, face.comm_params()
        super().__init__(device, address=address, trace_pdu=face.guard)

    def callback_new_connection(self) -> ServerRequestHandler:
        return _Handler(self, self.trace_packet, self.trace_pdu, self.trace_connect)


class _Handler(ServerRequestHandler):
    def callback_connected(self) -> None:
        super().callback_connected()
        if not self.server.face.admits(self.transport):
            self.close()
