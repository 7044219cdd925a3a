"""Entering an OPC UA server: which endpoint, whose certificate, and only then name and password.

The list of endpoints comes over a channel without security, as the standard has it, so nothing in it is believed but
what proves itself: the certificate must be trusted, and the channel that follows can only be opened by its key.
"""

import asyncio
from collections.abc import Sequence

from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyAes256Sha256RsaPss, SecurityPolicyBasic256Sha256
from cryptography import x509

from drivers.access import Access
from drivers.errors import EntryRefused
from drivers.trust import Own

__all__ = ["chosen", "enter"]

CLASSES = {
    "Aes256_Sha256_RsaPss": SecurityPolicyAes256Sha256RsaPss,
    "Basic256Sha256": SecurityPolicyBasic256Sha256,
}
OF_USER = {
    ua.StatusCodes.BadUserAccessDenied,
    ua.StatusCodes.BadIdentityTokenInvalid,
    ua.StatusCodes.BadIdentityTokenRejected,
    ua.StatusCodes.BadUserSignatureInvalid,
}
OF_CERTIFICATE = {
    ua.StatusCodes.BadSecurityChecksFailed,
    ua.StatusCodes.BadCertificateUntrusted,
    ua.StatusCodes.BadCertificateInvalid,
    ua.StatusCodes.BadCertificateTimeInvalid,
    ua.StatusCodes.BadCertificateUriInvalid,
    ua.StatusCodes.BadCertificateHostNameInvalid,
    ua.StatusCodes.BadCertificateUseNotAllowed,
    ua.StatusCodes.BadCertificateRevoked,
    ua.StatusCodes.BadCertificateChainIncomplete,
    ua.StatusCodes.BadSecurityPolicyRejected,
}
"""What servers answer (OPC 10000-4 §7.38.2) to a name or password, and to a certificate, they do not take."""


async def enter(client: Client, access: Access) -> None:
    """Open a session as the access says; the client is fresh.

    Raises
    ------
    EntryRefused
        If the server offers no encryption, its certificate is not trusted or out of its time, or it refuses ours, our
        name or password. Before the certificate is known to be trusted, nothing secret has left this computer.
    """
    if access.certificates is None:
        await _enter_open(client)
        return
    endpoints = await client.connect_and_get_server_endpoints()
    endpoint = chosen(endpoints, access.policies)
    certificate = _first(endpoint.ServerCertificate or b"")
    if refusal := access.trust().refusal(certificate):
        raise EntryRefused(refusal)
    own = await asyncio.to_thread(access.own)
    client.application_uri = _application_uri(own)
    policy = CLASSES[_name(endpoint)]
    await client.set_security(policy, own.certificate, own.key, server_certificate=certificate)
    if access.user:
        client.set_user(access.user)
        client.set_password(access.password())
    try:
        await client.connect()
    except AssertionError as error:  # the library's own, where a server refuses the channel by a proper response
        raise EntryRefused(f"it opens no channel for our certificate: have it trust {own.certificate}") from error
    except ua.UaStatusCodeError as error:
        status = ua.StatusCode(error.code).name
        if error.code in OF_CERTIFICATE:
            raise EntryRefused(f"it refuses our certificate ({status}): have it trust {own.certificate}") from error
        if error.code in OF_USER and access.user:
            raise EntryRefused(
                f"it refuses user {access.user!r} ({status}): compare name and password with {access.password_file}"
            ) from error
        if error.code in OF_USER:
            raise EntryRefused(f"it lets nobody in without a name ({status}): give user and password") from error
        raise


async def _enter_open(client: Client) -> None:
    try:
        await client.connect()
    except ua.UaError as error:
        if type(error) is not ua.UaError:  # one with a status code says itself what is wrong
            raise
        endpoints = await client.connect_and_get_server_endpoints()
        if any(endpoint.SecurityMode == ua.MessageSecurityMode.None_ for endpoint in endpoints):
            raise
        raise EntryRefused("it lets nobody in without encryption: leave security: none out for it") from error


def chosen(endpoints: Sequence[ua.EndpointDescription], policies: Sequence[str]) -> ua.EndpointDescription:
    """Choose the endpoint with the first of the policies that is offered with SignAndEncrypt.

    Raises
    ------
    EntryRefused
        If none is; the message says what there is.
    """
    encrypted = {
        _name(endpoint): endpoint
        for endpoint in reversed(endpoints)
        if endpoint.SecurityMode == ua.MessageSecurityMode.SignAndEncrypt
        and endpoint.EndpointUrl.startswith(ua.OPC_TCP_SCHEME)
    }
    for policy in policies:
        if policy in encrypted:
            return encrypted[policy]
    there = ", ".join(dict.fromkeys(f"{_name(item)} {item.SecurityMode.name.rstrip('_')}" for item in endpoints))
    raise EntryRefused(
        f"it offers no {' or '.join(policies)} with SignAndEncrypt, only {there or 'nothing'}: switch encryption on "
        "there, or say security: none for this machine"
    )


def _name(endpoint: ua.EndpointDescription) -> str:
    return (endpoint.SecurityPolicyUri or "").rpartition("#")[2]


def _first(der: bytes) -> bytes:
    """Take the server's own certificate from what may be a chain: a DER sequence with a length of two bytes."""
    return der[: int.from_bytes(der[2:4]) + 4]


def _application_uri(own: Own) -> str:
    """Read our name from our certificate, so that one issued by somebody else serves too."""
    try:
        names = own.load().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier)[0]
    except (x509.ExtensionNotFound, IndexError) as error:
        raise EntryRefused(f"our certificate {own.certificate} names no application URI; {own.anew}") from error
