"""Eight hours of the plant, all four machines at work, in one process: how long it takes on this computer.

Rolls of 200 m go from machine to machine; each machine starts its next one as soon as it is free and a roll waits.
"""

import json
import sys
import time

from simulators import Mill
from simulators.cloth import STAGES
from simulators.packml import State, Verb

HOURS = 8.0
ROLL_M = 200.0
TO_REACH_S = 60.0


def shift() -> dict[str, float]:
    """Run a shift; returns the wall seconds and what was made."""
    made = dict.fromkeys(STAGES, 0)
    begun = time.perf_counter()
    with Mill() as mill:
        while mill.clock_s < HOURS * 3600:
            for stage, before in zip(STAGES, ("", *STAGES), strict=False):
                bench = mill[stage]
                if bench.state == State.COMPLETE and bench["active_ticket"] == 100 * (made[stage] + 1):
                    made[stage] += 1
                waits = not before or made[before] > made[stage]
                if bench.state in (State.STOPPED, State.COMPLETE) and waits:
                    ticket = 100 * (made[stage] + 1)
                    bench.write(ticket=ticket, length_m=ROLL_M, total_rows=round(ROLL_M / 25.4e-3 * 600))
                    bench.command(Verb.RESET)
                elif bench.state == State.IDLE:
                    bench.command(Verb.START)
            mill.forward(seconds=5.0)
    return {"wall_s": round(time.perf_counter() - begun, 1), **{f"{stage}_rolls": made[stage] for stage in STAGES}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"plant_8h": {**shift(), "to_reach_s": TO_REACH_S}}) + "\n")
