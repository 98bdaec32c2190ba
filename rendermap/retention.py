"""Jobs end when the lifetime of their service is over: each is said to have ended first, and its folder removed a good while later.

From the moment ``<job id>.ended`` stands beside its folder nobody opens the job any more, and what is kept of it goes from every store
(`endings`); when the longest drawing that was under way by then must be over, the folder goes.  The mark stays, so that clients hear that
the job is gone and not that there never was one, and so does the file that says whose it was.  Every step finds what the one before has
left, so a sweep that was killed is made good by the next.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import structlog

from rendermap.chore import Chore
from rendermap.errors import Broken, Ended, RendermapError
from rendermap.jobs.access_file import ACCESS_SUFFIX
from rendermap.jobs.catalog import ENDED_SUFFIX, Catalog, is_job_id
from rendermap.jobs.job import Job
from rendermap.jobs.usage import USED_SUFFIX, last_used
from rendermap.removal import remove_folder
from rendermap.services.service import Service

SWEEPS_EVERY_S = 300.0
SPARE_S = 60.0
"""Between the longest drawing and the removal of what it drew: for services that learn of a mark late, and clocks that differ."""
MARKS_STAY_S = 30 * 24 * 3600.0
HOUR_S = 3600.0
MARK = b"The lifetime of the job is over.\n"
"""Tells our marks from those of whoever else cleans up, whose folders are not ours to remove."""
LOCK_NAME = ".sweep"

_log = structlog.get_logger("rendermap.retention")


class Step(StrEnum):
    """What is done with a job."""

    ENDED = "ended"
    REMOVED = "removed"
    FORGOTTEN = "forgotten"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of a job.  since: when its lifetime began, in seconds since 1970; of steps after the first, when it ended."""

    service: str
    job_id: str
    step: Step
    since: float


class Retention:
    """Sweeps the jobs directories.  Belongs to one event loop; `sweep` blocks and is safe for threads.

    services: what is published now, by name.  longest_drawing_s: from the moment a client asks until its picture is drawn or refused.
    now: seconds since 1970.
    """

    def __init__(
        self,
        jobs_dirs: tuple[Path, ...],
        catalog: Catalog,
        services: Callable[[], Mapping[str, Service]],
        longest_drawing_s: float,
        sweeps_every_s: float = SWEEPS_EVERY_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._jobs_dirs = jobs_dirs
        self._catalog = catalog
        self._services = services
        self._grace_s = longest_drawing_s + SPARE_S
        self._sweeps_every_s = sweeps_every_s
        self._now = now
        self._chore = Chore(self._run, "rendermap-retention")

    def start(self) -> None:
        """Begin to sweep, now and then."""
        self._chore.begin()

    async def stop(self) -> None:
        """Sweep no more."""
        await self._chore.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._sweeps_every_s)
            try:
                for swept in await asyncio.to_thread(self._sweep_in_turn):
                    _log.info("a job's lifetime is over", service=swept.service, job_id=swept.job_id, step=swept.step.value)
            except Exception:
                _log.exception("jobs are not swept this time")

    def _sweep_in_turn(self) -> list[Swept]:
        """Passes over directories that another process sweeps now, or has just swept."""
        return [swept for jobs_dir in self._jobs_dirs for swept in self._sweep_dir(jobs_dir, self._sweeps_every_s / 2)]

    def sweep(self, *, is_trial: bool = False) -> list[Swept]:
        """End, remove and forget what is due.  is_trial: only tell of it.  Passes over directories that another process sweeps now."""
        if is_trial:
            return [swept for jobs_dir in self._jobs_dirs for swept in self._steps(jobs_dir, is_trial=True)]
        return [swept for jobs_dir in self._jobs_dirs for swept in self._sweep_dir(jobs_dir, 0.0)]

    def _sweep_dir(self, jobs_dir: Path, pause_s: float) -> list[Swept]:
        if not any(service.running.lifetime_h for service in self._services().values()):
            return []
        try:
            with _turn(jobs_dir / LOCK_NAME, self._now() - pause_s) as is_ours:
                return list(self._steps(jobs_dir)) if is_ours else []
        except OSError as error:
            _log.error("a jobs directory cannot be swept", reason=error.strerror)
            return []

    def _steps(self, jobs_dir: Path, *, is_trial: bool = False) -> Iterator[Swept]:
        for service in self._services().values():
            if service.running.lifetime_h is None:
                continue
            for folder in self._catalog.service_folders(service.name, jobs_dir):
                for swept in (*self._removed(service, folder), *self._forgotten(service, folder), *self._ended(service, folder)):
                    yield swept if is_trial else _done(folder, swept)

    # --- what is due; nothing is done yet --------------------------------------------------------------------------------

    def _removed(self, service: Service, folder: Path) -> Iterator[Swept]:
        for job_id, marked in _marks(folder):
            if marked < self._now() - self._grace_s and os.path.lexists(folder / job_id):
                yield Swept(service.name, job_id, Step.REMOVED, marked)

    def _forgotten(self, service: Service, folder: Path) -> Iterator[Swept]:
        for job_id, marked in _marks(folder):
            if marked < self._now() - MARKS_STAY_S and not os.path.lexists(folder / job_id):
                yield Swept(service.name, job_id, Step.FORGOTTEN, marked)

    def _ended(self, service: Service, folder: Path) -> Iterator[Swept]:
        assert service.running.lifetime_h
        due = self._now() - service.running.lifetime_h * HOUR_S
        is_by_access = service.running.lifetime_from == "access"
        for changed, root in self._catalog.job_folders(folder):
            used = last_used(root) if is_by_access else 0.0
            # a document is older than its job's end: few need to be read
            if max(changed, used) < due and (since := self._since(service, root)) is not None and max(since, used) < due:
                yield Swept(service.name, root.name, Step.ENDED, max(since, used))

    def _since(self, service: Service, root: Path) -> float | None:
        """When a job was over, in seconds since 1970; None for one that is not, and for what is not to be understood."""
        try:
            job = self._catalog.at(root)
        except Ended:
            return 0.0
        except Broken as error:
            _log.warning("a job that cannot be read is left where it is", service=service.name, job_id=root.name, reason=error.reason)
            return None
        except RendermapError:
            return None
        return _over(job)


def _over(job: Job) -> float | None:
    moment: datetime | None = job.finished or job.created
    return moment.timestamp() if job.status.is_over and moment else None


def _marks(folder: Path) -> list[tuple[str, float]]:
    """Jobs whose lifetime is over, and since when."""
    found = []
    for path in folder.glob(f"*{ENDED_SUFFIX}"):
        with suppress(OSError):
            job_id = path.name.removesuffix(ENDED_SUFFIX)
            if is_job_id(job_id) and not path.is_symlink() and path.is_file() and path.read_bytes() == MARK:
                found.append((job_id, path.lstat().st_mtime))
    return sorted(found)


def _done(folder: Path, swept: Swept) -> Swept:
    """A step, done; a failed one where it cannot be."""
    try:
        _STEPS[swept.step](folder, swept.job_id)
    except Exception as error:  # whatever it is, the other jobs are due as well
        _log.error("a job cannot be swept", service=swept.service, job_id=swept.job_id, step=swept.step.value, reason=str(error))
        return Swept(swept.service, swept.job_id, Step.FAILED, swept.since)
    return swept


def _mark(folder: Path, job_id: str) -> None:
    draft = folder / f".{job_id}{ENDED_SUFFIX}.tmp"
    # whole from the moment it has its name: half of it would be somebody else's
    with draft.open("wb") as file:
        file.write(MARK)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / f"{job_id}{ENDED_SUFFIX}")


def _remove(folder: Path, job_id: str) -> None:
    with suppress(FileNotFoundError):
        remove_folder(folder / job_id)
    (folder / f"{job_id}{USED_SUFFIX}").unlink(missing_ok=True)


def _forget(folder: Path, job_id: str) -> None:
    """The mark goes last, for it is what is found."""
    for suffix in (USED_SUFFIX, ACCESS_SUFFIX, ENDED_SUFFIX):
        (folder / f"{job_id}{suffix}").unlink(missing_ok=True)


_STEPS: Mapping[Step, Callable[[Path, str], None]] = {Step.ENDED: _mark, Step.REMOVED: _remove, Step.FORGOTTEN: _forget}


@contextmanager
def _turn(path: Path, since: float) -> Iterator[bool]:
    """False while another process sweeps, and where one has begun to since then.  Raises OSError."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = is_new or os.fstat(descriptor).st_mtime <= since
        if is_ours:
            os.utime(descriptor)
        yield is_ours
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)
