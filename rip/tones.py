"""Ink tones of artwork that does not go through the RGB table: 16 bits, grey, CMYK, Lab and ready-made separations."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rip.channels import channels_of
from rip.condition import Condition
from rip.formats.facts import Mode
from rip.icc import ProfileError, read_header
from rip.inkmodel import InkModel
from rip.labtable import VERSION_4, grid_curves
from rip.littlecms import Pixels, builtin, gridpoints, transform
from rip.rendering import Interpolator, Tones, black_of, rendering_of

NO_SPOTS: Mapping[str, tuple[int, ...]] = MappingProxyType({})

CMYK_NODES = 23
"""Nodes per channel to which a CMYK artwork's profile is folded: LittleCMS's high resolution."""

_SPACES = {"grey": "GRAY", "rgb": "RGB ", "cmyk": "CMYK", "lab": "Lab "}


def tones_of(
    pixels: Pixels,
    mode: Mode,
    profile: bytes | None,
    condition: Condition,
    folder: Path,
    *,
    names: Sequence[str] = (),
    spots: Mapping[str, tuple[int, ...]] = NO_SPOTS,
) -> NDArray[np.uint8]:
    """Return ink tones.

    Parameters
    ----------
    pixels : uint8 or uint16 (n, w, channels)
        Grey and RGB: 0 is black. CMYK and separations: 0 is no ink. Lab: encoded as in ICC version 4, so in 8 bits
        L* 100 is 255 and a* 0 is 128, in 16 bits 65535 and 0x8080.
    mode : {"grey", "rgb", "cmyk", "lab", "separations"}
    profile : bytes or None
        ICC profile of the artwork; one that does not fit is left aside, see `tone_notes`.
    condition : Condition
    folder : Path
        Cache of profiles.
    names : sequence of str
        Of the plates, for "separations".
    spots : mapping of str to tuple of int
        Plates that print other inks than their own: for each ink the drop volume (255 = a solid) of a full plate. Tints
        take the same inks in proportion, through each ink's linearisation.

    Returns
    -------
    uint8 (n, w, lanes)
        Drop volumes, 255 = a solid, within all limits; the inks first, then zeros.

    Raises
    ------
    ProfileError
        If the condition's own profile cannot be used.
    """
    flat = pixels.reshape(-1, pixels.shape[-1])
    wide = np.asarray(flat, np.uint16) * np.uint16(257) if flat.dtype == np.uint8 else np.asarray(flat, np.uint16)
    source, _ = _usable(profile, mode)
    channels = channels_of(condition)
    if mode == "grey":
        tones = _grey_tones(condition, folder, source)[wide[:, 0]]
    elif mode == "rgb":
        tones = _rgb(condition, folder, source or builtin("srgb"))(wide)
    elif mode == "lab":
        tones = _lab(condition, folder, 0.0)(wide)
    elif mode == "separations":
        tones = _plate_tones(wide, condition, names, spots)
    elif source is not None:
        lab = transform(flat, source, builtin("lab4"), gridpoints(CMYK_NODES))
        tones = _lab(condition, folder, black_of(source))(lab)
    elif None in _process_inks(condition)[:3]:
        tones = _rgb(condition, folder, builtin("srgb"))(_plain_rgb(wide))
    else:
        tones = channels.tones(_process_amounts(wide, condition))
    return channels.bytes(tones).reshape(*pixels.shape[:-1], channels.lanes)


def tone_notes(
    mode: Mode,
    profile: bytes | None,
    condition: Condition,
    *,
    names: Sequence[str] = (),
    spots: Mapping[str, tuple[int, ...]] = NO_SPOTS,
) -> tuple[str, ...]:
    """Return what `tones_of` has to assume for an artwork, one line each."""
    source, reason = _usable(profile, mode)
    notes = [f"the embedded colour profile {reason}: the default was taken instead"] if reason else []
    if mode == "separations":
        return (*notes, *_plates(condition, names, spots)[1])
    if mode == "lab":
        return (*notes, "Lab: L* 100 is taken as bare cloth, L* 0 as the darkest the inks make")
    if source is None and mode == "cmyk":
        cyan, magenta, yellow, black = _process_inks(condition)
        if None in (cyan, magenta, yellow):
            notes.append("CMYK without a profile, and no cyan, magenta and yellow ink: taken as its plainest RGB")
        elif black is None:
            notes.append("CMYK without a profile: taken as ink amounts, black as equal cyan, magenta and yellow")
        else:
            notes.append("CMYK without a profile: taken as ink amounts of this condition")
    elif source is None:
        notes.append(f"{'grey' if mode == 'grey' else 'RGB'} without a profile: taken as sRGB")
    return tuple(notes)


def plates_left_out(
    condition: Condition, names: Sequence[str], spots: Mapping[str, tuple[int, ...]] = NO_SPOTS
) -> tuple[str, ...]:
    """Return the plates of separations that `tones_of` does not print: no ink has their name and none is left."""
    inks = _plates(condition, names, spots)[0]
    return tuple(name for name, ink in zip(names, inks, strict=True) if ink is None and _spot_of(name, spots) is None)


@lru_cache(maxsize=32)
def _usable(profile: bytes | None, mode: Mode) -> tuple[bytes | None, str | None]:
    """Return the profile if it fits the mode and works, and otherwise why not."""
    if profile is None or mode in ("lab", "separations"):
        return None, None
    try:
        header = read_header(profile)
        if header.space != _SPACES[mode]:
            return None, f"is for {header.space.strip()}, the artwork is {mode}"
        transform(np.zeros((1, header.channels), np.uint16), profile, builtin("lab4"))
    except ProfileError as error:
        return None, str(error)
    return profile, None


@lru_cache(maxsize=4)
def _rgb(condition: Condition, folder: Path, source: bytes) -> Interpolator:
    return Interpolator(rendering_of(condition, folder).rgb_table(source))


@lru_cache(maxsize=4)
def _lab(condition: Condition, folder: Path, source_black: float) -> Interpolator:
    return Interpolator(rendering_of(condition, folder).lab_table(source_black), grid_curves(65536, VERSION_4))


@lru_cache(maxsize=4)
def _grey_tones(condition: Condition, folder: Path, source: bytes | None) -> Tones:
    """Tones uint16 (65536, inks) of every grey."""
    codes = np.arange(65536, dtype=np.uint16)[:, None]
    profile = source or builtin("srgb")
    lab = transform(codes if source else np.repeat(codes, 3, axis=1), profile, builtin("lab4"))
    tones = rendering_of(condition, folder).tones(lab, black_of(profile))
    tones[-1] = 0
    return tones


@lru_cache(maxsize=16)
def _process_inks(condition: Condition) -> tuple[int | None, int | None, int | None, int | None]:
    """Places of cyan, magenta, yellow and black among the inks a colour is separated into."""
    inks, black = condition.colour_inks, condition.black
    model = InkModel.of(condition).only(inks)
    place = None if black is None else inks.index(black)
    return (*model.primaries([at for at in range(len(inks)) if at != place]), place)


def _process_amounts(cmyk: Tones, condition: Condition) -> Tones:
    """CMYK (n, 4) as amounts of the inks a colour is separated into."""
    *coloured, black = _process_inks(condition)
    amounts = np.zeros((len(cmyk), len(condition.colour_inks)), np.uint16)
    for plate, ink in enumerate(coloured):
        amounts[:, ink] = cmyk[:, plate] if black is not None else _plus(cmyk[:, plate], cmyk[:, 3])
    if black is not None:
        amounts[:, black] = cmyk[:, 3]
    return amounts


def _plus(one: Tones, other: Tones) -> Tones:
    return np.minimum(one.astype(np.uint32) + other, 65535).astype(np.uint16)


def _plain_rgb(cmyk: Tones) -> Tones:
    left = 65535 - cmyk.astype(np.uint64)
    return (left[:, :3] * left[:, 3:] // 65535).astype(np.uint16)


def _plate_tones(
    plates: Tones, condition: Condition, names: Sequence[str], spots: Mapping[str, tuple[int, ...]]
) -> Tones:
    channels, (inks, _) = channels_of(condition), _plates(condition, names, spots)
    amounts = np.zeros((len(plates), len(condition.inks)), np.uint16)
    for plate, ink in enumerate(inks):
        if ink is not None:
            amounts[:, ink] = plates[:, plate]
    if any(ink is not None and channels.light[ink] for ink in inks):  # the artwork has shared with light inks itself
        tones = channels.own_tones(amounts)
    else:
        tones = channels.tones(amounts[:, list(condition.colour_inks)])
    replaced = [(plate, solid) for plate, name in enumerate(names) if (solid := _spot_of(name, spots)) is not None]
    if not replaced:
        return tones
    much = tones.astype(np.uint32)
    for plate, solid in replaced:
        much += _tints(condition, solid)[plates[:, plate]]
    return channels.within(much)


@lru_cache(maxsize=16)
def _tints(condition: Condition, solid: tuple[int, ...]) -> Tones:
    """Palette of a plate: channel tones uint16 (65536, inks) of every tint of a solid given as bytes."""
    codes, palette = np.arange(65536), np.zeros((65536, len(solid)), np.uint16)
    for at, (curve, volume) in enumerate(zip(channels_of(condition).own, solid, strict=True)):
        amount = int(np.searchsorted(curve, volume * 256))  # the tone of which this is the volume
        palette[:, at] = np.minimum(curve.take(codes * amount // 65535), volume * 256)
    return palette


def _spot_of(name: str, spots: Mapping[str, tuple[int, ...]]) -> tuple[int, ...] | None:
    return next((solid for spot, solid in spots.items() if plain(spot) == plain(name)), None)


def _plates(
    condition: Condition, names: Sequence[str], spots: Mapping[str, tuple[int, ...]]
) -> tuple[list[int | None], list[str]]:
    """For each plate the channel of its ink, by name, else by place, dark inks first; and what was assumed."""
    known = {plain(ink.name): at for at, ink in enumerate(condition.inks)}
    own = [name for name in names if _spot_of(name, spots) is None]
    inks: list[int | None] = []
    for name in own:  # the second of two plates of one name has to go by its place
        ink = known.get(plain(name))
        inks.append(None if ink in inks else ink)
    dark = condition.colour_inks
    others = [at for at in range(len(condition.inks)) if at not in dark]
    free = [at for at in (*dark, *others) if at not in inks]
    notes = []
    for plate, name in enumerate(own):
        if inks[plate] is None and free:
            inks[plate] = ink = free.pop(0)
            notes.append(f"plate {name} has no ink of its name: it goes to {condition.inks[ink].name}, by its place")
    going = iter(inks)
    return [next(going) if _spot_of(name, spots) is None else None for name in names], notes


def plain(name: str) -> str:
    """Return the letters and figures of a plate's or ink's name, by which the two are compared."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
