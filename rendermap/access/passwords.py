"""Passwords: kept as Argon2 hashes, tried only so often."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cachetools import TTLCache

from rendermap.errors import Busy

TRIES_OF_A_NAME = 10
TRIES_OF_AN_ADDRESS = 50
WITHIN_S = 300.0
REMEMBERED = 50_000


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Of a password that nobody has: an unknown name takes as long as a known one."""
    return _hasher().hash("nobody's password")


def hash_password(password: str) -> str:
    """What may be kept of a password."""
    return _hasher().hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it is the password; hashed None for a name that nobody has, which takes as long.  Takes some hundredths of a second."""
    try:
        _hasher().verify(hashed or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


class Attempts:
    """Counts what went wrong by name and by address, and makes guessing wait.  For one event loop."""

    def __init__(self, within_s: float = WITHIN_S) -> None:
        self._failures: TTLCache[tuple[str, str], int] = TTLCache(REMEMBERED, within_s)

    def check(self, name: str, address: str) -> None:
        """Raises Busy after too many failures, whether the name is anybody's or not."""
        if (
            self._failures.get(("name", name.casefold()), 0) >= TRIES_OF_A_NAME
            or self._failures.get(("address", address), 0) >= TRIES_OF_AN_ADDRESS
        ):
            raise Busy("Too many attempts to sign in. Wait some minutes.", retry_after_s=60)

    def failed(self, name: str, address: str) -> None:
        """One more."""
        for key in (("name", name.casefold()), ("address", address)):
            self._failures[key] = self._failures.get(key, 0) + 1
