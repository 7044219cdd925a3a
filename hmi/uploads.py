"""Designs that people send: untrusted bytes, taken in bounded steps and kept under a name of our own."""

import asyncio
import hashlib
import secrets
import shutil
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from fastapi import UploadFile

from controller.work import check_design

CHUNK = 1 << 20


class Kept(NamedTuple):
    """A design that is kept, and whether its file says how large it is."""

    path: Path
    sized: bool


class UploadRefused(ValueError):
    """The file cannot be taken; the message says why and what to do. `too_large` tells the two kinds apart."""

    def __init__(self, message: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.too_large = too_large


async def keep_upload(upload: UploadFile, folder: Path, max_bytes: int, executor: Executor) -> Kept:
    """Keep a design after a worker process has read it as a picture.

    Parameters
    ----------
    upload
        What came in; its file name is used in messages only, never as a path.
    folder
        Where designs are kept, named by the SHA-256 of their bytes.
    max_bytes
        The most that is taken.
    executor
        Decoding an untrusted picture happens in its process, so that a hostile one cannot take the server down.

    Raises
    ------
    UploadRefused
        Too large, empty, or not a picture that can be printed.
    """
    name = Path(upload.filename or "design").name[:80]
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{secrets.token_hex(8)}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with partial.open("xb") as file:
            while chunk := await upload.read(CHUNK):
                size += len(chunk)
                if size > max_bytes:
                    msg = f"{name} is larger than {max_bytes >> 20} MB; send a smaller file"
                    raise UploadRefused(msg, too_large=True)
                digest.update(chunk)
                file.write(chunk)
        try:
            artwork = await asyncio.get_running_loop().run_in_executor(executor, check_design, partial)
        except (ValueError, BrokenProcessPool) as error:
            raise UploadRefused(str(error).replace(partial.name, name) or f"{name} cannot be read") from error
        kept = folder / digest.hexdigest()
        partial.replace(kept)
    finally:
        partial.unlink(missing_ok=True)
    return Kept(kept, artwork.size_mm is not None)


def keep_file(path: Path, folder: Path) -> Kept:
    """Keep a design that is on this machine already; raises `rip.ArtworkError` if it cannot be printed."""
    artwork = check_design(path)
    kept = folder / artwork.sha256
    folder.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        partial = folder / f".{secrets.token_hex(8)}.part"
        shutil.copyfile(path, partial)
        partial.replace(kept)
    return Kept(kept, artwork.size_mm is not None)
