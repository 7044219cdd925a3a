"""A machine's face over OPC UA: the profile's nodes, for trusted clients over encrypted channels, by name and password.

A write of NaN is refused (BadOutOfRange), a number out of its tag's range is clamped into it, as the read-back shows.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.callback import CallbackType, ServerItemCallback
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager

from drivers.access import POLICIES
from drivers.opcua_channels import POLICY_TYPES, TrustedServer
from drivers.profile import Profile, TagSpec
from simulators.conditions import Conditions
from simulators.limits import accept
from simulators.machinery import Machinery
from simulators.security import Security

if TYPE_CHECKING:
    from simulators.job_control import JobControl

__all__ = ["VARIANTS", "OpcUaFace"]

VARIANTS = {
    "bool": ua.VariantType.Boolean,
    "uint16": ua.VariantType.UInt16,
    "int16": ua.VariantType.Int16,
    "uint32": ua.VariantType.UInt32,
    "int32": ua.VariantType.Int32,
    "float32": ua.VariantType.Float,
    "string": ua.VariantType.String,
}


class Gate(UserManager):
    """Lets in the machine's user; and anybody over a channel without security, where the machine has one."""

    def __init__(self, security: Security) -> None:
        self._security = security

    def get_user(
        self, iserver: object, username: str | None = None, password: str | None = None, certificate: object = None
    ) -> User | None:
        """Check name and password; the certificate is that of the channel, which was opened because it is trusted."""
        del iserver
        nameless = username is None and not certificate and self._security.insecure
        return User(UserRole.User) if nameless or self._security.admits(username, password) else None


class OpcUaFace:
    """Serves a profile; ``inputs`` is the machine's own mapping of the writable tags, changed when a client writes.

    ``expired`` says that it presents a certificate whose time is over, ``skew_s`` how far the machine's clock, which
    stamps the values, is off.
    """

    def __init__(
        self,
        profile: Profile,
        host: str,
        port: int,
        inputs: dict[str, Any],
        machinery: Machinery,
        jobs: "JobControl | None",
        security: Security,
        *,
        expired: bool = False,
        skew_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        self._profile = profile
        self._url = f"opc.tcp://{f'[{host}]' if ':' in host else host}:{port}"
        self._inputs, self._skew_s = inputs, skew_s
        self._machinery, self._jobs, self._conditions = machinery, jobs, Conditions(profile)
        self._security, self._expired = security, expired
        self._server = TrustedServer(security.trust().accepts, Gate(security), with_open=security.insecure)
        self._nodes: dict[str, ua.NodeId] = {}
        self._writable: dict[ua.NodeId, TagSpec] = {}
        self._published: dict[str, Any] = {}

    async def start(self, values: Mapping[str, Any]) -> None:
        """Build the nodes and listen; ``values`` are the first ones to be read."""
        opcua = self._profile.opcua
        assert opcua is not None
        server = self._server
        server.name, server.manufacturer_name = self._profile.title, self._profile.manufacturer
        server.product_uri = "urn:foulard:plant:simulator"
        server.application_type = ua.ApplicationType.Server
        self._conditions.prepare(server)
        await server.init()
        await server.set_application_uri(self._security.application_uri)
        server.set_endpoint(self._url)
        await self._secure(server)
        index = await server.register_namespace(opcua.namespace)
        namespace = ua.Int16(index)
        root = await server.nodes.objects.add_object(
            ua.NodeId(ua.String(opcua.root), namespace), ua.QualifiedName(opcua.root, index)
        )
        for spec in self._profile.tags.values():
            raw = self._raw(spec, values)
            node = await root.add_variable(
                ua.NodeId(ua.String(f"{opcua.root}.{spec.node}"), namespace),
                ua.QualifiedName(str(spec.node), index),
                raw,
                VARIANTS[spec.type],
            )
            await node.write_attribute(
                ua.AttributeIds.DisplayName, ua.DataValue(ua.Variant(ua.LocalizedText(spec.title)))
            )
            self._nodes[spec.name], self._published[spec.name] = node.nodeid, raw
            if spec.access == "rw":
                await node.set_writable()
                self._writable[node.nodeid] = spec
        await self._machinery.build(server, root)
        await self._conditions.build(server, root)
        if self._jobs is not None:
            await self._jobs.build(server, root, self._inputs)
        server.subscribe_server_callback(CallbackType.PreWrite, self._before_write)
        server.subscribe_server_callback(CallbackType.PostWrite, self._after_write)
        await self._conditions.publish(values["alarms"], self._skew_s())
        await server.start()

    async def _secure(self, server: TrustedServer) -> None:
        await server.load_private_key(self._security.key())
        await server.load_certificate(self._security.certificate(expired=self._expired))
        self._security.password()  # made before anybody can ask for it
        policies, tokens = [POLICY_TYPES[name] for name in POLICIES], [ua.UserNameIdentityToken]
        insecure = self._security.insecure
        server.set_security_policy([*policies, ua.SecurityPolicyType.NoSecurity] if insecure else policies)
        server.set_identity_tokens([*tokens, ua.AnonymousIdentityToken] if insecure else tokens)

    async def present(self, *, expired: bool) -> None:
        """Show the certificate whose time is over, or the machine's own again; all sessions end."""
        self._expired = expired
        await self._server.present(self._security.certificate(expired=expired))

    async def stop(self) -> None:
        """Close all sessions."""
        await self._server.stop()

    def told(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the machine's values, with the reason of a refused job method."""
        return values if self._jobs is None else self._jobs.told(values)

    async def publish(self, values: Mapping[str, Any]) -> None:
        """Write the values that changed."""
        shown = self.told(values)
        now = ua.DateTime.now(UTC) + timedelta(seconds=self._skew_s())
        for spec in self._profile.tags.values():
            if spec.access == "rw":
                continue
            raw = self._raw(spec, shown)
            if raw != self._published[spec.name]:
                self._published[spec.name] = raw
                value = ua.DataValue(ua.Variant(raw, VARIANTS[spec.type]), SourceTimestamp=now, ServerTimestamp=now)
                await self._server.write_attribute_value(self._nodes[spec.name], value)
        await self._machinery.publish(values)
        await self._conditions.publish(values["alarms"], self._skew_s())
        if self._jobs is not None:
            await self._jobs.publish(values)

    def _raw(self, spec: TagSpec, values: Mapping[str, Any]) -> Any:
        return spec.to_raw(self._inputs.get(spec.name, values.get(spec.name, 0)))

    def _before_write(self, event: ServerItemCallback, _service: object = None) -> None:
        if not event.is_external:
            return
        for item in event.request_params.NodesToWrite:
            spec = self._writable.get(item.NodeId)
            if spec is None or item.AttributeId != ua.AttributeIds.Value:
                continue
            if item.Value.Value is None or item.Value.Value.Value is None or not item.Value.StatusCode.is_good():
                raise ua.UaStatusCodeError(ua.StatusCodes.BadTypeMismatch)
            if item.Value.Value.VariantType != VARIANTS[spec.type] or item.Value.Value.is_array:
                continue  # the server itself answers BadTypeMismatch
            try:
                value = accept(spec, spec.from_raw(item.Value.Value.Value))
            except ValueError as error:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadOutOfRange) from error
            item.Value = ua.DataValue(ua.Variant(spec.to_raw(value), VARIANTS[spec.type]))

    def _after_write(self, event: ServerItemCallback, _service: object = None) -> None:
        if not event.is_external:
            return
        for item, status in zip(event.request_params.NodesToWrite, event.response_params, strict=True):
            spec = self._writable.get(item.NodeId)
            if spec is not None and item.AttributeId == ua.AttributeIds.Value and status.is_good():
                self._inputs[spec.name] = spec.from_raw(item.Value.Value.Value)
