"""Read a profile file; each fault is named with file, line and key."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from drivers.profile.check import Loc, complaints, did_you_mean
from drivers.profile.marks import Marks, NotPlain, read
from drivers.profile.spec import Profile

__all__ = ["Fault", "ProfileError", "load_profile"]

FOLDER = Path(__file__).parent.parent / "profiles"
SIZE_MAX = 1_000_000  # bytes; the largest profile that comes with the program has 12,000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a profile file; ``str`` of it is one line."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ProfileError(ValueError):
    """A profile cannot be used; the message is one line, ``faults`` holds all that was found in the file."""

    def __init__(self, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


def load_profile(name_or_path: str | Path) -> Profile:
    """Read and check a device profile.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a profile that comes with the program (``"press"``), or the path of a ``.yaml`` file.

    Raises
    ------
    ProfileError
        One line that names file, line and key of the first fault, and how many more there are.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = FOLDER / f"{name_or_path}.yaml"
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
            raise ProfileError(f"no profile is called {str(name_or_path)!r}; there are: {known}")
    try:
        if path.stat().st_size > SIZE_MAX:
            raise ProfileError(f"{path}: is larger than {SIZE_MAX} bytes; this is no profile")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: cannot be read: {error}") from error
    return _parse(str(path), text)


def _parse(file: str, text: str) -> Profile:
    try:
        data, marks = read(text)
    except NotPlain as error:
        raise _refused(file, {(error.line, str(error))}) from error
    if not isinstance(data, dict):
        raise _refused(file, {(1, "is not a mapping of keys to values")})
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        raise _refused(file, _misshapen(error, data, marks)) from error
    found = set()
    for loc, message, other in complaints(profile):
        there = f" (line {_line(other, marks)})" if other else ""
        found.add((_line(loc, marks), f"{_key(loc, data)}: {message}{there}"))
    if found:
        raise _refused(file, found)
    return profile


def _refused(file: str, found: Iterable[tuple[int, str]]) -> ProfileError:
    first, *rest = (Fault(file, line, message) for line, message in sorted(set(found)))
    return ProfileError(f"{first} (and {len(rest)} more)" if rest else str(first), (first, *rest))


def _misshapen(error: ValidationError, data: Any, marks: Marks) -> Iterator[tuple[int, str]]:
    """Line and message of each key that is unknown, missing or of the wrong kind."""
    for found in error.errors(include_url=False):
        loc = found["loc"]
        key = _key(loc, data)
        match found["type"]:
            case "extra_forbidden":
                message = f"unknown key{did_you_mean(str(loc[-1]), _fields(loc[:-1]))}"
            case "missing":
                message = "is missing"
            case "literal_error":
                known = re.findall(r"'([^']+)'", found.get("ctx", {}).get("expected", ""))
                message = f"{found['msg']}{did_you_mean(str(found['input']), known)}"
            case _:
                message = found["msg"].removeprefix("Value error, ")
        yield _line(loc, marks), f"{key}: {message}"


def _line(loc: Loc, marks: Marks) -> int:
    """Line of the nearest place in the file that encloses ``loc``."""
    return marks[next(loc[:length] for length in range(len(loc), -1, -1) if loc[:length] in marks)]


def _key(loc: Loc, data: Any) -> str:
    """Dotted key as people say it: list entries by their name, nothing that only the model calls so."""
    said: list[str] = []
    for depth, part in enumerate(loc):
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            said.append(str(data["name"]) if isinstance(data, dict) and "name" in data else str(part))
        elif isinstance(data, dict) and (part in data or part in _fields(loc[:depth])):
            data = data.get(part)
            said.append(str(part))
    return ".".join(said)


def _fields(loc: Loc) -> list[str]:
    """Keys, as they are written in the file, that may stand at ``loc``."""
    kind: type[BaseModel] = Profile
    for part in loc:
        field = next((f for name, f in kind.model_fields.items() if part in (name, f.alias)), None)
        if field is not None and (inner := _model_in(field.annotation)):
            kind = inner
    return [field.alias or name for name, field in kind.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)
