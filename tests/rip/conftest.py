import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import rip

ACID_ON_SILK = (
    rip.Ink("cyan", (53, -33, -46)),
    rip.Ink("magenta", (46, 73, -4)),
    rip.Ink("yellow", (86, -5, 92)),
    rip.Ink("black", (17, 1, -2)),
)


@pytest.fixture(scope="session")
def silk() -> rip.Condition:
    """A narrow press of low resolution; colours of acid inks on silk."""
    return rip.Condition(
        width_mm=100,
        dpi=300,
        white_lab=(92.5, -0.3, 3.6),
        inks=ACID_ON_SILK,
        drop_volumes=(0, 0.28, 0.61, 1.0),
        drop_pl=18,
        total_limit_pct=250,
        black_start=0.65,
    )


FURTHER = (rip.Ink("orange", (62, 55, 68)), rip.Ink("green", (48, -58, 25)), rip.Ink("blue", (28, 25, -58)))
LIGHT = (
    rip.Ink("light cyan", (74, -20, -22), light_of="cyan"),
    rip.Ink("light magenta", (70, 38, -6), light_of="magenta"),
)
MORE_LIGHT = (
    rip.Ink("lighter cyan", (84, -10, -10), light_of="cyan"),
    rip.Ink("lighter magenta", (82, 18, -2), light_of="magenta"),
    rip.Ink("light yellow", (89, -3, 45), light_of="yellow"),
    rip.Ink("grey", (45, 0, -1), light_of="black"),
    rip.Ink("light grey", (65, 0, 0), light_of="black"),
    rip.Ink("lightest grey", (80, 0, 2), light_of="black"),
)
INK_SETS = {
    "cmyk": ACID_ON_SILK,
    "cmy": ACID_ON_SILK[:3],
    "seven": (*ACID_ON_SILK, *FURTHER),
    "light": (*ACID_ON_SILK, *LIGHT),
    "textile": (
        rip.Ink("cyan", (53, -33, -46)),
        rip.Ink("red", (46, 66, 42), limit_pct=80),
        rip.Ink("magenta", (46, 73, -4)),
        rip.Ink("orange", (62, 55, 68)),
        rip.Ink("yellow", (86, -5, 92)),
        rip.Ink("violet", (28, 35, -52), limit_pct=90),
        rip.Ink("grey", (55, 0, -1), limit_pct=70),
        rip.Ink("black", (17, 1, -2)),
    ),
    "one grey": (rip.Ink("grey", (30, 0, 0)),),
    "twelve": (*ACID_ON_SILK, *LIGHT, *MORE_LIGHT),
}


@pytest.fixture(scope="session")
def ink_set(silk) -> Callable[..., rip.Condition]:
    """Conditions like silk with other inks, by name, and other values."""

    def condition(name: str, **values: Any) -> rip.Condition:
        return dataclasses.replace(silk, inks=INK_SETS[name], **values)

    return condition


@pytest.fixture(scope="session")
def cache(tmp_path_factory, primed) -> Path:
    """One cache for the whole session."""
    return primed(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def photo(tmp_path_factory) -> Path:
    """A real photograph (scikit-image's astronaut, public domain), 256 px at 150 dpi."""
    skimage_data = pytest.importorskip("skimage.data")
    path = tmp_path_factory.mktemp("designs") / "photo.png"
    Image.fromarray(np.ascontiguousarray(skimage_data.astronaut()[::2, ::2])).save(path, dpi=(150, 150))
    return path
