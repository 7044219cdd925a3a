"""Samples and roll-ups as arrays, and as the bytes an hour of them is kept in; lossless but for means."""

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from controller.history.sample import Sample
from drivers import Quality

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VERSION = 1
"""First byte of a block: how it is packed."""

SCALES = (1.0, 0.1, 0.01, 0.001)
"""Steps that numbers of machines come in; a device profile's `scale` is mostly one of them."""

KINDS = ("<i1", "<i2", "<i4", "<f4", "<f8")
"""Element types of a packed array; their place here is the number that stands in the block."""

_PARTS = 65535
"""A mean is kept as so many parts of the way from the lowest to the highest value."""

_EXACT = 2.0**52
"""Whole numbers below this have their float64, and so have the steps between them."""


class BadBlock(ValueError):
    """Bytes in the database that are no block."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of one tag, in order.

    Attributes
    ----------
    seconds
        (n,) from 1970 in UTC, each once, ascending.
    values
        (n,) float64 in the tag's unit; NaN exactly where the quality is bad. Of a text, its place in `texts`.
    qualities
        (n,) uint8, see `drivers.Quality`.
    texts
        The texts that occur, if the tag is one.
    """

    seconds: Ints
    values: Floats
    qualities: NDArray[np.uint8]
    texts: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Sample]:
        for second, value, quality in zip(self.seconds, self.values, self.qualities, strict=True):
            known = None if quality == Quality.BAD else self.texts[int(value)] if self.texts else float(value)
            yield Sample(int(second), known, Quality(int(quality)))

    def __len__(self) -> int:
        return len(self.seconds)


@dataclass(frozen=True, eq=False)
class Buckets:
    """Lowest, mean and highest value of one tag in equal spans of time.

    Attributes
    ----------
    step_s
        Length of a span, s.
    seconds
        (n,) when each begins; a multiple of `step_s`.
    low, mean, high
        (n,) float64 in the tag's unit; NaN where nothing is known. The mean is weighted by time: each value counts for
        as long as it held. Packed, it is rounded to 1/65535 of the way from low to high.
    known_s
        (n,) for how many seconds of the span the value is known.
    """

    step_s: int
    seconds: Ints
    low: Floats
    mean: Floats
    high: Floats
    known_s: Ints

    def __len__(self) -> int:
        return len(self.seconds)


def of_samples(samples: Iterable[Sample]) -> Samples:
    """Return samples as arrays, in order; of two of the same second the later one given."""
    by_second = {sample.second: sample for sample in samples}
    ordered = [by_second[second] for second in sorted(by_second)]
    texts = tuple(dict.fromkeys(one.value for one in ordered if isinstance(one.value, str)))
    place = {text: float(number) for number, text in enumerate(texts)}
    if texts:
        values = [np.nan if one.value is None else place[str(one.value)] for one in ordered]
    else:
        values = [np.nan if one.value is None else one.value for one in ordered]
    return Samples(
        np.array([one.second for one in ordered], np.int64),
        np.array(values, np.float64),
        np.array([one.quality for one in ordered], np.uint8),
        texts,
    )


def joined(parts: Iterable[Samples]) -> Samples:
    """Return all samples of some pieces, in order; of two of the same second that of the later piece."""
    given = [part for part in parts if len(part)]
    if any(part.texts for part in given):
        return of_samples(sample for part in given for sample in part)
    if not given:
        return of_samples(())
    seconds = np.concatenate([part.seconds for part in given])
    values = np.concatenate([part.values for part in given])
    qualities = np.concatenate([part.qualities for part in given])
    if all(first < second for first, second in pairwise(_edges(given))):
        return Samples(seconds, values, qualities)
    kept, last = np.unique(seconds[::-1], return_index=True)
    last = len(seconds) - 1 - last
    return Samples(kept, values[last], qualities[last])


def _edges(parts: Iterable[Samples]) -> Iterable[int]:
    for part in parts:
        yield int(part.seconds[0])
        if len(part) > 1:
            yield int(part.seconds[-1])


def between(samples: Samples, begin: int, end: int) -> Samples:
    """Return the samples from second `begin` to before `end`."""
    inside = slice(*np.searchsorted(samples.seconds, (begin, end)))
    return replace(
        samples,
        seconds=samples.seconds[inside],
        values=samples.values[inside],
        qualities=samples.qualities[inside],
    )


def pack_samples(samples: Samples, origin: int) -> bytes:
    """Return samples as a block; `origin` is a second that none of them is before by more than 2³¹."""
    good = samples.qualities != Quality.BAD
    arrays = (samples.seconds - origin, samples.qualities.astype(np.float64), samples.values[good])
    texts = json.dumps(samples.texts).encode() if samples.texts else b""
    return _packed(len(samples), arrays, texts)


def unpack_samples(data: bytes, origin: int) -> Samples:
    """Return the samples of a block; raises `BadBlock`."""
    count, rest = _opened(data)
    seconds, rest = _array(rest, count)
    qualities, rest = _array(rest, count)
    good = qualities != Quality.BAD
    values = np.full(count, np.nan)
    values[good], rest = _array(rest, int(good.sum()))
    texts = tuple(json.loads(rest)) if rest else ()
    return Samples(seconds.astype(np.int64) + origin, values, qualities.astype(np.uint8), texts)


def pack_buckets(buckets: Buckets) -> bytes:
    """Return roll-ups as a block; they follow each other without a hole."""
    known = buckets.known_s > 0
    low, high = buckets.low[known], buckets.high[known]
    span = np.where(high > low, high - low, 1.0)
    parts = np.rint((buckets.mean[known] - low) / span * _PARTS)
    return _packed(len(buckets), (buckets.known_s.astype(np.float64), low, high, parts), b"")


def unpack_buckets(data: bytes, step_s: int, begin: int) -> Buckets:
    """Return the roll-ups of a block whose first span begins at second `begin`; raises `BadBlock`."""
    count, rest = _opened(data)
    known_s, rest = _array(rest, count)
    known = known_s > 0
    low, mean, high = (np.full(count, np.nan) for _ in range(3))
    low[known], rest = _array(rest, int(known.sum()))
    high[known], rest = _array(rest, int(known.sum()))
    parts, _ = _array(rest, int(known.sum()))
    mean[known] = np.clip(low[known] + (high[known] - low[known]) * (parts / _PARTS), low[known], high[known])
    seconds = begin + step_s * np.arange(count, dtype=np.int64)
    return Buckets(step_s, seconds, low, mean, high, known_s.astype(np.int64))


def _packed(count: int, arrays: Iterable[NDArray], rest: bytes) -> bytes:
    body = b"".join([struct.pack("<I", count), *(_thin(np.asarray(array, np.float64)) for array in arrays), rest])
    return bytes([VERSION]) + zlib.compress(body, 6)


def _opened(data: bytes) -> tuple[int, bytes]:
    if data[:1] != bytes([VERSION]):
        msg = f"a block of the history begins with {data[:1].hex() or 'nothing'}, not with {VERSION:02x}"
        raise BadBlock(msg)
    try:
        body = zlib.decompress(data[1:])
    except zlib.error as error:
        msg = f"a block of the history is damaged ({error})"
        raise BadBlock(msg) from error
    return struct.unpack_from("<I", body)[0], body[4:]


def _thin(values: Floats) -> bytes:
    """Write numbers as thinly as they stay exact: steps between whole multiples of a scale, or else floats.

    Bytes of the same weight stand together, for what changes slowly is then long runs.
    """
    for scale, factor in enumerate(SCALES):
        whole = np.rint(values / factor)
        if np.all(np.abs(whole) < _EXACT) and np.array_equal(whole * factor, values) and not _signed_zero(values):
            steps = np.diff(whole, prepend=0.0)
            for kind, name in enumerate(KINDS):
                cast = steps.astype(name) if name[1] == "f" or _fits(steps, name) else None
                if cast is not None and np.array_equal(cast.astype(np.float64), steps):
                    return bytes([1 + scale, kind]) + _shuffled(cast)
    single = values.astype("<f4") if np.all(np.abs(values) < np.finfo(np.float32).max) else None
    if single is not None and np.array_equal(single.astype(np.float64), values):
        return bytes([0, KINDS.index("<f4")]) + _shuffled(single)
    return bytes([0, KINDS.index("<f8")]) + _shuffled(values.astype("<f8"))


def _array(data: bytes, count: int) -> tuple[Floats, bytes]:
    """Read what `_thin` wrote: `count` numbers, and what follows them."""
    scale, kind = data[0], np.dtype(KINDS[data[1]])
    end = 2 + count * kind.itemsize
    if len(data) < end:
        msg = f"a block of the history ends after {len(data)} bytes; {end} were expected"
        raise BadBlock(msg)
    plain = np.frombuffer(data[2:end], np.uint8).reshape(kind.itemsize, count).T.copy()
    numbers = plain.view(kind).reshape(count).astype(np.float64)
    return (np.cumsum(numbers) * SCALES[scale - 1] if scale else numbers), data[end:]


def _shuffled(array: NDArray) -> bytes:
    return array.view(np.uint8).reshape(len(array), array.itemsize).T.tobytes() if len(array) else b""


def _fits(values: Floats, kind: str) -> bool:
    limits = np.iinfo(kind)
    return bool(np.all((values >= limits.min) & (values <= limits.max)))


def _signed_zero(values: Floats) -> bool:
    return bool(np.any((values == 0) & np.signbit(values)))
