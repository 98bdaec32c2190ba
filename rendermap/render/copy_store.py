"""Where copies of datasets are kept: each is made once for all workers, and the longest unused go when the folder grows too large."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rendermap.dispatch.scratch import COPIES, copies_prefix
from rendermap.errors import RenderFailed, SourceRefused
from rendermap.jobs.job import DataSource
from rendermap.limits import COPY_BYTES
from rendermap.render.assets import most_copies_bytes, workshop
from rendermap.render.plan_sources import check_version
from rendermap.render.seals import Held, break_seal, hold, is_whole, seal, tell_damage

PROBE_BYTES = 1 << 16
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_LOCK_SUFFIX = ".lock"


def kept_copy(essence: object, suffix: str, source: DataSource, make: Callable[[Path], None]) -> Path:
    """The copy of a dataset that is told by essence, made when it is not there.

    make: writes it to the file it is given, and what belongs to it beside it under the same stem; raises what it likes.
    A worker that finds another making the same copy waits for it.
    Raises SourceRefused when it grows too large, Busy when the dataset changed meanwhile: such a copy is of no version; RenderFailed when
    the disk is full or may not be written.
    """
    try:
        return _kept_copy(essence, suffix, source, make)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise RenderFailed("The service has no room on its disk to prepare this layer.", reason=repr(error)) from error
        raise


def found_copy(essence: object, suffix: str, source: DataSource, *, is_read_sealed: bool = False) -> Path | None:
    """The copy of a dataset that is told by essence where it is there; never waits for one that is being made.

    One that is damaged is dropped.  is_read_sealed: whoever reads it looks at what it reads, see `seals.SealedBytes`.
    """
    file = copy_path(essence, suffix, source)
    return file if _used_now(file) and (is_read_sealed or _is_kept_whole(file)) else None


def drop_copy(file: Path) -> None:
    """A copy is of no use to anybody, nor is what lies beside it."""
    for part in file.parent.glob(f"{file.stem}.*"):
        part.unlink(missing_ok=True)


def drop_damaged(file: Path) -> None:
    """Drop a copy that is not as it was made, and tell the operator."""
    tell_damage(file)
    drop_copy(file)
    break_seal(file)


def held_copy(file: str) -> Held | None:
    """Of a file that is a copy; None for a dataset of a job."""
    path = Path(file)
    return hold(path) if path.parent == workshop() / COPIES else None


def copy_path(essence: object, suffix: str, source: DataSource) -> Path:
    """Where the copy that is told by essence lies, or would."""
    name = hashlib.blake2b(repr(essence).encode(), digest_size=16).hexdigest()
    return workshop() / COPIES / f"{copies_prefix(source.root)}{name}{suffix}"


def _kept_copy(essence: object, suffix: str, source: DataSource, make: Callable[[Path], None]) -> Path:
    file = copy_path(essence, suffix, source)
    folder = file.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    while not (_used_now(file) and _is_kept_whole(file)):
        with _alone(file):
            if not file.exists():
                _make(file, source, make)
                drop_oldest(folder, keep=file, most_bytes=most_copies_bytes())
    return file


def _used_now(file: Path) -> bool:
    """Put its turn to go off; False when it is not there (any more)."""
    try:
        # when it was written stays: a change tells that it must be looked through anew
        os.utime(file, ns=(time.time_ns(), file.stat().st_mtime_ns))
    except FileNotFoundError:
        return False
    except OSError:
        return file.exists()  # a disk that may not be written any more still has it
    return True


def _is_kept_whole(file: Path) -> bool:
    """False for one that is damaged, which is dropped."""
    if is_whole(file):
        return True
    if file.exists():
        drop_damaged(file)
    return False


def _make(file: Path, source: DataSource, make: Callable[[Path], None]) -> None:
    # in the worker's own folder, which goes with it, so that half a copy never stays behind
    with tempfile.TemporaryDirectory() as room:
        half = Path(room) / file.name
        try:
            make(half)
        except Exception as error:
            if half.is_file() and half.stat().st_size >= COPY_BYTES.value:
                raise SourceRefused(COPY_BYTES.sentence, reason=f"a copy as large as may be: {error}") from error
            _demand_room(half.parent)
            raise
        check_version(source)
        seal(half)
        for beside in set(half.parent.glob(f"{half.stem}.*")) - {half}:
            beside.replace(file.with_suffix(beside.suffix))
        half.replace(file)


def _demand_room(folder: Path) -> None:
    """Tells why something could not be written, for libraries that do not.  Raises OSError when nothing can be."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
        if probe.write(bytes(PROBE_BYTES)) < PROBE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One of a few locks; the kernel lets go of it when its worker is killed."""
    lock = os.open(file.parent / (file.stem[-1] + _LOCK_SUFFIX), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def drop_oldest(folder: Path, keep: Path, most_bytes: int) -> None:
    """Forget the copies longest unused, with what lies beside them; most maps that have one open go on drawing from it."""
    total = 0
    for _, size, files in sorted(_copies(folder), reverse=True):
        total += size
        if total > most_bytes and keep not in files:
            for file in files:
                file.unlink(missing_ok=True)


def _copies(folder: Path) -> Iterator[tuple[float, int, tuple[Path, ...]]]:
    """(when it was last used, bytes, its files) of each."""
    found: defaultdict[str, list[tuple[float, int, Path]]] = defaultdict(list)
    for file in folder.iterdir():
        with suppress(FileNotFoundError):  # another worker drops them too
            status = file.stat()
            if file.suffix != _LOCK_SUFFIX:
                found[file.stem].append((status.st_atime, status.st_size, file))
    for parts in found.values():
        yield max(used for used, _, _ in parts), sum(size for _, size, _ in parts), tuple(file for _, _, file in parts)
