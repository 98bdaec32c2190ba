"""The service in a process of its own, as an operator runs it, with people who sign in; and everything it wrote down."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rendermap.access import realm
from rendermap.access.grant import UNBOUNDED, Bounds, Link, Operation
from rendermap.access.passwords import hash_password
from rendermap.access.realm import ApiKey, User
from tests.builders.doors import open_door
from tests.builders.whole_service import NAME, WholeService, lay_out

SECRET = "shared by all replicas"
PASSWORD = "correct horse battery"
API_KEY = "rmk_of-the-portal"
ISSUER, AUDIENCE = "https://login.example/gis", "rendermap"
MEMBERS = "Hydrology/Members"
STARTUP_S = 60.0
NOTICED_S = 1.2
"""The access folder is looked at once a second."""


@dataclass(frozen=True, slots=True)
class SignedService:
    """url: without a trailing slash.  private: a job of anna's own.  shared: a job for whoever signed in, of a service of its own."""

    url: str
    folder: Path
    private: WholeService
    shared: WholeService
    key: EllipticCurvePrivateKey = field(repr=False)

    def token(self) -> str:
        """What anna is given for her password."""
        given = {"username": "anna", "password": PASSWORD, "f": "json"}
        token: str = httpx.post(f"{self.url}/arcgis/tokens/generateToken", data=given).json()["token"]
        return token

    def bearer(self, name: str = "anna") -> str:
        """A token of the issuer's."""
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": name, "exp": int(time.time()) + 600}
        return jwt.encode(claims, self.key, "ES256")

    def link(self, bounds: Bounds = UNBOUNDED, layer_ids: frozenset[int] | None = None, ends_in_s: int = 3600) -> str:
        """The prefix of addresses below a link to anna's job."""
        now = int(time.time())
        link = Link("L1", NAME, self.private.job_id, layer_ids, Operation.VIEW, bounds, now, now, now + ends_in_s)
        return f"/links/{open_door(secret=SECRET).link_token(link)}"

    def demand_sign_in(self, how: str) -> None:
        """``required`` or ``optional``."""
        _write_access(self.folder / "access", how)
        time.sleep(NOTICED_S)

    def end_tokens(self) -> None:
        """Anna's password is written anew, which ends what she was given for it."""
        _write_people(self.folder / "access")
        time.sleep(NOTICED_S)

    def wrote(self) -> str:
        """Its log at debug level, its audit log, its metrics, and the names and bodies of the pictures it keeps."""
        kept = [path for path in (self.folder / "cache").rglob("*") if path.is_file()]
        texts = [(self.folder / name).read_bytes() for name in ("said.log", "audit.log")]
        texts += [bytes(path) + path.read_bytes() for path in kept] + [httpx.get(f"{self.url}/metrics").content]
        assert kept and all(texts)
        return b"\n".join(texts).decode("latin-1")


@contextmanager
def signed_service(folder: Path) -> Iterator[SignedService]:
    """The service, serving; its jobs were finished a moment before."""
    private = lay_out(folder, owner="anna", private=True)
    shared = lay_out(folder, service=MEMBERS, who='view = ["signed_in"]')
    key = _make_realm(folder / "access")
    with (folder / "said.log").open("wb") as said, _started(folder, said) as process:
        try:
            url = _url_of(folder / "said.log", process)
            yield SignedService(url, folder, WholeService.of_job(url, private), WholeService.of_job(url, shared, MEMBERS), key)
        finally:
            process.terminate()
            process.wait(STARTUP_S)


def _make_realm(access: Path) -> EllipticCurvePrivateKey:
    """Anna, a portal with a key, and an issuer, whose key is the result."""
    key = generate_private_key(SECP256R1())
    access.mkdir()
    (access / "issuer.pem").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    _write_people(access)
    realm.write_keys(access, {"portal": ApiKey(digest=hashlib.sha256(API_KEY.encode()).hexdigest())})
    _write_access(access, "optional")
    return key


def _write_people(access: Path) -> None:
    realm.write_users(access, {"anna": User(password=hash_password(PASSWORD))})


def _write_access(access: Path, sign_in: str) -> None:
    issuer = f'[[issuers]]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\nkeys = "issuer.pem"\n'
    (access / "access.toml").write_text(f'sign_in = "{sign_in}"\n{issuer}')


def _started(folder: Path, said: Any) -> subprocess.Popen[bytes]:
    options = {
        "jobs": folder / "jobs", "services": folder / "services", "access": folder / "access", "cache-dir": folder / "cache",
        "audit-log": folder / "audit.log", "log-level": "debug", "workers": 1, "port": 0,
    }  # fmt: skip
    argv = [sys.executable, "-m", "rendermap", "serve", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
    return subprocess.Popen(argv, stdout=said, stderr=said, env={**os.environ, "RENDERMAP_SECRET_KEY": SECRET, "PYTHONUNBUFFERED": "1"})


def _url_of(said: Path, process: subprocess.Popen[bytes]) -> str:
    """Its address, once it can draw."""
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+", said.read_text("utf-8", "replace")):
            try:
                if httpx.get(f"{found[0]}/health/ready").status_code == 200:
                    return found[0]
            except httpx.TransportError:
                pass
        time.sleep(0.1)
    raise TimeoutError(f"the service did not start: {said.read_text('utf-8', 'replace')}")
