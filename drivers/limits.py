"""Whether values may be written to a machine, decided before anything is sent; and how values are told to people."""

from collections.abc import Mapping
from numbers import Real

from drivers.errors import AccessError, LimitError
from drivers.profile import Profile, TagSpec
from drivers.registers import TagValue

__all__ = ["check", "said"]


def check(machine: str, profile: Profile, values: Mapping[str, TagValue]) -> None:
    """Refuse what may not be written, naming machine, tag, value, unit and limits.

    Raises
    ------
    AccessError
        For a tag that is unknown, read-only, or the driver's own (heartbeat, command, token).
    LimitError
        For a value that is not of the tag's type or outside its limits.
    """
    own = (profile.heartbeat.write, "command", "command_token")
    for name, value in values.items():
        spec = profile.tags.get(name)
        if spec is None:
            raise AccessError(f"{machine}: there is no tag {name!r}")
        if spec.access != "rw":
            raise AccessError(f"{machine}: {name} is read-only")
        if name in own:
            raise AccessError(f"{machine}: {name} is written by the driver itself")
        try:
            spec.to_raw(value)
        except ValueError as error:
            raise LimitError(f"{machine}: {name}: {error}") from error
        if isinstance(value, str) or spec.low is None or spec.high is None:
            continue
        if not spec.low <= value <= spec.high:
            limits = f"{spec.low:.10g} to {said(spec, spec.high)}"
            raise LimitError(f"{machine}: {name} = {said(spec, value)} is outside {limits}")


def said(spec: TagSpec, value: TagValue | None) -> str:
    """Give a value as people say it, with its unit."""
    shown = f"{value:.10g}" if isinstance(value, Real) else repr(value)
    return f"{shown} {spec.unit}".rstrip()
