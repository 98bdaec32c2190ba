"""Turns among processes that share a folder: real processes, for a lock is a process's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from rendermap.cache.file_turns import FILE_NAME, FileTurns
from rendermap.cache.threads import Threads
from tests.builders.pools import run

HOLDER = """
import asyncio, sys
from pathlib import Path
from rendermap.cache.file_turns import FileTurns
from rendermap.cache.threads import Threads

async def hold():
    turns = FileTurns(Path(sys.argv[1]), Threads(1))
    leaves = [await turns.take(key) for key in sys.argv[2:]]
    print(*(leave is not None for leave in leaves), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await leaves[int(line)]()
        print("left", flush=True)

asyncio.run(hold())
"""


class Holder:
    """Another process that takes turns and keeps them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.has = self.said().split()

    def said(self) -> str:
        """Its next line."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def leave(self, number: int) -> None:
        """It gives one back."""
        assert self.process.stdin
        print(number, file=self.process.stdin, flush=True)
        assert self.said() == "left"


@contextmanager
def holder(folder: Path, *keys: str) -> Iterator[Holder]:
    """A started one."""
    argv = [sys.executable, "-c", HOLDER, str(folder), *keys]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            yield Holder(process)
        finally:
            process.kill()


@asynccontextmanager
async def file_turns(folder: Path) -> AsyncIterator[FileTurns]:
    """Ours."""
    threads = Threads(2)
    turns = FileTurns(folder, threads)
    try:
        yield turns
    finally:
        turns.close()
        threads.close()


def test_one_process_has_the_turn_of_a_key(tmp_path: Path) -> None:
    """Another key's is free meanwhile; one that was given back is, too."""

    async def ask() -> None:
        with holder(tmp_path / "new", "a", "b") as other:
            async with file_turns(tmp_path / "new") as turns:
                assert other.has == ["True", "True"]
                assert await turns.take("a") is None and await turns.take("b") is None
                leave = await turns.take("c")
                assert leave
                other.leave(0)
                assert await turns.take("a") and await turns.take("b") is None
                with holder(tmp_path / "new", "a", "c") as third:
                    assert third.has == ["False", "False"]
                await leave()
                with holder(tmp_path / "new", "a", "c") as third:
                    assert third.has == ["False", "True"]

    run(ask)


def test_a_dead_process_has_no_turn(tmp_path: Path) -> None:
    """Killed while it had one, it delays nobody."""

    async def ask() -> None:
        async with file_turns(tmp_path) as turns:
            with holder(tmp_path, "a") as other:
                assert await turns.take("a") is None
                other.process.kill()
                other.process.wait()
                assert await turns.take("a")

    run(ask)


def test_a_folder_removed_under_it_is_made_again(tmp_path: Path) -> None:
    """All who come then agree again, and a turn of before is given back without harm."""
    folder = tmp_path / "turns"

    async def ask() -> None:
        async with file_turns(folder) as turns:
            old = await turns.take("a")
            shutil.rmtree(folder)
            assert old and await turns.take("b")
            await old()
            assert (folder / FILE_NAME).exists()
            with holder(folder, "b", "c") as other:
                assert other.has == ["False", "True"]

    run(ask)


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """Nothing outside the folder is made or locked."""
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "elsewhere")

    async def ask() -> None:
        async with file_turns(tmp_path) as turns:
            with pytest.raises(OSError):
                await turns.take("a")

    run(ask)
    assert not os.path.lexists(tmp_path / "elsewhere")


def test_a_turn_that_comes_too_late_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk took long, and who wanted it has gone: another process has it then."""
    lock = FileTurns._lock

    def slowly(turns: FileTurns, place: int) -> bool:
        time.sleep(0.1)
        return lock(turns, place)

    async def ask() -> None:
        async with file_turns(tmp_path) as turns:
            with monkeypatch.context() as patched:
                patched.setattr(FileTurns, "_lock", slowly)
                taking = asyncio.create_task(turns.take("a"))
                await asyncio.sleep(0.02)
                taking.cancel()
                await asyncio.sleep(0.3)
            with holder(tmp_path, "a") as other:
                assert other.has == ["True"]

    run(ask)
