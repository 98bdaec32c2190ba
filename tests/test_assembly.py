"""How parts are chosen: what bounds legends, and what pictures kept outside need."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rendermap.access.realm import write_secrets
from rendermap.assembly import LEGENDS_BYTES, build, weigh_legend
from rendermap.cache.memory import MemoryStore
from rendermap.reply import LegendEntry, LegendLayer
from rendermap.settings import SettingsInvalid, read_settings


def legend(swatch_bytes: int, entries: int = 10) -> tuple[LegendLayer, ...]:
    """A legend of one layer."""
    swatches = tuple(LegendEntry(f"class {n}", b"x" * swatch_bytes, 20, 20) for n in range(entries))
    return (LegendLayer(0, "Depth", "vector", None, None, "", swatches),)


def test_a_legend_weighs_what_its_swatches_do() -> None:
    """Ten swatches of a megabyte weigh ten megabytes and a little."""
    assert 10_000_000 <= weigh_legend(legend(1_000_000)) < 10_100_000
    assert weigh_legend(()) > 0


def test_many_sizes_of_one_legend_stay_within_the_limit() -> None:
    """Asked for at a thousand resolutions, the oldest go."""

    async def fill() -> MemoryStore[tuple[LegendLayer, ...]]:
        store: MemoryStore[tuple[LegendLayer, ...]] = MemoryStore(LEGENDS_BYTES, weigh_legend)
        large = legend(100_000)
        for number in range(1000):
            await store.put(str(number), large)
        return store

    store = asyncio.run(fill())
    assert store.held_bytes <= LEGENDS_BYTES and 0 < len(store) < 50


def test_pictures_kept_outside_need_a_key_that_stays(tmp_path: Path) -> None:
    """One that is new at every start would make all of them strange; the access folder's serves as well as the setting."""
    outside = {"access": tmp_path, "cache_dir": tmp_path / "pictures"}
    with pytest.raises(SettingsInvalid, match=r"^secret_key: "):
        build(read_settings(**outside))
    assert build(read_settings(**outside, secret_key="the key of this test")).outside.shared
    write_secrets(tmp_path, ("the key of the folder",))
    assert build(read_settings(**outside)).outside.shared
