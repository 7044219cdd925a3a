"""What to do next: orders, jobs, rolls, the plan, decisions, questions and the journal.

The controller compares what the plan wants with what each machine reports and acts on the difference
(`decide`). It knows no protocol, no pixel and no HTTP: machines come from `drivers`, pictures are worked on
in worker processes by `rip` and `qc`, and people come in through one door, the `Desk`, where their
permission is checked once. Its memory is one database; its evidence is the hash-chained journal.
"""

from controller.actor import Actor, Forbidden, Permission
from controller.alarms import Alarm, AlarmDesk
from controller.decide import Action, Ask, Command, Finish, Intent, Wait, Want, Write, decide
from controller.desk import Conflict, Desk, NotFound
from controller.line import Line, MachineSpec, load_line
from controller.request import JobRequest, Refused, accept, control_recipe
from controller.runtime import Controller
from controller.store import Store

__all__ = [
    "Action",
    "Actor",
    "Alarm",
    "AlarmDesk",
    "Ask",
    "Command",
    "Conflict",
    "Controller",
    "Desk",
    "Finish",
    "Forbidden",
    "Intent",
    "JobRequest",
    "Line",
    "MachineSpec",
    "NotFound",
    "Permission",
    "Refused",
    "Store",
    "Wait",
    "Want",
    "Write",
    "accept",
    "control_recipe",
    "decide",
    "load_line",
]
