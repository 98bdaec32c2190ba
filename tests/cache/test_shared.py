"""Processes that share a store make a picture once; one that dies, fails or goes away never costs the others their picture."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

import pytest

from rendermap.cache.afterwards import Afterwards
from rendermap.cache.flight import Flight
from rendermap.cache.memory import MemoryStore
from rendermap.cache.shared import Shared
from rendermap.cache.tiers import Tiers
from rendermap.cache.turns import Leave
from rendermap.errors import RenderFailed
from tests.builders.pools import run

KEY = "job/picture"
TURN_S = 0.4


class Farther(MemoryStore[bytes]):
    """A store outside that takes its time."""

    def __init__(self, pause_s: float = 0.002) -> None:
        super().__init__(1 << 20, weigh=len)
        self.pause_s, self.gets, self.puts = pause_s, 0, 0

    async def get(self, key: str) -> bytes | None:
        self.gets += 1
        await asyncio.sleep(self.pause_s)
        return await super().get(key)

    async def put(self, key: str, value: bytes, ttl_s: float | None = None) -> None:
        self.puts += 1
        await asyncio.sleep(self.pause_s)
        await super().put(key, value, ttl_s)


class LocalTurns:
    """Turns among the processes that this test plays."""

    def __init__(self) -> None:
        self.taken: dict[str, object] = {}

    async def take(self, key: str) -> Leave | None:
        await asyncio.sleep(0)
        if key in self.taken:
            return None
        mine = self.taken[key] = object()

        async def leave() -> None:
            if self.taken.get(key) is mine:
                del self.taken[key]

        return leave


class Neighbourhood:
    """So many processes over one store."""

    def __init__(self, processes: int, store: Farther | None = None) -> None:
        self.store, self.turns = store or Farther(), LocalTurns()
        self.afterwards = [Afterwards() for _ in range(processes)]
        self.flights = [
            Flight[bytes](MemoryStore(1 << 20, weigh=len), shared=Shared(self.store, self.turns, after, TURN_S))
            for after in self.afterwards
        ]
        self.made: dict[str, int] = defaultdict(int)

    async def ask(self, process: int, key: str = KEY, pause_s: float = 0.05) -> bytes:
        async def make() -> bytes:
            self.made[key] += 1
            await asyncio.sleep(pause_s)
            return key.encode()

        return await self.flights[process].get_or_make(key, make)

    async def settle(self) -> None:
        for after in self.afterwards:
            await after.settle()


def test_a_picture_is_made_once_among_all() -> None:
    """Five processes, each asked forty times for each of ten pictures at once: ten makings, and nothing asked outside when all have it."""

    async def ask() -> None:
        all_ = Neighbourhood(5)
        keys = [f"job/{n}" for n in range(10)]
        got = await asyncio.gather(*(all_.ask(p, key) for p in range(5) for key in keys for _ in range(40)))
        assert got == [key.encode() for _ in range(5) for key in keys for _ in range(40)]
        assert set(all_.made.values()) == {1} and not all_.turns.taken
        await all_.settle()
        gets = all_.store.gets
        await asyncio.gather(*(all_.ask(p, key) for p in range(5) for key in keys))
        assert all_.store.gets == gets

    run(ask)


def test_a_dead_holder_of_a_turn_delays_and_no_more() -> None:
    """Its turn never ends: the others wait for so long and then make it themselves, once each."""

    async def ask() -> None:
        all_ = Neighbourhood(2)
        all_.turns.taken[KEY] = object()
        started = time.monotonic()
        assert await asyncio.gather(all_.ask(0), all_.ask(1)) == [KEY.encode()] * 2
        assert TURN_S <= time.monotonic() - started < TURN_S + 0.4
        assert all_.made[KEY] == 2

    run(ask)


def test_a_turn_ends_with_a_failure_and_the_next_tries() -> None:
    """The asker hears of it; another process makes the picture."""

    async def ask() -> None:
        all_ = Neighbourhood(2)

        async def fail() -> bytes:
            await asyncio.sleep(0.05)
            raise RenderFailed

        failing = asyncio.create_task(all_.flights[0].get_or_make(KEY, fail))
        await asyncio.sleep(0.02)
        assert await all_.ask(1) == KEY.encode()
        with pytest.raises(RenderFailed):
            await failing

    run(ask)


def test_a_turn_ends_when_its_asker_goes() -> None:
    """The making is cancelled and the turn is another's at once."""

    async def ask() -> None:
        all_ = Neighbourhood(2)
        going = asyncio.create_task(all_.ask(0, pause_s=10))
        await asyncio.sleep(0.02)
        going.cancel()
        started = time.monotonic()
        assert await all_.ask(1) == KEY.encode() and time.monotonic() - started < TURN_S
        assert all_.made[KEY] == 2
        await all_.settle()
        assert not all_.turns.taken

    run(ask)


def test_nobody_waits_for_a_picture_to_be_kept() -> None:
    """A store that takes long to keep it holds up neither its asker nor those who ask this process again."""

    async def ask() -> None:
        store = Farther()
        all_ = Neighbourhood(1, store)
        slow = asyncio.Event()

        async def put(key: str, value: bytes, ttl_s: float | None = None) -> None:
            await slow.wait()

        store.put = put  # type: ignore[method-assign]
        async with asyncio.timeout(0.3):
            assert await all_.ask(0) == KEY.encode() == await all_.ask(0)
        assert all_.turns.taken, "its turn lasts until it is kept, or another process would make it again"
        slow.set()
        await all_.settle()
        assert not all_.turns.taken

    run(ask)


def test_what_waits_to_be_kept_is_bounded() -> None:
    """A store that cannot keep up loses pictures, and the service no memory; turns are given back all the same."""

    async def ask() -> None:
        store = Farther(pause_s=0.0)
        after = Afterwards(most=5)
        turns = LocalTurns()
        shared = Shared(store, turns, after)
        slow = asyncio.Event()

        async def put(key: str, value: bytes, ttl_s: float | None = None) -> None:
            await slow.wait()
            store.puts += 1

        store.put = put  # type: ignore[method-assign]

        async def make() -> bytes:
            return b"x"

        for number in range(50):
            assert await shared.get_or_make(f"job/{number}", make) == b"x"
            await asyncio.sleep(0)
        assert len(turns.taken) <= 6
        slow.set()
        await after.settle()
        assert store.puts <= 6 and not turns.taken

    run(ask)


def test_whoever_is_patient_has_everything_kept() -> None:
    """However much is made, and however long a store takes: each is kept before its asker has it."""

    async def ask() -> None:
        store = Farther(pause_s=0.02)
        after = Afterwards(most=5)
        shared = Shared(store, LocalTurns(), after, is_patient=True)

        async def ask_for(key: str) -> bool:
            async def make() -> bytes:
                return b"x"

            await shared.get_or_make(key, make)
            return key in store._entries

        assert all(await asyncio.gather(*(ask_for(f"job/{number}") for number in range(50))))

    run(ask)


def test_the_farthest_is_asked_by_whoever_has_the_turn() -> None:
    """Of many who want the same at once one asks it; the others find what it found nearer."""

    async def ask() -> None:
        near, far, after, turns = Farther(), Farther(pause_s=0.05), Afterwards(), LocalTurns()
        await far.put(KEY, b"x")
        shared = [Shared(Tiers([near, far], after), turns, after, near=near) for _ in range(5)]

        async def make() -> bytes:
            raise AssertionError

        assert await asyncio.gather(*(one.get_or_make(KEY, make) for one in shared)) == [b"x"] * 5
        assert far.gets == 1

    run(ask)


def test_a_picture_found_farther_comes_nearer() -> None:
    """Found in the last store, it is in the one before when it is asked for again."""

    async def ask() -> None:
        near, far, after = Farther(), Farther(), Afterwards()
        tiers = Tiers([near, far], after)
        await far.put(KEY, b"x")
        assert await tiers.get(KEY) == b"x"
        await after.settle()
        assert await near.get(KEY) == b"x"
        gets = far.gets
        assert await tiers.get(KEY) == b"x" and far.gets == gets
        await tiers.put("job/b", b"y")
        assert await near.get("job/b") == b"y" == await far.get("job/b")

    run(ask)


def test_a_job_is_dropped_everywhere() -> None:
    """From memory and from every store outside."""

    async def ask() -> None:
        all_ = Neighbourhood(1)
        await all_.ask(0), await all_.ask(0, "other/picture")
        await all_.settle()
        assert await all_.flights[0].drop_jobs(["job"])
        await all_.ask(0), await all_.ask(0, "other/picture")
        assert all_.made == {KEY: 2, "other/picture": 1}

    run(ask)


def test_what_takes_too_long_is_ended_with_the_service() -> None:
    """It is stopped within its time whatever a store does."""

    async def ask() -> None:
        after = Afterwards()
        after.do(asyncio.sleep(60))
        started = time.monotonic()
        await after.settle(0.1)
        assert time.monotonic() - started < 1
        await asyncio.sleep(0)
        assert not after.is_busy

    run(ask)
