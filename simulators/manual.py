"""What a simulated machine says of itself to whoever starts it."""

from simulators.assembly import PROCESSES
from simulators.faults import KINDS
from simulators.station import ORDERS

__all__ = ["explain"]


def explain(machine: str, profile: str | None = None) -> str:
    """What a machine is: where its tags are, the faults it knows, what can be said to it."""
    name = profile or PROCESSES[machine].profile
    tags = name if name.endswith((".yaml", ".yml")) else f"drivers/profiles/{name}.yaml"
    lines = [f"tags: {tags}", "", "faults (--faults, fault):"]
    for kind in (kind for kind in KINDS.values() if machine in kind.machines):
        name = kind.name if len(kind.machines) == 1 else f"{machine}.{kind.name}"
        lines += [f"  {name}: {kind.says}"]
        for key, (_, low, high, default) in kind.parameters.items():
            lines += [f"      {key} {low:g} to {high:g}" + ("" if default is None else f", else {default:g}")]
    lines += ["  where and when: at_m or at_s (of the plant's clock), for_m or for_s; --faults @FILE replays a record"]
    return "\n".join([*lines, "", "orders on stdin:", *(f"  {line}" for line in ORDERS.splitlines())])
