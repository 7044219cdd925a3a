"""Who may connect: the server's own certificate, and a folder of the client certificates that are trusted.

A client's certificate is trusted as it is, byte for byte. One that is not is refused and kept in ``rejected``; who
trusts it moves the file to ``trusted``, which counts from the next try on.
"""

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua.crypto.cert_gen import dump_private_key_as_pem, generate_private_key, generate_self_signed_app_certificate
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

__all__ = ["Trust", "own_certificate"]

VALID_DAYS, RENEW_DAYS = 1825, 30  # default from practice
REJECTED_KEPT = 20


def own_certificate(folder: Path, application_uri: str) -> tuple[Path, Path]:
    """Make key and certificate at the first start, and again when the old one is about to expire.

    Returns
    -------
    tuple[Path, Path]
        Certificate (DER, to be given to clients) and private key (PEM, for this user alone).
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = folder / "own.der", folder / "own.key.pem"
    if certificate.is_file() and key.is_file():
        known = x509.load_der_x509_certificate(certificate.read_bytes())
        if known.not_valid_after_utc - datetime.now(UTC) > timedelta(days=RENEW_DAYS):
            return certificate, key
    private = generate_private_key()
    host = socket.gethostname()
    names = [x509.UniformResourceIdentifier(application_uri), x509.DNSName(host), x509.DNSName("localhost")]
    made = generate_self_signed_app_certificate(
        private,
        "Foulard line",
        {"organizationName": "Foulard"},
        names,
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
        days=VALID_DAYS,
    )
    key.touch(0o600)
    key.write_bytes(dump_private_key_as_pem(private))
    certificate.write_bytes(made.public_bytes(Encoding.DER))
    return certificate, key


@dataclass(frozen=True, slots=True)
class Trust:
    """Folders ``trusted`` and ``rejected`` of client certificates, DER or PEM."""

    folder: Path

    def __post_init__(self) -> None:
        for name in ("trusted", "rejected"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def accepts(self, der: bytes) -> bool:
        """Tell whether a client's certificate is trusted and within its time; keep it for a person if it is not."""
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            return False
        now = datetime.now(UTC)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return False
        fingerprint = certificate.fingerprint(SHA256())
        if any(fingerprint == _fingerprint(path) for path in (self.folder / "trusted").iterdir() if path.is_file()):
            return True
        rejected = self.folder / "rejected"
        if len(list(rejected.iterdir())) < REJECTED_KEPT:
            (rejected / f"{fingerprint.hex()[:16]}.der").write_bytes(der)
        return False


def _fingerprint(path: Path) -> bytes | None:
    data = path.read_bytes()
    load = x509.load_pem_x509_certificate if data.startswith(b"-----") else x509.load_der_x509_certificate
    try:
        return load(data).fingerprint(SHA256())
    except ValueError:
        return None
