"""What an error of the OPC UA library means to the link."""

from asyncua import ua

from drivers.errors import LinkLost

__all__ = ["TIMEOUT_S", "lost"]

TIMEOUT_S = 2.0


def lost(error: Exception) -> LinkLost:
    """Give the loss of the link that an error of the library means."""
    if isinstance(error, LinkLost):
        return error
    if isinstance(error, TimeoutError):
        return LinkLost(f"no answer within {TIMEOUT_S:g} s")
    if not isinstance(error, (ua.UaError, OSError)):
        return LinkLost(f"the answer cannot be read ({error!r})")
    return LinkLost(" ".join(str(error).split()) or type(error).__name__)
