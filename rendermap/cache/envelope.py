"""The bytes of a value outside the process: the value, then what proves that it is ours, whole, and this very key's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import Generic, TypeVar

T = TypeVar("T")

MARK = b"rmkept1\n"
"""Ends every entry; its number is raised when the form of entries changes."""

PROOF_BYTES = 32
NAME_BYTES = 16
TAIL_BYTES = PROOF_BYTES + len(MARK)


class NotOurs(Exception):
    """Bytes that are not this key's value as it was closed: damaged, cut short, moved from another key, or somebody else's."""


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """A value as bytes and back.  from_bytes raises ValueError."""

    to_bytes: Callable[[T], bytes]
    from_bytes: Callable[[bytes], T]


class Envelope(Generic[T]):
    """Closes and opens values.  secret: who does not know it can neither make an entry nor guess a name.

    The proof is a keyed digest over key and value.  A plain checksum would tell damage, but not a neighbour who writes under our names.
    """

    def __init__(self, secret: bytes, codec: Codec[T]) -> None:
        if not secret:
            raise ValueError("a secret that everybody knows seals nothing")
        self._codec = codec
        self._secret = blake2b(secret, digest_size=64, person=b"rendermap cache").digest()

    def close(self, key: str, value: T) -> bytes:
        """An entry."""
        data = self._codec.to_bytes(value)
        return data + self._proof(key, data) + MARK

    def open(self, key: str, entry: bytes) -> T:
        """The value of an entry.  Raises NotOurs."""
        data, proof, mark = entry[:-TAIL_BYTES], entry[-TAIL_BYTES : -len(MARK)], entry[-len(MARK) :]
        if mark != MARK or not compare_digest(proof, self._proof(key, data)):
            raise NotOurs
        try:
            return self._codec.from_bytes(data)
        except ValueError as error:
            raise NotOurs from error

    def names(self, key: str) -> tuple[str, str]:
        """(of the job, of the entry): what the key is called outside; neither says anything of user, job or picture."""
        return self.job_name(key.partition("/")[0]), self._name(b"entry", key)

    def job_name(self, job: str) -> str:
        """What a job is called outside."""
        return self._name(b"job", job)

    def _name(self, kind: bytes, text: str) -> str:
        return blake2b(text.encode(), digest_size=NAME_BYTES, key=self._secret, person=kind).hexdigest()

    def _proof(self, key: str, data: bytes) -> bytes:
        said = key.encode()
        proof = blake2b(len(said).to_bytes(4, "little"), digest_size=PROOF_BYTES, key=self._secret, person=b"proof")
        proof.update(said)
        proof.update(data)
        return proof.digest()
