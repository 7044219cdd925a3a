"""Names in a planning file: that each is there once, and what it stands for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from controller.planning.planfile import PlanFile


class PlanError(ValueError):
    """A planning file that cannot be used: the key and what is wrong with it."""


def named(kind: str, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Index and name of each; each name may be there once."""
    for name, times in Counter(names).items():
        if times > 1:
            raise PlanError(f"{kind}: {name!r} is there {times} times; give each a name of its own")
    return iter(enumerate(names))


def known(among: Mapping[str, int], name: str, key: str, kind: str = "machine") -> int:
    """Index of a name; of an unknown one, an error that says which are like it."""
    if name not in among:
        close = get_close_matches(name, among, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(list(among)[:8]) or 'none'}"
        raise PlanError(f"{key}: no {kind} is called {name!r}; {hint}")
    return among[name]


def has_attributes(file: PlanFile, names: Mapping[str, object], key: str) -> None:
    """Refuse attributes that no job has."""
    attributes = {name: 0 for job in file.jobs for name in job.attributes}
    for name in names:
        known(attributes, name, key, "attribute of a job")
