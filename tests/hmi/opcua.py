"""A running `foulard serve` with its OPC UA server, and a client that is trusted there."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from asyncua import Client, Node
from asyncua.crypto.cert_gen import dump_private_key_as_pem, generate_private_key, generate_self_signed_app_certificate
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.hmi.serving import DEAD_LINE, Server

NAMESPACE = "urn:foulard:line"


class Line:
    """A running line with its OPC UA server, and how to get in."""

    def __init__(self, web: Server, endpoint: str, client: Path) -> None:
        self.web, self.endpoint, self.client = web, endpoint, client

    @contextlib.asynccontextmanager
    async def connect(
        self, user: str | None = "admin", password: str | None = None, client: Path | None = None
    ) -> AsyncIterator[Client]:
        """A session; names without a password are the admin's."""
        session = Client(self.endpoint, timeout=20)
        session.application_uri = "urn:client"
        folder = client or self.client
        await session.set_security(SecurityPolicyBasic256Sha256, str(folder / "client.der"), str(folder / "client.pem"),
                                   server_certificate=str(self.web.folder / "opcua" / "own.der"))  # fmt: skip
        if user is not None:
            session.set_user(user)
            session.set_password(password or self.web.admin_password)
        async with session:
            yield session

    async def node(self, session: Client, path: str) -> Node:
        """A node of the line."""
        return session.get_node(f"ns={await session.get_namespace_index(NAMESPACE)};s={path}")


def certificate(folder: Path) -> Path:
    """Make a client's key and certificate."""
    folder.mkdir()
    key = generate_private_key()
    made = generate_self_signed_app_certificate(
        key, "client", {}, [x509.UniformResourceIdentifier("urn:client")], [ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    (folder / "client.pem").write_bytes(dump_private_key_as_pem(key))
    (folder / "client.der").write_bytes(made.public_bytes(Encoding.DER))
    return folder


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[Line]:
    """Run it; settings are FOULARD_… variables."""
    description = folder / "line.yaml"
    description.write_text(DEAD_LINE)
    data = folder / "data"
    environment = os.environ | {"FOULARD_DATA": str(data), "FOULARD_PORT": "0", "FOULARD_OPCUA_PORT": "0"} | settings
    command = [sys.executable, "-m", "hmi.cli", "serve", "--line", str(description)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = "".join(process.stdout.readline() for _ in range(3))
        url, password, endpoint = (re.search(pattern, said) for pattern in
                                   (r"http://\S+", r"admin with (\S+)", r"opc.tcp://\S+"))  # fmt: skip
        assert url, said
        assert password, said
        assert endpoint, said
        client = certificate(folder / "client")
        (data / "opcua" / "trusted" / "client.der").write_bytes((client / "client.der").read_bytes())
        yield Line(Server(url.group(), password.group(1), data), endpoint.group(), client)
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
        process.stdout.close()
