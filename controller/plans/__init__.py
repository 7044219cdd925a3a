"""The running line's plan: proposals made beside the loop, what people pin, and what they release.

What is to be done (`situation`) becomes a planning problem (`translate`), a worker process solves it (`make`), and the
newest proposal and the released plan are kept in the database (`book`). People come in through `controller.plans.desk`.
The line follows the released plan only (`controller.plan`).
"""

from controller.plans.content import Content, Place, Slot, Timed
from controller.plans.tables import PlanMode

__all__ = ["Content", "Place", "PlanMode", "Slot", "Timed"]
