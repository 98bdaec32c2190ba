"""Who there is: people, API keys, issuers of tokens and what was revoked, as the files of the access folder say.

access.toml     written by hand: issuers, and whether everybody must sign in
users.json      people with passwords (hashed), written by ``rendermap user``
keys.json       API keys (hashed), written by ``rendermap key``
links.json      signed links made and revoked, written by ``rendermap link`` and ``rendermap revoke``
secret.key      keys that sign, one a line, the newest first; made when one is needed and the setting ``secret_key`` is not given
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rendermap.access.grant import Link

ACCESS_FILE, USERS_FILE, KEYS_FILE, LINKS_FILE, SECRET_FILE = "access.toml", "users.json", "keys.json", "links.json", "secret.key"
FILES = (ACCESS_FILE, USERS_FILE, KEYS_FILE, LINKS_FILE, SECRET_FILE)
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEAST_KEY_CHARS = 16

M = TypeVar("M", bound=BaseModel)


class RealmInvalid(Exception):
    """A file of the access folder that cannot be understood: its name and what was expected."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Issuer(_Model):
    """Somebody whose bearer tokens are believed (RFC 7519).

    jwks: https address of its keys; keys: a file of them (JWKS or PEM), relative to access.toml; one of the two.  name, groups: the
    claims that hold the principal's name and groups.  prefix: before both, so that people of two issuers are told apart.
    """

    issuer: str
    audience: str
    jwks: Annotated[str, Field(pattern=r"^https://\S+$")] | None = None
    keys: str | None = None
    algorithms: tuple[Literal[ASYMMETRIC], ...] = ("RS256", "ES256", "EdDSA")  # type: ignore[valid-type]
    name: str = "sub"
    groups: str = "groups"
    prefix: str = ""

    @model_validator(mode="after")
    def _check(self) -> Issuer:
        if (self.jwks is None) == (self.keys is None):
            raise ValueError("give jwks or keys, one of them")
        return self


class AccessDocument(_Model):
    """access.toml.  sign_in: ``required`` when nobody may ask anything without.  token_minutes: how long a token of ours is good."""

    sign_in: Literal["optional", "required"] = "optional"
    token_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 14)] = 60
    issuers: tuple[Issuer, ...] = ()

    @field_validator("issuers")
    @classmethod
    def _each_once(cls, issuers: tuple[Issuer, ...]) -> tuple[Issuer, ...]:
        if len({issuer.issuer for issuer in issuers}) < len(issuers):
            raise ValueError("an issuer stands here a second time")
        return issuers


class User(_Model):
    """A person.  password: an Argon2 hash."""

    password: Annotated[str, Field(repr=False)]
    groups: tuple[str, ...] = ()


class ApiKey(_Model):
    """A key.  digest: SHA-256 of it, in hex.  ends: seconds since 1970, None for never."""

    digest: str
    groups: tuple[str, ...] = ()
    ends: int | None = None


class MadeLink(_Model):
    """A link that was made, for people to find it again."""

    service: str
    job_id: str
    operation: str
    layers: tuple[int, ...] | None
    made: int
    ends: int
    note: str = ""


class LinksDocument(_Model):
    """links.json.  revoked: link ids.  jobs: ``service/job id`` -> links made before that moment are revoked."""

    made: dict[str, MadeLink] = Field(default_factory=dict)
    revoked: tuple[str, ...] = ()
    jobs: dict[str, int] = Field(default_factory=dict)

    def is_revoked(self, id: str, link: Link | MadeLink) -> bool:
        """True when a link was taken back, by its id or with all links of its job."""
        return id in self.revoked or link.made <= self.jobs.get(job_name(link.service, link.job_id), -1)


def job_name(service: str, job_id: str) -> str:
    """A job as links.json names it."""
    return f"{service.casefold()}/{job_id}"


class _Users(_Model):
    users: dict[str, User] = Field(default_factory=dict)


class _Keys(_Model):
    keys: dict[str, ApiKey] = Field(default_factory=dict)


class Realm(_Model):
    """Everything the access folder says.  secrets: of secret.key, newest first."""

    access: AccessDocument = AccessDocument()
    users: dict[str, User] = Field(default_factory=dict)
    keys: dict[str, ApiKey] = Field(default_factory=dict)
    links: LinksDocument = LinksDocument()
    secrets: Annotated[tuple[str, ...], Field(repr=False)] = ()


def read_realm(folder: Path) -> Realm:
    """The realm of a folder, an empty one when there is none.  Raises RealmInvalid."""
    text = _text(folder / ACCESS_FILE)
    try:
        raw = tomllib.loads(text)
        access = AccessDocument.model_validate(raw)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RealmInvalid(f"{ACCESS_FILE}: {_words(error)}") from error
    users, keys = _document(folder / USERS_FILE, _Users), _document(folder / KEYS_FILE, _Keys)
    secrets = tuple(line.strip() for line in _text(folder / SECRET_FILE).splitlines() if line.strip())
    if any(len(secret) < LEAST_KEY_CHARS for secret in secrets):
        raise RealmInvalid(f"{SECRET_FILE}: a key is shorter than {LEAST_KEY_CHARS} characters")
    links = _document(folder / LINKS_FILE, LinksDocument)
    return Realm(access=access, users=users.users, keys=keys.keys, links=links, secrets=secrets)


def write_users(folder: Path, users: dict[str, User]) -> None:
    """All people there are."""
    _write(folder / USERS_FILE, _Users(users=users).model_dump_json(indent=1))


def write_keys(folder: Path, keys: dict[str, ApiKey]) -> None:
    """All API keys there are."""
    _write(folder / KEYS_FILE, _Keys(keys=keys).model_dump_json(indent=1))


def write_links(folder: Path, links: LinksDocument) -> None:
    """All links made and revoked."""
    _write(folder / LINKS_FILE, links.model_dump_json(indent=1))


def write_secrets(folder: Path, secrets: tuple[str, ...]) -> None:
    """The keys that sign, newest first."""
    _write(folder / SECRET_FILE, "\n".join(secrets) + "\n")


def _document(path: Path, kind: type[M]) -> M:
    text = _text(path)
    try:
        return kind.model_validate_json(text) if text.strip() else kind()
    except ValidationError as error:
        raise RealmInvalid(f"{path.name}: {_words(error)}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise RealmInvalid(f"{path.name}: cannot be read") from error


def _words(error: tomllib.TOMLDecodeError | ValidationError) -> str:
    """What is wrong, without any of the file's own values."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False))
    return str(error)


def _write(path: Path, text: str) -> None:
    """In one step, for its owner's eyes only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
