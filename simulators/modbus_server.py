"""A machine's face over Modbus TCP: the profile's registers.

Reads answer from the last published image. A write that cuts a 32-bit value in two is refused (illegal address), NaN is
refused (illegal value), a number out of its tag's range is clamped into it, as the read-back shows.
"""

import logging
from collections.abc import Mapping
from typing import Any, cast

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.profile import Profile, TagSpec
from simulators.limits import accept

__all__ = ["ModbusFace"]

_WRITES = {6, 16, 22, 23}
_READS = {3: "holding", 4: "input", 6: "holding", 16: "holding", 22: "holding", 23: "holding"}


class ModbusFace:
    """Serves a profile; ``inputs`` is the machine's own mapping of the writable tags, changed when a client writes."""

    def __init__(self, profile: Profile, host: str, port: int, inputs: dict[str, Any]) -> None:
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
        self._server = ModbusTcpServer(device, address=self._address)
        await self._server.serve_forever(background=True)

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
