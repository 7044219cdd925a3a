"""What the person at the terminal can put right; each message is one line that says how."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

BAD_INPUT = 2
"""Exit code of whatever cannot be done as asked."""

FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "the file would be larger than is allowed here",
}
"""Why a file could be opened and yet not be written to its end."""

REASONS = FULL | {
    errno.EEXIST: "a file is in the way",
    errno.ENOTDIR: "a part of it is a file, not a folder",
    errno.EISDIR: "it is a folder",
    errno.ENOENT: "it or its folder does not exist",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links lead in a circle",
    errno.EIO: "the disk fails",
}
"""What a person can know of a file that cannot be used, by the system's number."""


class BadInput(ValueError):
    """What was asked cannot be done."""


class CannotStart(RuntimeError):
    """A port is taken, the disk is full, or a folder cannot be written."""


def reason(error: OSError) -> str:
    """Return why a file cannot be used, in words without numbers."""
    return REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()


def about_files(error: OSError) -> str | None:
    """Return one line on a file that cannot be used; None if the error is about something else, like a link."""
    if error.errno not in REASONS:
        return None
    named = error.filename2 or error.filename
    what = "a file" if named is None else str(named)
    return f"{what} cannot be used ({reason(error)}); {'make room' if error.errno in FULL else 'give another path'}"


@contextlib.contextmanager
def reading(what: str, instead: str) -> Iterator[None]:
    """Turn whatever the disk says in the block into one line.

    Parameters
    ----------
    what
        What is read, with its path.
    instead
        What to give, if this cannot be read.

    Raises
    ------
    BadInput
        It cannot be read.
    """
    try:
        yield
    except OSError as error:
        msg = f"{what} cannot be read ({reason(error)}); give {instead}"
        raise BadInput(msg) from error


@contextlib.contextmanager
def writing(path: Path, instead: str = "--out") -> Iterator[None]:
    """Turn whatever the disk says in the block into one line that names a path, the reason, and what to do.

    Parameters
    ----------
    path
        What is written, a file or a folder; of a folder, a fault names the file in it.
    instead
        The option or variable that takes another path.

    Raises
    ------
    BadInput
        A file of it cannot be written to its end.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.errno not in REASONS:
            raise
        remedy = f"make room or give another {instead}" if error.errno in FULL else f"give another {instead}"
        named = Path(error.filename2 or error.filename or path)
        msg = f"{named if named.is_relative_to(path) else path} cannot be written ({reason(error)}); {remedy}"
        raise BadInput(msg) from error
