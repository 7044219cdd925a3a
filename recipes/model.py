"""The master recipe as validated plain data (ISA-88): fabric, inks, print mode, and the stages of its route."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, field_validator, model_validator

Stage = Literal["pretreat", "print", "fix", "wash"]
STAGES: tuple[Stage, ...] = ("pretreat", "print", "fix", "wash")

SETPOINTS: dict[Stage, frozenset[str]] = {
    "pretreat": frozenset(
        {
            "speed_sp_m_min",
            "nip_load_sp_kn_m",
            "liquor_temp_sp_c",
            "chamber_temp_sp_c",
            "fan_sp_pct",
            "width_sp_mm",
            "overfeed_sp_pct",
        }
    ),
    "print": frozenset(
        {
            "speed_sp_m_min",
            "head_temp_sp_c",
            "meniscus_sp_mbar",
            "head_gap_sp_mm",
            "dryer_temp_sp_c",
            "unwind_tension_sp_n",
        }
    ),
    "fix": frozenset({"chamber_temp_sp_c", "dwell_sp_min", "ceiling_temp_sp_c"}),
    "wash": frozenset(
        {"speed_sp_m_min", "water_sp_l_min", "dryer_temp_sp_c", "soap_sp_ml_min"}
        | {f"box{box}_temp_sp_c" for box in range(1, 7)}
    ),
}
"""Setpoints that a complete recipe states for each stage, by the line's standard tag names."""

NEEDED: dict[str, tuple[Stage, ...]] = {
    "acid": ("print", "fix", "wash"),
    "reactive": ("print", "fix", "wash"),
    "disperse": ("print", "fix", "wash"),
    "pigment": ("print", "fix"),
}
"""Stages that no recipe of an ink class goes without: a dye that did not fix must come out, a pigment is only cured."""

DRYING_SETPOINTS: tuple[tuple[Stage, str], ...] = (
    ("pretreat", "chamber_temp_sp_c"),
    ("print", "dryer_temp_sp_c"),
    ("wash", "dryer_temp_sp_c"),
)

Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[FiniteFloat, Field(gt=0)]
Percent = Annotated[FiniteFloat, Field(ge=0, le=100)]
Shear = Annotated[FiniteFloat, Field(ge=-300, le=300)]
Lightness = Annotated[FiniteFloat, Field(ge=0, le=100)]
Chromatic = Annotated[FiniteFloat, Field(ge=-128, le=127)]
Lab = tuple[Lightness, Chromatic, Chromatic]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fabric(_Frozen):
    """A catalogue cloth.

    White is CIELAB (D50) of the prepared cloth; shrinkage is what the wet route takes; `skew_mm` is by how much further
    along the right edge is printed than the left, `bow_mm` the middle than the straight line between both, so that the
    finished cloth is straight (0 unless a lot was measured); `max_dry_temp_c` bounds every drying setpoint; `face` says
    how the side to be printed is told from the back (left out: the sides are alike);
    `points_limit_per_100m2` is the four-point limit between first and second quality.
    """

    title: Text
    fibre: Text
    construction: Text
    face: Text | None = None
    weight_g_m2: Positive
    cloth_width_mm: Positive
    print_width_mm: Positive
    white_lab: Lab
    regain_pct: Percent
    shrink_warp_pct: Percent
    shrink_weft_pct: Percent
    skew_mm: Shear = 0.0
    bow_mm: Shear = 0.0
    max_dry_temp_c: Positive
    points_limit_per_100m2: Positive

    @model_validator(mode="after")
    def _print_fits_cloth(self) -> Self:
        if self.print_width_mm > self.cloth_width_mm:
            raise ValueError(
                f"print_width_mm {self.print_width_mm:g} is wider than the cloth ({self.cloth_width_mm:g} mm): "
                "leave a selvedge on both sides"
            )
        return self


class Ink(_Frozen):
    """One ink and the CIELAB (D50) of its solid on the recipe's cloth, after washing.

    A light ink names the ink that it is a thinner version of (`light_of`) and its `strength`, the share of that ink's
    dye that a solid of it holds. `limit_pct` is the most of it that the cloth takes, `linear` its linearisation: points
    from (0, 0) to (1, y), from the tone wanted to the drop volume that gives it.
    """

    name: Text
    lab: Lab
    limit_pct: Annotated[FiniteFloat, Field(gt=0, le=100)] = 100.0
    linear: tuple[tuple[FiniteFloat, FiniteFloat], ...] = ((0.0, 0.0), (1.0, 1.0))
    light_of: Text | None = None
    strength: Annotated[FiniteFloat, Field(gt=0, le=1)] = 1.0

    @field_validator("linear")
    @classmethod
    def _rises(cls, points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        rising = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(points))
        if len(points) < 2 or points[0] != (0, 0) or points[-1][0] != 1 or points[-1][1] > 1 or not rising:
            raise ValueError(f"linear {points} must be points rising from (0, 0) to (1, y) with y not above 1")
        return points

    @model_validator(mode="after")
    def _light_is_thinner(self) -> Self:
        if (self.light_of is None) != (self.strength == 1.0):
            raise ValueError(f"ink {self.name}: light_of and a strength below 1 belong together")
        return self


MOST_INKS = 12


class InkSet(_Frozen):
    """The inks of a press in the order of its channels.

    `total_limit_pct` is the most ink the cloth takes (sum of all channels, 100 = one solid); `black_start` is the tone
    (0..1) of a balanced cyan-magenta-yellow grey above which black joins in. `more` are the inks that presses with
    further channels carry, in the order in which they are added; `channels` gives the set of a press. `profile` is an
    ICC output profile of this cloth with these four inks, a file beside the recipe, in place of the computed default.
    """

    title: Text
    ink_class: Literal["acid", "reactive", "disperse", "pigment"]
    inks: tuple[Ink, Ink, Ink, Ink]
    more: tuple[Ink, ...] = ()
    total_limit_pct: Annotated[FiniteFloat, Field(ge=100, le=400)]
    black_start: Annotated[FiniteFloat, Field(ge=0, lt=1)]
    profile: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)] | None = None

    @field_validator("inks")
    @classmethod
    def _in_press_order(cls, inks: tuple[Ink, Ink, Ink, Ink]) -> tuple[Ink, Ink, Ink, Ink]:
        names = tuple(ink.name for ink in inks)
        if names != ("cyan", "magenta", "yellow", "black"):
            raise ValueError(f"inks are {', '.join(names)}; the order is cyan, magenta, yellow, black")
        return inks

    @model_validator(mode="after")
    def _more_fit(self) -> Self:
        known: set[str] = set()
        for ink in (*self.inks, *self.more):
            if ink.name in known:
                raise ValueError(f"ink {ink.name} is named twice")
            if ink.light_of is not None and ink.light_of not in known:
                raise ValueError(f"ink {ink.name} is light_of {ink.light_of}, which no ink before it is")
            known.add(ink.name)
        if len(known) > MOST_INKS:
            raise ValueError(f"{len(known)} inks, at most {MOST_INKS}")
        return self

    def channels(self, count: int) -> tuple[Ink, ...]:
        """Return the inks of a press with so many channels: black; cyan and black; without black; four; four and more.

        Raises
        ------
        ValueError
            If there is no such set; names how many there may be.
        """
        cyan, magenta, yellow, black = self.inks
        few = {1: (black,), 2: (cyan, black), 3: (cyan, magenta, yellow)}
        most = len(self.inks) + len(self.more)
        if not 1 <= count <= most:
            raise ValueError(f"{count} inks: {self.title} has sets of 1 to {most}")
        return few.get(count, (*self.inks, *self.more)[:count])


class PrintMode(_Frozen):
    """Resolution and drops: `drop_volumes` is relative to the largest drop, which holds `drop_pl` picolitres."""

    dpi: Annotated[int, Field(ge=150, le=2400)]
    bits: Literal[2, 3, 4]
    drop_volumes: tuple[FiniteFloat, ...]
    drop_pl: Positive

    @model_validator(mode="after")
    def _drops_grow_from_nothing_to_one(self) -> Self:
        volumes, levels = self.drop_volumes, 1 << self.bits
        rising = all(small < large for small, large in pairwise(volumes))
        if len(volumes) != levels:
            raise ValueError(f"drop_volumes {volumes} are {len(volumes)}: {self.bits} bits have {levels} levels")
        if volumes[0] != 0 or volumes[-1] != 1 or not rising:
            raise ValueError(f"drop_volumes {volumes} must rise from 0 to 1")
        return self


class Chemical(_Frozen):
    """One chemical of a liquor or bath and its amount."""

    name: Text
    amount: Positive
    unit: Text


class StageRecipe(_Frozen):
    """What one stage does to the cloth: setpoints by tag name, chemistry, and where the values come from.

    `max_wait_h` says how many hours the cloth may lie after the stage before; left out: for ever. `max_moisture_pct` is
    how damp that stage may leave it at its wettest; where the stage `needs_profile`, a missing measured one is asked
    about. A machine goes on while the controller is away if it `runs_alone`: cloth that stands still in it is spoiled;
    else it holds.
    """

    setpoints: dict[str, FiniteFloat]
    max_wait_h: Positive | None = None
    max_moisture_pct: Percent | None = None
    needs_profile: bool = False
    runs_alone: bool = False
    chemistry: tuple[Chemical, ...] = ()
    notes: str = ""
    source: Text


class Recipe(_Frozen):
    """A master recipe: complete, or it does not load.

    `stages` are those the cloth goes through; what a recipe leaves out is not done.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    version: Annotated[int, Field(ge=1)]
    title: Text
    fabric: Fabric
    ink_set: InkSet
    print_mode: PrintMode
    stages: dict[Stage, StageRecipe]

    @field_validator("stages")
    @classmethod
    def _complete(cls, stages: dict[Stage, StageRecipe]) -> dict[Stage, StageRecipe]:
        for stage in stages:
            stated = set(stages[stage].setpoints)
            if missing := SETPOINTS[stage] - stated:
                raise ValueError(f"stage {stage} lacks the setpoints {', '.join(sorted(missing))}")
            if unknown := stated - SETPOINTS[stage]:
                raise ValueError(f"stage {stage} has unknown setpoints {', '.join(sorted(unknown))}")
        return {stage: stages[stage] for stage in STAGES if stage in stages}

    @model_validator(mode="after")
    def _goes_the_whole_way(self) -> Self:
        needed = NEEDED[self.ink_set.ink_class]
        if missing := [stage for stage in needed if stage not in self.stages]:
            raise ValueError(
                f"stages lack {', '.join(missing)}: {self.ink_set.ink_class} inks go through {', '.join(needed)}"
            )
        return self

    @model_validator(mode="after")
    def _cloth_survives(self) -> Self:
        limit = self.fabric.max_dry_temp_c
        for stage, name in DRYING_SETPOINTS:
            value = self.stages[stage].setpoints[name] if stage in self.stages else 0.0
            if value > limit:
                raise ValueError(
                    f"stage {stage}: {name} {value:g} is above what {self.fabric.title} bears "
                    f"({limit:g} °C dry): lower it"
                )
        width = self.stages["pretreat"].setpoints["width_sp_mm"] if "pretreat" in self.stages else 0.0
        if width > self.fabric.cloth_width_mm:
            raise ValueError(
                f"stage pretreat: width_sp_mm {width:g} is wider than the cloth ({self.fabric.cloth_width_mm:g} mm)"
            )
        return self

    @property
    def route(self) -> tuple[Stage, ...]:
        """The stages in the way of the cloth."""
        return tuple(self.stages)
