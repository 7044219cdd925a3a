"""Says in one line what is missing before anything is installed; runs on Pythons that are too old for the rest."""

import shutil
import sys

NEEDED = (3, 11)
SPACE_MB = 2500  # .venv 900 MB, node_modules 300 MB, room for rasters

if sys.version_info < NEEDED:
    sys.exit(
        "Foulard needs Python %d.%d or newer; this is %s: make PYTHON=/path/to/python3.11 …"
        % (*NEEDED, sys.version.split()[0])
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError as missing:
    sys.exit("Python's %s module is missing; install it (on Debian: apt-get install python3-venv)" % missing.name)
free_mb = shutil.disk_usage(".").free >> 20
if free_mb < SPACE_MB:
    sys.exit("%d MB are free here and %d MB are needed: make room, then run make again" % (free_mb, SPACE_MB))
