"""A stand-in for the camera: seeded expected and captured strips with every nuisance the inspection must bear.

The expected picture is white cloth under inks that absorb like ``exp(-D * coverage)`` with the grain of screening; the
captured one is the same print, possibly with faults, after shift, stretch, drop spread, tone and colour differences,
light falloff, drift, weave, yarn noise and camera noise. All of it is simulated; no picture here is of real cloth.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from skimage import data

MM_PER_PX = 25.4 / 150
DENSITY = 2.2  # natural-log density of a solid ink in its own channel (about 0.95 decadic)
WHITE = np.array([0.97, 0.96, 0.93], np.float32)
PHOTOS = (
    "astronaut",
    "coffee",
    "chelsea",
    "rocket",
    "retina",
    "brick",
    "grass",
    "hubble_deep_field",
    "gravel",
    "immunohistochemistry",
)
GRAPHICS = ("dots", "check", "stripes", "text", "flat", "pale", "dark", "white")
ARTWORKS = PHOTOS + GRAPHICS


@dataclass(frozen=True)
class Disturbance:
    """What the camera and the cloth do to the print; lengths in pixels, amplitudes relative."""

    shift: tuple[float, float] = (2.3, -1.6)
    stretch: float = 0.001
    skew: float = 0.0003
    falloff: float = 0.12
    drift: float = 0.02
    weave: float = 0.03
    yarn: float = 0.006
    noise: float = 2.5
    psf: float = 0.9
    tone: float = 0.03
    cross: float = 0.02
    seed: int = 0

    @staticmethod
    def drawn(seed: int) -> "Disturbance":
        """One draw of every nuisance over the whole range asked for."""
        rng = np.random.default_rng(seed)
        u = rng.uniform
        return Disturbance(
            shift=(u(-6, 6), u(-6, 6)),
            stretch=u(-0.003, 0.003),
            skew=u(-0.0004, 0.0004),
            falloff=u(0.03, 0.15),
            drift=u(-0.04, 0.04),
            weave=u(0.02, 0.05),
            yarn=u(0.003, 0.009),
            noise=u(2, 3),
            psf=u(0.6, 1.2),
            tone=u(-0.04, 0.04),
            cross=u(-0.025, 0.025),
            seed=seed,
        )


def _graphic(name: str, height: int, width: int) -> np.ndarray:
    image = np.full((height, width, 3), 255, np.uint8)
    if name == "dots":
        colours = [(200, 30, 40), (30, 60, 160), (240, 190, 20)]
        for i, y in enumerate(range(0, height + 90, 90)):
            for j, x in enumerate(range(0, width + 90, 90)):
                cv2.circle(image, (x + 45 * (i % 2), y), 28, colours[(i + j) % 3], -1, cv2.LINE_AA)
    elif name == "check":
        image[:] = (235, 225, 200)
        for x in range(0, width, 120):
            image[:, x : x + 40] = (image[:, x : x + 40] * np.array([0.3, 0.4, 0.7])).astype(np.uint8)
            image[:, x + 70 : x + 73] = (150, 20, 30)
        for y in range(0, height, 120):
            image[y : y + 40] = (image[y : y + 40] * np.array([0.3, 0.4, 0.7])).astype(np.uint8)
    elif name == "stripes":
        x = 0
        for i in range(10_000):
            step = 3 + (i * 7) % 30
            image[:, x : x + step] = [(20, 40, 90), (240, 235, 220), (180, 30, 40), (250, 250, 250)][i % 4]
            x += step
            if x > width:
                break
    elif name == "text":
        for i, y in enumerate(range(30, height, 46)):
            for x in range((i % 3) * 37, width, 300):
                cv2.putText(image, "Foulard 1874", (x, y), cv2.FONT_HERSHEY_DUPLEX, 1.1, (25, 20, 30), 2, cv2.LINE_AA)
    elif name in ("flat", "pale", "dark"):
        image[:] = {"flat": (196, 60, 70), "pale": (236, 224, 210), "dark": (28, 26, 40)}[name]
    return image


def artwork(name: str, height: int, width: int) -> np.ndarray:
    """One artwork tiled over the cloth, uint8 (height, width, 3)."""
    if name in GRAPHICS:
        return _graphic(name, height, width)
    photo = getattr(data, name)()
    photo = photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, axis=2)
    if max(photo.shape) > 1000:
        photo = cv2.resize(photo, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    tiles = (-(-height // photo.shape[0]), -(-width // photo.shape[1]), 1)
    return np.tile(photo, tiles)[:height, :width]


def coverage(design: np.ndarray, seed: int, grain: float = 0.05) -> np.ndarray:
    """Coverage 0..1 of three inks, float32 (h, w, 3), with the grain that screening leaves in a camera pixel."""
    rng = np.random.default_rng(seed + 7919)
    wanted = np.maximum(design.astype(np.float32) / 255, np.exp(-DENSITY))
    cov = np.clip(-np.log(wanted) / DENSITY, 0, 1)
    # Screening pushes its noise to high frequencies, so neighbours are anti-correlated.
    speck = rng.standard_normal(cov.shape, np.float32)
    speck -= cv2.blur(speck, (3, 3))
    return np.clip(cov + grain * np.sqrt(cov * (1 - cov)) * speck, 0, 1)


def dead_nozzle(cov: np.ndarray, ink: int, column: int, begin: int, end: int | None = None) -> None:
    """Take one nozzle out of four at one camera column away, from row ``begin`` on (in place)."""
    cov[begin:end, column, ink] *= 0.75


def spot(cov: np.ndarray, x: float, y: float, d_mm: float, strength: float = 0.9, mm_per_px: float = MM_PER_PX) -> None:
    """A round drop of dark ink (in place)."""
    radius = d_mm / 2 / mm_per_px
    rows = slice(max(0, int(y - radius - 3)), max(0, int(y + radius + 4)))
    cols = slice(max(0, int(x - radius - 3)), max(0, int(x + radius + 4)))
    yy, xx = (
        np.mgrid[: cov.shape[0], : cov.shape[1]][:, rows, cols]
        if cov.shape[0] * cov.shape[1] < 4_000_000
        else (np.mgrid[rows.start : min(rows.stop, cov.shape[0]), cols.start : min(cols.stop, cov.shape[1])])
    )
    alpha = np.clip(radius + 0.5 - np.hypot(xx - x, yy - y), 0, 1)[..., None] * strength
    cov[rows, cols] = np.maximum(cov[rows, cols], alpha.astype(np.float32))


def render(cov: np.ndarray) -> np.ndarray:
    """Predicted look of the print, uint8 RGB (h, w, 3)."""
    return np.rint(255 * WHITE * np.exp(-DENSITY * cov)).astype(np.uint8)


def photograph(cov: np.ndarray, how: Disturbance, row0: int = 0) -> np.ndarray:
    """The camera's picture of a print, uint8 RGB (h, w, 3)."""
    rng = np.random.default_rng(how.seed + 101 * (row0 + 1))
    height, width = cov.shape[:2]
    look = WHITE * np.exp(-DENSITY * cov)
    xs = np.arange(width, dtype=np.float32)
    ys = np.arange(height, dtype=np.float32)
    # The web goes on above and below; beside the print lies white cloth.
    pad = 8 + int(abs(how.shift[1]) + abs(how.stretch) * height)
    look = cv2.copyMakeBorder(look, pad, pad, 0, 0, cv2.BORDER_REFLECT)
    look = cv2.copyMakeBorder(look, 0, 0, pad, pad, cv2.BORDER_CONSTANT, value=WHITE.astype(float).tolist())
    map_x = np.broadcast_to(xs - how.shift[0] + pad, (height, width)) - how.skew * ys[:, None]
    map_y = np.broadcast_to((ys * (1 - how.stretch) - how.shift[1] + pad)[:, None], (height, width))
    look = cv2.remap(
        look,
        map_x.astype(np.float32),
        np.ascontiguousarray(map_y, np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    look = cv2.GaussianBlur(np.clip(look, 0.001, 1), (0, 0), how.psf)
    # The print model is a little wrong: tone per channel and a mix between channels, smooth in colour.
    tint = look ** (1 + how.tone * np.array([1, -0.7, 0.5], np.float32))
    mix = np.eye(3, dtype=np.float32) + how.cross * np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], np.float32)
    look = cv2.transform(tint, mix)
    # Light falls off to the sides, off centre, and drifts along the web.
    u = xs / max(width - 1, 1) * 2 - 1 - rng.uniform(-0.3, 0.3)
    light = (1 - how.falloff * u * u)[None, :] * (1 + how.drift * np.sin(ys / 700 + rng.uniform(0, 6)))[:, None]
    p, q = rng.uniform(1.8, 3.5, 2)
    web_y = ys + row0
    cloth = 0.6 * np.sin(2 * np.pi * xs / p)[None, :] * np.sin(2 * np.pi * web_y / q)[:, None]
    cloth += 0.5 * np.sin(2 * np.pi * (xs[None, :] / p + web_y[:, None] / q))
    knots = rng.standard_normal((max(2, height // 96), width)).astype(np.float32)
    warp_yarn = cv2.resize(knots, (width, height), interpolation=cv2.INTER_LINEAR)
    knots = rng.standard_normal((height, max(2, width // 96))).astype(np.float32)
    weft_yarn = cv2.resize(knots, (width, height), interpolation=cv2.INTER_LINEAR)
    light = light * (1 + how.weave * cloth + how.yarn * (warp_yarn + weft_yarn))
    out = 255 * look * light.astype(np.float32)[..., None]
    out += how.noise * rng.standard_normal(out.shape, np.float32)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)
