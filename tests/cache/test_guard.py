"""A store that fails costs those who ask next to nothing, is told of once, and is used again by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial

import pytest
from structlog.testing import capture_logs

from rendermap.cache.guard import Guard, GuardedStore, GuardedTurns, Patience, name_of
from rendermap.cache.turns import Leave
from rendermap.telemetry import Metrics, make_metrics
from tests.builders.pools import run

PATIENCE = Patience(timeout_s=0.1, rest_s=0.3, at_once=4)


@dataclass
class Moody:
    """A store that does as told: keeps, fails, or says nothing."""

    mood: str = "well"
    asked: int = 0
    kept: dict[str, bytes] = field(default_factory=dict)

    async def get(self, key: str) -> bytes | None:
        await self._be()
        return self.kept.get(key)

    async def put(self, key: str, value: bytes, ttl_s: float | None = None) -> None:
        await self._be()
        self.kept[key] = value

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        await self._be()
        return True

    async def _be(self) -> None:
        self.asked += 1
        if self.mood == "silent":
            await asyncio.sleep(60)
        if self.mood == "failing":
            raise OSError(28, "No space left on /secret/place")
        if self.mood == "absurd":
            raise KeyError("rubbish")


def guarded(store: Moody, metrics: Metrics | None = None) -> GuardedStore[bytes]:
    """As in the service, with less patience."""
    metrics = metrics or make_metrics()
    return GuardedStore(store, Guard("moody", "read", PATIENCE, metrics), Guard("moody", "write", PATIENCE, metrics), lambda hit: None)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for it."""
    while not is_so():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("mood", ["failing", "absurd", "silent"])
def test_an_outage_costs_one_time_out_and_one_warning(mood: str) -> None:
    """A hundred who ask together wait once, a thousand after them not at all; nothing is raised and one line is logged."""

    async def ask() -> None:
        metrics = make_metrics()
        store = Moody(mood, kept={"a": b"a"})
        guard = guarded(store, metrics)
        with capture_logs() as logs:
            started = time.monotonic()
            assert await asyncio.gather(*(guard.get("a") for _ in range(100))) == [None] * 100
            assert time.monotonic() - started < 2 * PATIENCE.timeout_s + 0.1
            started = time.monotonic()
            for _ in range(1000):
                assert await guard.get("a") is None
            assert time.monotonic() - started < PATIENCE.rest_s / 2
            assert store.asked <= PATIENCE.at_once
            await asyncio.sleep(PATIENCE.rest_s * 2)
            assert await guard.get("a") is None
        assert [line["log_level"] for line in logs] == ["warning"] and "secret" not in str(logs)
        assert metrics.registry.get_sample_value("rendermap_store_up", {"store": "moody", "doing": "read"}) == 0
        assert metrics.registry.get_sample_value("rendermap_store_faults_total", {"store": "moody", "doing": "read"})

    run(ask)


@pytest.mark.parametrize("mood", ["failing", "silent"])
def test_it_is_used_again_and_nobody_waits_for_the_trial(mood: str) -> None:
    """After its rest one question is put to it behind everybody's back; when it is answered, all are."""

    async def ask() -> None:
        metrics = make_metrics()
        store = Moody(mood, kept={"a": b"a"})
        guard = guarded(store, metrics)
        with capture_logs() as logs:
            await guard.get("a")
            await asyncio.sleep(PATIENCE.rest_s * 1.1)
            started, asked = time.monotonic(), store.asked
            assert await asyncio.gather(*(guard.get("a") for _ in range(50))) == [None] * 50
            assert time.monotonic() - started < PATIENCE.timeout_s
            await asyncio.sleep(PATIENCE.timeout_s * 1.2)
            assert store.asked == asked + 1
            store.mood = "well"
            started = time.monotonic()
            while await guard.get("a") is None:
                await asyncio.sleep(0.01)
            assert time.monotonic() - started < 2 * PATIENCE.rest_s
        assert [line["log_level"] for line in logs] == ["warning", "info"]
        assert metrics.registry.get_sample_value("rendermap_store_up", {"store": "moody", "doing": "read"}) == 1

    run(ask)


def test_what_cannot_be_written_can_still_be_read() -> None:
    """A full disk or a full Redis still has the pictures it had."""

    async def ask() -> None:
        store = Moody(kept={"a": b"a"})
        guard = guarded(store)
        store.mood = "failing"
        await guard.put("b", b"b")
        store.mood = "well"
        assert await guard.get("a") == b"a"
        await guard.put("c", b"c")
        assert "c" not in store.kept
        await asyncio.sleep(PATIENCE.rest_s * 1.1)
        await guard.put("d", b"d")
        await until(lambda: "d" in store.kept)
        await guard.put("e", b"e")
        assert "e" in store.kept

    run(ask)


def test_a_store_that_comes_and_goes_does_not_fill_the_log() -> None:
    """Many equal faults with recoveries between them are one warning in ten minutes; another fault is told."""

    async def ask() -> None:
        store = Moody()
        metrics = make_metrics()
        guard = Guard("moody", "read", Patience(0.1, 0.0, 4), metrics)
        with capture_logs() as logs:
            for _ in range(20):
                for mood in ("failing", "well"):
                    store.mood = mood
                    await guard.ask(lambda: store.get("a"), None)
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
            assert [line["log_level"] for line in logs] == ["warning", "info"]
            store.mood = "absurd"
            await guard.ask(lambda: store.get("a"), None)
            assert [line["fault"] for line in logs if line["log_level"] == "warning"] == ["ENOSPC", "KeyError"]
        assert metrics.registry.get_sample_value("rendermap_store_faults_total", {"store": "moody", "doing": "read"}) == 21

    run(ask)


def test_a_queue_is_no_fault_of_the_store() -> None:
    """Sixty who ask a store that takes four at a time wait longer than it may take for one, and all are answered."""

    async def ask() -> None:
        async def slowly() -> bytes:
            await asyncio.sleep(0.05)
            return b"a"

        guard = Guard("moody", "read", Patience(timeout_s=0.5, rest_s=1.0, at_once=4), make_metrics())
        assert await asyncio.gather(*(guard.ask(slowly, b"") for _ in range(60))) == [b"a"] * 60

    run(ask)


def test_an_asker_who_goes_is_no_fault_of_the_store() -> None:
    """Its going is its own."""

    async def ask() -> None:
        store = Moody("silent", kept={"a": b"a"})
        guard = guarded(store)
        asker = asyncio.create_task(guard.get("a"))
        await asyncio.sleep(0.01)
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
        store.mood = "well"
        assert await guard.get("a") == b"a"

    run(ask)


def test_a_job_that_could_not_be_dropped_is_told() -> None:
    """False, and a line in the log, for whoever drops it to try again."""

    async def ask() -> None:
        store = Moody()
        assert await guarded(store).drop_jobs(["a"])
        store.mood = "failing"
        with capture_logs() as logs:
            assert not await guarded(store).drop_jobs(["a"])
        assert len(logs) == 1 and "secret" not in str(logs)

    run(ask)


def test_without_turns_everybody_has_one_and_a_turn_is_always_given_back() -> None:
    """Where they cannot be taken nobody waits; one that was taken before is given back although the store rests."""

    @dataclass
    class MoodyTurns:
        mood: str = "well"
        left: int = 0

        async def take(self, key: str) -> Leave | None:
            if self.mood == "failing":
                raise OSError(5, "broken")
            return None if self.mood == "another's" else self._leave

        async def _leave(self) -> None:
            self.left += 1

    async def ask() -> None:
        inner = MoodyTurns()
        reading, writing = (Guard("moody", doing, PATIENCE, make_metrics()) for doing in ("read", "write"))
        turns = GuardedTurns(inner, reading, writing)
        mine = await turns.take("a")
        inner.mood = "another's"
        assert mine and await turns.take("b") is None
        inner.mood = "failing"
        for _ in range(3):
            granted = await turns.take("b")
            assert granted
            await granted()
        await mine()
        assert inner.left == 1

    run(ask)


def test_where_nothing_can_be_found_nobody_waits_for_a_turn() -> None:
    """A store that does not answer costs its time-out once, not once for looking and once for the turn."""

    @dataclass
    class Unasked:
        async def take(self, key: str) -> Leave | None:
            raise AssertionError("asked")

    async def ask() -> None:
        metrics = make_metrics()
        reading, writing = (Guard("moody", doing, PATIENCE, metrics) for doing in ("read", "write"))
        await reading.ask(partial(Moody("silent").get, "a"), None)
        assert await GuardedTurns(Unasked(), reading, writing).take("a")
        assert metrics.registry.get_sample_value("rendermap_store_faults_total", {"store": "moody", "doing": "write"}) == 0

    run(ask)


def test_a_fault_is_named_in_a_word() -> None:
    """Its message may hold a path, or an address with a password."""
    assert name_of(OSError(28, "No space left on device", "/secret")) == "ENOSPC"
    assert name_of(ConnectionRefusedError(111, "redis://:hush@host")) == "ECONNREFUSED"
    assert name_of(TimeoutError("hush")) == "TimeoutError"
