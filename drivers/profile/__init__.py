"""Device profiles: which standard tag of the line is which node or register of a machine.

A profile is a YAML file. ``spec`` and ``tag`` say what stands in it, ``check`` what of that cannot be, ``load`` reads
it and names each fault with file and line, ``schema`` publishes it. The simulated plant builds its servers from the
same files.
"""

from drivers.profile.load import Fault, ProfileError, load_profile
from drivers.profile.spec import CONDITIONS, AlarmSpec, Consumable, Group, Heartbeat, Modbus, OpcUa, Profile
from drivers.profile.tag import TagSpec

__all__ = [
    "CONDITIONS",
    "AlarmSpec",
    "Consumable",
    "Fault",
    "Group",
    "Heartbeat",
    "Modbus",
    "OpcUa",
    "Profile",
    "ProfileError",
    "TagSpec",
    "load_profile",
]
