"""From what the controller knows to what the API says: pure functions from records to views."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

import recipes
import rip
from controller import Actor, Controller
from controller.desk import JobRecord
from controller.pieces import PieceResult, Place, finding_of, pieces_of, results_of
from controller.plan import progress
from controller.states import RULES, allowed
from controller.supervise import Supervisor
from controller.tables import Event, FindingRow, Job, Operation, Question, Stop, Strip, now
from controller.tally import Tally, tally
from controller.way import CutOut, Way, counted
from controller.work import LayoutTask, condition
from drivers import Machine, Snapshot
from hmi import schemas
from hmi.alarm_views import alarm_views
from rip import NEAR_COLOUR, OVER_COLOUR, TILE_PX, AreaInk, heat_colours, ink_use, read_layout

HANDSHAKE = frozenset({"link", "job", "status"})
"""Groups of tags between the controller and the machine."""

READER = Actor("views", "viewer")
"""The eyes of these functions; what they see goes only to sessions that were let in."""

_STAGE_ORDER = {"pretreat": 0, "print": 1, "fix": 2, "wash": 3}


def machine_view(controller: Controller, name: str) -> schemas.MachineView:
    """Return one machine as it is now."""
    machine, supervisor = controller.machines[name], controller.supervisors[name]
    snapshot = machine.snapshot()
    planned = controller.book.intent(name)
    operation = planned[0] if planned else None
    job = _job_of(controller, operation)
    ours = operation is not None and snapshot.value("active_ticket") == operation.ticket
    return schemas.MachineView(
        name=name,
        title=machine.profile.title,
        stage=machine.profile.stage,
        protocol=machine.profile.protocol,
        endpoint=machine.endpoint,
        link="connected" if snapshot.link.value == "connected" else "lost",
        state=snapshot.state.name.title() if snapshot.state else "Unknown",
        state_number=int(snapshot.state) if snapshot.state else None,
        remote=bool(snapshot.value("remote")) if snapshot.good("remote") else None,
        age_s=_age_s(snapshot),
        metres=_metres(operation, snapshot) if operation and ours else None,
        length_m=operation.length_m if operation else None,
        job_id=job.id if job else None,
        job_title=job.title if job else None,
        operation=operation_view(operation) if operation else None,
        waiting=_waiting(supervisor),
        tags=tuple(_tag_view(machine, snapshot, tag_name) for tag_name in shown_tags(machine)),
        alarms=alarm_views(controller.alarms.of(READER, name), controller.alarms.firsts(READER)),
    )


def shown_tags(machine: Machine) -> list[str]:
    """Return the tags people look at: what the machine reports of itself and of the cloth, not the hand-shake."""
    return [name for name, spec in machine.profile.tags.items() if spec.access == "r" and spec.group not in HANDSHAKE]


def operation_view(operation: Operation) -> schemas.OperationView:
    """Return one stage of a job."""
    return schemas.OperationView(
        id=operation.id or 0, stage=cast("Any", operation.stage), machine=operation.machine,
        protocol=operation.protocol, status=cast("Any", operation.status), state=operation.state,
        metres=operation.metres, length_m=operation.length_m, started_at=operation.started_at,
        ended_at=operation.ended_at,
    )  # fmt: skip


def job_view(record: JobRecord) -> schemas.JobView:
    """Return a job as the queue shows it."""
    return schemas.JobView(**_job_fields(record))


def job_detail(record: JobRecord, base: str) -> schemas.JobDetail:
    """Return a job with its pictures.

    Parameters
    ----------
    record
        The job.
    base
        URL path of the job, before `/strips/…` and `/findings/…`.
    """
    job = record.job
    control = recipes.ControlRecipe.model_validate(job.control_recipe)
    way = record.way
    inspected_m = job.inspected_rows * way.pitch_m
    printed = next((item for item in record.operations if item.stage == "print"), None)
    used = printed.actuals if printed else {}
    return schemas.JobDetail(
        **_job_fields(record),
        repeat_width_mm=job.raster_meta.get("repeat_width_mm"),
        repeat_height_mm=job.raster_meta.get("repeat_height_mm"),
        print_width_mm=control.recipe.fabric.print_width_mm,
        dpi=job.raster_meta.get("dpi"),
        notes=tuple(job.raster_meta.get("notes", ())),
        inks=tuple(
            schemas.InkView(name=name, planned_ml=round(ml, 3), used_ml=used.get(f"ink{number}_used_ml"))
            for number, (name, ml) in enumerate(job.planned_ml.items(), start=1)
        ),
        strips=tuple(strip_view(strip, base, way) for strip in record.strips),
        finding_list=finding_views(record, base),
        pieces=tuple(piece_view(result, way) for result in results_of(job, record.findings, way)),
        stops=tuple(stop_view(stop) for stop in record.stops),
        cut_outs=tuple(cut_out_view(one) for one in way.cut_outs),
        cloth_length_m=round(job.length_m + way.cut_out_m, 4),
        inspected_m=round(inspected_m, 4),
        inspected_cloth_m=round(way.cloth_m(inspected_m, job.inspected_leg), 4),
        has_report=job.status == "complete",
    )


def strip_view(strip: Strip, base: str, way: Way) -> schemas.StripView:
    """Return one inspected strip."""
    at_m = strip.row_start * way.pitch_m
    return schemas.StripView(
        index=strip.index, at_m=round(at_m, 4), cloth_m=round(way.cloth_m(at_m, strip.leg), 4),
        length_m=round(strip.rows * way.pitch_m, 4), findings=strip.findings,
        picture=f"{base}/strips/{strip.index}.jpg",
    )  # fmt: skip


def stop_view(stop: Stop) -> schemas.StopView:
    """Return one place where the cloth stood still."""
    stood = (stop.ended_at or now()) - stop.began_at
    return schemas.StopView(
        stage=cast("Any", stop.stage), state=stop.state, at_m=round(stop.at_m, 4), began_at=stop.began_at,
        ended_at=stop.ended_at, seconds=round(stood.total_seconds(), 1),
    )  # fmt: skip


def cut_out_view(cut_out: CutOut) -> schemas.CutOutView:
    """Return one length that is cut out."""
    return schemas.CutOutView(
        from_m=round(cut_out.from_m, 4), to_m=round(cut_out.to_m, 4), length_m=round(cut_out.length_m, 4),
        print_m=round(cut_out.print_m, 4),
    )  # fmt: skip


def finding_views(record: JobRecord, base: str) -> tuple[schemas.FindingView, ...]:
    """Return the defects of a job, each with the piece it lies in."""
    if not record.findings:
        return ()
    pieces = pieces_of(record.job)
    return tuple(_finding_view(row, pieces.place(finding_of(row)), base, record.way) for row in record.findings)


def piece_view(result: PieceResult, way: Way) -> schemas.PieceView:
    """Return one piece with what was found in it."""
    piece = result.piece
    return schemas.PieceView(
        name=piece.name, at_m=round(piece.at_m, 4), cloth_m=round(way.cloth_m(piece.at_m), 4),
        x_mm=round(piece.x_mm, 2), length_mm=round(piece.length_mm, 2),
        width_mm=round(piece.width_mm, 2), findings=result.findings, points=result.points, quality=result.quality,
    )  # fmt: skip


def place_view(place: Place) -> schemas.PlaceView:
    """Return where in a piece a finding lies."""
    return schemas.PlaceView(
        name=place.name, along_mm=round(place.along_mm, 1), across_mm=round(place.across_mm, 1), also=place.also
    )


def _finding_view(finding: FindingRow, place: Place | None, base: str, way: Way) -> schemas.FindingView:
    cut_out = finding.at_m >= way.ends_m(finding.leg)
    return schemas.FindingView(
        id=finding.id or 0, cls=finding.defect, at_m=round(finding.at_m, 4),
        cloth_m=round(way.cloth_m(finding.at_m, finding.leg), 4), cut_out=cut_out, x_mm=round(finding.x_mm, 2),
        length_mm=round(finding.length_mm, 2), width_mm=round(finding.width_mm, 2), points=finding.points,
        picture=f"{base}/findings/{finding.id}.jpg" if finding.picture else None,
        piece=place_view(place) if place and not cut_out else None,
    )  # fmt: skip


def layout_view(job: Job, layout: LayoutTask, area: AreaInk, price_per_l: float) -> schemas.LayoutView:
    """Return a job's layout with what it takes of each ink at that price."""
    for_rip = condition(recipes.ControlRecipe.model_validate(layout.control_recipe))
    inks = ink_use(job.planned_ml, for_rip, layout.rows, price_per_l)
    return schemas.LayoutView(
        version=layout.version, width_px=layout.width_px, total_rows=layout.rows,
        period_rows=job.raster_meta["period_rows"], dpi=for_rip.dpi, mm_per_px=25.4 / for_rip.dpi, tile_px=TILE_PX,
        levels=layout.zoom.levels, one_to_one=layout.zoom.one_to_one, repeat=_repeat_box(job.raster_meta),
        inks=tuple(
            schemas.InkUseView(name=ink.name, srgb=_css(ink.lab), ml=round(ink.ml, 3), coverage=round(ink.coverage, 5),
                               cost=round(ink.cost, 4))
            for ink in inks
        ),
        price_per_l=price_per_l, cost=round(sum(ink.cost for ink in inks), 4),
        area=schemas.AreaInkView(**asdict(area)),
        legend=schemas.LegendView(coverage=tuple(_hex(colour) for colour in heat_colours(9).tolist()),
                                  near=_hex(NEAR_COLOUR), over=_hex(OVER_COLOUR)),
        notes=tuple(job.raster_meta.get("notes", ())), warnings=tuple(job.raster_meta.get("warnings", ())),
    )  # fmt: skip


def _repeat_box(meta: dict[str, Any]) -> schemas.RepeatBoxView | None:
    width, height, drop = (meta.get(name) for name in ("tile_w_px", "tile_h_px", "drop_px"))
    if width is None or height is None or drop is None:
        return None
    return schemas.RepeatBoxView(width_px=width, height_px=height, drop_px=drop % height)


def question_view(question: Question) -> schemas.QuestionView:
    """Return one question."""
    return schemas.QuestionView(
        id=question.id or 0, machine=question.machine, job_id=question.job_id, kind=question.kind,
        text=question.text, answers=tuple(question.answers), asked_at=question.asked_at,
    )  # fmt: skip


def fabric_view(recipe: recipes.Recipe) -> schemas.FabricView:
    """Return a fabric with its undyed white as a CSS colour."""
    return schemas.FabricView(
        name=recipe.name, title=recipe.fabric.title, ink_class=recipe.ink_set.ink_class,
        cloth_width_mm=recipe.fabric.cloth_width_mm, print_width_mm=recipe.fabric.print_width_mm,
        max_speed_m_min=recipe.stages["print"].setpoints["speed_sp_m_min"], white_srgb=_css(recipe.fabric.white_lab),
    )  # fmt: skip


def journal_view(event: Event) -> schemas.JournalView:
    """Return one journal line."""
    return schemas.JournalView(seq=event.seq or 0, time=event.time, actor=event.actor, kind=event.kind,
                               machine=event.machine, job_id=event.job_id, payload=event.payload)  # fmt: skip


def _job_fields(record: JobRecord) -> dict[str, Any]:
    job = record.job
    operations = sorted(record.operations, key=lambda operation: _STAGE_ORDER[operation.stage])
    results = results_of(job, record.findings, record.way) if job.status == "complete" else ()
    at_work = next((item.stage for item in operations if item.status in ("ready", "running")), None)
    control = recipes.ControlRecipe.model_validate(job.control_recipe)
    return {
        "id": job.id or 0, "title": job.title, "fabric": job.fabric, "fabric_title": control.recipe.fabric.title,
        "length_m": job.length_m, "layout": read_layout(job.layout), "status": job.status, "stage": at_work,
        "acts": tuple(schemas.ActView(act=cast("Any", act), permission=RULES[act].permission)
                      for act in allowed(job.status)),
        "order_id": job.order_id, "ordered": job.ordered, "overrun_pct": job.overrun_pct,
        "seconds_pct": job.seconds_pct, "priority": job.priority, "due_at": job.due_at,
        "needs_approval": job.needs_approval, "approved_by": job.approved_by, "accepted_by": job.accepted_by,
        "strike_off_id": job.strike_off_id, "made_from_id": job.made_from_id, "cut_m": job.cut_m,
        "tally": _tally_view(tally(job, results)),
        "progress": round(progress(job, operations), 4), "created_at": job.created_at,
        "created_by": job.created_by, "error": job.error,
        "operations": tuple(operation_view(operation) for operation in operations),
        "findings": len(record.findings),
        "grade": schemas.GradeView(**job.grade) if job.grade else None,
        "has_preview": job.raster is not None,
    }  # fmt: skip


def _tally_view(found: Tally | None) -> schemas.TallyView | None:
    if found is None:
        return None
    return schemas.TallyView(
        unit=found.unit, ordered=found.ordered, firsts=found.firsts, seconds=found.seconds, unseen=found.unseen,
        short=round(found.short, 3), over=round(found.over, 3), allowed=found.allowed, missing=round(found.missing, 3),
    )  # fmt: skip


def _tag_view(machine: Machine, snapshot: Snapshot, name: str) -> schemas.TagView:
    spec, tag = machine.profile.tags[name], snapshot.tags.get(name)
    setpoint = snapshot.value(spec.setpoint) if spec.setpoint else None
    return schemas.TagView(
        name=name, title=spec.title, value=tag.value if tag else None, unit=spec.unit, decimals=spec.decimals,
        quality=cast("Any", tag.quality.name.lower()) if tag else "bad", low=spec.low, high=spec.high,
        setpoint=float(setpoint) if isinstance(setpoint, int | float) else None, group=spec.group, key=spec.key,
    )  # fmt: skip


def _job_of(controller: Controller, operation: Operation | None) -> Job | None:
    if operation is None:
        return None
    with controller.book.store.read() as session:
        return session.get(Job, operation.job_id)


def _css(lab: tuple[float, float, float]) -> str:
    return _hex(rip.lab_to_srgb(lab))


def _hex(srgb: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*srgb)


def _age_s(snapshot: Snapshot) -> float:
    time = snapshot.tags["state"].time
    return round(max((datetime.now(UTC) - time).total_seconds(), 0.0), 1) if time else 0.0


def _metres(operation: Operation, snapshot: Snapshot) -> float | None:
    shown = _number(snapshot, "metres")
    return None if shown is None else counted(operation, shown, {})[0]


def _number(snapshot: Snapshot, name: str) -> float | None:
    value = snapshot.value(name)
    return float(value) if isinstance(value, int | float) else None


def _waiting(supervisor: Supervisor) -> str | None:
    return supervisor.waiting or None
