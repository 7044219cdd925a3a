"""The public contract: what the API says and takes, as frozen models. The browser's types are generated from these."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rip import Layout

JobStatus = Literal[
    "to_approve", "queued", "ripping", "parked", "running", "held", "cancelling", "complete", "cancelled", "failed"
]
JobAct = Literal["approve", "hold", "resume", "cut", "split", "schedule", "repeat", "recolour", "cancel"]
OperationStatus = Literal["waiting", "ready", "running", "done", "cancelled", "failed"]
Stage = Literal["pretreat", "print", "fix", "wash"]
TileView = Literal["proof", "coverage", "limit"]
AlarmState = Literal["A", "B", "C", "D", "E", "F", "G", "H", "I"]


class View(BaseModel):
    """A frozen answer of the API; unknown fields are errors on the way in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SignIn(View):
    """Name and password of a person."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class SessionView(View):
    """Who is signed in and what they may do."""

    name: str
    role: str
    permissions: tuple[str, ...]


class TagView(View):
    """One live value of a machine: number, unit, range, set-point, and whether it can be trusted."""

    name: str
    title: str
    value: float | int | bool | str | None
    unit: str
    decimals: int
    quality: Literal["good", "uncertain", "bad"]
    low: float | None = None
    high: float | None = None
    setpoint: float | None = None
    group: str
    key: bool


class AlarmView(View):
    """An alarm of a machine by ISA-18.2: its state is a letter, A (normal) to I (out of service).

    `active` says whether the condition is there, announced or not; `occurrence` counts how often it has been.
    `covered_…` tell since when, by whom and why it is shelved, suppressed (by nobody) or out of service. `first` marks
    the first of a burst of alarms of its machine, `stale` one that has stood for more than a day.
    """

    id: int
    machine: str
    name: str
    own: bool
    priority: Literal["urgent", "high", "medium", "low"]
    text: str
    response: str
    consequence: str
    state: AlarmState
    active: bool
    unacknowledged: bool
    shelvable: bool
    occurrence: int
    active_at: datetime | None
    returned_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    covered_at: datetime | None
    covered_by: str | None
    covered_why: str
    shelved_until: datetime | None
    first: bool
    stale: bool
    job_id: int | None


class QuestionView(View):
    """What the controller asks the operator to do or decide."""

    id: int
    machine: str
    job_id: int
    kind: str
    text: str
    answers: tuple[str, ...]
    asked_at: datetime


class OperationView(View):
    """One stage of a job on its machine."""

    id: int
    stage: Stage
    machine: str
    protocol: str
    status: OperationStatus
    state: str
    metres: float
    length_m: float
    started_at: datetime | None
    ended_at: datetime | None


class MachineView(View):
    """A machine as the line page shows it, with its announced alarms."""

    name: str
    title: str
    stage: Stage
    protocol: str
    endpoint: str
    link: Literal["connected", "lost"]
    state: str
    state_number: int | None
    remote: bool | None
    age_s: float
    metres: float | None
    length_m: float | None
    job_id: int | None
    job_title: str | None
    operation: OperationView | None
    waiting: str | None
    tags: tuple[TagView, ...]
    alarms: tuple[AlarmView, ...]


class LineView(View):
    """The whole line at one moment; `epoch` and `seq` say where the event stream goes on.

    `alarms` are all that are not normal, in the order an operator reads them; `flood` is how many new ones the last ten
    minutes brought, if that is more than an operator can act on, else 0.
    """

    epoch: str
    seq: int
    server_time: datetime
    machines: tuple[MachineView, ...]
    questions: tuple[QuestionView, ...]
    alarms: tuple[AlarmView, ...]
    flood: int


class GradeView(View):
    """Four-point grade of a roll."""

    points: int
    points_per_100m2: float
    quality: Literal["first", "second"]


class PlaceView(View):
    """Which piece a finding lies in, where in it from its upper left corner, and which further pieces it reaches."""

    name: str
    along_mm: float
    across_mm: float
    also: tuple[str, ...]


class PieceView(View):
    """One piece on the roll: its rectangle, what was found in it, and its quality once it is wholly inspected.

    Of everything on the roll `at_m` is the metre along the print and `cloth_m` the metre along the cloth. They are the
    same unless a length is cut out before it.
    """

    name: str
    at_m: float
    cloth_m: float
    x_mm: float
    length_mm: float
    width_mm: float
    findings: int
    points: int
    quality: Literal["first", "second"] | None


class FindingView(View):
    """One defect: what, where and how big; `piece` is none in the gutter and in a job by the metre.

    With `cut_out` it lies in a length that is cut out, and counts for nothing.
    """

    id: int
    cls: str
    at_m: float
    cloth_m: float
    cut_out: bool
    x_mm: float
    length_mm: float
    width_mm: float
    points: int
    picture: str | None
    piece: PlaceView | None


class StripView(View):
    """One inspected strip of the printed cloth."""

    index: int
    at_m: float
    cloth_m: float
    length_m: float
    findings: int
    picture: str


class CutOutView(View):
    """A length of printed cloth that is cut out, between two ends of a gap: its place along the cloth.

    The print goes on behind it at the metre at which it stops before it, `print_m`.
    """

    from_m: float
    to_m: float
    length_m: float
    print_m: float


class StopView(View):
    """A place on the roll where the cloth stood still, along the cloth; `seconds` so far, if it stands there now."""

    stage: Stage
    state: str
    at_m: float
    began_at: datetime
    ended_at: datetime | None
    seconds: float


class ActView(View):
    """What may be done to a job as it stands, and the permission it takes."""

    act: JobAct
    permission: str


class TallyView(View):
    """What came of a complete job: firsts and seconds against the order, in pieces or metres.

    `unseen` was printed and not looked at; `missing` is to be printed again, as `short` is more than `allowed`.
    """

    unit: Literal["pieces", "metres"]
    ordered: float
    firsts: float
    seconds: float
    unseen: float
    short: float
    over: float
    allowed: float
    missing: float


class JobView(View):
    """A job in the queue.

    `length_m` is what is printed for the `ordered` pieces (of all designs) or metres. `approved_by` let it be printed,
    `accepted_by` approved what came of it; it waits until `strike_off_id` is accepted. `cut_m` is where a print under
    way is to end; `made_from_id` the job it was split off, repeated or copied from.
    """

    id: int
    title: str
    fabric: str
    fabric_title: str
    length_m: float
    layout: Layout
    status: JobStatus
    acts: tuple[ActView, ...]
    order_id: int
    ordered: float
    overrun_pct: float
    seconds_pct: float
    tally: TallyView | None
    priority: int
    due_at: datetime | None
    needs_approval: bool
    approved_by: str | None
    accepted_by: str | None
    strike_off_id: int | None
    made_from_id: int | None
    cut_m: float | None
    stage: Stage | None
    progress: Annotated[float, Field(ge=0, le=1)]
    created_at: datetime
    created_by: str
    error: str | None
    operations: tuple[OperationView, ...]
    findings: int
    grade: GradeView | None
    has_preview: bool


class InkView(View):
    """Ink a job takes, planned from its raster and counted by the press."""

    name: str
    planned_ml: float
    used_ml: float | None


class JobDetail(JobView):
    """One job with its picture, its strips and its findings; `cloth_length_m` with what is cut out of it."""

    repeat_width_mm: float | None
    repeat_height_mm: float | None
    print_width_mm: float
    dpi: int | None
    notes: tuple[str, ...]
    inks: tuple[InkView, ...]
    strips: tuple[StripView, ...]
    finding_list: tuple[FindingView, ...]
    pieces: tuple[PieceView, ...]
    stops: tuple[StopView, ...]
    cut_outs: tuple[CutOutView, ...]
    cloth_length_m: float
    inspected_m: float
    inspected_cloth_m: float
    has_report: bool


class InkUseView(View):
    """What one ink contributes to a layout: `coverage` is the mean drop volume, 1 = a solid all over."""

    name: str
    srgb: str
    ml: float
    coverage: Annotated[float, Field(ge=0, le=1)]
    cost: float


class AreaInkView(View):
    """Total ink of small areas against what the cloth bears, percent; `near` and `over` are shares of the print."""

    limit_pct: float
    highest_pct: float
    near: Annotated[float, Field(ge=0, le=1)]
    over: Annotated[float, Field(ge=0, le=1)]


class RepeatBoxView(View):
    """One repeat of the design; every further column of repeats lies `drop_px` lower than the one before."""

    width_px: int
    height_px: int
    drop_px: int


class LegendView(View):
    """Colours of the coverage view from no ink to the limit, and those of areas near the limit and over it."""

    coverage: tuple[str, ...]
    near: str
    over: str


class LayoutView(View):
    """A job's layout as a deep-zoom picture, and what it takes.

    The picture has `levels` levels, each half as large as the next; at level `one_to_one` a pixel is a drop. Level L is
    ceil(total size / 2 ** (one_to_one - L)) pixels, cut into tiles of `tile_px`. With `?v={version}` in its address a
    tile never changes.
    """

    version: str
    width_px: int
    total_rows: int
    period_rows: int
    dpi: int
    mm_per_px: float
    tile_px: int
    levels: int
    one_to_one: int
    repeat: RepeatBoxView | None
    inks: tuple[InkUseView, ...]
    price_per_l: float
    cost: float
    area: AreaInkView
    legend: LegendView
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


class FabricView(View):
    """A fabric the line has a recipe for."""

    name: str
    title: str
    ink_class: str
    cloth_width_mm: float
    print_width_mm: float
    max_speed_m_min: float
    white_srgb: str


class DesignView(View):
    """A sample design that can be printed without uploading one."""

    name: str
    title: str
    repeat: Literal["straight", "half-drop"]
    width_mm: float
    picture: str


class Answer(View):
    """An operator's answer to a question."""

    answer: Annotated[str, Field(min_length=1, max_length=40)]


class JournalView(View):
    """One line of the journal."""

    seq: int
    time: datetime
    actor: str
    kind: str
    machine: str | None
    job_id: int | None
    payload: dict[str, object]


class LiveEvent(View):
    """One event of the stream. `id` is `epoch:seq`; which of the parts is filled depends on `kind`."""

    id: str
    kind: Literal["hello", "beat", "machines", "job", "strip", "finding", "questions", "alarms", "resync", "closing"]
    time: datetime
    machines: tuple[MachineView, ...] | None = None
    job: JobView | None = None
    job_id: int | None = None
    strip: StripView | None = None
    finding: FindingView | None = None
    questions: tuple[QuestionView, ...] | None = None
    alarms: tuple[AlarmView, ...] | None = None
    flood: int | None = None


class Problem(View):
    """Why a request was refused: one sentence that says what to do, and the field it is about."""

    detail: str
    field: str | None = None
