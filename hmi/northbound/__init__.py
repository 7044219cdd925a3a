"""The whole line as one OPC UA server, for SCADA and MES: machines, values, alarms, jobs, figures.

A client of the controller like any other: it reads through the one door with an actor. The server has a thread and an
event loop of its own; the control loop only hands frozen states over, twice a second, and never waits for it. Off by
default, this machine only, encrypted only, read-only unless configured.
"""

from hmi.northbound.publish import northbound

__all__ = ["northbound"]
