"""A file for each job that is to be run, ``<jobs directory>/.orders/<job id>.order``, with the lock of the process in charge of the job.

The lock belongs to whoever has the file open and ends with the last of them, however it ends: that of the server, and while a tool runs
that of the process that watches the tool.  A file without a lock is a job whose server is gone; any other may take it up.

    <job id>.order     there until the job is over
    <job id>.cancel    somebody asked another server than the one in charge to cancel the job
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from rendermap.environment import Environment
from rendermap.gp.orders import JobOrder
from rendermap.jobs.manifest import new_job_id, service_folder

ORDERS_NAME, ORDER_SUFFIX, CANCEL_SUFFIX = ".orders", ".order", ".cancel"
LARGEST_BYTES = 64 * 1024
_JOB_ID = re.compile(r"j[0-9a-f]{32}")


class OrderNote(BaseModel):
    """What stands in the file; the inputs stand in the job's document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str
    task: str
    client: str
    environment: Environment = Environment()


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A job that this process is in charge of.  path: of the file.  descriptor: holds its lock.  root: the job's folder."""

    path: Path
    descriptor: int
    root: Path
    note: OrderNote

    @property
    def job_id(self) -> str:
        """Of the job."""
        return self.path.stem

    @property
    def is_to_be_cancelled(self) -> bool:
        """True once somebody has said so elsewhere."""
        return self.path.with_suffix(CANCEL_SUFFIX).exists()

    def settle(self) -> None:
        """The job is over: nobody needs to be in charge of it any more."""
        self.path.with_suffix(CANCEL_SUFFIX).unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Another may take it up."""
        os.close(self.descriptor)


def make_claim(jobs_dir: Path, order: JobOrder) -> Claim:
    """A claim to a job that is yet to be made: nobody finds a job without one.  Raises OSError."""
    jobs, folder = service_folder(jobs_dir, order.service.name), Path(jobs_dir) / ORDERS_NAME
    note = OrderNote(service=order.service.name, task=order.task.name, client=order.client, environment=order.environment)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{new_job_id()}{ORDER_SUFFIX}"
    draft = folder / f".{path.name}.tmp"
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        # before the file has its name, so that it is never seen without a lock
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, note.model_dump_json().encode())
        os.fsync(descriptor)
        draft.rename(path)
    except BaseException:
        os.close(descriptor)
        draft.unlink(missing_ok=True)
        raise
    return Claim(path, descriptor, jobs / path.stem, note)


def take_claim(path: Path) -> Claim | None:
    """The claim to a job that nobody is in charge of; None for one that somebody is, that is over, or that cannot be understood."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino != os.fstat(descriptor).st_ino:
            raise FileNotFoundError
        note = OrderNote.model_validate_json(os.pread(descriptor, LARGEST_BYTES, 0))
        return Claim(path, descriptor, service_folder(path.parent.parent, note.service) / path.stem, note)
    except (OSError, ValueError):
        os.close(descriptor)
        return None


def note_of(path: Path) -> OrderNote | None:
    """What stands in the file, whoever is in charge of the job; None for one that is over or cannot be understood."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return OrderNote.model_validate_json(os.pread(descriptor, LARGEST_BYTES, 0))
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)


def find_orders(jobs_dirs: Iterable[Path]) -> Iterator[Path]:
    """The files of all jobs that are not over, oldest first."""
    found: list[tuple[float, Path]] = []
    for jobs_dir in jobs_dirs:
        for path in (jobs_dir / ORDERS_NAME).glob(f"j*{ORDER_SUFFIX}"):
            with suppress(OSError):
                found.append((path.lstat().st_mtime, path))
    return (path for _, path in sorted(found) if _JOB_ID.fullmatch(path.stem))


def ask_to_cancel(jobs_dir: Path, job_id: str) -> None:
    """Leave word for whoever is in charge of a job, if somebody is.  Raises OSError."""
    path = jobs_dir / ORDERS_NAME / f"{job_id}{ORDER_SUFFIX}"
    if _JOB_ID.fullmatch(job_id) and path.exists():
        path.with_suffix(CANCEL_SUFFIX).touch()
