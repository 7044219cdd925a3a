"""Certificates: our own, and a folder with those of others that are trusted.

A certificate is trusted as it is, byte for byte; who issued it does not matter. One that is not is refused and kept in
``rejected``; who trusts it moves the file to ``trusted``, which counts from the next try on. Drivers, simulated
machines and the line's own server all do it this way.
"""

import fcntl
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Own", "Trust", "TrustError", "own_certificate", "self_signed", "write_private"]

KEY_BITS = 2048  # the least that OPC UA's policies take (OPC 10000-7, Basic256Sha256 and Aes256_Sha256_RsaPss)
VALID_DAYS, RENEW_DAYS = 1825, 30  # default from practice
REJECTED_KEPT = 20


class TrustError(ValueError):
    """Our own certificate or key cannot be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Own:
    """Our certificate (DER, to be given to others) and its private key (PEM, for this user alone)."""

    certificate: Path
    key: Path

    def load(self) -> x509.Certificate:
        """Read the certificate; TrustError if the file holds none."""
        try:
            return x509.load_der_x509_certificate(self.certificate.read_bytes())
        except ValueError as error:
            raise TrustError(f"{self.certificate} is no certificate; {self.anew}") from error

    @property
    def anew(self) -> str:
        """What a person does to get a new pair."""
        return f"remove it and {self.key}, connect again, and give the others the new one"


def own_certificate(folder: Path, application_uri: str, title: str, *, renew: bool = True) -> Own:
    """Give our key and certificate, made at the first start.

    Parameters
    ----------
    folder : Path
        Where they are kept, as ``own.der`` and ``own.key.pem``.
    application_uri, title : str
        Who we are; used when a pair is made.
    renew : bool
        Make a new pair when the certificate is about to expire. Not where every other side would have to be told first.

    Raises
    ------
    TrustError
        If the certificate is damaged, or expired and not to be renewed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = Own(folder / "own.der", folder / "own.key.pem")
    with _alone(folder):
        if own.certificate.is_file() and own.key.is_file():
            ends = own.load().not_valid_after_utc
            left = ends - datetime.now(UTC)
            if left > timedelta(days=RENEW_DAYS if renew else 0):
                return own
            if not renew:
                raise TrustError(f"our own certificate {own.certificate} expired on {ends:%Y-%m-%d}; {own.anew}")
        private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        now = datetime.now(UTC)
        made = self_signed(private, application_uri, title, now, now + timedelta(days=VALID_DAYS))
        write_private(own.key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        own.certificate.write_bytes(made)
    return own


def self_signed(
    private: rsa.RSAPrivateKey | Path, application_uri: str, title: str, first: datetime, last: datetime
) -> bytes:
    """Make an application instance certificate as OPC 10000-6 §6.2.2 wants it, valid from ``first`` to ``last``; DER.

    ``private`` is a key or the PEM file of one.
    """
    if isinstance(private, Path):
        loaded = load_pem_private_key(private.read_bytes(), password=None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        private = loaded
    public = private.public_key()
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, title), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Foulard")]
    )
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(application_uri)]
    names += [x509.DNSName(socket.gethostname()), x509.DNSName("localhost")]
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_cert_sign=True,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    extensions: list[x509.ExtensionType] = [
        x509.SubjectKeyIdentifier.from_public_key(public),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(public),
        x509.SubjectAlternativeName(names),
        x509.BasicConstraints(ca=True, path_length=0),
        usage,
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
    ]
    builder = x509.CertificateBuilder(name, name, public, x509.random_serial_number(), first, last)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(private, SHA256()).public_bytes(Encoding.DER)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only this user may read, from its first byte on, whole or not at all."""
    partial = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        partial.touch(0o600, exist_ok=False)
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: a plant and a controller may be started together for the first time."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True)
class Trust:
    """Folders ``trusted`` and ``rejected`` with the certificates of others, DER or PEM."""

    folder: Path

    def __post_init__(self) -> None:
        for folder in (self.trusted, self.rejected):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def trusted(self) -> Path:
        """Whose certificate lies here may come in, or is believed to be the machine."""
        return self.folder / "trusted"

    @property
    def rejected(self) -> Path:
        """Where certificates wait for a person to look at them."""
        return self.folder / "rejected"

    def accepts(self, der: bytes) -> bool:
        """Tell whether a certificate is trusted and within its time; keep it for a person if it is not."""
        return self.refusal(der) is None

    def refusal(self, der: bytes) -> str | None:
        """Say in one line why a certificate is refused and what to do about it; None if it is trusted.

        Parameters
        ----------
        der : bytes
            The certificate as the other side presents it. That it owns the key is for the protocol to prove.
        """
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            return "what it presents is no certificate"
        fingerprint = certificate.fingerprint(SHA256())
        told = f"its certificate {_common_name(certificate)} (SHA-256 {fingerprint.hex()[:16]}…)"
        now = datetime.now(UTC)
        if now > certificate.not_valid_after_utc:
            return f"{told} expired on {certificate.not_valid_after_utc:%Y-%m-%d}: it needs a new one"
        if now < certificate.not_valid_before_utc:
            first = f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            return f"{told} is not valid before {first}: compare the clocks"
        if any(fingerprint == _fingerprint(path) for path in self.trusted.iterdir() if path.is_file()):
            return None
        kept = self.rejected / f"{fingerprint.hex()[:16]}.der"
        if not kept.exists() and len(list(self.rejected.iterdir())) >= REJECTED_KEPT:
            many = f"{REJECTED_KEPT} others wait in {self.rejected}"
            return f"{told} is not trusted, and {many}: clear that folder and connect again"
        kept.write_bytes(der)
        return f"{told} is not trusted: if it is the right one, move {kept} to {self.trusted}"

    def ders(self) -> list[bytes]:
        """All certificates that are trusted now, DER; files that hold none are passed over."""
        found = (_load(path) for path in sorted(self.trusted.iterdir()) if path.is_file())
        return [certificate.public_bytes(Encoding.DER) for certificate in found if certificate is not None]


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return f"{str(names[0].value)[:60]!r}" if names else "without a name"


def _fingerprint(path: Path) -> bytes | None:
    certificate = _load(path)
    return None if certificate is None else certificate.fingerprint(SHA256())


def _load(path: Path) -> x509.Certificate | None:
    data = path.read_bytes()
    load = x509.load_pem_x509_certificate if data.startswith(b"-----") else x509.load_der_x509_certificate
    try:
        return load(data)
    except ValueError:
        return None
