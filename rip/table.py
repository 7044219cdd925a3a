"""One table of all 2²⁴ RGB colours: the ink tones of every colour a design of 8 bits can hold, ready to be gathered.

The colours at every third code are rendered exactly; between them tones are interpolated along blue, then green, then
red. The table is kept in a file named by all that decides it and mapped into memory, so that workers share it and it
opens in milliseconds.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.channels import Channels
from rip.condition import Condition
from rip.icc import ProfileError, read_header
from rip.littlecms import builtin, transform
from rip.rendering import black_of, rendering_of

VERSION = 1
COLOURS = 2**24
NODES, STEP = 86, 3
"""Every third code: 0, 3, …, 255."""

Bytes = NDArray[np.uint8]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Table:
    """Ink tones of every RGB colour.

    Attributes
    ----------
    entries : uint8 (2²⁴, lanes)
        Row R·65536 + G·256 + B holds the tones (drop volumes, 255 = a solid) of that colour, the inks first, then
        zeros. Read only.
    key : str
        SHA-256 (hex) of all that decides the entries.
    path : Path
        The file mapped.
    changed : mapping of (r, g, b) to tones
        Entries that differ from the file.
    """

    entries: Bytes
    key: str
    path: Path = field(repr=False)
    changed: Mapping[Colour, tuple[int, ...]] = field(default_factory=dict, repr=False)

    @property
    def lanes(self) -> int:
        """Bytes of an entry: 4, 8 or 16."""
        return self.entries.shape[1]

    def tones(self, rgb: Bytes) -> Bytes:
        """Return the tones uint8 (…, lanes) of pixels uint8 (…, 3): what the fast path must agree with."""
        return self.entries[colour_index(rgb)]

    def with_colours(self, colours: Mapping[Colour, Sequence[int]]) -> "Table":
        """Return the table with other tones for some colours; only the pages they lie on are copied.

        Parameters
        ----------
        colours : mapping of (r, g, b) to tones
            One byte per ink, or per lane.
        """
        padded: dict[Colour, tuple[int, ...]] = {}
        for (red, green, blue), tones in colours.items():
            missing = self.lanes - len(tones)
            padded[int(red), int(green), int(blue)] = (*(int(tone) for tone in tones), *[0] * missing)
        changed = {**self.changed, **padded}
        entries = np.memmap(self.path, np.uint8, "c", shape=self.entries.shape)
        for rgb, tones in changed.items():
            entries[colour_index(np.array(rgb))] = tones
        entries.flags.writeable = False
        basis = json.dumps([self.key, sorted(padded.items())])
        return Table(entries, hashlib.sha256(basis.encode("ascii")).hexdigest(), self.path, changed)


def colour_index(rgb: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the rows, int64 (…), of a table that integer colours (…, 3), 0..255, have."""
    wide = np.asarray(rgb, np.int64)
    return (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def load_table(condition: Condition, source: bytes | None, folder: Path) -> Table:
    """Return the table of a condition, built and kept in the folder the first time.

    Parameters
    ----------
    condition : Condition
    source : bytes or None
        RGB profile of the artwork; None: sRGB.
    folder : Path
        Tables and profiles; made if needed. Processes that build the same table at once end with the same file.

    Raises
    ------
    ProfileError
        If a profile cannot be used.
    """
    basis = [VERSION, condition.colour_digest, "srgb" if source is None else hashlib.sha256(source).hexdigest()]
    key = hashlib.sha256(json.dumps(basis).encode("ascii")).hexdigest()
    path = folder / f"table-{key[:32]}.tones"
    shape = (COLOURS, condition.lanes)
    if not (path.is_file() and path.stat().st_size == COLOURS * condition.lanes):
        folder.mkdir(parents=True, exist_ok=True)
        rendering = rendering_of(condition, folder)
        _write(path, rendering.rgb_table(rgb_profile(source), NODES), rendering.channels)
    return Table(np.memmap(path, np.uint8, "r", shape=shape), key, path)


def palette_table(palette: Sequence[Colour], condition: Condition, source: bytes | None, folder: Path) -> Bytes:
    """Return the tones uint8 (n, lanes) of a few RGB colours, rendered one by one, exactly.

    Parameters and errors are those of `load_table`.
    """
    profile, rendering = rgb_profile(source), rendering_of(condition, folder)
    colours = np.array(palette, np.uint8).reshape(-1, 3)
    lab = transform(colours, profile, builtin("lab4"))
    tones = rendering.tones(lab, black_of(profile))
    tones[(colours == 255).all(axis=1)] = 0
    return rendering.channels.bytes(tones)


def rgb_profile(source: bytes | None) -> bytes:
    """Return the profile of an RGB artwork, sRGB if it has none; raises `ProfileError` if it is not for RGB."""
    if source is None:
        return builtin("srgb")
    space = read_header(source).space
    if space != "RGB ":
        raise ProfileError(f"is for {space.strip()}, the artwork is RGB")
    return source


def _write(path: Path, nodes: NDArray[np.uint16], channels: Channels) -> None:
    """Interpolate the nodes to all colours in a file beside the path, then move it there."""
    partial = path.with_name(f".{uuid.uuid4().hex}.tones")
    try:
        with partial.open("wb") as file:
            # a full disk must fail here, not while writing through the memory map
            os.posix_fallocate(file.fileno(), 0, COLOURS * channels.lanes)
        _fill(np.memmap(partial, np.uint8, "r+", shape=(256, 256, 256, channels.lanes)), nodes, channels)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _fill(entries: np.memmap, nodes: NDArray[np.uint16], channels: Channels) -> None:
    wide = nodes.astype(np.float32)

    def fill(red: int) -> None:
        node, rest = divmod(red, STEP)
        plane = wide[node]
        if rest:
            plane = plane + (wide[node + 1] - plane) * np.float32(rest / STEP)
        # cut, not rounded, to whole 256ths of a byte, so that no sum is lifted above the limit
        entries[red] = channels.bytes(_between(_between(plane, 0), 1).astype(np.uint16))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(256)))
    entries.flush()


def _between(nodes: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Interpolate from every third code to all 256 along an axis."""
    nodes = np.moveaxis(nodes, axis, 0)
    fine = np.empty((256, *nodes.shape[1:]), np.float32)
    fine[::STEP] = nodes
    rise = np.diff(nodes, axis=0)
    for rest in range(1, STEP):
        np.multiply(rise, np.float32(rest / STEP), out=fine[rest::STEP])
        fine[rest::STEP] += nodes[:-1]
    return np.moveaxis(fine, 0, axis)
