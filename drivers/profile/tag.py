"""One tag of a machine: its name on the line, its place in the machine, and how the one becomes the other."""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers.registers import Registers, TagType, TagValue, WordOrder, decode, encode, from_raw, registers_of, to_raw

__all__ = ["Spec", "TagSpec"]


class Spec(BaseModel):
    """Whatever stands in a profile: frozen, nothing converted, no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TagSpec(Spec):
    """One tag of a machine.

    ``low`` and ``high`` are in ``unit``: for a writable tag what may be written, for a read-only one the span of the
    display. A change below ``deadband`` wakes nobody who waits for news. Value in ``unit`` = what the machine keeps ×
    ``scale``. ``length`` is the number of characters of a text in Modbus registers.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    type: TagType
    access: Literal["r", "rw"]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    decimals: int = Field(1, ge=0, le=6)
    deadband: float = Field(0.0, ge=0)
    group: str = "process"
    key: bool = False
    setpoint: str | None = None
    node: str | None = None
    address: str | None = None
    scale: float = Field(1.0, gt=0)
    length: int | None = Field(None, ge=1, le=240)

    @property
    def is_number(self) -> bool:
        """Whether the tag has a range, a unit and a scale."""
        return self.type not in ("bool", "string")

    @cached_property
    def registers(self) -> Registers:
        """Modbus layout of the tag; only for profiles with protocol modbus-tcp."""
        if self.address is None:
            raise ValueError(f"tag {self.name} has no Modbus address")
        return registers_of(self.address, self.type, self.length)

    def encode(self, value: TagValue, word_order: WordOrder = "big") -> list[int]:
        """Modbus registers (uint16 each) for a value in the tag's unit; ValueError if it does not fit the type."""
        return encode(value, self.type, scale=self.scale, word_order=word_order, length=self.length)

    def decode(self, words: Sequence[int], word_order: WordOrder = "big") -> TagValue:
        """Value in the tag's unit from its Modbus registers."""
        return decode(words, self.type, scale=self.scale, word_order=word_order)

    def to_raw(self, value: TagValue) -> TagValue:
        """Value as the machine keeps it (OPC UA: what is written to the node); ValueError if it does not fit."""
        return to_raw(value, self.type, self.scale, self.length)

    def from_raw(self, raw: TagValue) -> TagValue:
        """Value in the tag's unit from what the machine keeps."""
        return from_raw(raw, self.type, self.scale)
