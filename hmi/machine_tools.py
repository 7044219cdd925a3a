"""For the technician who writes a device profile: `foulard machine check`, `try` and `schema`."""

from dataclasses import asdict
from typing import Any

import recipes
from drivers import Access, LinkLost, Profile, Quality, TagTrial, Trial, Verb, load_profile, try_machine
from hmi.errors import BadInput

LINE_TAGS = ("remote", "active_ticket", "metres", "ticket", "length_m")
"""What the controller reads and writes on every machine, besides what the drivers ask for by themselves."""

PRESS_TAGS = ("row", "raster_path", "raster_sha256", "total_rows", "start_row")
"""What it reads and writes on the press too."""


def check(name_or_path: str) -> dict[str, Any]:
    """Return what a profile holds, for people; ProfileError with all its faults if it cannot be used."""
    profile = load_profile(name_or_path)
    tags = profile.tags.values()
    commands = [verb.name.lower() for verb in Verb if profile.number_of(verb) is not None]
    return {
        "profile": f"{profile.profile}: {profile.title}",
        "machine": _identity(profile),
        "protocol": f"{profile.protocol}, stage {profile.stage}",
        "tags": f"{len(tags)}, {sum(tag.access == 'rw' for tag in tags)} of them writable",
        "groups": _groups(profile),
        "alarms": _alarms(profile),
        "consumables": ", ".join(item.title for item in profile.consumables) or "none",
        "commands": ", ".join(commands),
        "the line lacks": ", ".join(lacking(profile)) or "nothing",
    }


def lacking(profile: Profile) -> list[str]:
    """Tags that the line needs of a machine of this stage and the profile does not have."""
    needed = [*LINE_TAGS, *(PRESS_TAGS if profile.stage == "print" else ()), *sorted(recipes.SETPOINTS[profile.stage])]
    return [name for name in needed if name not in profile.tags]


async def try_profile(name_or_path: str, endpoint: str, access: Access) -> dict[str, Any]:
    """Read a machine once by a profile and return what it answered; nothing is written to it.

    Raises
    ------
    ProfileError, BadInput
        If the profile cannot be used, or the endpoint does not fit its protocol.
    """
    profile = load_profile(name_or_path)
    base = {"profile": profile.profile, "endpoint": endpoint}
    try:
        trial = await try_machine(profile, endpoint, access)
    except LinkLost as error:
        return {**base, "reachable": False, "reason": str(error), "faults": 0, "alarms": {}, "tags": []}
    except ValueError as error:
        raise BadInput(str(error)) from error
    return {
        **base,
        "reachable": True,
        "identity": asdict(trial.snapshot.identity) if trial.snapshot.identity else {},
        "state": trial.snapshot.state.name.lower() if trial.snapshot.state else None,
        "clock_skew_s": _rounded(trial.snapshot.clock_skew_s),
        "consumables": _consumables(trial),
        "faults": sum(len(tag.faults) for tag in trial.tags) + bool(trial.alarm_fault),
        "alarms": dict(trial.snapshot.alarms),
        "alarm_fault": trial.alarm_fault,
        "tags": [_tag(tag) for tag in trial.tags],
    }


def told(outcome: dict[str, Any]) -> list[str]:
    """Return what `try_profile` found as lines for people."""
    if not outcome["reachable"]:
        return [f"{outcome['profile']} at {outcome['endpoint']}: {outcome['reason']}"]
    skew_s = outcome["clock_skew_s"]
    clock = "its clock is not known" if skew_s is None else f"its clock is {skew_s:+.3f} s ahead of this one"
    identity = ", ".join(str(text) for text in outcome["identity"].values() if text is not None)
    lines = [f"{outcome['profile']} at {outcome['endpoint']}: {outcome['state'] or 'state unknown'}; {clock}", identity]
    widths = [max(len(str(tag[key])) for tag in outcome["tags"]) for key in ("name", "at")]
    for tag in outcome["tags"]:
        shown = "-" if tag["value"] is None else f"{tag['value']} {tag['unit']}".rstrip()
        line = f"  {tag['name']:{widths[0]}}  {tag['at']:{widths[1]}}  {shown}"
        lines.append(line)
        lines.extend(f"! {tag['name']:{widths[0]}}  {fault}" for fault in tag["faults"])
    lines.extend(f"  {item['name']}: {item['level']} of {item['capacity']:g} {item['unit']}"
                 f"{', low' if item['low'] else ''}" for item in outcome["consumables"])  # fmt: skip
    active = [name for name, is_active in outcome["alarms"].items() if is_active]
    lines.append(f"  active alarms: {', '.join(active) or 'none known'}")
    lines.extend([f"! alarms: {outcome['alarm_fault']}"] if outcome["alarm_fault"] else [])
    wrong = sum(bool(tag["faults"]) for tag in outcome["tags"])
    lines.append(f"{wrong} of {len(outcome['tags'])} tags do not answer as declared; nothing was written")
    return lines


def _tag(tag: TagTrial) -> dict[str, Any]:
    reading = tag.reading
    return {
        "name": tag.spec.name,
        "at": tag.spec.node or tag.spec.address,
        "value": float(f"{reading.value:.7g}") if isinstance(reading.value, float) else reading.value,
        "unit": tag.spec.unit,
        "quality": reading.quality.name.lower(),
        "source_time": reading.source_time.isoformat() if reading.source_time else None,
        "faults": list(tag.faults),
    }


def _consumables(trial: Trial) -> list[dict[str, Any]]:
    return [
        {
            "name": item.name,
            "level": item.level.value if item.level.quality is not Quality.BAD else None,
            "capacity": item.capacity,
            "unit": item.level.unit,
            "low": item.is_low,
        }
        for item in trial.snapshot.consumables
    ]


def _identity(profile: Profile) -> str:
    given = profile.identification
    texts = (given.manufacturer, given.model, given.serial_number)
    return ", ".join(text if isinstance(text, str) else f"told by {text.tag}" for text in texts if text is not None)


def _alarms(profile: Profile) -> str:
    words = sorted({alarm.word for alarm in profile.alarms if alarm.bit is not None})
    told = [f"{len(profile.alarms) - len(profile.conditions)} bits in {', '.join(words)}"] if words else []
    told += [f"{len(profile.conditions)} events of the server"] if profile.conditions else []
    return ", ".join(told) or "none"


def _groups(profile: Profile) -> str:
    periods: dict[float, dict[str, None]] = {}
    for tag in profile.tags.values():
        periods.setdefault(profile.group_of(tag.name).period_s, {})[tag.group] = None
    return "; ".join(f"{', '.join(names)} every {period_s:g} s" for period_s, names in sorted(periods.items()))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
