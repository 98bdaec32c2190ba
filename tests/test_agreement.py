"""Processes that share a Redis give one client one hour's pixels together; without it each counts for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.access.grant import Grant, Operation, Principal, PrincipalKind
from rendermap.agreement import PREFIX, Agreement
from rendermap.allowance import Allowance
from rendermap.cache.guard import Guard, Patience
from rendermap.cache.redis import connect
from rendermap.errors import TooMany
from rendermap.limits import PIXEL_BUDGET
from rendermap.telemetry import make_metrics
from tests.builders.clock import Clock
from tests.builders.pools import run
from tests.builders.redis_server import RedisServer, needs_redis

pytestmark = needs_redis

TEN_MPX = replace(PIXEL_BUDGET, value=10)
ANNA = Grant(Principal("anna", PrincipalKind.USER, address="192.0.2.1"), Operation.VIEW, "Demo", "j1", frozenset({0}))


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


class Process:
    """One of several that share a Redis."""

    def __init__(self, redis: RedisServer) -> None:
        self.allowance = Allowance(budget=TEN_MPX, now=Clock())
        patience = Patience(timeout_s=0.3, rest_s=0.02, at_once=2)
        guard = Guard("redis", "budgets", patience, make_metrics())
        self.agreement = Agreement(self.allowance, connect(redis.url, 0.3), guard, b"a secret of all")

    def left(self) -> float:
        """Pixels that are left for Anna, as far as this process knows."""
        (budget,) = self.allowance._budgets.values()
        return budget.left


def test_what_one_process_gave_the_others_know(redis: RedisServer) -> None:
    """Three processes give ten megapixels together, and a fourth that knew nothing refuses the next."""

    async def ask() -> None:
        processes = [Process(redis) for _ in range(4)]
        for process in processes[:3]:
            process.allowance.take(ANNA, 3_000_000)
            await process.agreement.agree()
        late = processes[3]
        late.allowance.take(ANNA, 900_000)
        await late.agreement.agree()
        with pytest.raises(TooMany, match="At most 10 megapixels"):
            late.allowance.take(ANNA, 200_000)
        await processes[0].agreement.agree()
        assert processes[0].left() == pytest.approx(100_000, abs=20_000)
        for process in processes:
            await process.agreement.stop()

    run(ask)


def test_what_is_spent_while_they_agree_is_not_lost(redis: RedisServer) -> None:
    """A question on its way does not hold up pictures, and its answer does not give back what they cost."""

    async def ask() -> None:
        one = Process(redis)
        one.allowance.take(ANNA, 1_000_000)
        agreeing = asyncio.create_task(one.agreement.agree())
        while not redis.client.keys("*"):
            await asyncio.sleep(0)
        one.allowance.take(ANNA, 2_000_000)
        await agreeing
        assert one.left() == pytest.approx(7_000_000, abs=20_000)
        await one.agreement.agree()
        assert one.left() == pytest.approx(7_000_000, abs=20_000)
        await one.agreement.stop()

    run(ask)


def test_without_redis_each_counts_for_itself_and_tells_later(redis: RedisServer) -> None:
    """An outage costs nobody a picture; what was given meanwhile is told when it is over."""

    async def ask() -> None:
        one, two = Process(redis), Process(redis)
        redis.kill()
        one.allowance.take(ANNA, 4_000_000)
        await one.agreement.agree()
        assert one.left() == 6_000_000
        redis.start()
        for _ in range(3):
            await one.agreement.agree()
            await asyncio.sleep(0.05)
        two.allowance.take(ANNA, 1_000_000)
        await two.agreement.agree()
        assert two.left() == pytest.approx(5_000_000, abs=20_000)
        redis.kill()
        redis.start()
        for _ in range(3):
            await two.agreement.agree()
            await asyncio.sleep(0.05)
        assert two.left() == pytest.approx(5_000_000, abs=20_000), "a Redis that lost all gives nothing back"
        await one.agreement.stop()
        await two.agreement.stop()

    run(ask)


def test_it_goes_on_by_itself_until_it_is_stopped(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was spent last is told at the end."""
    monkeypatch.setattr("rendermap.agreement.AGREES_S", 0.02)

    async def ask() -> None:
        one = Process(redis)
        one.agreement.start()
        one.allowance.take(ANNA, 1_000_000)
        while not redis.client.keys(f"{PREFIX}*"):
            await asyncio.sleep(0.01)
        one.allowance.take(ANNA, 1_000_000)
        await one.agreement.stop()
        (key,) = redis.client.keys("*")
        assert float(redis.client.hget(key, "left")) == pytest.approx(8_000_000, abs=20_000)
        assert 0 < redis.client.ttl(key) <= 7200

    run(ask)


def test_redis_learns_no_name_and_is_believed_nothing(redis: RedisServer) -> None:
    """A client is a hash there; an answer that cannot be is a fault of Redis, and the own count holds."""

    async def ask() -> None:
        one = Process(redis)
        one.allowance.take(ANNA, 1_000_000)
        await one.agreement.agree()
        (key,) = redis.client.keys("*")
        told = key + b"".join(part for pair in redis.client.hgetall(key).items() for part in pair)
        assert not [word for word in (b"anna", b"192.0.2.1", b"Demo") if word in told]
        for mischief in ("nan", "1e999", "x"):
            redis.client.hset(key, mapping={"left": mischief, "at": "0"})
            await one.agreement.agree()
            assert one.left() == pytest.approx(9_000_000, abs=20_000)
            await asyncio.sleep(0.05)
        redis.client.delete(key)
        redis.client.set(key, "a text")
        await one.agreement.agree()
        assert one.left() == pytest.approx(9_000_000, abs=20_000)
        await one.agreement.stop()

    run(ask)
