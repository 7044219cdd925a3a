"""The hours that are not packed yet, in memory. Filled in the control loop, read from any thread."""

from array import array
from collections.abc import Mapping

import numpy as np

from controller.history.block import Samples, joined, of_samples
from controller.history.sample import HOUR_S, Sample


class Strip:
    """The samples of one tag in one hour, in the order they came; some 17 bytes each."""

    def __init__(self) -> None:
        self._seconds, self._values, self._qualities = array("q"), array("d"), bytearray()
        self._texts: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._qualities)

    def add(self, sample: Sample) -> None:
        """Add one."""
        value = sample.value
        if isinstance(value, str):
            value = self._texts.setdefault(value, float(len(self._texts)))
        self._seconds.append(sample.second)
        self._values.append(float("nan") if value is None else value)
        self._qualities.append(sample.quality)  # last: whoever reads meanwhile goes by its length

    def samples(self) -> Samples:
        """Return what is there, in order."""
        count = len(self._qualities)
        # copies, each made in one step of the interpreter: an array that is looked at could not grow
        seconds = np.frombuffer(self._seconds.tobytes(), np.int64)[:count]
        values = np.frombuffer(self._values.tobytes(), np.float64)[:count]
        qualities = np.frombuffer(bytes(self._qualities), np.uint8)[:count]
        whole = Samples(seconds, values, qualities, tuple(self._texts))
        in_order = bool(np.all(np.diff(seconds) > 0))
        return whole if in_order else of_samples(whole)


class Running:
    """Strips by hour and tag."""

    def __init__(self) -> None:
        self._hours: dict[int, dict[int, Strip]] = {}

    def add(self, number: int, sample: Sample) -> None:
        """Add a sample of the tag with this number."""
        hour = self._hours.setdefault(sample.second // HOUR_S, {})
        strip = hour.get(number)
        if strip is None:
            strip = hour[number] = Strip()
        strip.add(sample)

    def of(self, number: int) -> Samples:
        """Return all samples of a tag that are in memory, in order."""
        strips = [hour.get(number) for _, hour in sorted(self._hours.copy().items())]
        return joined(strip.samples() for strip in strips if strip)

    def over(self, hour: int) -> list[int]:
        """Return the hours before this one, the oldest first."""
        return sorted(one for one in self._hours if one < hour)

    def hour(self, hour: int) -> dict[int, Samples]:
        """Return the samples of an hour by the number of their tag."""
        return {number: strip.samples() for number, strip in self._hours.get(hour, {}).items()}

    def drop(self, hour: int, packed: Mapping[int, Samples]) -> None:
        """Forget an hour that is packed, unless more has come meanwhile: then it is packed again."""
        there = self._hours.get(hour, {})
        if all(number in packed and len(strip) == len(packed[number]) for number, strip in there.items()):
            self._hours.pop(hour, None)
