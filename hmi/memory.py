"""How much memory a process has had."""

import resource
import sys
from pathlib import Path


def peak_rss() -> int:
    """Most memory this process has had, bytes. Linux's getrusage would count the process that started it."""
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
