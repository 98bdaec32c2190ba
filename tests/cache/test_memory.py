"""The store in memory keeps what was used last, within its bytes and for no longer than asked."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from rendermap.cache.memory import ENTRY_BYTES, MemoryStore, weigh_body
from rendermap.cache.store import Store
from tests.builders.pools import run


@dataclass(frozen=True)
class Body:
    """Something with a body."""

    body: bytes


def test_the_least_recently_used_goes_first() -> None:
    """Reading counts as use."""

    async def ask() -> None:
        store: Store[bytes] = MemoryStore(3, weigh=len)
        for key in "abc":
            await store.put(key, key.encode())
        assert await store.get("a") == b"a"
        await store.put("d", b"d")
        assert [await store.get(key) for key in "abcd"] == [b"a", None, b"c", b"d"]

    run(ask)


def test_an_entry_ends_when_told() -> None:
    """After its time an entry is gone, and so is its weight."""
    seconds = [0.0]

    async def ask() -> None:
        store = MemoryStore[bytes](100, weigh=len, now=lambda: seconds[0])
        await store.put("a", b"aa", ttl_s=5)
        await store.put("b", b"bb")
        seconds[0] = 4.9
        assert await store.get("a") == b"aa"
        seconds[0] = 5.0
        assert await store.get("a") is None and await store.get("b") == b"bb"
        assert store.held_bytes == 2

    run(ask)


def test_dropped_and_replaced_values_weigh_nothing() -> None:
    """Weight follows what is really held."""

    async def ask() -> None:
        store = MemoryStore[bytes](100, weigh=len)
        await store.put("x/a", b"123")
        await store.put("x/a", b"1")
        await store.put("y/b", b"12")
        await store.drop_jobs(["y"])
        await store.drop_jobs(["y"])
        assert (store.held_bytes, len(store)) == (1, 1)

    run(ask)


def test_a_value_weighs_its_body_and_a_little() -> None:
    """Values without a body still count, so their number is bounded too."""
    assert weigh_body(Body(b"123")) == ENTRY_BYTES + 3
    assert weigh_body("no body") == ENTRY_BYTES


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 12)), max_size=60))
def test_the_bound_holds(puts: list[tuple[str, int]]) -> None:
    """Whatever is put, the store never holds more than its limit, and knows exactly what it holds."""

    async def ask() -> None:
        store, true = MemoryStore[bytes](20, weigh=len), 0
        for key, size in puts:
            await store.put(key, bytes(size))
            assert store.held_bytes <= 20
        for key in "abcdef":
            true += len(await store.get(key) or b"")
        assert true == store.held_bytes

    run(ask)
