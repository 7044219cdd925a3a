"""How a machine is entered: encrypted and known to each other, or in the open where the line's description says so.

An ``Access`` names files, it holds no secret: it can be shown, logged and compared. The password is read when a session
is opened, and goes nowhere but into an encrypted session with a machine whose certificate is trusted.
"""

import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import EntryRefused
from drivers.trust import Own, Trust, TrustError, own_certificate

__all__ = ["OPEN", "POLICIES", "Access", "access_in"]

POLICIES = ("Aes256_Sha256_RsaPss", "Basic256Sha256")
"""Security policies of OPC UA (OPC 10000-7) that are spoken, the better one first; always SignAndEncrypt."""


@dataclass(frozen=True, slots=True)
class Access:
    """How one machine is entered.

    Attributes
    ----------
    certificates : Path, optional
        Folder with our certificate and key (``own.der``, ``own.key.pem``, made at the first start) and the folders
        ``trusted`` and ``rejected``. None: without security, and then without name and password.
    policies : tuple[str, ...]
        OPC UA: which of ``POLICIES`` will do, in order of preference.
    user : str
        OPC UA: our name on the machine; empty: the certificate alone says who we are.
    password_file : Path, optional
        Where the password stands, for this user alone.
    """

    certificates: Path | None
    policies: tuple[str, ...] = POLICIES
    user: str = ""
    password_file: Path | None = None

    def own(self) -> Own:
        """Give our certificate and key, made now if there are none; EntryRefused if they cannot be used."""
        assert self.certificates is not None
        try:
            uri = f"urn:{socket.gethostname()}:foulard:drivers"
            return own_certificate(self.certificates, uri, "Foulard drivers", renew=False)
        except (TrustError, OSError) as error:
            raise EntryRefused(str(error)) from error

    def trust(self) -> Trust:
        """Give the list of trusted machines; EntryRefused if the folder cannot be used."""
        assert self.certificates is not None
        try:
            return Trust(self.certificates)
        except OSError as error:
            raise EntryRefused(str(error)) from error

    def password(self) -> str:
        """Read the password.

        Raises
        ------
        EntryRefused
            If the file is missing or empty, or others than this user may read it.
        """
        path = self.password_file
        if path is None:
            raise EntryRefused(f"there is no password for user {self.user!r}")
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                password = file.read().decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise EntryRefused(f"no password for user {self.user!r}: {path} cannot be read ({why})") from error
        if mode & 0o077:
            raise EntryRefused(f"others may read the password in {path} (mode {mode:04o}): chmod 600 it")
        if not password:
            raise EntryRefused(f"no password for user {self.user!r}: {path} is empty")
        return password


OPEN = Access(None)
"""Without security, because the line's description says so."""


def access_in(
    data: Path, machine: str, user: str = "", policies: tuple[str, ...] = POLICIES, secrets: Path | None = None
) -> Access:
    """Give the access of a machine from the data folder of a line.

    Parameters
    ----------
    data : Path
        Certificates are in ``machines`` below it.
    machine : str
        Name of the machine in the line, and of the file with its password.
    user : str
        Our name on the machine.
    policies : tuple[str, ...]
        Which of ``POLICIES`` will do.
    secrets : Path, optional
        Folder of the passwords; ``secrets`` below ``data`` if left out.
    """
    folder = data / "secrets" if secrets is None else secrets
    return Access(data / "machines", policies, user, folder / machine if user else None)
