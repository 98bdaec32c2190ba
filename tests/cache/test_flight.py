"""However many ask, a thing is made once; nobody's leaving or failure harms the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from rendermap.cache.flight import Flight
from rendermap.cache.memory import MemoryStore
from rendermap.errors import Busy, RenderFailed
from tests.builders.pools import run


class Maker:
    """Makes a value after a moment, and counts how often it was asked to and how often it was cancelled."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.made = self.cancelled = 0
        self.failure = failure

    async def __call__(self) -> bytes:
        self.made += 1
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure:
            raise self.failure
        return b"picture"


def make_flight(seen: list[bool] | None = None) -> Flight[bytes]:
    """A flight over an empty store."""
    return Flight(MemoryStore(1 << 20, weigh=len), None if seen is None else seen.append)


def test_two_hundred_equal_questions_are_made_once() -> None:
    """One making for all, and none for those who come later; hits and misses are told."""

    async def ask() -> None:
        seen: list[bool] = []
        flight, make = make_flight(seen), Maker()
        assert await asyncio.gather(*(flight.get_or_make("a", make) for _ in range(200))) == [b"picture"] * 200
        assert await flight.get_or_make("a", make) == b"picture"
        assert make.made == 1
        assert (seen.count(False), seen.count(True)) == (1, 200)

    run(ask)


def test_different_keys_are_different_flights() -> None:
    """Nobody gets another key's picture."""

    async def ask() -> None:
        flight = make_flight()

        async def named(name: str) -> bytes:
            await asyncio.sleep(0.01)
            return name.encode()

        names = [str(n) for n in range(20)]
        assert await asyncio.gather(*(flight.get_or_make(n, lambda n=n: named(n)) for n in names)) == [n.encode() for n in names]  # type: ignore[misc]

    run(ask)


def test_the_first_asker_may_go() -> None:
    """The client that asked first is gone; those who joined still get the picture, and it is kept."""

    async def ask() -> None:
        flight, make = make_flight(), Maker()
        first = asyncio.create_task(flight.get_or_make("a", make))
        await asyncio.sleep(0.005)
        others = [asyncio.create_task(flight.get_or_make("a", make)) for _ in range(3)]
        await asyncio.sleep(0.005)
        first.cancel()
        assert await asyncio.gather(*others) == [b"picture"] * 3
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (make.made, make.cancelled) == (1, 0)
        assert await flight.get_or_make("a", make) == b"picture" and make.made == 1

    run(ask)


def test_the_making_ends_with_its_last_asker() -> None:
    """When nobody waits any more the making is cancelled, and the next asker starts a new one."""

    async def ask() -> None:
        flight, make = make_flight(), Maker()
        askers = [asyncio.create_task(flight.get_or_make("a", make)) for _ in range(3)]
        await asyncio.sleep(0.005)
        for asker in askers:
            asker.cancel()
        again = asyncio.create_task(flight.get_or_make("a", make))
        await asyncio.wait(askers)
        assert await again == b"picture"
        assert make.made - make.cancelled == 1

    run(ask)


def test_a_failure_is_shared_and_not_kept() -> None:
    """All who waited hear the same error; whoever asks next has it tried anew."""

    async def ask() -> None:
        flight, failing, make = make_flight(), Maker(RenderFailed()), Maker()
        said = await asyncio.gather(*(flight.get_or_make("a", failing) for _ in range(5)), return_exceptions=True)
        assert [type(error) for error in said] == [RenderFailed] * 5 and failing.made == 1
        assert await flight.get_or_make("a", make) == b"picture"

    run(ask)


def test_what_cannot_be_kept_is_still_answered() -> None:
    """A picture heavier than the store is made again each time, and answered each time."""

    async def ask() -> None:
        flight, make = Flight(MemoryStore(3, weigh=len)), Maker()
        assert [await flight.get_or_make("a", make) for _ in range(2)] == [b"picture"] * 2
        assert make.made == 2

    run(ask)


def test_who_may_not_begin_is_refused_alone() -> None:
    """What begin raises is for the asker who would have it made; who joins a making, or finds the value, begins nothing."""

    async def ask() -> None:
        flight, make, ended = make_flight(), Maker(), []

        def refuse() -> Callable[[], None]:
            raise Busy

        with pytest.raises(Busy):
            await flight.get_or_make("a", make, begin=refuse)
        first = asyncio.create_task(flight.get_or_make("a", make, begin=lambda: lambda: ended.append("a")))
        await asyncio.sleep(0)
        assert await asyncio.gather(first, flight.get_or_make("a", make, begin=refuse)) == [b"picture"] * 2
        assert await flight.get_or_make("a", make, begin=refuse) == b"picture"
        assert (make.made, ended) == (1, ["a"])
        with pytest.raises(RenderFailed):
            await flight.get_or_make("b", Maker(RenderFailed()), begin=lambda: lambda: ended.append("b"))
        assert ended == ["a", "b"]

    run(ask)
