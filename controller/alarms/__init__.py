"""Alarms by ISA-18.2 / IEC 62682: from what a machine shows to what an operator answers.

`states` is the table of states and events, `kinds` what an alarm means and when the design suppresses it, `own` the
alarms the controller computes itself, `alarm` one alarm and what a look at a machine makes of it, `rates` the figures.
All of these are pure. `book` keeps alarms in the database with their journal lines, `desk` is the door for people.
"""

from controller.alarms.alarm import Alarm
from controller.alarms.book import AlarmBook
from controller.alarms.desk import SHELVED_LONGEST_MIN, AlarmDesk, Left
from controller.alarms.kinds import Kind
from controller.alarms.rates import Figures
from controller.alarms.states import Cover, Position, Standing

__all__ = [
    "SHELVED_LONGEST_MIN",
    "Alarm",
    "AlarmBook",
    "AlarmDesk",
    "Cover",
    "Figures",
    "Kind",
    "Left",
    "Position",
    "Standing",
]
