"""Credentials -> Principal: tokens of ours and of other issuers, API keys, signed links.

A credential that is given and not good is refused, whatever it is given for: it never counts as none.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from cachetools import LRUCache

from rendermap.access.grant import PUBLIC, Link, Principal, PrincipalKind
from rendermap.access.issuers import Fetch, Issuers, fetch
from rendermap.access.keyring import KeyRing, SignatureInvalid
from rendermap.access.links import from_token, to_token
from rendermap.access.passwords import Attempts, is_password
from rendermap.access.realm import FILES, Realm, RealmInvalid, User, read_realm
from rendermap.errors import Broken, CredentialRefused, NotFound, SignInRequired

KEY_PREFIX, TOKEN_PREFIX = "rmk_", "rmt_"
TOKEN_PURPOSE = "token"
LONGEST_CREDENTIAL_CHARS = 8192
REMEMBERED_TOKENS = 4096
LOOKED_AT_EVERY_S = 1.0
BELIEVED_S = 300.0
"""A token of another issuer is looked at anew after so long."""

log = structlog.get_logger("rendermap.access")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a question brought along.  token: of whatever kind, from a header or a parameter.  link: the link's token in its address.

    address, referer: where it came from, for tokens that are good only from there.
    """

    token: str | None = None
    link: str | None = None
    address: str = ""
    referer: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was made.  ends: seconds since 1970."""

    text: str
    ends: int


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a token is good: from one address, or for pages of one origin.  Empty for everywhere."""

    address: str = ""
    referer: str = ""


class Doorkeeper:
    """Knows who somebody is.  Belongs to one event loop.

    folder: of the realm.  secrets: keys that sign, newest first, from the settings; those of the folder count where there are none.
    spare_secret: signs where neither names one.  now: seconds since 1970.
    """

    def __init__(
        self, folder: Path, secrets: tuple[str, ...], spare_secret: str, *, now: Callable[[], float] = time.time, fetch: Fetch = fetch
    ) -> None:
        self._folder = folder
        self._secrets = secrets
        self._spare = spare_secret
        self._now = now
        self._fetch = fetch
        self._attempts = Attempts()
        self._checked = float("-inf")
        self._versions: dict[str, object] = {}
        self._realm: Realm | None = None
        self._ring = KeyRing((spare_secret,))
        self._issuers = Issuers(folder, ())
        self._known: LRUCache[str, tuple[Principal, float]] = LRUCache(REMEMBERED_TOKENS)
        self.realm()

    # --- who it is -----------------------------------------------------------------------------------------------------

    async def principal(self, credentials: Credentials) -> Principal:
        """Who asks.

        Raises CredentialRefused, SignInRequired; NotFound for a link that is not good, in the same words whatever is wrong with it.
        """
        realm = self.realm()
        if credentials.link is not None:
            return self._linked(credentials.link, realm)
        if credentials.token is not None:
            return await self._holder(credentials.token, credentials, realm)
        if realm.access.sign_in == "required":
            raise SignInRequired
        return Principal(address=credentials.address) if credentials.address else PUBLIC

    async def _holder(self, token: str, credentials: Credentials, realm: Realm) -> Principal:
        if len(token) > LONGEST_CREDENTIAL_CHARS or not token.isascii():
            raise CredentialRefused
        if token.startswith(KEY_PREFIX):
            return self._key(token, realm)
        if token.startswith(TOKEN_PREFIX):
            return self._user(token.removeprefix(TOKEN_PREFIX), credentials, realm)
        return await self._bearer(token)

    def _key(self, token: str, realm: Realm) -> Principal:
        digest = hashlib.sha256(token.encode()).hexdigest()
        for name, key in realm.keys.items():
            if key.digest == digest and (key.ends is None or self._now() < key.ends):
                return Principal(name, PrincipalKind.KEY, frozenset(key.groups))
        raise CredentialRefused

    def _user(self, text: str, credentials: Credentials, realm: Realm) -> Principal:
        try:
            name, ends, stamp, address, referer = self._ring.read(TOKEN_PURPOSE, text)
        except SignatureInvalid as error:
            raise CredentialRefused from error
        user = realm.users.get(name)
        if user is None or stamp != _stamp(user) or self._now() >= ends:
            raise CredentialRefused
        # a browser may leave the referer out, and who is no browser says what it likes: only a wrong one is a sign of anything
        if (address and address != credentials.address) or (referer and credentials.referer and referer != credentials.referer):
            raise CredentialRefused
        return Principal(name, PrincipalKind.USER, frozenset(user.groups))

    async def _bearer(self, token: str) -> Principal:
        known = self._known.get(digest := hashlib.sha256(token.encode()).hexdigest())
        if known is None or self._now() >= known[1]:
            principal, ends = await asyncio.to_thread(self._issuers.principal, token)
            # an issuer may take a key back
            known = self._known[digest] = principal, min(ends, self._now() + BELIEVED_S)
        return known[0]

    def _linked(self, token: str, realm: Realm) -> Principal:
        try:
            link = from_token(token, self._ring)
        except SignatureInvalid as error:
            raise NotFound from error
        if realm.links.is_revoked(link.id, link) or not link.starts <= self._now() < link.ends:
            raise NotFound
        return Principal(f"link:{link.id}", PrincipalKind.LINK, link=link)

    # --- what is made --------------------------------------------------------------------------------------------------

    async def token_for(self, name: str, password: str, minutes: float | None, binding: Binding, address: str) -> Token:
        """A token for a person who knows the password.  Raises CredentialRefused, Busy after too many tries."""
        self._attempts.check(name, address)
        realm = self.realm()
        user = realm.users.get(name)
        if not await asyncio.to_thread(is_password, password, user.password if user else None) or user is None:
            self._attempts.failed(name, address)
            raise CredentialRefused("Invalid username or password.")
        usual = realm.access.token_minutes
        ends = int(self._now() + 60 * min(minutes if minutes and minutes > 0 else usual, usual))
        text = self._ring.sign(TOKEN_PURPOSE, [name, ends, _stamp(user), binding.address, binding.referer])
        return Token(TOKEN_PREFIX + text, ends)

    def link_token(self, link: Link) -> str:
        """The link as one segment of a path."""
        return to_token(link, self.ring)

    @property
    def ring(self) -> KeyRing:
        """The keys that sign now."""
        self.realm()
        return self._ring

    @property
    def has_users(self) -> bool:
        """True when people can get a token with a password."""
        return bool(self.realm().users)

    @property
    def token_minutes(self) -> int:
        """How long a token of ours is good at most."""
        return self.realm().access.token_minutes

    # --- the realm -----------------------------------------------------------------------------------------------------

    def realm(self) -> Realm:
        """As its files are now; looked at once a second.

        Raises RealmInvalid at first; later Broken until the files are mended, so that nobody gets in by what was taken away.
        """
        moment = time.monotonic()
        if moment - self._checked >= LOOKED_AT_EVERY_S:
            self._checked = moment
            versions = self._look()
            if versions != self._versions:
                self._read(is_first=not self._versions)
                # as they were before they were read: what is written meanwhile is read the next time
                self._versions = {name: versions.get(name, seen) for name, seen in self._look().items()}
        if self._realm is None:
            raise Broken("Who may see what cannot be told at the moment.", reason="the access folder is not understood")
        return self._realm

    def _are_keys_changed(self) -> bool:
        return any(version != self._versions.get(name) for name, version in self._look().items() if name not in FILES)

    @property
    def is_understood(self) -> bool:
        """False while nobody is let in because a file of the access folder cannot be understood."""
        try:
            self.realm()
        except Broken:
            return False
        return True

    def _look(self) -> dict[str, object]:
        """The versions of the realm's files, those of its issuers' keys among them."""
        named = (issuer.keys for issuer in self._realm.access.issuers if issuer.keys) if self._realm else ()
        return {name: _version_of(self._folder / name) for name in (*FILES, *named)}

    def _read(self, *, is_first: bool) -> None:
        self._known.clear()
        try:
            realm = read_realm(self._folder)
        except RealmInvalid as error:
            if is_first:
                raise
            log.error("access folder not understood", reason=str(error))
            self._realm = None
            return
        if self._realm is None or self._realm.access != realm.access or self._are_keys_changed():
            self._issuers = Issuers(self._folder, realm.access.issuers, self._fetch)
        self._ring = KeyRing(self._secrets or realm.secrets or (self._spare,))
        self._realm = realm


def _stamp(user: User) -> str:
    """Changes with the password: tokens made with an older one are worth nothing."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:12]


def _version_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
