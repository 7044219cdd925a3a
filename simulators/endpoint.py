"""Endpoints as URLs, and a port that is really free."""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

__all__ = ["EndpointError", "Networks", "claim", "networks", "split"]

Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]


class EndpointError(ValueError):
    """An endpoint cannot be used; the message is one line."""


def split(url: str, scheme: str) -> tuple[str, int]:
    """Host and port of ``scheme://host:port``.

    Raises
    ------
    EndpointError
        If the URL is of another form.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise EndpointError(f"endpoint {url!r}: {error}") from error
    if parts.scheme != scheme or not host or port is None or parts.path.strip("/"):
        raise EndpointError(f"endpoint {url!r} is not of the form {scheme}://host:port")
    return host, port


def networks(text: str) -> Networks:
    """Networks from their text, ``192.0.2.7,198.51.100.0/24``; an address alone is a network of one.

    Raises
    ------
    EndpointError
        If one of them is none.
    """
    try:
        return tuple(ipaddress.ip_network(item.strip(), strict=False) for item in text.split(",") if item.strip())
    except ValueError as error:
        raise EndpointError(f"{error}: give addresses or networks like 192.0.2.0/24, joined by commas") from error


def claim(host: str, port: int) -> int:
    """Port that can be listened on: ``port``, or a free one for 0.

    Raises
    ------
    EndpointError
        If the port is in use or the address is not one of this computer.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise EndpointError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        return probe.getsockname()[1]
