"""A simulated machine as a process that knows the line which is to drive it, and is known to it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from drivers import POLICIES, EntryRefused, access_in, load_profile, try_machine
from simulators import Plant
from simulators.security import USER

PROFILES = {"padder": "padder-stenter", "press": "press", "steamer": "loop-steamer", "washer": "open-width-washer"}


@dataclass(frozen=True)
class Known:
    """A running machine, the data folder of a line it knows, and its own folder of certificates."""

    name: str
    plant: Plant
    client: Path
    folder: Path
    scheme = "opc.tcp"

    @property
    def profile(self):
        return load_profile(PROFILES[self.name])

    @property
    def endpoint(self):
        return self.plant.endpoints[self.name]

    @property
    def port(self):
        return urlsplit(self.endpoint).port

    @property
    def password(self):
        return (self.folder / "password").read_text()

    def access(self, data=None, policies=POLICIES):
        """How the line enters it, or another line with a data folder of its own."""
        user = USER if self.endpoint.startswith("opc.tcp") else ""
        return access_in(data or self.client, self.name, user, policies)

    def refusal(self, run, access, endpoint=None):
        """The one line with which it is refused, or refuses."""
        with pytest.raises(EntryRefused) as caught:
            run(try_machine(self.profile, endpoint or self.endpoint, access))
        said = str(caught.value)
        assert "\n" not in said
        assert not (self.folder / "password").exists() or self.password not in said
        return said


@contextlib.contextmanager
def started(run, folder, name, **options):
    """Run a machine in the loop of all tests."""
    plant = Plant(folder / "plant", 1.0, only=[name], client=folder / "line", **options)
    run(plant.__aenter__())
    try:
        yield Known(name, plant, folder / "line", folder / "plant" / name / "security")
    finally:
        run(plant.__aexit__(None, None, None))


def sound(snapshot):
    return all(snapshot.good(name) for name in snapshot.tags)
