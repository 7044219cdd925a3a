"""Who may come to a simulated machine: its certificate, the clients it trusts, and the password of its one user.

All of it is in one folder, made at the first start: ``own.der`` and ``own.key.pem``, ``trusted`` and ``rejected``, and
``password``, which is drawn by chance. There is no password that somebody could know beforehand.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.access import access_in
from drivers.trust import Trust, own_certificate, self_signed, write_private

__all__ = ["USER", "Security", "introduce"]

USER = "foulard"
"""The one user of a machine."""


@dataclass(frozen=True, slots=True)
class Security:
    """A machine's folder of certificates and password; ``insecure`` says that it lets people in without, too."""

    folder: Path
    application_uri: str
    title: str
    insecure: bool = False

    def key(self) -> Path:
        """Private key (PEM), made with the certificate at the first start."""
        return own_certificate(self.folder, self.application_uri, self.title).key

    def certificate(self, *, expired: bool = False) -> bytes:
        """Certificate to present (DER): the machine's own, or one of the same key that expired yesterday."""
        own = own_certificate(self.folder, self.application_uri, self.title)
        if not expired:
            return own.certificate.read_bytes()
        yesterday = datetime.now(UTC) - timedelta(days=1)
        return self_signed(own.key, self.application_uri, self.title, yesterday - timedelta(days=365), yesterday)

    def trust(self) -> Trust:
        """Clients that are trusted."""
        return Trust(self.folder)

    def admits(self, user: str | None, password: str | None) -> bool:
        """Tell whether name and password are those of the machine's user."""
        known = self.password().encode()
        return user == USER and secrets.compare_digest((password or "").encode(), known)

    def password(self) -> str:
        """The user's password, made at the first start."""
        path = self.folder / "password"
        if not path.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, secrets.token_urlsafe(24).encode())
        return path.read_text("utf-8").strip()


def introduce(machine: str, folder: Path, client: Path) -> None:
    """Do what an installer does: give each side the other's certificate, and the client the machine's password.

    Parameters
    ----------
    machine : str
        Its name in the line.
    folder : Path
        Its own folder of certificates; it has been started once.
    client : Path
        Data folder of the line that is to drive it.
    """
    access = access_in(client, machine, USER)
    trusted = Trust(folder).trusted / "foulard.der"
    trusted.write_bytes(access.own().certificate.read_bytes())
    (access.trust().trusted / f"{machine}.der").write_bytes((folder / "own.der").read_bytes())
    if (password := folder / "password").exists() and access.password_file is not None:
        access.password_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(access.password_file, password.read_bytes())
