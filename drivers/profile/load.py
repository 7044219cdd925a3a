"""Read a profile file; each fault is named with file, line and key."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from drivers.profile.check import Loc, complaints, did_you_mean
from drivers.profile.extend import Place, Source, extended, names_in
from drivers.profile.marks import NotPlain, read
from drivers.profile.spec import Extension, Profile

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
    path = _path(name_or_path, Path())
    source = _source(path, ())
    try:
        profile = Profile.model_validate(source.data)
    except ValidationError as error:
        raise _refused(_misshapen(error, Profile, source)) from error
    found = set()
    for loc, message, other in complaints(profile):
        there = f" ({_there(_place(other, source), _place(loc, source))})" if other else ""
        found.add((_place(loc, source), f"{_key(loc, source.data)}: {message}{there}"))
    if found:
        raise _refused(found)
    return profile


def _path(name_or_path: str | Path, folder: Path) -> Path:
    """File of a profile; a relative path counts from ``folder``."""
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return folder / path
    path = FOLDER / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise ProfileError(f"no profile is called {str(name_or_path)!r}; there are: {known}")
    return path


def _source(path: Path, through: tuple[Path, ...]) -> Source:
    """What stands in a file, together with the profile it extends; ``through`` led to it."""
    file = str(path)
    try:
        if path.stat().st_size > SIZE_MAX:
            raise ProfileError(f"{path}: is larger than {SIZE_MAX} bytes; this is no profile")
        data, marks = read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: cannot be read: {error}") from error
    except NotPlain as error:
        raise _refused({(Place(file, error.line), str(error))}) from error
    if not isinstance(data, dict):
        raise _refused({(Place(file, 1), "is not a mapping of keys to values")})
    own = Source(data, {loc: Place(file, line) for loc, line in marks.items()})
    return _extended(path, own, (*through, path.resolve())) if "extends" in data else own


def _extended(path: Path, own: Source, through: tuple[Path, ...]) -> Source:
    keys = {key: own.data[key] for key in Extension.model_fields if key in own.data}
    try:
        extension = Extension.model_validate(keys)
    except ValidationError as error:
        raise _refused(_misshapen(error, Extension, own)) from error
    try:
        other = _path(extension.extends, path.parent)
        if other.resolve() in through:
            raise ProfileError("a profile cannot extend itself")
        base = _source(other, through)
    except ProfileError as error:
        if error.faults:
            raise
        raise _refused({(own.places[("extends",)], f"extends: {error}")}) from error
    found = set()
    for kind, names in extension.without.model_dump().items():
        known = names_in(base, kind)
        for index, name in enumerate(names):
            if name not in known:
                told = f"without.{kind}: {extension.extends} has no {name!r}{did_you_mean(name, known)}"
                found.add((_place(("without", kind, index), own), told))
    if found:
        raise _refused(found)
    return extended(base, own, extension)


def _refused(found: Iterable[tuple[Place, str]]) -> ProfileError:
    first, *rest = (Fault(*place, message) for place, message in sorted(set(found)))
    return ProfileError(f"{first} (and {len(rest)} more)" if rest else str(first), (first, *rest))


def _misshapen(error: ValidationError, kind: type[BaseModel], source: Source) -> Iterator[tuple[Place, str]]:
    """Place and message of each key that is unknown, missing or of the wrong kind."""
    for found in error.errors(include_url=False):
        loc = found["loc"]
        key = _key(loc, source.data, kind)
        match found["type"]:
            case "extra_forbidden":
                known = [*_fields(loc[:-1], kind), *(Extension.model_fields if len(loc) == 1 else ())]
                message = f"unknown key{did_you_mean(str(loc[-1]), known)}"
            case "missing":
                message = "is missing"
            case "literal_error":
                known = re.findall(r"'([^']+)'", found.get("ctx", {}).get("expected", ""))
                message = f"{found['msg']}{did_you_mean(str(found['input']), known)}"
            case _:
                message = found["msg"].removeprefix("Value error, ")
        yield _place(loc, source), f"{key}: {message}"


def _place(loc: Loc, source: Source) -> Place:
    """Nearest place in the file that encloses ``loc``."""
    places = source.places
    return places[next(loc[:length] for length in range(len(loc), -1, -1) if loc[:length] in places)]


def _there(other: Place, here: Place) -> str:
    return f"line {other.line}" if other.file == here.file else f"{other.file}:{other.line}"


def _key(loc: Loc, data: Any, kind: type[BaseModel] = Profile) -> str:
    """Dotted key as people say it: list entries by their name, nothing that only the model calls so."""
    said: list[str] = []
    for depth, part in enumerate(loc):
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            said.append(str(data["name"]) if isinstance(data, dict) and "name" in data else str(part))
        elif isinstance(data, dict) and (part in data or part in _fields(loc[:depth], kind)):
            data = data.get(part)
            said.append(str(part))
    return ".".join(said)


def _fields(loc: Loc, kind: type[BaseModel]) -> list[str]:
    """Keys, as they are written in the file, that may stand at ``loc``."""
    for part in loc:
        field = next((f for name, f in kind.model_fields.items() if part in (name, f.alias)), None)
        if field is not None and (inner := _model_in(field.annotation)):
            kind = inner
    return [field.alias or name for name, field in kind.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)
