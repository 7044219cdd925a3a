"""A form with files as one request body (RFC 7578), read from the disk while it is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hmi.errors import reading

CHUNK = 1 << 20
A_DESIGN = "a design that is there"


@dataclass(frozen=True)
class Form:
    """Fields and files of a form.

    Attributes
    ----------
    fields
        Name to value.
    files
        Name of the field and the file, each; the file's own name goes with it, its folder does not.
    boundary
        What stands between the parts and in none of them: long and random.
    """

    fields: Mapping[str, str]
    files: Sequence[tuple[str, Path]]
    boundary: str

    @property
    def content_type(self) -> str:
        """Value of the header `Content-Type`."""
        return f"multipart/form-data; boundary={self.boundary}"

    def length(self) -> int:
        """Return the bytes of the whole body; raises `BadInput` for a file that is not there."""
        files = 0
        for name, path in self.files:
            with reading(str(path), A_DESIGN):
                files += len(self._head(name, path)) + path.stat().st_size + 2
        return len(self._plain()) + files + len(self._end)

    def body(self) -> Iterator[bytes]:
        """Give the body piece by piece; raises `BadInput` if a file cannot be read."""
        yield self._plain()
        for name, path in self.files:
            yield self._head(name, path)
            with reading(str(path), A_DESIGN), path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
            yield b"\r\n"
        yield self._end

    def _plain(self) -> bytes:
        parts = (
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in self.fields.items()
        )
        return "".join(parts).encode()

    def _head(self, name: str, path: Path) -> bytes:
        shown = path.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        return (
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{shown}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode(errors="replace")

    @property
    def _end(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()
