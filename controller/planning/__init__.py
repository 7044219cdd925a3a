"""Planning: which machine does what, when, and why; frozen data in, frozen data out.

A problem (`parse`, `build`) goes in, a plan (`solve`) comes out: the dispatch rules first, local search next, CP-SAT on
small windows where it is installed. `schedule` is the plain definition of what decisions mean; everything faster is
tested against it. Knows no database, no machine and no people.
"""

from controller.planning.build import build
from controller.planning.explain import (
    Explanation,
    Impossible,
    MoveCost,
    Standing,
    cost_of_move,
    explain,
    figures,
    told_cost,
)
from controller.planning.load import parse
from controller.planning.names import PlanError
from controller.planning.planfile import PlanFile, schema
from controller.planning.problem import Decisions, Problem
from controller.planning.schedule import Costs, Schedule, keep_shelf_lives, schedule
from controller.planning.solve import Plan, Rule, solve

__all__ = [
    "Costs",
    "Decisions",
    "Explanation",
    "Impossible",
    "MoveCost",
    "Plan",
    "PlanError",
    "PlanFile",
    "Problem",
    "Rule",
    "Schedule",
    "Standing",
    "build",
    "cost_of_move",
    "explain",
    "figures",
    "keep_shelf_lives",
    "parse",
    "schedule",
    "schema",
    "solve",
    "told_cost",
]
