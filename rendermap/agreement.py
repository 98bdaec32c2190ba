"""Budgets agreed upon among processes: each counts for itself, and once a second Redis tells what is left of all together.

So a client pays no wait for it, may have a second's worth more than its hour's, and is still counted by every process alone while Redis
is gone.  Redis learns no name: a client is a hash there.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Sequence
from functools import partial

from redis.asyncio import Redis
from redis.exceptions import InvalidResponse

from rendermap.allowance import Allowance, Spent
from rendermap.cache.guard import Guard
from rendermap.chore import Chore

AGREES_S = 1.0
PREFIX = "rendermap:budget:"
BATCH = 500

SPEND = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1e6
local whole, spent = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(kept[1] or whole) or whole
local since = math.max(at - (tonumber(kept[2] or at) or at), 0)
left = math.min(left + since * whole / 3600, whole) - spent
redis.call('HSET', KEYS[1], 'left', string.format('%.3f', left), 'at', string.format('%.6f', at))
redis.call('EXPIRE', KEYS[1], 7200)
return string.format('%.3f', left)
"""
"""What is left of an hour's pixels, as `Allowance` counts them."""


class Agreement:
    """Belongs to one event loop.  secret: the same for all who share the Redis."""

    def __init__(self, allowance: Allowance, client: Redis, guard: Guard, secret: bytes) -> None:
        self._allowance = allowance
        self._client = client
        self._guard = guard
        self._secret = hashlib.blake2b(secret, digest_size=32, person=b"rendermap.budget").digest()
        self._chore = Chore(self._run, "rendermap-budgets")

    def start(self) -> None:
        """Begin to agree."""
        self._chore.begin()

    async def stop(self) -> None:
        """Tell what was spent last, and let go."""
        if self._chore.is_busy:
            await self._chore.stop()
            await self.agree()
        await self._guard.settle()
        await self._client.aclose()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(AGREES_S)
            await self.agree()

    async def agree(self) -> None:
        """Tell Redis what was spent since the last time, and believe what is left."""
        # a question that nobody waits for must not spend anything
        if not await self._guard.ask(self._is_there, False):
            return
        spent, nothing = self._allowance.spent(), dict[Spent, float]()
        for first in range(0, len(spent), BATCH):
            batch = spent[first : first + BATCH]
            self._allowance.correct(batch, await self._guard.ask(partial(self._ask, batch), nothing, may_probe=False))

    async def _is_there(self) -> bool:
        return bool(await self._client.ping())

    async def _ask(self, batch: Sequence[Spent]) -> dict[Spent, float]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for each in batch:
                pipeline.eval(SPEND, 1, self._name(each), each.whole, each.pixels)
            answers = await pipeline.execute()
        return {each: _number(answer, each.whole) for each, answer in zip(batch, answers, strict=True)}

    def _name(self, spent: Spent) -> str:
        told = f"{spent.client}\0{spent.scope}\0{spent.whole:.0f}".encode("utf-8", "surrogatepass")
        return PREFIX + hashlib.blake2b(told, key=self._secret, digest_size=16).hexdigest()


def _number(answer: object, whole: float) -> float:
    """Redis is believed nothing that cannot be.  Raises InvalidResponse."""
    try:
        left = float(answer)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidResponse("no number") from error
    if not math.isfinite(left) or left > whole:
        raise InvalidResponse("more than an hour's pixels")
    return left
