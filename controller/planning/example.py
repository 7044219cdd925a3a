"""A planning file to begin with: a month's calendar, twelve jobs, seven machines, every kind of rule once."""

import json
from typing import Any

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
JOBS = (
    # name, fabric, ink class, width, steamer, liquor, lightness, metres, due (day of March 2026, hour)
    ("scarf-ginkgo", "silk-twill", "acid", 1400, 102, "acid-silk", 82, 60, (3, 18)),
    ("scarf-peony", "silk-twill", "acid", 1400, 102, "acid-silk", 31, 90, (3, 14)),
    ("blouse-stripe", "silk-crepe", "acid", 1400, 102, "acid-silk", 64, 120, (4, 12)),
    ("lining-dots", "viscose", "reactive", 1400, 102, "reactive", 55, 200, (4, 18)),
    ("shirt-palm", "cotton-poplin", "reactive", 1500, 102, "reactive", 78, 150, (3, 18)),
    ("shirt-night", "cotton-poplin", "reactive", 1500, 102, "reactive", 22, 180, (4, 10)),
    ("sample-iris", "silk-twill", "acid", 1400, 102, "acid-silk", 70, 5, (2, 20)),
    ("swim-coral", "polyamide", "acid", 1600, 102, "acid-polyamide", 60, 140, (4, 18)),
    ("flag-blue", "polyester", "disperse", 1600, 175, "disperse", 40, 220, (4, 16)),
    ("flag-red", "polyester", "disperse", 1600, 175, "disperse", 42, 160, (5, 12)),
    ("curtain-fern", "linen", "reactive", 1500, 102, "reactive", 85, 110, (5, 18)),
    ("dress-poppy", "viscose", "reactive", 1400, 102, "reactive", 33, 130, (5, 10)),
)
PRESSES = {"press-acid": ("acid",), "press-reactive": ("reactive",), "press-spare": ("acid", "reactive", "disperse")}
SPEED_M_MIN = {"pretreat": 8.0, "print": 1.6, "steam": 9.0, "wash": 8.0}


def example() -> dict[str, Any]:
    """Return a planning file as data."""
    shift = {"days": WEEKDAYS, "from": "06:00", "to": "22:00"}
    machines: list[dict[str, Any]] = [
        {"name": "padder", "stage": "pretreat", "state": {"liquor": "acid-silk"}, "shifts": [shift], "may_pause": True},
        *({"name": press, "stage": "print", "state": {"ink_class": inks[0], "fabric": "silk-twill"}, "may_pause": True,
           "maintenance": [_belt_glue()] if press == "press-spare" else []} for press, inks in PRESSES.items()),
        {"name": "steamer", "stage": "steam", "state": {"steam_c": 102}, "shifts": [shift]},
        {"name": "washer-1", "stage": "wash", "state": {"bath": "acid", "lightness": 90}, "shifts": [shift]},
        {"name": "washer-2", "stage": "wash", "state": {"bath": "reactive", "lightness": 90}, "shifts": [shift]},
    ]  # fmt: skip
    return {
        "start": "2026-03-02T06:00:00+01:00",
        "time_zone": "Europe/Paris",
        "horizon_days": 30,
        "stages": ["pretreat", "print", "steam", "wash"],
        "machines": machines,
        "jobs": [_job(*job) for job in JOBS],
        "shelf_lives": [
            {"from": "print", "to": "steam", "hours": 24},
            {"from": "pretreat", "to": "print", "hours": 336, "only": {"ink_class": "reactive"}},
        ],
        "campaigns": [{"stage": "pretreat", "attribute": "liquor", "minutes": 20}],
        "pinned_orders": [{"machine": "press-acid", "jobs": ["scarf-peony", "scarf-ginkgo"]}],
        "weights": {"setup_min": 1.0, "tardiness_min": 1.0, "dumped_l": 0.1},
    }


def example_text() -> str:
    """Return the file as it is written."""
    return json.dumps(example(), indent=1) + "\n"


def _belt_glue() -> dict[str, Any]:
    return {"from": "2026-03-03T12:00:00+01:00", "to": "2026-03-03T14:00:00+01:00", "why": "new belt glue"}


def _job(
    name: str, fabric: str, ink: str, width_mm: int, steam_c: int, liquor: str, lightness: int, metres: int,
    due: tuple[int, int],
) -> dict[str, Any]:  # fmt: skip
    minutes = {stage: max(2, round(metres / speed)) for stage, speed in SPEED_M_MIN.items()}
    presses = {press: minutes["print"] for press, inks in PRESSES.items() if ink in inks}
    route: list[dict[str, Any]] = [
        {"stage": "pretreat", "minutes": minutes["pretreat"]},
        {"stage": "print", "minutes": presses},
        {"stage": "steam", "minutes": minutes["steam"]},
        {"stage": "wash", "minutes": minutes["wash"]},
    ]
    if name == "flag-blue":
        route.pop()  # cut and hung as it comes from the steamer
    if name == "sample-iris":
        route[1]["pin"] = {"machine": "press-spare", "start": "2026-03-02T09:00:00+01:00"}
    return {
        "name": name, "due": f"2026-03-{due[0]:02d}T{due[1]:02d}:00:00+01:00", "weight": 3 if metres < 20 else 1,
        "attributes": {"fabric": fabric, "width_mm": width_mm, "ink_class": ink, "liquor": liquor, "steam_c": steam_c,
                       "bath": ink, "lightness": lightness},
        "operations": route,
    }  # fmt: skip
