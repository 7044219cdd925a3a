"""Values to Modbus registers and back: pure functions over numbers.

A register is 16 bits; 32-bit types take two. Bytes are big-endian always (Modbus Application Protocol 1.1b3 §4.2);
which of the two words comes first is the device's choice (``word_order``). ``to_raw`` and ``from_raw`` serve OPC UA
too: they give the number exactly as the machine keeps it, so that a read-back can be compared without a tolerance.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Registers", "TagType", "TagValue", "WordOrder", "decode", "encode", "from_raw", "registers_of", "to_raw"]

_LIMITS = {
    "uint16": (0, 2**16 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint32": (0, 2**32 - 1),
    "int32": (-(2**31), 2**31 - 1),
}
_FLOAT32_MAX = 3.4028234663852886e38  # IEEE 754 binary32

TagType = Literal["uint16", "int16", "uint32", "int32", "float32", "bool", "string"]
TagValue = bool | int | float | str
WordOrder = Literal["big", "little"]

_FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f", "bool": ">H"}


@dataclass(frozen=True, slots=True)
class Registers:
    """Where a tag lies: ``count`` registers from ``start`` (0-based, as on the wire) of one kind."""

    kind: Literal["input", "holding"]
    start: int
    count: int

    @property
    def stop(self) -> int:
        """First register behind the tag."""
        return self.start + self.count


def registers_of(address: str, tag_type: TagType) -> Registers:
    """Layout of a tag from its profile address.

    Parameters
    ----------
    address : str
        ``"input:N"`` or ``"holding:N"``, N from 0 to 65535.
    tag_type : TagType
        Any type but ``string``.

    Raises
    ------
    ValueError
        If the address is not of that form, the type has no registers, or the tag runs past register 65535.
    """
    kind, _, number = address.partition(":")
    if kind not in ("input", "holding") or not (number.isascii() and number.isdigit()):
        raise ValueError(f"address {address!r} is neither input:N nor holding:N")
    if tag_type not in _FORMATS:
        raise ValueError(f"type {tag_type} cannot be kept in Modbus registers")
    count = struct.calcsize(_FORMATS[tag_type]) // 2
    registers = Registers("input" if kind == "input" else "holding", int(number), count)
    if registers.stop > 0x10000:
        raise ValueError(f"address {address!r} runs past register 65535")
    return registers


def to_raw(value: TagValue, tag_type: TagType, scale: float = 1.0) -> TagValue:
    """Value as the machine keeps it: divided by scale, integers rounded, floats cut to 32 bits.

    Raises
    ------
    ValueError
        If the value is of the wrong kind or does not fit the type.
    """
    if tag_type == "string":
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not a text")
        return value
    if tag_type == "bool":
        if value not in (0, 1):
            raise ValueError(f"{value!r} is neither true nor false")
        return bool(value)
    if isinstance(value, (bool, str)):
        raise ValueError(f"{value!r} is not a number")
    number = value / scale if scale != 1 else value
    if tag_type == "float32":
        if not -_FLOAT32_MAX <= number <= _FLOAT32_MAX:
            raise ValueError(f"{value!r} does not fit float32")
        return struct.unpack(">f", struct.pack(">f", number))[0]
    low, high = _LIMITS[tag_type]
    if not low - 0.5 < number < high + 0.5:
        raise ValueError(f"{value!r} does not fit {tag_type} ({low * scale:g} to {high * scale:g})")
    return min(max(round(number), low), high)


def from_raw(raw: TagValue, tag_type: TagType, scale: float = 1.0) -> TagValue:
    """Value in the tag's unit from what the machine keeps; the inverse of :func:`to_raw`."""
    if tag_type == "string" or isinstance(raw, str):
        return raw
    if tag_type == "bool":
        return bool(raw)
    return raw * scale if scale != 1 else raw


def encode(value: TagValue, tag_type: TagType, *, scale: float = 1.0, word_order: WordOrder = "big") -> list[int]:
    """Give the registers (uint16 each, 1 or 2) for a value in the tag's unit.

    Raises
    ------
    ValueError
        As :func:`to_raw`; also for ``string``, which has no registers.
    """
    if tag_type not in _FORMATS:
        raise ValueError(f"type {tag_type} cannot be kept in Modbus registers")
    data = struct.pack(_FORMATS[tag_type], to_raw(value, tag_type, scale))
    words = list(struct.unpack(f">{len(data) // 2}H", data))
    return words if word_order == "big" else words[::-1]


def decode(words: Sequence[int], tag_type: TagType, *, scale: float = 1.0, word_order: WordOrder = "big") -> TagValue:
    """Value in the tag's unit from its registers; a float may be NaN or infinite if the machine sends that."""
    ordered = words if word_order == "big" else words[::-1]
    raw = struct.unpack(_FORMATS[tag_type], struct.pack(f">{len(words)}H", *ordered))[0]
    return from_raw(raw, tag_type, scale)
