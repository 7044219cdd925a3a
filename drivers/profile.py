"""Device profiles: which standard tag of the line is which node or register of a machine.

A profile is a YAML file, checked key by key; whatever is unknown, doubled or impossible is refused before anything is
connected, in one line that names the file and the key. The simulated plant builds its servers from the same files.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from drivers.registers import Registers, TagType, TagValue, WordOrder, decode, encode, from_raw, registers_of, to_raw

__all__ = ["AlarmSpec", "Heartbeat", "Modbus", "OpcUa", "Profile", "ProfileError", "TagSpec", "load_profile"]

FOLDER = Path(__file__).parent / "profiles"

# What Machine needs of every machine, besides its heartbeat tags.
REQUIRED = {"state": "r", "command_ack": "r", "command_result": "r", "command": "rw", "command_token": "rw"}


class ProfileError(ValueError):
    """A profile cannot be used; the message is one line that names the file and the key."""


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class OpcUa(_Spec):
    """Where the nodes are: the node of a tag is ``ns=<index of namespace>;s=<root>.<tag's node>``."""

    namespace: str
    root: str


class Modbus(_Spec):
    """How the registers are kept: the device's unit number, and which word of a 32-bit value comes first."""

    unit_id: int = Field(1, ge=0, le=255)
    word_order: WordOrder = "big"


class Heartbeat(_Spec):
    """Watching each other: the controller changes tag ``write`` every period, the machine changes tag ``watch``."""

    write: str
    watch: str
    period_s: float = Field(0.5, gt=0)
    timeout_s: float = Field(3.0, gt=0)


class AlarmSpec(_Spec):
    """One bit of ``alarm_word``: what it means and what the operator does about it."""

    bit: int = Field(ge=0, le=15)
    name: str
    priority: Literal["high", "medium", "low"]
    text: str
    response: str


class TagSpec(_Spec):
    """One tag of a machine.

    ``low`` and ``high`` are in ``unit``: for a writable tag what may be written, for a read-only one the span of the
    display. ``deadband`` is the smallest change worth recording. Value in ``unit`` = what the machine keeps × scale.
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

    @model_validator(mode="after")
    def _check(self) -> Self:
        number = self.type not in ("string", "bool")
        if number and self.access == "rw" and (self.low is None or self.high is None):
            raise ValueError("a writable number needs low and high")
        if not number and (self.low is not None or self.high is not None):
            raise ValueError(f"type {self.type} has no low and high")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"impossible range: low {self.low:g} is not below high {self.high:g}")
        for limit in (self.low, self.high):
            if limit is not None:
                to_raw(limit, self.type, self.scale)
        if self.address is not None:
            registers_of(self.address, self.type)
        return self

    @cached_property
    def registers(self) -> Registers:
        """Modbus layout of the tag; only for profiles with protocol modbus-tcp."""
        if self.address is None:
            raise ValueError(f"tag {self.name} has no Modbus address")
        return registers_of(self.address, self.type)

    def encode(self, value: TagValue, word_order: WordOrder = "big") -> list[int]:
        """Modbus registers (uint16 each) for a value in the tag's unit; ValueError if it does not fit the type."""
        return encode(value, self.type, scale=self.scale, word_order=word_order)

    def decode(self, words: Sequence[int], word_order: WordOrder = "big") -> TagValue:
        """Value in the tag's unit from its Modbus registers."""
        return decode(words, self.type, scale=self.scale, word_order=word_order)

    def to_raw(self, value: TagValue) -> TagValue:
        """Value as the machine keeps it (OPC UA: what is written to the node); ValueError if it does not fit."""
        return to_raw(value, self.type, self.scale)

    def from_raw(self, raw: TagValue) -> TagValue:
        """Value in the tag's unit from what the machine keeps."""
        return from_raw(raw, self.type, self.scale)


def _by_name(tags: Any) -> Any:
    if not isinstance(tags, list) or not all(
        isinstance(tag, dict) and isinstance(tag.get("name"), str) for tag in tags
    ):
        raise ValueError("must be a list of tags, each with a name")
    names = [tag["name"] for tag in tags]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"tag {name!r} is there twice")
    return dict(zip(names, tags, strict=True))


class Profile(_Spec):
    """All that the drivers know of one model of machine; ``tags`` maps a tag's name to its spec, in file order."""

    profile: str
    title: str
    manufacturer: str
    protocol: Literal["opcua", "modbus-tcp"]
    stage: Literal["pretreat", "print", "fix", "wash"]
    opcua: OpcUa | None = None
    modbus: Modbus | None = None
    heartbeat: Heartbeat
    alarms: tuple[AlarmSpec, ...] = Field((), strict=False)
    tags: Annotated[Mapping[str, TagSpec], BeforeValidator(_by_name)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_addresses(self)
        _check_names(self)
        return self


def _check_addresses(profile: Profile) -> None:
    if profile.protocol == "opcua":
        if profile.opcua is None or profile.modbus is not None:
            raise ValueError("protocol opcua needs the key opcua and not the key modbus")
        seen: dict[str, str] = {}
        for tag in profile.tags.values():
            if tag.node is None or tag.address is not None:
                raise ValueError(f"tags.{tag.name}: protocol opcua needs node and not address")
            if other := seen.get(tag.node):
                raise ValueError(f"tags.{tag.name}.node: {tag.node!r} is the node of {other} too")
            seen[tag.node] = tag.name
        return
    if profile.modbus is None or profile.opcua is not None:
        raise ValueError("protocol modbus-tcp needs the key modbus and not the key opcua")
    for tag in profile.tags.values():
        if tag.address is None or tag.node is not None:
            raise ValueError(f"tags.{tag.name}: protocol modbus-tcp needs address and not node")
        if tag.access == "rw" and tag.registers.kind == "input":
            raise ValueError(f"tags.{tag.name}.address: {tag.address} is read-only, but access is rw")
    laid = sorted(profile.tags.values(), key=lambda tag: (tag.registers.kind, tag.registers.start))
    for before, tag in pairwise(laid):
        if before.registers.kind == tag.registers.kind and before.registers.stop > tag.registers.start:
            raise ValueError(f"tags.{tag.name}.address: {tag.address} overlaps {before.name} ({before.address})")


def _check_names(profile: Profile) -> None:
    required = {**REQUIRED, profile.heartbeat.write: "rw", profile.heartbeat.watch: "r"}
    asked_by = {profile.heartbeat.write: "heartbeat.write", profile.heartbeat.watch: "heartbeat.watch"}
    for name, access in required.items():
        tag = profile.tags.get(name)
        if tag is None or tag.type != "uint16" or tag.access != access:
            raise ValueError(f"{asked_by.get(name, 'tags')}: {name!r} must be a tag of type uint16 and access {access}")
    command, token = profile.tags["command"], profile.tags["command_token"]
    if profile.protocol == "modbus-tcp" and token.registers.start != command.registers.stop:
        raise ValueError("tags.command_token.address: must be right behind command, so that one request carries both")
    if profile.heartbeat.timeout_s <= 3 * profile.heartbeat.period_s:
        raise ValueError("heartbeat.timeout_s: must be more than three periods")
    for tag in profile.tags.values():
        if tag.setpoint is not None and (tag.setpoint not in profile.tags or profile.tags[tag.setpoint].access != "rw"):
            raise ValueError(f"tags.{tag.name}.setpoint: {tag.setpoint!r} is not a writable tag")
    if profile.alarms and "alarm_word" not in profile.tags:
        raise ValueError("alarms: there is no tag alarm_word")
    bits = [alarm.bit for alarm in profile.alarms]
    for bit in bits:
        if bits.count(bit) > 1:
            raise ValueError(f"alarms: bit {bit} is there twice")


class _UniqueKeys(yaml.SafeLoader):
    """YAML's loader keeps the last of two equal keys without a word; here that is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load_profile(name_or_path: str | Path) -> Profile:
    """Read and check a device profile.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a profile that comes with the program (``"press"``), or the path of a ``.yaml`` file.

    Raises
    ------
    ProfileError
        One line that names the file and the key.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = FOLDER / f"{name_or_path}.yaml"
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
            raise ProfileError(f"no profile is called {str(name_or_path)!r}; there are: {known}")
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 (a SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ProfileError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise ProfileError(f"{path}: is not a mapping of keys to values")
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise ProfileError(f"{path}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    """Say the first complaint in one line, key first, and how many more there are."""
    first = error.errors(include_url=False)[0]
    message = {"extra_forbidden": "unknown key", "missing": "is missing"}.get(
        first["type"], first["msg"].removeprefix("Value error, ")
    )
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return (f"{key}: {message}" if key else message) + more
