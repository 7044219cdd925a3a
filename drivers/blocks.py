"""Which registers are asked for together, and how a block of words becomes values: pure functions over tags.

A request costs a round trip whatever it carries, so neighbours travel together. A block knows its own layout once and
for all: one reordering of words and one ``struct`` for all its tags.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import groupby

from drivers.profile import TagSpec
from drivers.registers import INTEGERS, Registers, TagValue, WordOrder, format_of, text_of

__all__ = ["READ_MAX", "WRITE_MAX", "Block", "blocks"]

READ_MAX = 125  # registers per request: Modbus Application Protocol 1.1b3 §6.3, §6.4
WRITE_MAX = 123  # §6.12


class Block:
    """Tags that one request carries, in the order of their registers; there may be gaps between them."""

    def __init__(self, tags: Sequence[TagSpec], word_order: WordOrder) -> None:
        first, last = tags[0].registers, tags[-1].registers
        self.tags = tuple(tags)
        self.registers = Registers(first.kind, first.start, last.stop - first.start)
        self.word_order: WordOrder = word_order

    @cached_property
    def _layout(self) -> tuple[list[int], struct.Struct]:
        """Order of the words that makes every number big-endian, and the format of all tags with pads for gaps."""
        order = list(range(self.registers.count))
        codes, at = ">", 0
        for tag in self.tags:
            start = tag.registers.start - self.registers.start
            stop = start + tag.registers.count
            if self.word_order == "little" and tag.type != "string":
                order[start:stop] = reversed(order[start:stop])
            codes += "xx" * (start - at) + format_of(tag.type, tag.length)
            at = stop
        return order, struct.Struct(codes)

    @cached_property
    def scaled(self) -> list[tuple[TagSpec, str, float]]:
        """Each tag with its name and, for integers, its scale (a whole one as int, so that values stay whole)."""
        scales = [int(tag.scale) if tag.scale.is_integer() else tag.scale for tag in self.tags]
        integers = [scale if tag.type in INTEGERS else 0 for tag, scale in zip(self.tags, scales, strict=True)]
        return [(tag, tag.name, scale) for tag, scale in zip(self.tags, integers, strict=True)]

    def raw(self, words: Sequence[int]) -> list[TagValue]:
        """What the machine keeps in each tag, unscaled, from the words of the block; a bool is its number."""
        order, layout = self._layout
        found = layout.unpack(struct.pack(f">{len(order)}H", *[words[index] for index in order]))
        return [text_of(value) if isinstance(value, bytes) else value for value in found]

    def words(self, values: Mapping[str, TagValue]) -> list[int]:
        """Words of a block without gaps for values in the tags' units; ValueError if one does not fit its type."""
        return [word for tag in self.tags for word in tag.encode(values[tag.name], self.word_order)]

    def singly(self) -> "list[Block]":
        """The same tags, each in a block of its own."""
        return [Block((tag,), self.word_order) for tag in self.tags]


def blocks(tags: Iterable[TagSpec], size_max: int, word_order: WordOrder = "big", gap_max: int = 0) -> list[Block]:
    """Group tags into as few requests as may be.

    Parameters
    ----------
    tags : Iterable[TagSpec]
        Tags with Modbus addresses, in any order.
    size_max : int
        Most registers of a request, gaps included.
    word_order : WordOrder
        Of the device.
    gap_max : int
        Most registers without a tag between two tags of a request; 0 for writing always.
    """
    result: list[Block] = []
    laid = sorted(tags, key=lambda tag: (tag.registers.kind, tag.registers.start))
    for _, of_kind in groupby(laid, key=lambda tag: tag.registers.kind):
        members: list[TagSpec] = []
        for tag in of_kind:
            if members:
                gap = tag.registers.start - members[-1].registers.stop
                if gap > gap_max or tag.registers.stop - members[0].registers.start > size_max:
                    result.append(Block(members, word_order))
                    members = []
            members.append(tag)
        result.append(Block(members, word_order))
    return result
