"""Sign-in: people, their argon2 hashes, and sessions. There is no default password."""

import hashlib
import secrets
import time
from datetime import timedelta

from pwdlib import PasswordHash
from sqlmodel import select

from controller import Actor, Store
from controller.actor import ROLES
from controller.tables import SignedIn, User, now

SESSION_HOURS = 12
"""A session's life: one shift and its handover."""

TRIES, PAUSE_S = 5, 30.0
"""After so many wrong passwords for a name, further tries wait so long."""

MIN_PASSWORD = 12
"""Shortest password, characters (NIST SP 800-63B asks for at least 8; longer where there is no second factor)."""


class SignInRefused(PermissionError):
    """Wrong name or password, or too many tries."""


class AccountError(ValueError):
    """An account cannot be made or changed as asked."""


class Accounts:
    """The people of one line.

    Parameters
    ----------
    store
        The database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hash = PasswordHash.recommended()
        self._decoy = self._hash.hash(secrets.token_urlsafe())
        self._tries: dict[str, tuple[int, float]] = {}

    def first_admin(self) -> str | None:
        """Make the account `admin` with a new random password and return it; None when anybody exists already."""
        with self._store.read() as session:
            if session.exec(select(User).limit(1)).first() is not None:
                return None
        password = secrets.token_urlsafe(15)
        self.set_password("admin", password, role="admin")
        return password

    def set_password(self, name: str, password: str, role: str | None = None) -> None:
        """Make a person or change their password (and role); their sessions end.

        Raises
        ------
        AccountError
            A password that is too short, an unknown role, or a new name without a role.
        """
        if len(password) < MIN_PASSWORD:
            msg = f"the password for {name} has {len(password)} characters; give at least {MIN_PASSWORD}"
            raise AccountError(msg)
        if role is not None and role not in ROLES:
            msg = f"role {role!r} is not known; give one of {', '.join(ROLES)}"
            raise AccountError(msg)
        password_hash = self._hash.hash(password)  # takes long: before others wait for the database
        with self._store.write() as session:
            user = session.exec(select(User).where(User.name == name)).first()
            if user is None and role is None:
                msg = f"there is nobody called {name}; give a role to make the account"
                raise AccountError(msg)
            if user is None:
                user = User(name=name, role=role or "", password_hash="")
            user.password_hash, user.role = password_hash, role or user.role
            session.add(user)
            for signed_in in session.exec(select(SignedIn).where(SignedIn.user_id == user.id)):
                session.delete(signed_in)

    def check(self, name: str, password: str) -> Actor:
        """Check a password; takes some 50 ms of CPU by design, so call it from a thread.

        Raises
        ------
        SignInRefused
            The same words for a wrong name and a wrong password.
        """
        tries, last = self._tries.get(name, (0, 0.0))
        if tries >= TRIES and time.monotonic() - last < PAUSE_S:
            msg = f"too many tries for {name}; wait {PAUSE_S:.0f} s"
            raise SignInRefused(msg)
        with self._store.read() as session:
            user = session.exec(select(User).where(User.name == name)).first()
        if not self._hash.verify(password, user.password_hash if user else self._decoy) or user is None:
            if len(self._tries) > 10_000:
                self._tries.clear()
            self._tries[name] = tries + 1, time.monotonic()
            msg = "name or password is wrong"
            raise SignInRefused(msg)
        self._tries.pop(name, None)
        return Actor(user.name, user.role)

    def sign_in(self, name: str, password: str) -> tuple[str, Actor]:
        """Check a password as :meth:`check` does, and open a session.

        Returns
        -------
        tuple[str, Actor]
            The session's token, to be kept by the browser only, and who it stands for.
        """
        actor = self.check(name, password)
        token = secrets.token_urlsafe(32)
        with self._store.write() as session:
            user = session.exec(select(User).where(User.name == name)).one()
            session.add(SignedIn(token_sha256=_sha256(token), user_id=user.id or 0,
                                 expires_at=now() + timedelta(hours=SESSION_HOURS)))  # fmt: skip
        return token, actor

    def known(self, name: str) -> Actor | None:
        """Return a person with the role they have now; None if there is nobody of that name."""
        with self._store.read() as session:
            user = session.exec(select(User).where(User.name == name)).first()
        return Actor(user.name, user.role) if user else None

    def actor(self, token: str) -> Actor | None:
        """Return who a session's token stands for; None if it is unknown or has ended."""
        with self._store.read() as session:
            signed_in = session.get(SignedIn, _sha256(token))
            if signed_in is None or signed_in.expires_at <= now():
                return None
            user = session.get_one(User, signed_in.user_id)
            return Actor(user.name, user.role)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._store.write() as session:
            signed_in = session.get(SignedIn, _sha256(token))
            if signed_in is not None:
                session.delete(signed_in)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
