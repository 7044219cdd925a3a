"""TLS for Modbus (Modbus/TCP Security, MB-TCP-Security v36, 2021): both sides show a certificate, TLS 1.2 or more.

Here too a certificate is trusted as it is, byte for byte, by the folder of :mod:`drivers.trust`.
"""

import ssl
from collections.abc import Callable
from pathlib import Path

from drivers.trust import Own, Trust

__all__ = ["client_context", "server_context"]


def client_context(own: Own) -> ssl.SSLContext:
    """Context of a client that shows its certificate and takes any.

    Whoever uses it looks at the other side's certificate before the first byte is sent: that its key is there is proven
    by then, and only after a whole handshake the library hands out a certificate that is not trusted, to be kept.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(_pem(own.certificate.with_suffix(".pem"), own.certificate.read_bytes()), own.key)
    return context


def server_context(folder: Path, certificate: Callable[[], bytes], key: Path) -> ssl.SSLContext:
    """Context of a server that shows its certificate, to clients of its trust list, as they are at each connection.

    Parameters
    ----------
    folder : Path
        Of the trust list; the certificate is written there as PEM too, for the library.
    certificate : Callable
        Gives what is to be shown, DER.
    key : Path
        Its private key, PEM.
    """

    def fresh() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        # one that somebody else issued is trusted by itself, without who issued it
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_cert_chain(_pem(folder / "shown.pem", certificate()), key)
        if trusted := b"".join(Trust(folder).ders()):
            context.load_verify_locations(cadata=trusted)
        return context

    def renew(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = fresh()

    first = fresh()
    # called at each beginning of a handshake, with or without a name in it
    first.sni_callback = renew
    return first


def _pem(path: Path, der: bytes) -> Path:
    path.write_text(ssl.DER_cert_to_PEM_cert(der), "ascii")
    return path
