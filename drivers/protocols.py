"""Which connection speaks the protocol of a profile."""

from drivers.connection import Connect
from drivers.profile import Profile

__all__ = ["connector"]


def connector(name: str, profile: Profile, endpoint: str) -> Connect:
    """Give the connect function of the profile's protocol; only the library that is needed is imported.

    Raises
    ------
    ValueError
        If the endpoint is not of that protocol.
    """
    if profile.protocol == "opcua":
        from drivers import opcua

        if not endpoint.startswith("opc.tcp://"):
            raise ValueError(f"{name}: endpoint {endpoint!r} is not opc.tcp://HOST:PORT")
        return opcua.connect
    from drivers import modbus

    try:
        modbus.split_endpoint(endpoint)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return modbus.connect
