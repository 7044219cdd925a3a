"""The simulated plant: physics and PLC logic of each machine behind a real protocol server, with faults on demand.

It stands in for the padder, the press, the steamer and the washer, down to registers, nodes and the strip camera.
The middle is pure (``packml``, ``plc``, one module of physics per machine) over the cloth, one record from padder to
washer; ``machine`` runs it, ``station`` puts it on the network, ``mill`` runs all four without one. It knows the
device profiles, PackML's numbers and the reader of rasters, nothing else of the house. Everything here is simulated;
figures of its physics are defaults from practice unless a source is named.
"""

from simulators.faults import MACHINES, Fault, draw_faults, parse_faults
from simulators.manual import explain
from simulators.mill import Mill
from simulators.plant import Plant, PlantError
from simulators.troubles import read_faults

__all__ = [
    "MACHINES",
    "Fault",
    "Mill",
    "Plant",
    "PlantError",
    "draw_faults",
    "explain",
    "parse_faults",
    "read_faults",
]
