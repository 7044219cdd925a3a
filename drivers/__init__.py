"""Speak to one machine or camera; know nothing of jobs, recipes or people.

A device profile (YAML) says which standard tag of the line is which node or register of a machine; ``Machine`` runs any
profile over OPC UA or Modbus TCP, keeps link and heartbeat, checks limits before it sends and reads back what it wrote.
States and verbs are PackML's. What comes out is a frozen ``Snapshot`` whose every value has a quality and an age.
``try_machine`` reads a machine once for whoever writes its profile. ``StripCamera`` brings the pictures of the printed
cloth as files. What is refused or lost is an exception that names all of it.
Names load on first use, so that the simulated plant shares profiles and PackML's numbers without loading a client.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.access import OPEN, POLICIES, Access, access_in
    from drivers.camera import Camera, CameraError, CameraStrip, StripCamera
    from drivers.errors import AccessError, CommandRefused, EntryRefused, LimitError, LinkLost, WriteRefused
    from drivers.machine import Machine
    from drivers.machinery import Identification, ItemState, OperationMode, of_packml
    from drivers.packml import State, Verb
    from drivers.profile import AlarmSpec, Fault, Profile, ProfileError, TagSpec, load_profile
    from drivers.profile.schema import profile_schema
    from drivers.registers import TagValue
    from drivers.snapshot import ConsumableLevel, Identity, Link, Quality, Snapshot, Tag
    from drivers.trial import TagTrial, Trial, try_machine

_HOME = {
    "OPEN": "access",
    "POLICIES": "access",
    "Access": "access",
    "AccessError": "errors",
    "AlarmSpec": "profile",
    "Camera": "camera",
    "CameraError": "camera",
    "CameraStrip": "camera",
    "CommandRefused": "errors",
    "ConsumableLevel": "snapshot",
    "EntryRefused": "errors",
    "Fault": "profile",
    "Identification": "machinery",
    "Identity": "snapshot",
    "ItemState": "machinery",
    "LimitError": "errors",
    "Link": "snapshot",
    "LinkLost": "errors",
    "Machine": "machine",
    "OperationMode": "machinery",
    "Profile": "profile",
    "ProfileError": "profile",
    "Quality": "snapshot",
    "Snapshot": "snapshot",
    "State": "packml",
    "StripCamera": "camera",
    "Tag": "snapshot",
    "TagSpec": "profile",
    "TagTrial": "trial",
    "TagValue": "registers",
    "Trial": "trial",
    "Verb": "packml",
    "WriteRefused": "errors",
    "access_in": "access",
    "load_profile": "profile",
    "of_packml": "machinery",
    "profile_schema": "profile.schema",
    "try_machine": "trial",
}

__all__ = [
    "OPEN",
    "POLICIES",
    "Access",
    "AccessError",
    "AlarmSpec",
    "Camera",
    "CameraError",
    "CameraStrip",
    "CommandRefused",
    "ConsumableLevel",
    "EntryRefused",
    "Fault",
    "Identification",
    "Identity",
    "ItemState",
    "LimitError",
    "Link",
    "LinkLost",
    "Machine",
    "OperationMode",
    "Profile",
    "ProfileError",
    "Quality",
    "Snapshot",
    "State",
    "StripCamera",
    "Tag",
    "TagSpec",
    "TagTrial",
    "TagValue",
    "Trial",
    "Verb",
    "WriteRefused",
    "access_in",
    "load_profile",
    "of_packml",
    "profile_schema",
    "try_machine",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'drivers' has no attribute {name!r}")
    return getattr(import_module(f"drivers.{_HOME[name]}"), name)
