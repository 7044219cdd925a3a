"""Where every captured pixel lies in the expected picture: phase correlation on tiles, then a least-squares fit.

Both pictures are taken at working scale as local contrast of log brightness, so light falloff and tone do not matter.
Tiles give a shift for each row of tiles by their summed, band-limited phase correlation; a Gauss-Newton fit of a
low-order field over all blocks refines it. Blocks whose content does not fit count little, and directions in which the
artwork has no structure stay where the prior puts them, so neither a defect nor a stripe pattern can bend the field.
"""

from dataclasses import dataclass

import cv2
import numpy as np

TILE = 128
BLOCK = 32
HIGH_PASS = 31
# Prior spread in px of full-size shift for the terms 1, x, y, x² (x and y run from -1 to 1 over the picture).
PRIOR_PX = np.array([6.0, 2.0, 2.5, 0.8])


@dataclass(frozen=True)
class Field:
    """Displacement of the captured picture against the expected one, in full-size pixels.

    ``dx = p[0] + p[1] X + p[2] Y + p[3] X²`` with X and Y from -1 to 1 over the picture, ``dy`` likewise with q.
    """

    p: tuple[float, ...]
    q: tuple[float, ...]
    height: int
    width: int

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Displacement (dx, dy) in px at a captured pixel."""
        gx, gy = 2 * x / max(self.width - 1, 1) - 1, 2 * y / max(self.height - 1, 1) - 1
        basis = (1.0, gx, gy, gx * gx)
        return (
            sum(a * b for a, b in zip(self.p, basis, strict=True)),
            sum(a * b for a, b in zip(self.q, basis, strict=True)),
        )

    def maps(self, height: int, width: int, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Sources for ``cv2.remap``, two float32 (height, width) arrays, for a picture ``scale`` as large."""
        gx = np.linspace(-1, 1, width, dtype=np.float32)
        gy = np.linspace(-1, 1, height, dtype=np.float32)
        xs, ys = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        p, q = (np.asarray(c, np.float32) * np.float32(scale) for c in (self.p, self.q))
        map_x = (xs - p[0] - p[1] * gx - p[3] * gx * gx)[None, :] - (p[2] * gy)[:, None]
        map_y = (-q[0] - q[1] * gx - q[3] * gx * gx)[None, :] + (ys - q[2] * gy)[:, None]
        return map_x, map_y


def register(expected: np.ndarray, captured: np.ndarray, factor: int, limit_px: float = 8.0) -> Field:
    """Fit the displacement field between two pictures at working scale.

    Parameters
    ----------
    expected, captured
        uint8 (h, w, 3) RGB, already reduced by ``factor``.
    factor
        Full-size pixels per working pixel.
    limit_px
        Largest shift believed, in full-size px; a repeat of the artwork is farther away.

    Returns
    -------
    Field
        In full-size pixels; the zero field where the artwork has no structure.
    """
    height, width = expected.shape[:2]
    zero = (0.0, 0.0, 0.0, 0.0)
    still = Field(zero, zero, height * factor, width * factor)
    if min(height, width) < 24:
        return still
    e, c = _contrast(expected), _contrast(captured)
    p, q = _coarse(e, c, limit_px / factor)
    prior = np.concatenate([PRIOR_PX, PRIOR_PX]) / factor
    theta = np.concatenate([p, q])
    for _ in range(3):
        step = _refine(e, c, theta, prior)
        theta = theta + step
        if np.abs(step).max() < 0.02:
            break
    reach = np.abs(theta[[0, 4]]).max()
    if reach > 1.25 * limit_px / factor or np.abs(theta).sum() > 4 * limit_px / factor:
        return still
    theta = theta * factor
    return Field(tuple(map(float, theta[:4])), tuple(map(float, theta[4:])), height * factor, width * factor)


def _contrast(image: np.ndarray) -> np.ndarray:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    table = (np.log(np.arange(256, dtype=np.float32) + 16)).astype(np.float32)
    log = cv2.GaussianBlur(cv2.LUT(gray, table), (3, 3), 0.7)
    return log - cv2.blur(log, (HIGH_PASS, HIGH_PASS))


def _coarse(e: np.ndarray, c: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    height, width = e.shape
    size = min(TILE, cv2.getOptimalDFTSize(min(height, width) // 2 + 1), min(height, width))
    size -= size % 2
    window = cv2.createHanningWindow((size, size), cv2.CV_32F)
    freq = np.fft.fftfreq(size)[:, None] ** 2 + np.fft.fftfreq(size)[None, :] ** 2
    low_pass = np.exp(-freq / (2 * 0.12**2)).astype(np.float32)
    rows = max(1, height // size)
    tops = np.linspace(0, height - size, rows).astype(int)
    lefts = np.linspace(0, width - size, max(1, min(24, width // size))).astype(int)
    reach = int(np.ceil(limit)) + 1
    side = min(size // 2 - 1, 2 * reach)
    found = []
    floor = 0.3 * size * size * float(np.mean(np.abs(e)) * np.mean(np.abs(c)) + 1e-6)
    total = np.zeros((2 * side + 1, 2 * side + 1), np.float32)
    surfaces = []
    for top in tops:
        surface = np.zeros((size, size), np.float32)
        for left in lefts:
            cut = (slice(top, top + size), slice(left, left + size))
            fe = cv2.dft(e[cut] * window, flags=cv2.DFT_COMPLEX_OUTPUT)
            fc = cv2.dft(c[cut] * window, flags=cv2.DFT_COMPLEX_OUTPUT)
            cross = cv2.mulSpectrums(fc, fe, 0, conjB=True)
            power = cv2.magnitude(cross[..., 0], cross[..., 1])
            cross *= (low_pass / (power + floor))[..., None]
            surface += cv2.dft(cross, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)
        surface = np.roll(surface, (side, side), (0, 1))[: 2 * side + 1, : 2 * side + 1]
        surfaces.append(surface)
        total += surface
    common = _peak(total, reach, side, limit, None)
    p, q = np.zeros(4), np.zeros(4)
    if common is None:
        return p, q
    p[0], q[0] = common[0], common[1]
    centres = (tops + size / 2) / height * 2 - 1
    for surface, centre in zip(surfaces, centres, strict=True):
        peak = _peak(surface, reach, side, limit, common)
        if peak is not None:
            found.append((centre, *peak))
    if len(found) >= 3:
        y, dx, dy, weight = np.array(found).T
        slope_x, slope_y = (np.polyfit(y, d, 1, w=np.sqrt(weight)) for d in (dx, dy))
        p[0], p[2] = slope_x[1], np.clip(slope_x[0], -3, 3)
        q[0], q[2] = slope_y[1], np.clip(slope_y[0], -3, 3)
    return p, q


def _peak(
    surface: np.ndarray, reach: int, side: int, limit: float, near: tuple[float, float, float] | None
) -> tuple[float, float, float] | None:
    """Sub-pixel peak (dx, dy, response) of a correlation surface, or None if it does not stand out."""
    grid = np.arange(-side, side + 1, dtype=np.float32)
    x0, y0 = (near[0], near[1]) if near else (0.0, 0.0)
    within = 3.0 if near else limit
    far = np.maximum(np.abs(grid[None, :] - x0), np.abs(grid[:, None] - y0))
    searched = np.where(far <= within + 0.5, surface, -np.inf)
    row, col = np.unravel_index(int(np.argmax(searched)), surface.shape)
    spread = float(np.median(np.abs(surface - np.median(surface)))) * 1.4826 + 1e-9
    response = float(surface[row, col] - np.median(surface)) / spread
    if response < 8 or not (0 < row < 2 * side and 0 < col < 2 * side):
        return None

    def vertex(a: float, b: float, c: float) -> float:
        bend = a - 2 * b + c
        return 0.0 if bend >= 0 else float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5))

    dx = grid[col] + vertex(*surface[row, col - 1 : col + 2])
    dy = grid[row] + vertex(*surface[row - 1 : row + 2, col])
    return float(dx), float(dy), response


def _refine(e: np.ndarray, c: np.ndarray, theta: np.ndarray, prior: np.ndarray) -> np.ndarray:
    height, width = e.shape
    field = Field(tuple(theta[:4]), tuple(theta[4:]), height, width)
    map_x, map_y = field.maps(height, width)
    moved = cv2.remap(e, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gx = cv2.Sobel(moved, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    gy = cv2.Sobel(moved, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    d = c - moved
    size = min(BLOCK, height // 2, width // 2)
    cols, rows = width // size, height // size
    whole = (slice(0, rows * size), slice(0, cols * size))

    def block(image: np.ndarray) -> np.ndarray:
        return cv2.resize(image[whole], (cols, rows), interpolation=cv2.INTER_AREA).astype(np.float64)

    xx, xy, yy = block(gx * gx), block(gx * gy), block(gy * gy)
    xd, yd, dd = block(gx * d), block(gy * d), block(d * d)
    noise = float(np.median(dd)) + 1e-6
    # Blocks that fit badly hold a defect or wrong content; they must not pull.
    weight = size * size / 12.0 / (noise + dd) * (dd < 12 * noise + 0.02)
    weight[[0, -1], :] *= 0.5
    bx, by = np.meshgrid(
        (np.arange(cols) + 0.5) * size * 2 / width - 1, (np.arange(rows) + 0.5) * size * 2 / height - 1
    )
    basis = np.stack([np.ones_like(bx), bx, by, bx * bx], -1).reshape(-1, 4)
    w = weight.reshape(-1, 1)
    normal = np.zeros((8, 8))
    normal[:4, :4] = (basis * w * xx.reshape(-1, 1)).T @ basis
    normal[:4, 4:] = (basis * w * xy.reshape(-1, 1)).T @ basis
    normal[4:, :4] = normal[:4, 4:].T
    normal[4:, 4:] = (basis * w * yy.reshape(-1, 1)).T @ basis
    right = -np.concatenate([(basis * w * xd.reshape(-1, 1)).sum(0), (basis * w * yd.reshape(-1, 1)).sum(0)])
    right -= theta / prior**2
    normal[np.diag_indices(8)] += 1 / prior**2
    return np.clip(np.linalg.solve(normal, right), -2, 2)
