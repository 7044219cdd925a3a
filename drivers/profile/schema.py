"""The JSON Schema of a profile, for editors and for whoever writes profiles by program."""

from typing import Any

from drivers.profile.spec import Extension, Profile

__all__ = ["profile_schema"]

PARTS = ("TagSpec", "AlarmSpec", "Consumable")
"""What a profile that extends another one need not say whole: the name tells the entry."""


def profile_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a profile: its shape. What cannot be together, only ``load_profile`` knows.

    A profile with the key ``extends`` says only what differs, so that nothing but its own name is needed of it.
    """
    whole, extension = Profile.model_json_schema(by_alias=True), Extension.model_json_schema()
    defs = whole.pop("$defs") | extension["$defs"]
    parts = {f"{name}Part": defs[name] | {"required": ["name"]} for name in PARTS}
    lists = {key: _parted(shape) for key, shape in whole["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Foulard device profile",
        "$defs": defs | parts,
        "if": {"required": ["extends"]},
        "then": whole | {"properties": lists | extension["properties"], "required": ["profile", "extends"]},
        "else": whole,
    }


def _parted(shape: dict[str, Any]) -> dict[str, Any]:
    name = shape.get("items", {}).get("$ref", "").rpartition("/")[2]
    return shape | {"items": {"$ref": f"#/$defs/{name}Part"}} if name in PARTS else shape
