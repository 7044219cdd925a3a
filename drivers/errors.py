"""What can go wrong between the controller and a machine; every message names machine, tag, value, unit and limits."""

__all__ = ["AccessError", "CommandRefused", "EntryRefused", "LimitError", "LinkLost", "WriteRefused"]


class LimitError(ValueError):
    """A value is outside the limits of its tag, or not of its type. Nothing was sent."""


class AccessError(ValueError):
    """A tag is unknown or not for writing. Nothing was sent."""


class WriteRefused(RuntimeError):
    """The machine answered but did not take a value, or is under local control: then nothing was sent."""


class CommandRefused(RuntimeError):
    """The machine answered a command with a refusal, or reports what would make it refuse: then nothing was sent."""


class LinkLost(ConnectionError):
    """The machine cannot be reached or did not answer in time; whether it acted is to be seen on the machine."""


class EntryRefused(LinkLost):
    """We do not let ourselves in, or the machine does not: a certificate, a name or a password; a person has to act."""
