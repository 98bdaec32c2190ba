"""The store on disk: what lies there, what is not believed, and what the disk may do to it."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rendermap.cache.files import WALK_AFTER, FileStore
from rendermap.dispatch.drawn import Drawn
from tests.builders.disks import SmallDisk, small_disk
from tests.builders.picture_stores import EMPTY, JOB, KEY, LIMIT_BYTES, OTHER_JOBS_KEY, OTHER_KEY, PICTURE, envelope, file_store
from tests.builders.pools import run

MOVED_BYTES = 20_000


def keep(folder: Path, *keys: str) -> list[Path]:
    """Put the same picture under keys; the result is their files."""

    async def put() -> None:
        async with file_store(folder) as store:
            for key in keys:
                await store.put(key, PICTURE)

    run(put)
    return [folder.joinpath(*envelope().names(key)) for key in keys]


def look(folder: Path, key: str = KEY) -> Drawn | None:
    """What a service that starts now finds."""

    async def get() -> Drawn | None:
        async with file_store(folder) as store:
            return await store.get(key)

    return run(get)


def test_files_are_their_owners_alone_and_say_nothing(tmp_path: Path) -> None:
    """0600 in folders of 0700, whatever the process lets its other files be; no name has anything of the job or the picture."""
    before = os.umask(0)
    try:
        keep(tmp_path / "pictures", KEY, OTHER_JOBS_KEY)
    finally:
        os.umask(before)
    found = [tmp_path / "pictures", *(tmp_path / "pictures").rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o600}
    assert len(found) == 5 and not any(JOB in str(path) or KEY.partition("/")[2] in str(path) for path in found)


def test_pictures_outlive_the_process(tmp_path: Path) -> None:
    """A service that starts again finds them, and so does one beside it."""
    keep(tmp_path, KEY)
    assert look(tmp_path) == PICTURE and look(tmp_path, OTHER_KEY) is None


def flip(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5] + b"?" + file.read_bytes()[6:])


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20])


def zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def lay_folder(file: Path) -> None:
    file.unlink()
    (file / "more").mkdir(parents=True)


def lay_link(file: Path) -> None:
    shutil.move(file, file.parent.parent / "a true entry elsewhere")
    file.symlink_to(file.parent.parent / "a true entry elsewhere")


def lay_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def move(file: Path) -> None:
    shutil.move(keep(file.parent.parent, OTHER_KEY)[0], file)


def move_job(file: Path) -> None:
    shutil.copy(keep(file.parent.parent, OTHER_JOBS_KEY)[0], file)


DAMAGES: list[Callable[[Path], None]] = [flip, cut, zero, lay_folder, lay_link, lay_pipe, move, move_job]


@pytest.mark.parametrize("damage", [*DAMAGES, lambda file: file.write_bytes(b"")], ids=lambda damage: damage.__name__)
def test_what_is_not_its_entry_is_dropped_and_drawn_again(damage: Callable[[Path], None], tmp_path: Path) -> None:
    """It is never served, it is counted, it is gone, and the next picture takes its place."""
    (file,) = keep(tmp_path, KEY)
    damage(file)
    damaged: list[None] = []

    async def ask() -> None:
        async with file_store(tmp_path, on_damage=lambda: damaged.append(None)) as store:
            assert await store.get(KEY) is None
            assert not os.path.lexists(file) and len(damaged) == 1
            await store.put(KEY, EMPTY)
            assert await store.get(KEY) == EMPTY

    run(ask)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_changed_on_disk_is_a_miss(tmp_path: Path, data: st.DataObject) -> None:
    """Wherever in the file."""
    (file,) = keep(tmp_path, KEY)
    entry = bytearray(file.read_bytes())
    entry[data.draw(st.integers(0, len(entry) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(entry)
    assert look(tmp_path) is None


# --- the disk ---------------------------------------------------------------------------------------------------------


async def complaint_of(work: Any) -> int | None:
    """What number the system complains with."""
    try:
        await work
    except OSError as error:
        return error.errno
    return None


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    """What was kept is found all the same; when there is room, pictures are kept again."""

    async def ask() -> None:
        with small_disk(tmp_path / "disk") as disk:
            async with file_store(disk.folder) as store:
                await store.put(KEY, PICTURE)
                disk.fill()
                assert await complaint_of(store.put(OTHER_KEY, Drawn(bytes(50_000), False, 1, 1))) == errno.ENOSPC
                assert await store.get(KEY) == PICTURE and await store.get(OTHER_KEY) is None
                assert len([path for path in disk.folder.rglob("*") if path.is_file()]) == 2
                disk.empty()
                await store.put(OTHER_KEY, PICTURE)
                assert await store.get(OTHER_KEY) == PICTURE

    run(ask)


def test_a_read_only_disk_is_told_and_read(tmp_path: Path) -> None:
    """Damage that cannot be removed is a miss as ever."""

    async def ask(disk: SmallDisk, good: Path) -> None:
        async with file_store(disk.folder) as store:
            assert (await store.get(KEY), await store.get(OTHER_KEY)) == (PICTURE, None)
            assert await complaint_of(store.put(KEY, PICTURE)) == errno.EROFS
            assert not await store.drop_jobs([JOB]) and good.exists()
            disk.allow_writing()
            await store.put(OTHER_KEY, PICTURE)
            assert await store.get(OTHER_KEY) == PICTURE

    with small_disk(tmp_path / "disk") as disk:
        good, bad = keep(disk.folder, KEY, OTHER_KEY)
        flip(bad)
        disk.forbid_writing()
        run(lambda: ask(disk, good))


def test_without_room_nothing_half_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where nothing may be mounted: the disk fills up while the file is given its name."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def ask() -> None:
        async with file_store(tmp_path) as store:
            with monkeypatch.context() as patched:
                patched.setattr(os, "replace", refuse)
                assert await complaint_of(store.put(KEY, PICTURE)) == errno.ENOSPC
            assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    run(ask)


def test_a_folder_removed_under_it_is_made_again(tmp_path: Path) -> None:
    """With all that was in it, or a job's alone."""

    async def ask() -> None:
        async with file_store(tmp_path / "pictures") as store:
            for remove in (tmp_path / "pictures", tmp_path / "pictures" / envelope().names(KEY)[0]):
                await store.put(KEY, PICTURE)
                shutil.rmtree(remove)
                assert await store.get(KEY) is None
                await store.put(KEY, PICTURE)
                assert await store.get(KEY) == PICTURE

    run(ask)


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A file has its name: reading and writing both say so."""
    (tmp_path / "pictures").write_text("no folder")

    async def ask() -> None:
        async with file_store(tmp_path / "pictures") as store:
            assert await complaint_of(store.get(KEY)) == errno.ENOTDIR
            assert await complaint_of(store.put(KEY, PICTURE)) is not None

    run(ask)


# --- beside other processes -------------------------------------------------------------------------------------------


def hammer(folder: str, seed: int) -> int:
    """Put, get and drop in a process of its own; the result is how often something wrong was read."""

    async def ask() -> int:
        wrong = 0
        async with file_store(Path(folder), limit_bytes=40 * MOVED_BYTES) as store:
            for turn in range(150):
                number = (turn * 7 + seed) % 60
                key = f"{number % 4:032x}/{number:032x}"
                body = bytes([number]) * (MOVED_BYTES // (1 + number % 3))
                await store.put(key, Drawn(body, False, 1, 1))
                read = await store.get(f"{(number + 1) % 4:032x}/{number + 1:032x}")
                wrong += read is not None and set(read.body) != {number + 1}
                if turn % 50 == 49:
                    await store.drop_jobs([f"{seed % 4:032x}"])
        return wrong

    return asyncio.run(ask())


def test_processes_share_a_folder(tmp_path: Path) -> None:
    """Three that put, read, evict and drop in one folder at once: none fails, and none ever reads another key's picture or half of one."""
    with multiprocessing.get_context("spawn").Pool(3) as processes:
        assert processes.starmap(hammer, [(str(tmp_path), seed) for seed in range(3)]) == [0, 0, 0]


def test_the_event_loop_is_never_held_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk takes half a second for a look, others are served."""
    import rendermap.cache.files as files

    async def ask() -> None:
        async with file_store(tmp_path) as store:
            await store.put(KEY, PICTURE)
            read = files._read_entry

            def slowly(path: Path) -> bytes:
                time.sleep(0.5)
                return read(path)

            monkeypatch.setattr(files, "_read_entry", slowly)
            looking = asyncio.create_task(store.get(KEY))
            longest, last = 0.0, time.monotonic()
            while not looking.done():
                await asyncio.sleep(0.005)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
            assert await looking == PICTURE and longest < 0.3

    run(ask)


# --- its bound --------------------------------------------------------------------------------------------------------


def held_bytes(folder: Path) -> int:
    """Of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def settled(store: FileStore[Drawn]) -> None:
    """Until it has looked what must go."""
    while store.is_walking:
        await asyncio.sleep(0.005)


def test_the_folder_stays_within_its_bytes(tmp_path: Path) -> None:
    """Ten times as much is put as it may hold."""

    async def ask() -> None:
        async with file_store(tmp_path, limit_bytes=LIMIT_BYTES) as store:
            for number in range(500):
                await store.put(f"{number % 5:032x}/{number:032x}", Drawn(bytes(MOVED_BYTES), False, 1, 1))
                await settled(store)
                assert held_bytes(tmp_path) <= LIMIT_BYTES * (1 + 1 / WALK_AFTER) + MOVED_BYTES
            assert held_bytes(tmp_path) > LIMIT_BYTES / 2

    run(ask)


def test_reading_keeps_an_entry_from_going(tmp_path: Path) -> None:
    """What was not used for longest goes first, also when it was written last."""
    keys = [f"{number % 3:032x}/{number:032x}" for number in range(40)]

    async def ask() -> None:
        async with file_store(tmp_path, limit_bytes=LIMIT_BYTES) as store:
            for age, key in enumerate(keys):
                await store.put(key, Drawn(bytes(MOVED_BYTES), False, 1, 1))
                os.utime(tmp_path.joinpath(*envelope().names(key)), (10_000_000 - age * 600,) * 2)
            assert await store.get(keys[-1])
            for number in range(40, 60):
                await store.put(f"{0:032x}/{number:032x}", Drawn(bytes(MOVED_BYTES), False, 1, 1))
                await settled(store)
            assert await store.get(keys[-1]) and await store.get(keys[-2]) is None and await store.get(f"{0:032x}/{59:032x}")

    run(ask)


def test_a_clock_that_was_wrong_leaves_nothing_for_years(tmp_path: Path) -> None:
    """What was dated far ahead is the first to go, and what is dated far back only goes when something must."""
    dated = keep(tmp_path, KEY, OTHER_KEY)
    os.utime(dated[0], (time.time() + 10**8,) * 2)
    os.utime(dated[1], (time.time() - 1000,) * 2)

    async def ask() -> None:
        async with file_store(tmp_path) as store:
            for number in range(60):
                await store.put(f"{0:032x}/{number:032x}", Drawn(bytes(MOVED_BYTES), False, 1, 1))
                await settled(store)
                if not dated[0].exists():
                    break
                assert dated[1].exists()
            assert not dated[0].exists()

    run(ask)


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """The folder may hold an operator's own files; only what a dead process of ours left unfinished is cleared."""
    own = [tmp_path / "readme", tmp_path / "more" / ("c" * 32), tmp_path / ("d" * 31) / ("c" * 32)]
    (job,) = {path.parent for path in keep(tmp_path, KEY)}
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (tmp_path / ("e" * 32)).symlink_to(elsewhere)
    own += [job / "notes", elsewhere / ("f" * 32)]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(LIMIT_BYTES))
        os.utime(path, (0, 0))
    (job / ".new-left").write_bytes(b"half")
    os.utime(job / ".new-left", (0, 0))
    (job / ".new-now").write_bytes(b"half")

    async def ask() -> None:
        async with file_store(tmp_path) as store:
            for number in range(100):
                await store.put(f"{number % 3:032x}/{number:032x}", Drawn(bytes(MOVED_BYTES), False, 1, 1))
            await settled(store)

    run(ask)
    assert all(path.exists() for path in own)
    assert not (job / ".new-left").exists() and (job / ".new-now").exists()
