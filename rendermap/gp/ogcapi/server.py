"""Another server, asked over HTTP and trusted with little: it is followed to no other host, and nothing it sends is endless.

Spec: OGC API - Processes - Part 1: Core, 1.0.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import httpx

from rendermap.limits import REMOTE_FILE_BYTES, REMOTE_STATUS_BYTES, Limit

PATIENCE = httpx.Timeout(30.0, connect=10.0)
UNBOUNDED = httpx.Timeout(None, connect=10.0)
"""For answers that come when the work is done; the job's time limit bounds them."""
ANYTHING = {"Accept": "application/json, */*;q=0.5"}
WRITTEN_BYTES = 1 << 20
WORDS_CHARS = 1000
_PASSING = frozenset((429, 502, 503, 504))


class RemoteFault(Exception):
    """The other server did not do what was asked.  words: safe for strangers.  reason: for the log."""

    def __init__(self, words: str, reason: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.reason = reason


class Unreachable(RemoteFault):
    """That may pass."""


class Server:
    """url: where its API begins; a user and password in it are sent to it, and shown to nobody.  To make one may block."""

    def __init__(self, url: str) -> None:
        try:
            given = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise RemoteFault("The server that runs the task is not set up.", str(error)) from error
        self._base = given.copy_with(userinfo=b"", path=f"{given.path.rstrip('/')}/")
        self._client = httpx.AsyncClient(
            auth=httpx.BasicAuth(given.username, given.password) if given.userinfo else None,
            headers={"User-Agent": "rendermap", "Accept-Encoding": "identity"},
            timeout=PATIENCE,
            verify=_trust(),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Nothing more is asked."""
        await self._client.aclose()

    def at(self, path: str, base: httpx.URL | None = None) -> httpx.URL:
        """An address of the server, of a path or link below base.  Raises RemoteFault for one that leads elsewhere."""
        try:
            found = (base or self._base).join(path)
        except (httpx.InvalidURL, ValueError) as error:
            raise RemoteFault("The server gave an address that cannot be understood.", str(error)) from error
        if _origin(found) != _origin(self._base) or found.userinfo:
            raise RemoteFault("The server gave an address that is not its own.", f"it leads to {found.host}")
        return found

    def below(self, address: httpx.URL, step: str) -> httpx.URL:
        """The address one step further down."""
        return address.copy_with(path=f"{address.path.rstrip('/')}/{step}", query=None, fragment=None)

    @asynccontextmanager
    async def asked(
        self, method: str, address: httpx.URL, *, body: object = None, headers: Mapping[str, str] | None = None, is_patient: bool = False
    ) -> AsyncIterator[httpx.Response]:
        """A good answer whose body is yet to come.  Raises RemoteFault for any other, also while it comes."""
        timeout = UNBOUNDED if is_patient else PATIENCE
        try:
            async with self._client.stream(method, address, json=body, headers=dict(headers or {}), timeout=timeout) as response:
                if not response.is_success:
                    await _refuse(response)
                yield response
        except httpx.HTTPError as error:
            raise Unreachable("The server that runs the task does not answer.", f"{type(error).__name__}: {error}") from error

    async def document(self, address: httpx.URL) -> dict[str, Any]:
        """What the server says of something, a JSON object.  Raises RemoteFault."""
        async with self.asked("GET", address, headers={"Accept": "application/json"}) as response:
            found = await read_json(response, REMOTE_STATUS_BYTES)
        if not isinstance(found, dict):
            raise RemoteFault("The server gave an answer that cannot be understood.", f"{address.path}: no JSON object")
        return found


async def read_json(response: httpx.Response, limit: Limit) -> Any:
    """The body.  Raises RemoteFault."""
    body = await read(response, limit)
    try:
        return await asyncio.to_thread(json.loads, body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RemoteFault("The server gave an answer that cannot be understood.", f"{response.url.path}: {error}") from error


async def read(response: httpx.Response, limit: Limit) -> bytes:
    """The body.  Raises RemoteFault for one that is too large."""
    body = bytearray()
    async for chunk in response.aiter_bytes(WRITTEN_BYTES):
        body += chunk
        if len(body) > limit.value:
            raise RemoteFault(f"The server gave too much. {limit.sentence}")
    return bytes(body)


async def download(response: httpx.Response, path: Path) -> None:
    """The body as a file.  Raises RemoteFault for one that is too large, OSError."""
    taken = 0
    with await asyncio.to_thread(path.open, "xb") as file:
        async for chunk in response.aiter_bytes(WRITTEN_BYTES):
            taken += len(chunk)
            if taken > REMOTE_FILE_BYTES.value:
                raise RemoteFault(f"The server gave too much. {REMOTE_FILE_BYTES.sentence}")
            await asyncio.to_thread(file.write, chunk)


def _trust() -> ssl.SSLContext:
    """The well-known authorities, and those that this machine trusts beside them.  Reads the disk, and may block."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


async def _refuse(response: httpx.Response) -> NoReturn:
    reason = f"{response.request.method} {response.url.path}: status {response.status_code}"
    if response.status_code in _PASSING:
        raise Unreachable("The server that runs the task is busy.", reason)
    if response.is_redirect:
        raise RemoteFault("The server that runs the task sent us elsewhere, where we do not go.", reason)
    said = None
    with suppress(RemoteFault):
        said = await read_json(response, REMOTE_STATUS_BYTES)
    words = next((said[key] for key in ("detail", "description", "title") if said.get(key)), None) if isinstance(said, dict) else None
    told = f": {str(words)[:WORDS_CHARS]}" if words else "."
    raise RemoteFault(f"The server that runs the task refused it{told}", reason)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
