"""Small files that a job is frozen with, kept in the data folder under the hash of their bytes."""

import hashlib
import secrets
from pathlib import Path


class KeptError(ValueError):
    """A kept file that is gone or changed; the message says which."""


def keep(data: bytes, folder: Path) -> str:
    """Keep bytes, once however often they come; returns their SHA-256 (hex)."""
    digest = hashlib.sha256(data).hexdigest()
    path = folder / digest
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{secrets.token_hex(8)}.part"
        partial.write_bytes(data)
        partial.replace(path)
    return digest


def kept(digest: str, folder: Path) -> bytes:
    """Return kept bytes; raises `KeptError` if they are gone or no longer those."""
    path = folder / digest
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KeptError(f"{path} cannot be read ({error.strerror}): submit the job again") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise KeptError(f"{path} is not what was kept: remove it and submit the job again")
    return data
