"""The answer to a trace as a tree for a terminal: pure functions from what the API says to lines of text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Branch = tuple[str, Sequence["Branch"]]
"""A line, and what hangs below it."""


def tree(found: Mapping[str, Any]) -> list[str]:
    """Return a trace as lines."""
    lots = {lot["name"]: lot for lot in found["lots"]}
    if found["job_id"] is not None:
        head = f"{found['name']}: metres {_span(found)} of job {found['job_id']}, {found['job_title']}"
        branches = _origins(found, lots)
    else:
        head = _lot(found["name"], lots)
        branches = [*_known_of(found, lots), ("went into", _reached(found["reached"]))]
    return [head, *_drawn(branches)]


def _origins(found: Mapping[str, Any], lots: Mapping[str, Any]) -> list[Branch]:
    """What went into some metres: first what is of all stages, then stage by stage."""
    origins = found["origins"]
    if not origins:
        return [("nothing yet: no machine has begun with it", ())]
    whole = (found["from_m"], found["to_m"])
    above = [one for one in origins if not one["stage"] and one["kind"] != "person"]
    branches: list[Branch] = [(_touch(one, lots, whole), ()) for one in above]
    for stage in dict.fromkeys(one["stage"] for one in origins if one["stage"]):
        there = [one for one in origins if one["stage"] == stage]
        machines = [one["name"] for one in there if one["kind"] == "machine"]
        goods = [one for one in there if one["kind"] not in ("machine", "person")]
        people = [one for one in there if one["kind"] == "person"]
        below = [(_touch(one, lots, whole), ()) for one in (*goods, *people)]
        branches.append((f"{stage} on {', '.join(machines)}", below))
    office = [one for one in origins if not one["stage"] and one["kind"] == "person"]
    branches += [(_touch(one, lots, whole), ()) for one in office]
    defects = ", ".join(f"{count} {kind}" for kind, count in found["findings"].items())
    graded = f"; the roll is of {found['quality']} quality" if found["quality"] else ""
    return [*branches, (f"findings: {defects or 'none'}{graded}", ())]


def _touch(one: Mapping[str, Any], lots: Mapping[str, Any], whole: tuple[float, float]) -> str:
    where = f" over {_span(one)} m" if (one["from_m"], one["to_m"]) != whole else ""
    if one["kind"] == "person":
        return f"{one['where']}, by {one['name']}"
    label = one["where"] or ("lot" if one["kind"] == "cloth" else one["kind"])
    if one["name"] is None:
        return f"{label}: unknown, nobody recorded it{where}"
    perhaps = ", perhaps: the tank held a mix" if one["mixed"] else ""
    return f"{label}: {_lot(one['name'], lots)}{where}{perhaps}"


def _known_of(found: Mapping[str, Any], lots: Mapping[str, Any]) -> list[Branch]:
    """What is known of a lot or a delivered roll itself."""
    branches: list[Branch] = []
    roll = found["roll"]
    if roll is not None:
        rest = ", ".join(f"{roll[f'{part}_m']:g} m {part}" for part in ("used", "promised", "free"))
        left = f"{roll['length_m']:g} m: {rest}"
        branches += [(left, ()), (f"lot: {_lot(roll['lot'], lots)}", ())]
    lot = lots.get(found["name"])
    if lot is not None:
        branches.append((f"received {lot['received_at'][:16]} by {lot['received_by']}", ()))
        if lot["best_before"]:
            branches.append((f"best before {lot['best_before'][:10]}", ()))
        branches += [(f"made of {_lot(name, lots)}", ()) for name in lot["made_of"]]
        branches += [(f"roll {one['name']}: {one['length_m']:g} m, {one['free_m']:g} free", ()) for one in lot["rolls"]]
    return branches


def _reached(found: Sequence[Mapping[str, Any]]) -> list[Branch]:
    if not found:
        return [("nothing yet", ())]
    branches: list[Branch] = []
    for job in dict.fromkeys(one["job_id"] for one in found):
        spans = [one for one in found if one["job_id"] == job]
        first = spans[0]
        graded = f", {first['quality']} quality" if first["quality"] else ""
        below = [(_went(one), ()) for one in spans]
        branches.append((f"{first['roll']} (job {job}, {first['title']}, {first['status']}{graded})", below))
    return branches


def _went(one: Mapping[str, Any]) -> str:
    perhaps = ", perhaps: the tank held a mix" if one["mixed"] else ""
    return f"metres {_span(one)}{perhaps}" + (f": {', '.join(one['pieces'])}" if one["pieces"] else "")


def _lot(name: str, lots: Mapping[str, Any]) -> str:
    """Name of a lot with what its label says."""
    lot = lots.get(name)
    said = [] if lot is None else [lot["material"], " ".join(filter(None, (lot["supplier"], lot["supplier_lot"])))]
    return ", ".join(filter(None, (name, *said)))


def _span(one: Mapping[str, Any]) -> str:
    return f"{one['from_m']:.2f} to {one['to_m']:.2f}"


def _drawn(branches: Sequence[Branch], before: str = "") -> Iterable[str]:
    for number, (line, below) in enumerate(branches, start=1):
        last = number == len(branches)
        yield f"{before}{'└─' if last else '├─'} {line}"
        yield from _drawn(below, before + ("   " if last else "│  "))
