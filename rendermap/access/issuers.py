"""Bearer tokens of other issuers: JSON Web Tokens (RFC 7519), believed by the keys that their issuer publishes (RFC 7517)."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from rendermap.access.grant import Principal, PrincipalKind
from rendermap.access.realm import Issuer
from rendermap.errors import Busy, CredentialRefused

FETCH_TIMEOUT_S = 5.0
LARGEST_KEYS_BYTES = 1 << 20
KEPT_S = 3600.0
RETRIED_S = 30.0
"""Keys are asked for again at most so often, however many tokens name a key that is not known."""
DEMANDED = ("exp", "iss", "aud")

_FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}

Fetch = Callable[[str], bytes]
Row = dict[str, Any]
"""A key as a JWK set has it."""

log = structlog.get_logger("rendermap.access")


def fetch(address: str) -> bytes:
    """The body of an https address.  Raises OSError."""
    with urllib.request.urlopen(address, timeout=FETCH_TIMEOUT_S) as answer:
        body: bytes = answer.read(LARGEST_KEYS_BYTES)
    return body


class Issuers:
    """The issuers of one access folder.  Safe for threads; may wait for the network."""

    def __init__(self, folder: Path, issuers: tuple[Issuer, ...], fetch: Fetch = fetch) -> None:
        self._sources = {issuer.issuer: _Source(issuer, folder, fetch) for issuer in issuers}

    def principal(self, token: str) -> tuple[Principal, float]:
        """Who a token stands for, and when it ends, in seconds since 1970.

        Raises CredentialRefused for one that is not good now, Busy when its issuer's keys cannot be had.
        """
        try:
            claimed: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
            source = self._sources.get(str(claimed.get("iss")))
            if source is None:
                raise CredentialRefused(reason="a token of an issuer that is not configured")
            claims = source.verify(token)
        except jwt.PyJWTError as error:
            raise CredentialRefused(reason=type(error).__name__) from error
        return _principal(source.issuer, claims), float(claims["exp"])


class _Source:
    """One issuer and its keys."""

    def __init__(self, issuer: Issuer, folder: Path, fetch: Fetch) -> None:
        self.issuer = issuer
        self._folder = folder
        self._fetch = fetch
        self._keys: tuple[Row, ...] = ()
        self._asked = float("-inf")
        self._lock = threading.Lock()

    def verify(self, token: str) -> dict[str, Any]:
        """The claims.  Raises jwt.PyJWTError, Busy."""
        header = jwt.get_unverified_header(token)
        options: Any = {"require": list(DEMANDED)}
        claims: dict[str, Any] = jwt.decode(
            token,
            self._key(header.get("kid"), str(header.get("alg"))),
            algorithms=list(self.issuer.algorithms),
            audience=self.issuer.audience,
            issuer=self.issuer.issuer,
            options=options,
            leeway=0,
        )
        return claims

    def _key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        if algorithm not in self.issuer.algorithms:
            raise jwt.InvalidAlgorithmError(algorithm)
        with self._lock:
            age_s = time.monotonic() - self._asked
            if age_s > KEPT_S or (self._find(kid, algorithm) is None and age_s > RETRIED_S):
                self._asked = time.monotonic()
                self._keys = self._load()
            found = self._find(kid, algorithm)
        if found is None and not self._keys:
            raise Busy("Signing in is not possible at the moment. Try again shortly.", retry_after_s=int(RETRIED_S))
        if found is None:
            raise jwt.InvalidKeyError("no such key")
        return jwt.PyJWK(found, algorithm)

    def _find(self, kid: str | None, algorithm: str) -> Row | None:
        """The key of that name for an algorithm; without a name the only one."""
        fitting = [row for row in self._keys if _fits(row, algorithm) and (kid is None or row.get("kid", kid) == kid)]
        return fitting[0] if len(fitting) == 1 else None

    def _load(self) -> tuple[Row, ...]:
        """As its issuer tells them now: one that cannot be reached is believed by the keys it told last, a file that is gone by none."""
        try:
            return _keys_of(self._fetch(self.issuer.jwks) if self.issuer.jwks else (self._folder / str(self.issuer.keys)).read_bytes())
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("keys of an issuer cannot be had", issuer=self.issuer.issuer, reason=str(error))
            return self._keys if self.issuer.jwks else ()


def _keys_of(body: bytes) -> tuple[Row, ...]:
    """The keys that verify signatures, of a JWK set or of one public key in PEM; symmetric ones are none."""
    if body.lstrip().startswith(b"-----BEGIN"):
        return (_row_of(load_pem_public_key(body)),)
    return tuple(row for row in json.loads(body)["keys"] if row.get("kty") in _FAMILIES.values() and row.get("use", "sig") == "sig")


def _row_of(key: object) -> Row:
    """Raises ValueError for a kind of key that signs nothing here."""
    if isinstance(key, RSAPublicKey):
        return RSAAlgorithm.to_jwk(key, as_dict=True)
    if isinstance(key, EllipticCurvePublicKey):
        return ECAlgorithm.to_jwk(key, as_dict=True)
    if isinstance(key, Ed25519PublicKey):
        return OKPAlgorithm.to_jwk(key, as_dict=True)
    raise ValueError("not a key for signatures")


def _fits(row: Row, algorithm: str) -> bool:
    """A key that names its algorithm is for that one; the others for all of their kind."""
    if row.get("alg", algorithm) != algorithm or row.get("kty") != _FAMILIES[algorithm[:2]]:
        return False
    return row.get("kty") != "EC" or _CURVES.get(str(row.get("crv"))) == algorithm


def _principal(issuer: Issuer, claims: dict[str, Any]) -> Principal:
    name, groups = claims.get(issuer.name), claims.get(issuer.groups, ())
    if not isinstance(name, str) or not name.strip():
        raise CredentialRefused(reason=f"the token has no claim {issuer.name}")
    words = groups.split() if isinstance(groups, str) else [g for g in groups if isinstance(g, str)] if isinstance(groups, list) else []
    return Principal(f"{issuer.prefix}{name}", PrincipalKind.USER, frozenset(f"{issuer.prefix}{word}" for word in words))
