"""The JSON Schema of a profile, for editors and for whoever writes profiles by program."""

from typing import Any

from drivers.profile.spec import Profile

__all__ = ["profile_schema"]


def profile_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a profile: its shape. What cannot be together, only ``load_profile`` knows."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Profile.model_json_schema(by_alias=True),
        "title": "Foulard device profile",
    }
