"""What a machine showed and when, written down beside the network: the truth that a client's picture is judged by.

One JSON line per change, ``{"at": seconds since 1970, tag: value, …}`` with the tags that changed, written before they
can be read; the first line after a power-up says all of them.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulators.station import Face

__all__ = ["PublishedFace"]


class PublishedFace:
    """A face that writes down what it shows, and what clients wrote to ``inputs``, before it shows it."""

    def __init__(self, face: Face, inputs: Mapping[str, Any], path: Path) -> None:
        self._face, self._inputs = face, inputs
        self._file = path.open("a", encoding="utf-8", buffering=1)  # a line at a time: a kill tears none
        self._last: dict[str, Any] = {}

    def told(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what the face makes of the machine's values."""
        return self._face.told(values)

    async def start(self, values: Mapping[str, Any]) -> None:
        """Listen."""
        self._write(values)
        await self._face.start(values)

    async def publish(self, values: Mapping[str, Any]) -> None:
        """Show new values."""
        self._write(values)
        await self._face.publish(values)

    async def present(self, *, expired: bool) -> None:
        """Show another certificate."""
        await self._face.present(expired=expired)

    async def stop(self) -> None:
        """Stop listening."""
        await self._face.stop()
        self._file.close()

    def _write(self, values: Mapping[str, Any]) -> None:
        now = {**self._face.told(values), **self._inputs}
        if changed := {name: value for name, value in now.items() if self._last.get(name) != value}:
            self._file.write(json.dumps({"at": time.time(), **changed}) + "\n")
            self._last = now
