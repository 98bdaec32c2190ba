"""Our own signatures: the first key signs, all of them verify, so that keys can be changed without a gap."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadData, URLSafeSerializer


class SignatureInvalid(Exception):
    """Not signed by any of our keys, or changed since."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """keys: newest first, at least one."""

    keys: tuple[str, ...] = field(repr=False)

    def sign(self, purpose: str, value: object) -> str:
        """Text for addresses and headers (letters, digits, ``-``, ``_``, ``.``) that holds a JSON value.

        purpose: what is signed for one is worth nothing for another.
        """
        signed: str = self._serializer(purpose).dumps(value)
        return signed

    def read(self, purpose: str, text: str) -> Any:
        """The value.  Raises SignatureInvalid."""
        try:
            return self._serializer(purpose).loads(text)
        except BadData as error:
            raise SignatureInvalid from error

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            [key.encode() for key in reversed(self.keys)],  # the last signs
            salt=f"rendermap.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
