"""A store in Redis or Valkey, and turns among all who use the same one.

Redis is believed nothing: what it answers is opened like any entry from outside, so a mixed-up answer is a miss and never a wrong picture.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from secrets import token_hex
from typing import Any, Generic, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import InvalidResponse, RedisError, ResponseError

from rendermap.cache.envelope import NAME_BYTES, Envelope, NotOurs
from rendermap.cache.memory import weigh_body
from rendermap.cache.turns import Leave

T = TypeVar("T")

PREFIX = "rendermap"
LARGEST_BYTES = 1024 * 1024
"""Larger pictures are rare, seldom asked for twice, and would hold up the small ones of others."""

KEPT_S = 24 * 3600
BATCH = 1000
JOB_CHARS = len(PREFIX) + 2 * NAME_BYTES + 2
"""Of a name, what tells its job."""

LEASE_S = 1.0
"""A turn ends so long after its holder has died."""
RENEWED_SHARE = 0.25
LONGEST_TURN_S = 120.0
"""Longer than any drawing may take, its waiting for a worker included."""

RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
LEAVE = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end"
"""A turn may have ended by itself, and be another's by now."""


def connect(url: str, timeout_s: float) -> Redis:
    """A client that connects when it is first used.  A connection that the server has closed meanwhile is made anew, once."""
    retry: Retry = Retry(NoBackoff(), 1, supported_errors=(Disconnected,))
    # of the two protocols the older: every server speaks it, and no greeting is needed before the first question
    return Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=retry, protocol=2, driver_info=None)


class RedisStore(Generic[T]):
    """See `Store`.  Raises RedisError and OSError.  on_damage: told of every value that was no entry of its name; it is removed."""

    def __init__(self, client: Redis, envelope: Envelope[T], on_damage: Callable[[], object] = lambda: None, kept_s: int = KEPT_S) -> None:
        self._client = client
        self._envelope = envelope
        self._on_damage = on_damage
        self._kept_s = kept_s

    async def get(self, key: str) -> T | None:
        """The value, or None."""
        name = self._name(key)
        try:
            entry = await self._fetch(name)
            return self._envelope.open(key, entry) if entry else None
        except NotOurs:
            self._on_damage()
            with suppress(RedisError):
                await self._client.unlink(name)
            return None

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value for a day at most; none that ends, and none that is large."""
        if ttl_s is None and weigh_body(value) <= LARGEST_BYTES:
            await self._client.set(self._name(key), self._envelope.close(key, value), ex=self._kept_s)

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """Forget all values of some jobs; looks through all names in the database, once."""
        begins = {f"{PREFIX}:{self._envelope.job_name(job)}:".encode() for job in jobs}
        found: list[bytes] = []
        async for name in self._client.scan_iter(match=f"{PREFIX}:*:*", count=BATCH):
            if name[:JOB_CHARS] in begins:
                found.append(name)
            if len(found) == BATCH:
                await self._client.unlink(*found)
                found.clear()
        if found:
            await self._client.unlink(*found)
        return True

    async def _fetch(self, name: str) -> bytes:
        """Nothing where there is nothing, and no more than an entry may have, whatever somebody put there.

        Raises NotOurs where something else than bytes has the name; that is no fault of the store, but another answer is.
        """
        try:
            entry: object = await self._client.getrange(name, 0, LARGEST_BYTES)
        except ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                raise NotOurs from error
            raise
        if not isinstance(entry, bytes):
            raise InvalidResponse("not bytes")
        return entry

    def _name(self, key: str) -> str:
        return _name_of(self._envelope, key)


class RedisTurns:
    """See `Turns`.  Raises RedisError and OSError.  A turn is renewed while it is held, and ends by itself when its holder has died."""

    def __init__(self, client: Redis, envelope: Envelope[Any], lease_s: float = LEASE_S) -> None:
        self._client = client
        self._envelope = envelope
        self._lease_ms = int(lease_s * 1000)
        self._renewals: set[asyncio.Task[None]] = set()

    async def take(self, key: str) -> Leave | None:
        """The turn, if nobody has it."""
        name, holder = f"{_name_of(self._envelope, key)}:turn", token_hex(16)
        answer = await self._client.set(name, holder, nx=True, px=self._lease_ms)
        if answer not in (True, None):
            raise InvalidResponse("neither taken nor another's")
        return partial(self._leave, name, holder, self._keep(name, holder)) if answer else None

    def close(self) -> None:
        """Renew none any more."""
        for renewal in self._renewals:
            renewal.cancel()

    def _keep(self, name: str, holder: str) -> asyncio.Task[None]:
        renewal = asyncio.create_task(self._renew(name, holder))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._renewals.discard)
        return renewal

    async def _renew(self, name: str, holder: str) -> None:
        """Until it is given back, or another's."""
        ends = time.monotonic() + LONGEST_TURN_S
        is_held = True
        while is_held and time.monotonic() < ends:
            await asyncio.sleep(self._lease_ms * RENEWED_SHARE / 1000)
            with suppress(Exception):  # whatever goes wrong out there, it is tried again
                is_held = bool(await self._client.eval(RENEW, 1, name, holder, self._lease_ms))

    async def _leave(self, name: str, holder: str, renewal: asyncio.Task[None]) -> None:
        renewal.cancel()
        await self._client.eval(LEAVE, 1, name, holder)


def _name_of(envelope: Envelope[Any], key: str) -> str:
    return ":".join((PREFIX, *envelope.names(key)))
