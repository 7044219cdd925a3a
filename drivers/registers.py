"""Values to Modbus registers and back: pure functions over numbers.

A register is 16 bits; 32-bit types take two, 64-bit types four, a text one for every two characters. Bytes are
big-endian always (Modbus Application Protocol 1.1b3 §4.2); whether the first or the last word of a number comes first
is the device's choice (``word_order``). ``to_raw`` and ``from_raw`` serve OPC UA too: they give the number exactly as
the machine keeps it, so that a read-back can be compared without a tolerance.
"""

import math
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "INTEGERS",
    "Registers",
    "TagType",
    "TagValue",
    "WordOrder",
    "decode",
    "encode",
    "format_of",
    "from_raw",
    "registers_of",
    "text_of",
    "to_raw",
]

INTEGERS = {
    "uint16": (0, 2**16 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint32": (0, 2**32 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint64": (0, 2**64 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""Integer types with the least and the greatest number they keep."""

_FLOAT32_MAX = 3.4028234663852886e38  # IEEE 754 binary32

TagType = Literal[
    "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", "bool", "string"
]  # fmt: skip
TagValue = bool | int | float | str
WordOrder = Literal["big", "little"]

_FORMATS = {
    "uint16": "H",
    "int16": "h",
    "uint32": "I",
    "int32": "i",
    "uint64": "Q",
    "int64": "q",
    "float32": "f",
    "float64": "d",
    "bool": "H",
}


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


def format_of(tag_type: TagType, length: int | None = None) -> str:
    """Code of :mod:`struct` for a type; a text of ``length`` characters fills whole registers.

    Raises
    ------
    ValueError
        For a text without a length.
    """
    if tag_type != "string":
        return _FORMATS[tag_type]
    if length is None:
        raise ValueError("a text in Modbus registers needs length, its number of characters")
    return f"{length + length % 2}s"


def registers_of(address: str, tag_type: TagType, length: int | None = None) -> Registers:
    """Layout of a tag from its profile address.

    Parameters
    ----------
    address : str
        ``"input:N"`` or ``"holding:N"``, N from 0 to 65535.
    tag_type : TagType
        Any type.
    length : int, optional
        Characters of a ``string``.

    Raises
    ------
    ValueError
        If the address is not of that form, the tag runs past register 65535, or a text has no length.
    """
    kind, _, number = address.partition(":")
    if kind not in ("input", "holding") or not (number.isascii() and number.isdigit()):
        raise ValueError(f"address {address!r} is neither input:N nor holding:N")
    count = struct.calcsize(">" + format_of(tag_type, length)) // 2
    registers = Registers("input" if kind == "input" else "holding", int(number), count)
    if registers.stop > 0x10000:
        raise ValueError(f"address {address!r} runs past register 65535")
    return registers


def to_raw(value: TagValue, tag_type: TagType, scale: float = 1.0, length: int | None = None) -> TagValue:
    """Value as the machine keeps it: divided by scale, integers rounded, floats cut to their bits.

    Raises
    ------
    ValueError
        If the value is of the wrong kind or does not fit the type.
    """
    if tag_type == "string":
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not a text")
        if length is not None and not (value.isascii() and len(value) <= length):
            raise ValueError(f"{value!r} is not a text of at most {length} ASCII characters")
        return value
    if tag_type == "bool":
        if value not in (0, 1):
            raise ValueError(f"{value!r} is neither true nor false")
        return bool(value)
    if isinstance(value, (bool, str)):
        raise ValueError(f"{value!r} is not a number")
    try:
        number = value / scale if scale != 1 else value
    except OverflowError as error:  # an integer of more than 308 digits
        raise ValueError(f"the number does not fit {tag_type}") from error
    if tag_type in ("float32", "float64"):
        limit = _FLOAT32_MAX if tag_type == "float32" else sys.float_info.max
        if not -limit <= number <= limit:
            raise ValueError(f"{value!r} does not fit {tag_type}")
        code = f">{_FORMATS[tag_type]}"
        return struct.unpack(code, struct.pack(code, number))[0]
    low, high = INTEGERS[tag_type]
    finite = isinstance(number, int) or math.isfinite(number)
    if not finite or not low <= (whole := round(number)) <= high:
        raise ValueError(f"{value!r} does not fit {tag_type} ({low * scale:g} to {high * scale:g})")
    return whole


def from_raw(raw: TagValue, tag_type: TagType, scale: float = 1.0) -> TagValue:
    """Value in the tag's unit from what the machine keeps; the inverse of :func:`to_raw`."""
    if tag_type == "string" or isinstance(raw, str):
        return raw
    if tag_type == "bool":
        return bool(raw)
    return raw * scale if scale != 1 else raw


def text_of(data: bytes) -> str:
    """Text in the bytes of registers, up to the first NUL; a byte that is not ASCII becomes U+FFFD."""
    return data.partition(b"\0")[0].decode("ascii", errors="replace").rstrip()


def encode(
    value: TagValue,
    tag_type: TagType,
    *,
    scale: float = 1.0,
    word_order: WordOrder = "big",
    length: int | None = None,
) -> list[int]:
    """Give the registers (uint16 each) for a value in the tag's unit.

    Raises
    ------
    ValueError
        As :func:`to_raw`; also for a text without a length.
    """
    raw = to_raw(value, tag_type, scale, length)
    data = struct.pack(">" + format_of(tag_type, length), raw.encode("ascii") if isinstance(raw, str) else raw)
    words = list(struct.unpack(f">{len(data) // 2}H", data))
    return words if word_order == "big" or tag_type == "string" else words[::-1]


def decode(words: Sequence[int], tag_type: TagType, *, scale: float = 1.0, word_order: WordOrder = "big") -> TagValue:
    """Value in the tag's unit from its registers; a float may be NaN or infinite if the machine sends that."""
    if tag_type == "string":
        return text_of(struct.pack(f">{len(words)}H", *words))
    ordered = words if word_order == "big" else words[::-1]
    raw = struct.unpack(f">{_FORMATS[tag_type]}", struct.pack(f">{len(words)}H", *ordered))[0]
    return from_raw(raw, tag_type, scale)
