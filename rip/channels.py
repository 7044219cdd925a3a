"""From the inks a colour is separated into to the press's channels: light inks, then linearisation, then limits."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rip.condition import Condition, Ink
from rip.sharing import colour_model, family_of

FULL = 255 * 256
"""One solid in the 16-bit tones of this module: a byte and 8 bits of fraction."""

Float = NDArray[np.float64]
Tones = NDArray[np.uint16]


@dataclass(frozen=True)
class Channels:
    """The curves of one condition.

    Attributes
    ----------
    shared : uint16 (inks, 65536)
        Drop volume of each press channel over the tone (0..65535) of the ink it belongs to, light inks at work;
        `FULL` is a solid.
    own : uint16 (inks, 65536)
        Drop volume of each channel over its own tone.
    light : bool (inks,)
        Which channels are light inks.
    parent : tuple of int
        For each channel the place of its ink, or of its dark ink, among the inks a colour is separated into.
    limits : uint8 (inks,)
        Most of each channel as a byte.
    total : int
        Most of all channels together as a byte sum.
    black : int or None
    lanes : int
    """

    shared: Tones
    own: Tones
    light: NDArray[np.bool_]
    parent: tuple[int, ...]
    limits: NDArray[np.uint8]
    total: int
    black: int | None
    lanes: int

    def tones(self, amounts: Tones) -> Tones:
        """Return channel tones.

        Parameters
        ----------
        amounts : uint16 (n, inks a colour is separated into)
            Tone wanted of each, 65535 = solid.

        Returns
        -------
        uint16 (n, inks)
            Drop volumes, `FULL` = a solid; no sum is above the total limit.
        """
        out = np.empty((len(amounts), len(self.parent)), np.uint16)
        for channel, parent in enumerate(self.parent):
            out[:, channel] = self.shared[channel].take(amounts[:, parent])
        much = out.sum(axis=1, dtype=np.uint32) > self.total * 256
        if much.any():
            out[much] = self._limited(out[much], amounts[much])
        return out

    def own_tones(self, amounts: Tones) -> Tones:
        """Return channel tones as `tones` does, of amounts (n, inks) given for every channel, light ones too."""
        return self._scaled(np.stack([curve.take(amounts[:, at]) for at, curve in enumerate(self.own)], axis=1))

    def within(self, tones: NDArray[np.uint32]) -> Tones:
        """Return sums of channel tones (n, inks) cut to every ink's limit, then scaled to the total limit."""
        return self._scaled(np.minimum(tones, self.limits.astype(np.uint32) * 256).astype(np.uint16))

    def bytes(self, tones: Tones) -> NDArray[np.uint8]:
        """Return channel tones (…, inks), `FULL` = a solid, as uint8 (…, lanes); the rest of the lanes is zero."""
        out = np.zeros((*tones.shape[:-1], self.lanes), np.uint8)
        inks = out[..., : tones.shape[-1]]
        np.right_shift(tones + np.uint16(128), 8, out=inks, casting="unsafe")
        np.minimum(inks, self.limits, out=inks)
        much = inks.sum(axis=-1, dtype=np.uint16) > self.total
        if much.any():
            inks[much] = tones[much] >> 8  # rounded down, the sum holds
        return out

    def _limited(self, shared: Tones, amounts: Tones) -> Tones:
        unshared = np.stack([self.own[at].take(amounts[:, parent]) for at, parent in enumerate(self.parent)], axis=1)
        unshared[:, self.light] = 0
        with_light, without = (tones.sum(axis=1, dtype=np.float64) for tones in (shared, unshared))
        share = np.clip((self.total * 256 - without) / np.maximum(with_light - without, 1), 0, 1)[:, None]
        return self._scaled(np.floor(share * shared + (1 - share) * unshared).astype(np.uint16))

    def _scaled(self, tones: Tones) -> Tones:
        kept = np.zeros(len(tones)) if self.black is None else tones[:, self.black].astype(np.float64)
        coloured = tones.sum(axis=1, dtype=np.float64) - kept
        factor = np.clip((self.total * 256 - kept) / np.maximum(coloured, 1), 0, 1)
        scaled = np.floor(tones * factor[:, None]).astype(np.uint16)
        if self.black is not None:
            scaled[:, self.black] = tones[:, self.black]
        return scaled


@lru_cache(maxsize=16)
def channels_of(condition: Condition) -> Channels:
    """Return the curves of a condition."""
    inks = condition.inks
    codes = np.linspace(0, 1, 65536)
    tones = np.zeros((len(inks), 65536))
    parent = [0] * len(inks)
    for place, (at, share) in enumerate(zip(condition.colour_inks, colour_model(condition).shares, strict=True)):
        family = family_of(condition, at)
        for member, channel in enumerate(family):
            parent[channel] = place
            curve = np.minimum(codes, inks[at].most) if share is None else _fine(share.tones[member], codes)
            tones[channel] = curve
    return Channels(
        shared=np.array([_volumes(ink, tone) for ink, tone in zip(inks, tones, strict=True)]),
        own=np.array([_volumes(ink, codes) for ink in inks]),
        light=np.array([ink.light_of is not None for ink in inks]),
        parent=tuple(parent),
        limits=np.array([int(ink.limit_pct * 2.55 + 1e-6) for ink in inks], np.uint8),
        total=int(min(condition.total_limit_pct, 100 * len(inks)) * 2.55 + 1e-6),
        black=condition.black,
        lanes=condition.lanes,
    )


def _fine(curve: Float, codes: Float) -> Float:
    return np.interp(codes, np.linspace(0, 1, len(curve)), curve)


def _volumes(ink: Ink, tone: Float) -> Tones:
    points = np.array(ink.linear)
    volume = np.minimum(np.interp(tone, points[:, 0], points[:, 1]), ink.limit_pct / 100)
    return np.rint(volume * FULL).astype(np.uint16)
