"""Which secure channels an OPC UA server of ours opens; the simulated machines' and the line's own.

The library opens a channel for any certificate and leaves it to the session to ask who is there. By then it has tied a
connection to a session by its number alone, whatever comes of the activation; so who is not trusted gets no channel.
"""

from collections.abc import Callable
from typing import Any

from asyncua import Server, ua
from asyncua.crypto.permission_rules import PermissionRuleset
from asyncua.crypto.security_policies import SecurityPolicyFactory, SecurityPolicyNone
from asyncua.server.user_managers import UserManager

__all__ = ["POLICY_TYPES", "TrustedServer"]

POLICY_TYPES = {
    "Aes256_Sha256_RsaPss": ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
    "Basic256Sha256": ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
}


class TrustedServer(Server):
    """A server that opens encrypted channels for trusted certificates only.

    Parameters
    ----------
    accepts : Callable
        Tells whether a certificate (DER) is trusted.
    user_manager : UserManager
        Who gets a session.
    with_open : bool
        Whether channels without security are served too; else they answer what endpoints there are, nothing else.
    """

    def __init__(self, accepts: Callable[[bytes], bool], user_manager: UserManager, *, with_open: bool = False) -> None:
        super().__init__(user_manager=user_manager)
        self._accepts, self._with_open = accepts, with_open

    async def _setup_server_nodes(self) -> None:
        await super()._setup_server_nodes()
        policies = [
            factory if factory.mode == ua.MessageSecurityMode.None_ else _Trusted(factory, self._accepts)
            for factory in self._policies
        ]
        if not self._with_open:
            mode = ua.MessageSecurityMode.None_
            policies.append(SecurityPolicyFactory(SecurityPolicyNone, mode, permission_ruleset=_Nothing()))
        self._policies[:] = policies

    async def present(self, certificate: bytes) -> None:
        """Show another certificate (DER) of the same key from now on; all connections end."""
        await self.load_certificate(certificate)
        for factory in self._policies:
            factory.certificate = self.iserver.certificate
        for endpoint in self.iserver.endpoints:
            endpoint.ServerCertificate = certificate
        for transport in list(self.iserver.asyncio_transports):
            transport.abort()


class _Trusted(SecurityPolicyFactory):
    def __init__(self, given: SecurityPolicyFactory, accepts: Callable[[bytes], bool]) -> None:
        super().__init__(given.cls, given.mode, given.certificate, given.private_key, given.permission_ruleset)
        self._accepts = accepts

    def create(self, peer_certificate: bytes | None) -> Any:
        if not peer_certificate or not self._accepts(peer_certificate):
            raise _NotTrusted
        return super().create(peer_certificate)


class _NotTrusted(ua.uaerrors.BadRequestTooLarge):
    """What the library answers while a channel is opened by the code of the error, then hangs up, is of this class."""

    code = ua.StatusCodes.BadSecurityChecksFailed


class _Nothing(PermissionRuleset):
    def check_validity(self, user: object, action_type: object, body: object) -> bool:
        del user, action_type, body
        return False
