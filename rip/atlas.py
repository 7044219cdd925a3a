"""Colour atlas: a sheet of labelled patches to print and look at, from RGB, from Lab, or in steps round one colour."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.colour import lab_to_srgb
from rip.colourway import lab_tones
from rip.condition import Condition
from rip.lettering import text_bitmap

PATCH_PX, GAP_PX, LABEL_PX = 96, 12, 22
"""Default sizes: at 150 dpi a patch of 16 mm; default from practice, editable."""

PAPER, INK = (255, 255, 255), (0, 0, 0)

Colour = tuple[int, int, int]
Lab = tuple[float, float, float]
_Wanted = tuple[str, Colour, Lab | None]


@dataclass(frozen=True)
class Patch:
    """One patch: its label, where it is on the sheet (px), its RGB there, and the Lab it stands for, if any."""

    label: str
    x: int
    y: int
    width: int
    height: int
    rgb: Colour
    lab: Lab | None = None


@dataclass(frozen=True)
class Atlas:
    """A sheet and what is on it.

    Attributes
    ----------
    picture : uint8 (h, w, 3)
        White, patches in flat RGB, labels in black.
    patches : tuple of Patch
        In reading order.
    """

    picture: NDArray[np.uint8]
    patches: tuple[Patch, ...]


def rgb_atlas(steps: int = 6, columns: int | None = None, patch_px: int = PATCH_PX) -> Atlas:
    """Return a sheet of an even RGB grid, `steps` (2..32) per channel; labels are hexadecimal.

    ValueError for any other number of steps.
    """
    if not 2 <= steps <= 32:
        raise ValueError(f"steps {steps} is not in 2..32")
    codes = [round(at * 255 / (steps - 1)) for at in range(steps)]
    grid = product(codes, codes, codes)
    colours: list[_Wanted] = [
        (f"{red:02x}{green:02x}{blue:02x}", (red, green, blue), None) for red, green, blue in grid
    ]
    return _sheet(colours, columns or steps * min(steps, 3), patch_px)


def lab_atlas(labs: Iterable[Lab], columns: int = 12, patch_px: int = PATCH_PX) -> Atlas:
    """Return a sheet of Lab colours, as measured on the cloth.

    On the sheet each has the nearest RGB that no other one has; print it through a table changed by `atlas_tones`.
    """
    taken = {PAPER, INK}
    colours: list[_Wanted] = []
    for lab in labs:
        rgb = _free(lab_to_srgb(lab), taken)
        taken.add(rgb)
        colours.append(("{:g} {:g} {:g}".format(*(round(value, 1) for value in lab)), rgb, lab))
    return _sheet(colours, columns, patch_px)


def lab_steps(lightness_step: float = 10.0, chromatic_step: float = 20.0, chroma: float = 80.0) -> list[Lab]:
    """Return Lab colours on an even grid, within a chroma, for `lab_atlas`."""
    side = np.arange(-np.floor(chroma / chromatic_step), np.floor(chroma / chromatic_step) + 1) * chromatic_step
    levels = np.arange(lightness_step, 100, lightness_step)
    grid = product(levels.tolist(), side.tolist(), side.tolist())
    return [(light, a, b) for light, a, b in grid if np.hypot(a, b) <= chroma]


def round_about(lab: Lab, step: float = 2.0, reach: int = 1) -> list[Lab]:
    """Return a colour and its neighbours in steps of L*, a* and b*, to find what prints it best."""
    around = range(-reach, reach + 1)
    return [(lab[0] + step * x, lab[1] + step * y, lab[2] + step * z) for x, y, z in product(around, repeat=3)]


def atlas_tones(atlas: Atlas, condition: Condition, folder: Path) -> dict[Colour, tuple[int, ...]]:
    """Return ink tones for the sheet's Lab patches, for `Table.with_colours`; RGB patches need none."""
    patches = [patch for patch in atlas.patches if patch.lab is not None]
    if not patches:
        return {}
    tones = lab_tones(np.array([patch.lab for patch in patches]), condition, folder)
    return {patch.rgb: tuple(int(tone) for tone in row) for patch, row in zip(patches, tones, strict=True)}


def _free(rgb: Colour, taken: set[Colour]) -> Colour:
    """Return the colour, or the nearest one that is not taken."""
    for reach in range(256):
        around = [at for at in product(range(-reach, reach + 1), repeat=3) if max(map(abs, at)) == reach]
        for at in sorted(around, key=lambda at: sum(map(abs, at))):
            near = (rgb[0] + at[0], rgb[1] + at[1], rgb[2] + at[2])
            if near not in taken and min(near) >= 0 and max(near) <= 255:
                return near
    raise ValueError("no RGB colour is left for another patch")


def _sheet(colours: list[_Wanted], columns: int, patch_px: int) -> Atlas:
    if not colours:
        raise ValueError("an atlas needs at least one colour")
    step_x, step_y = patch_px + GAP_PX, patch_px + LABEL_PX + GAP_PX
    rows = -(-len(colours) // columns)
    columns = min(columns, len(colours))
    picture = np.full((rows * step_y + GAP_PX, columns * step_x + GAP_PX, 3), PAPER, np.uint8)
    patches = []
    for place, (label, rgb, lab) in enumerate(colours):
        row, column = divmod(place, columns)
        x, y = GAP_PX + column * step_x, GAP_PX + row * step_y
        picture[y : y + patch_px, x : x + patch_px] = rgb
        text = text_bitmap(label, LABEL_PX)[:, : step_x - 2]
        line = picture[y + patch_px : y + patch_px + LABEL_PX, x : x + text.shape[1]]
        line[text[:, : line.shape[1]]] = INK
        patches.append(Patch(label, x, y, patch_px, patch_px, rgb, lab))
    return Atlas(picture, tuple(patches))
