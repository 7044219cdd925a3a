"""Which connection speaks the protocol of a profile."""

from functools import partial

from drivers.access import Access
from drivers.connection import Connect
from drivers.profile import Profile

__all__ = ["connector"]


def connector(name: str, profile: Profile, endpoint: str, access: Access | None) -> Connect:
    """Give the connect function of the profile's protocol; only the library that is needed is imported.

    Raises
    ------
    ValueError
        If the endpoint is not of that protocol, or has to be entered and ``access`` does not say how.
    """
    if "@" in endpoint:
        raise ValueError(f"{name}: a name and a password have no place in an endpoint: give user, and a password file")
    if profile.protocol == "opcua":
        from drivers import opcua

        if not endpoint.startswith("opc.tcp://"):
            raise ValueError(f"{name}: endpoint {endpoint!r} is not opc.tcp://HOST:PORT")
        if access is None:
            raise ValueError(f"{name}: {endpoint} is entered with certificates, or openly by security: none; say which")
        return partial(opcua.connect, access=access)
    from drivers import modbus

    try:
        _, _, secured = modbus.split_endpoint(endpoint)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if secured and (access is None or access.certificates is None):
        raise ValueError(f"{name}: {endpoint} is entered with certificates; plain Modbus is modbus://HOST:PORT")
    return partial(modbus.connect, access=access)
