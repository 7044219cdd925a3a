"""The roll report: one HTML page with its pictures inside, so that it can leave the house with the goods."""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape

import recipes
from controller.desk import JobRecord
from controller.pieces import finding_of, pieces_of, results_of
from controller.tables import Operation
from controller.tally import tally

STAGE_TITLES = {"pretreat": "Pretreatment", "print": "Printing", "fix": "Fixation", "wash": "Washing"}

ACTUALS = {
    "pretreat": (("pickup_pct", "Wet pick-up", "%"), ("wettest_pct", "Moisture at its wettest", "%"),
                 ("chamber2_temp_c", "Chamber", "°C"), ("water_l", "Water", "l"), ("energy_kwh", "Electricity", "kWh")),
    "print": (("speed_m_min", "Speed", "m/min"), ("head_temp_c", "Head", "°C"), ("dryer_temp_c", "Dryer", "°C"),
              ("wettest_pct", "Moisture at its wettest", "%"), ("row", "Rows", ""),
              ("energy_kwh", "Electricity", "kWh")),
    "fix": (("chamber_temp_c", "Chamber", "°C"), ("dwell_min", "Dwell", "min"), ("superheat_k", "Superheat", "K"),
            ("steam_kg", "Steam", "kg"), ("energy_kwh", "Electricity", "kWh")),
    "wash": (("box1_temp_c", "First box", "°C"), ("box6_temp_c", "Last box", "°C"), ("dryer_temp_c", "Dryer", "°C"),
             ("water_l", "Water", "l"), ("energy_kwh", "Electricity", "kWh")),
}  # fmt: skip
"""Which of a machine's last values a report shows, and the most that its gauge of moisture has shown."""

MAP_WIDTH = 1000
"""Length of the roll map, in SVG units."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(record: JobRecord, folder: Path) -> str:
    """Return the report of a job.

    Parameters
    ----------
    record
        The job; it need not be over.
    folder
        The job's folder with its pictures; those that are missing are left out.
    """
    job = record.job
    control = recipes.ControlRecipe.model_validate(job.control_recipe)
    width_mm = control.recipe.fabric.print_width_mm
    pieces, way = pieces_of(job), record.way
    cloth_m = job.length_m + way.cut_out_m
    height = max(40.0, MAP_WIDTH * width_mm / 1000 / max(cloth_m, width_mm / 1000))

    def along(metres: float) -> float:
        return metres / cloth_m * MAP_WIDTH

    return _ENVIRONMENT.get_template("report.html").render(
        job=job,
        recipe=control.recipe,
        tally=tally(job, results_of(job, record.findings, record.way)),
        digest=control.digest,
        preview=_data_url(folder / "preview.jpg"),
        stages=[
            {"title": STAGE_TITLES[item.stage], "operation": item, "values": _values(item)}
            for item in record.operations
        ],
        inks=[
            {"name": name, "planned": ml, "used": _used(record, number)}
            for number, (name, ml) in enumerate(job.planned_ml.items(), start=1)
        ],
        pieces=[
            {"result": result, "x": along(way.cloth_m(result.piece.at_m)),
             "y": result.piece.x_mm / width_mm * height, "w": along(result.piece.length_mm / 1000),
             "h": result.piece.width_mm / width_mm * height}
            for result in results_of(job, record.findings, record.way)
        ],
        findings=[
            {"row": row, "place": pieces.place(finding_of(row)), "cut_out": row.at_m >= way.ends_m(row.leg),
             "picture": _data_url(folder / row.picture) if row.picture else None,
             "at_m": way.cloth_m(row.at_m, row.leg), "x": along(way.cloth_m(row.at_m, row.leg)),
             "y": row.x_mm / width_mm * height, "w": max(along(row.length_mm / 1000), 6),
             "h": max(row.width_mm / width_mm * height, 6)}
            for row in sorted(record.findings, key=lambda row: way.cloth_m(row.at_m, row.leg))
        ],
        stops=[
            {"stop": stop, "title": STAGE_TITLES[stop.stage], "x": along(stop.at_m)}
            for stop in record.stops
        ],
        cut_outs=[
            {"cut_out": one, "x": along(one.from_m), "w": max(along(one.length_m), 2)} for one in way.cut_outs
        ],
        gaps=[
            {"gap": gap, "stop_m": gap.stop_row * way.pitch_m, "resume_m": gap.resume_row * way.pitch_m}
            for gap in record.gaps
        ],
        cloth_m=cloth_m,
        strips=[_data_url(folder / strip.picture) for strip in record.strips[:24]],
        more_strips=max(len(record.strips) - 24, 0),
        map_width=MAP_WIDTH,
        map_height=round(height, 1),
        inspected_m=job.inspected_rows * (job.mm_per_row or 0) / 1000,
    )  # fmt: skip


def _used(record: JobRecord, number: int) -> float | None:
    printed = next((item for item in record.operations if item.stage == "print"), None)
    return printed.actuals.get(f"ink{number}_used_ml") if printed else None


def _values(operation: Operation) -> list[tuple[str, str, str]]:
    shown: dict[str, float | None] = operation.actuals | {"wettest_pct": operation.wettest_pct}
    values = [(title, shown.get(name), unit) for name, title, unit in ACTUALS[operation.stage]]
    return [(title, f"{value:,.1f}", unit) for title, value, unit in values if value is not None]


def _data_url(path: Path) -> str | None:
    if not path.is_file():
        return None
    return "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()
