"""What stands in a profile besides its tags. Shapes only: what cannot be together is :mod:`drivers.profile.check`'s."""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from pydantic import Field

from drivers.packml import State, Verb
from drivers.profile.tag import Spec, TagSpec
from drivers.registers import TagValue, WordOrder

__all__ = [
    "CONDITIONS",
    "CONDITION_GROUP",
    "AlarmSpec",
    "Consumable",
    "Extension",
    "FromTag",
    "Group",
    "Heartbeat",
    "Identification",
    "Job",
    "Modbus",
    "Mode",
    "OpcUa",
    "Profile",
]

StateName = Literal[
    "clearing", "stopped", "starting", "idle", "suspended", "execute", "stopping", "aborting", "aborted", "holding",
    "held", "unholding", "suspending", "unsuspending", "resetting", "completing", "complete",
]  # fmt: skip
VerbName = Literal[
    "reset", "start", "stop", "hold", "unhold", "suspend", "unsuspend", "abort", "clear", "complete"
]  # fmt: skip


class OpcUa(Spec):
    """Where the nodes are: the node of a tag is ``ns=<index of namespace>;s=<root>.<tag's node>``."""

    namespace: str
    root: str


class Modbus(Spec):
    """How the registers are kept and may be read.

    ``unit_id`` is the device's number, ``word_order`` says which word of a number of several registers comes first.
    ``gap_max`` registers between two tags are read along if that saves a request; strict devices refuse registers they
    lack, so it is 0 unless the profile knows better.
    """

    unit_id: int = Field(1, ge=0, le=255)
    word_order: WordOrder = "big"
    gap_max: int = Field(0, ge=0, le=123)


class Heartbeat(Spec):
    """Watching each other: the controller changes tag ``write`` every period, the machine changes tag ``watch``."""

    write: str
    watch: str
    period_s: float = Field(default=0.5, gt=0)
    timeout_s: float = Field(default=3.0, gt=0)


class Job(Spec):
    """How a job is handed over: by the writable tags of group ``job``, or as a job order of ISA-95 Job Control.

    With ``isa95`` those tags are the order: ``ticket`` is its JobOrderID, each other one the parameter named like its
    node. ``node`` is the object with the receiver's methods.
    """

    handover: Literal["tags", "isa95"] = "tags"
    node: str | None = None


class Group(Spec):
    """How often the tags of a group are read, and at which age their values turn uncertain, then bad; seconds.

    The period of a group that the profile does not name is half of the 0.1 s within which a change on the machine is
    to be seen. No value is called good that was not the machine's within the last second, its way to us included; bad
    after 3 s is a default from practice.
    """

    period_s: float = Field(default=0.05, ge=0.02, le=3600)
    uncertain_after_s: float = Field(default=0.9, gt=0)
    bad_after_s: float = Field(default=3.0, gt=0)


class Mode(Spec):
    """A machine with a mode switch: commands are given only while tag ``tag`` is one of ``commands_in``."""

    tag: str
    commands_in: tuple[int, ...] = Field(strict=False, min_length=1)


class AlarmSpec(Spec):
    """One alarm: how the machine tells it, what it means and what the operator does about it.

    It is ``bit`` of tag ``word``; or, of an OPC UA server, the condition with ConditionName ``event`` and, where
    several have that name, SourceName ``source`` (OPC 10000-9 §5.5.2, OPC 10000-5 §6.4.2).

    ``consequence`` says what happens if nobody does it. Outside the states ``only_while`` the alarm means nothing and
    is suppressed by design. ``latched`` keeps it, once its condition is over, until somebody resets it; ``on_delay_s``
    is how long the condition must last before it is an alarm. One that is not ``shelvable`` is always announced.
    """

    word: str = "alarm_word"
    bit: int | None = Field(None, ge=0, le=63)
    event: str | None = None
    source: str | None = None
    name: str
    priority: Literal["high", "medium", "low"]
    text: str
    response: str
    consequence: str = ""
    only_while: tuple[StateName, ...] = Field(default=(), strict=False)
    latched: bool = False
    on_delay_s: float = Field(default=0.0, ge=0, le=3600)
    shelvable: bool = True


class Consumable(Spec):
    """What is used up: tag ``level`` shows what is left, in its unit; ``low`` and less should be refilled."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    level: str
    capacity: float = Field(gt=0)
    low: float = Field(ge=0)


class FromTag(Spec):
    """A text that the machine itself tells, by tag ``tag``."""

    tag: str


class Identification(Spec):
    """Who made the machine, its model and its serial number: fixed texts, or told by a tag."""

    manufacturer: str | FromTag
    model: str | FromTag
    serial_number: str | FromTag | None = None


class Without(Spec):
    """What the other profile's machine has and this one lacks, by name."""

    tags: tuple[str, ...] = Field(default=(), strict=False)
    alarms: tuple[str, ...] = Field(default=(), strict=False)
    consumables: tuple[str, ...] = Field(default=(), strict=False)


class Extension(Spec):
    """The keys of a profile that says only what differs from another one: its name or path, and what is left out."""

    extends: str
    without: Without = Without()


CONDITIONS = "alarm conditions"
"""Stands among the tags for all alarms that are conditions, as a word whose bits are set while they are active."""
CONDITION_GROUP = "alarms"

_ALL_DEFAULTS = Group()
_CONDITION_DEFAULTS = Group(period_s=0.4)  # half of the age at which a value turns uncertain


class Profile(Spec):
    """All that the drivers know of one model of machine.

    ``states`` gives the machine's own numbers of PackML's states, one or several for each, ``commands`` the numbers of
    the commands it has; PackML's own where they are left out. ``clock`` names a tag with the machine's time in seconds
    since 1970, UTC.
    """

    profile: str
    title: str
    protocol: Literal["opcua", "modbus-tcp"]
    stage: Literal["pretreat", "print", "fix", "wash"]
    identification: Identification
    opcua: OpcUa | None = None
    modbus: Modbus | None = None
    heartbeat: Heartbeat
    job: Job = Job()
    clock: str | None = None
    mode: Mode | None = None
    states: Mapping[StateName, int | list[int]] | None = None
    commands: Mapping[VerbName, int] | None = None
    groups: Mapping[str, Group] = {}
    alarms: tuple[AlarmSpec, ...] = Field((), strict=False)
    consumables: tuple[Consumable, ...] = Field((), strict=False)
    tag_list: tuple[TagSpec, ...] = Field(alias="tags", strict=False)

    @cached_property
    def tags(self) -> Mapping[str, TagSpec]:
        """Tags by name, in file order."""
        return {tag.name: tag for tag in self.tag_list}

    @cached_property
    def job_tags(self) -> tuple[TagSpec, ...]:
        """The tags that make up a job."""
        return tuple(tag for tag in self.tag_list if tag.access == "rw" and tag.group == "job")

    @property
    def manufacturer(self) -> str:
        """Manufacturer as fixed text; empty where the machine tells it."""
        given = self.identification.manufacturer
        return given if isinstance(given, str) else ""

    @cached_property
    def conditions(self) -> tuple[AlarmSpec, ...]:
        """Alarms that are conditions of the server; the place of each is its bit in ``CONDITIONS``."""
        return tuple(alarm for alarm in self.alarms if alarm.event is not None)

    @cached_property
    def alarm_places(self) -> Mapping[str, tuple[str, int]]:
        """Word and bit of each alarm by its name, whichever way it is told."""
        bits = {alarm.name: (alarm.word, alarm.bit) for alarm in self.alarms if alarm.bit is not None}
        return bits | {alarm.name: (CONDITIONS, index) for index, alarm in enumerate(self.conditions)}

    @cached_property
    def followed(self) -> tuple[str, ...]:
        """All that the machine is asked for: its tags, and its conditions if there are alarms among them."""
        return (*self.tags, *((CONDITIONS,) if self.conditions else ()))

    def group_of(self, tag: str) -> Group:
        """How a tag, or ``CONDITIONS``, is read and ages."""
        if tag == CONDITIONS:
            return self.groups.get(CONDITION_GROUP, _CONDITION_DEFAULTS)
        return self.groups.get(self.tags[tag].group, _ALL_DEFAULTS)

    @cached_property
    def handshake(self) -> tuple[str, ...]:
        """Tags that must be seen together when a command is decided and answered; those that the machine has."""
        names = ["state", "remote", "active_ticket", "command_ack", "command_result", self.heartbeat.watch]
        if self.mode is not None:
            names.append(self.mode.tag)
        return tuple(name for name in names if name in self.tags)

    @cached_property
    def _states(self) -> Mapping[int, State]:
        if self.states is None:
            return {int(state): state for state in State}
        numbers = {name: [given] if isinstance(given, int) else given for name, given in self.states.items()}
        return {number: State[name.upper()] for name, own in numbers.items() for number in own}

    @cached_property
    def _commands(self) -> Mapping[Verb, int]:
        if self.commands is None:
            return {verb: int(verb) for verb in Verb}
        return {Verb[name.upper()]: number for name, number in self.commands.items()}

    def state_of(self, number: TagValue | None) -> State | None:
        """PackML state for the machine's own number; None if that is no state."""
        return self._states.get(number) if isinstance(number, int) else None

    def number_of(self, verb: Verb) -> int | None:
        """Machine's own number of a command; None if the machine does not have it."""
        return self._commands.get(verb)
