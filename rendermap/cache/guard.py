"""Keeps a store's faults away from those who ask: a fault is a miss, and what failed is left alone for a moment."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import structlog

from rendermap.cache.store import Store
from rendermap.cache.turns import Leave, Turns, leave_nothing
from rendermap.telemetry import Metrics

T = TypeVar("T")

TOLD_AGAIN_S = 600.0
"""How often the same fault is told, whether it lasts or comes and goes."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """timeout_s: longest answer.  rest_s: how long what failed is left alone.  at_once: questions on their way together."""

    timeout_s: float
    rest_s: float
    at_once: int


class Guard:
    """Asks one thing of one store.  Belongs to one event loop.

    After a fault, or an answer that does not come, it rests; then one question is put to it behind everybody's back, and it is
    used again when that is answered.  So an outage costs those who ask together when it begins one time-out, and nobody else any.
    """

    def __init__(self, store: str, doing: str, patience: Patience, metrics: Metrics) -> None:
        self._about = {"store": store, "doing": doing}
        self._patience = patience
        self._slots = asyncio.Semaphore(patience.at_once)
        self._faults, self._up = metrics.store_faults.labels(store, doing), metrics.store_up.labels(store, doing)
        self._up.set(1)
        self._is_resting = False
        self._asked_again_at = 0.0
        self._is_told = False
        self._told_at: dict[str, float] = {}
        self._probe: asyncio.Task[object] | None = None

    @property
    def is_resting(self) -> bool:
        """True while nobody's question is put to it."""
        return self._is_resting

    async def ask(self, question: Callable[[], Awaitable[T]], otherwise: T, *, may_probe: bool = True) -> T:
        """The answer, or otherwise.  may_probe: the question does no harm when nobody waits for its answer."""
        if self._is_resting:
            if may_probe and time.monotonic() >= self._asked_again_at:
                self._rest()
                self._probe = asyncio.create_task(self._try(question, otherwise))
            return otherwise
        async with self._slots:
            # it may have failed while this one waited
            return otherwise if self._is_resting else await self._try(question, otherwise)

    async def tell(self, message: Callable[[], Awaitable[None]]) -> None:
        """Said even while it rests; nobody learns whether it was heard."""
        with suppress(Exception):
            async with self._slots, asyncio.timeout(self._patience.timeout_s):
                await message()

    async def settle(self) -> None:
        """End a question that nobody waits for."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait([self._probe])

    async def _try(self, question: Callable[[], Awaitable[T]], otherwise: T) -> T:
        try:
            async with asyncio.timeout(self._patience.timeout_s):
                answer = await question()
        except Exception as fault:  # whatever goes wrong out there, the picture can still be drawn
            self._fail(fault)
            return otherwise
        self._recover()
        return answer

    def _rest(self) -> None:
        self._is_resting, self._asked_again_at = True, time.monotonic() + self._patience.rest_s

    def _fail(self, fault: Exception) -> None:
        self._rest()
        self._faults.inc()
        self._up.set(0)
        name, now = name_of(fault), time.monotonic()
        if now - self._told_at.get(name, -TOLD_AGAIN_S) >= TOLD_AGAIN_S:
            self._is_told, self._told_at[name] = True, now
            log.warning("pictures are served without a store that does not work", **self._about, fault=name)

    def _recover(self) -> None:
        if not self._is_resting:
            return
        self._is_resting = False
        self._up.set(1)
        if self._is_told:
            self._is_told = False
            log.info("a store works again", **self._about)


def name_of(fault: Exception) -> str:
    """A fault in one word: messages may hold paths and addresses, and those a password."""
    number = fault.errno if isinstance(fault, OSError) else None
    return errno.errorcode.get(number, type(fault).__name__) if number else type(fault).__name__


class GuardedStore(Generic[T]):
    """See `Store`; never raises.  observe: told of every question whether the value was there."""

    def __init__(self, store: Store[T], reading: Guard, writing: Guard, observe: Callable[[bool], None]) -> None:
        self._store = store
        self._reading = reading
        self._writing = writing
        self._observe = observe

    async def get(self, key: str) -> T | None:
        """The value, or None."""
        value = await self._reading.ask(partial(self._store.get, key), None)
        self._observe(value is not None)
        return value

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value, if that is possible."""
        await self._writing.ask(partial(self._store.put, key, value, ttl_s), None)

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """Forget all values of some jobs, however long that takes.  False when some may be left."""
        try:
            return await self._store.drop_jobs(jobs)
        except Exception as fault:
            log.warning("pictures of ended jobs may be left in a store", store=self._store.__class__.__name__, fault=name_of(fault))
            return False


class GuardedTurns:
    """See `Turns`; where they cannot be taken, everybody has one.  One that was taken is given back even while the store rests."""

    def __init__(self, turns: Turns, reading: Guard, writing: Guard) -> None:
        self._turns = turns
        self._reading = reading
        self._writing = writing

    async def take(self, key: str) -> Leave | None:
        """The turn, if nobody has it."""
        otherwise: Leave | None = leave_nothing
        if self._reading.is_resting:
            # what another makes could not be found, so there is nothing to wait for
            return otherwise
        leave = await self._writing.ask(partial(self._turns.take, key), otherwise, may_probe=False)
        return None if leave is None else partial(self._writing.tell, leave)
