"""From a job id to its Job, looked up on disk at the moment it is asked for: nothing is registered and nothing watched.

Folders, below each of the jobs directories, letter case of service names forgiven, links never followed:

    [<folder>/]<service>_gpserver/<job id>/     jobs of every layout
    [<folder>/]<service>/<job id>/              the same, for published services only
    .../<job id>.ended                          a file: the job has ended, whether its folder is still there or not
    .../<job id>.access                         a file: whose the job is (`access_file`)
    .../<job id>.used                           a file: when somebody last asked for it (`usage`)
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from rendermap.errors import Ended, JobNotFound, JobUnreadable, SourceRefused
from rendermap.jobs.access_file import AccessFile, owned, read_access
from rendermap.jobs.binding import PublishedService, Services
from rendermap.jobs.document import DOCUMENT_NAME
from rendermap.jobs.fingerprint import list_folder
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.found import Documents, Found
from rendermap.jobs.job import Job, JobStatus, Message, MessageKind
from rendermap.jobs.layouts.table import LAYOUTS, Layout
from rendermap.jobs.stillness import Stillness
from rendermap.services.service import service_named
from rendermap.table import Table

SERVICE_SUFFIX = "_gpserver"
ENDED_SUFFIX = ".ended"
QUIET_S = 2.0
_JOB_ID = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_-])?", re.ASCII)


class Catalog:
    """The jobs of some directories.  Safe for threads; every call reads the disk and may block.

    services: what is published now, by name.  quiet_s: how long a folder without a job document must lie still to count as finished.
    """

    def __init__(
        self,
        jobs_dirs: tuple[Path, ...],
        layouts: Table[Layout] = LAYOUTS,
        *,
        services: Callable[[], Services],
        quiet_s: float = QUIET_S,
    ) -> None:
        self._jobs_dirs = tuple(Path(folder).resolve() for folder in jobs_dirs)
        self._layouts = layouts
        self._services = services
        self._quiet_s = quiet_s
        self._documents = Documents()
        self._stillness = Stillness()

    def find(self, service: str, job_id: str) -> Job:
        """The job of a service, whatever its status, with its data's fingerprints made now.

        service: ``[folder/]name``.  Raises JobNotFound, Ended, JobUnreadable.
        """
        if not is_job_id(job_id):
            raise JobNotFound
        published = self._published(service)
        for folder in self._service_folders(service, published):
            if _is_file(folder / f"{job_id}{ENDED_SUFFIX}"):
                said = read_access(folder, job_id) or AccessFile()
                raise Ended(owner=said.owner, is_private=said.private)
            if _is_folder(folder / job_id):
                return self._read(folder / job_id, published.name if published else service, published)
        raise JobNotFound

    def list(self, service: str | None = None, limit: int = 200) -> tuple[Job, ...]:
        """Jobs of one service or of all, newest first.  One that cannot be read is listed as failed; those that ended are not listed."""
        roots = sorted(self._roots(service), key=lambda found: (-found[0], found[1]))
        jobs: list[Job] = []
        for _, root, name in roots:
            if len(jobs) >= limit:
                break
            try:
                jobs.append(self._read(root, name, self._published(name)))
            except JobUnreadable as error:
                jobs.append(_unreadable(root, name, error))
            except (JobNotFound, Ended):
                continue
        return tuple(jobs)

    def service_folders(self, service: str, jobs_dir: Path) -> tuple[Path, ...]:
        """The folders below one of the jobs directories that hold the jobs of a service."""
        root = Path(jobs_dir).resolve()
        return tuple(folder for folder in self._service_folders(service, self._published(service)) if folder.is_relative_to(root))

    def job_folders(self, service_folder: Path) -> Iterator[tuple[float, Path]]:
        """(seconds since 1970, job folder) of all jobs of such a folder that have not ended.  No document is younger than that."""
        listing = list_folder(service_folder)
        for job_id, status in listing.items():
            if stat.S_ISDIR(status.st_mode) and is_job_id(job_id) and f"{job_id}{ENDED_SUFFIX}" not in listing:
                yield _time_of(service_folder / job_id, status), service_folder / job_id

    def at(self, path: Path) -> Job:
        """The job of a folder, wherever it is; its service is told by its document or by the folders above it.

        Raises JobNotFound, Ended, JobUnreadable.
        """
        root = Path(path).resolve()
        if not root.is_dir():
            raise JobNotFound(reason=f"{root}: not a folder")
        parent = _service_of(root.parent.name)
        names = [f"{root.parent.parent.name}/{parent}", parent]
        if DOCUMENT_NAME in list_folder(root):
            names.insert(0, self._documents.read(JobFolder(root)).service)
        published = next((found for found in map(self._published, names) if found), None)
        return self._read(root, published.name if published else names[0 if len(names) == 3 else -1], published)

    def _read(self, root: Path, service: str, published: PublishedService | None) -> Job:
        said = read_access(root.parent, root.name)
        folder = JobFolder(root)
        found = Found(folder, service, root.name, published, self._documents, datetime.now(UTC), self._quiet_s, self._stillness)
        try:
            for layout in self._layouts:
                if layout.recognises(folder):
                    return owned(layout.read(found), said)
        except Ended as error:
            raise error if said is None else Ended(owner=said.owner, is_private=said.private) from error
        except JobUnreadable as error:
            if said is None:
                raise
            raise JobUnreadable(error.sentence, owner=said.owner, is_private=said.private, reason=error.reason) from error
        except SourceRefused as error:
            raise JobNotFound(reason=error.reason) from error
        except OSError as error:
            raise JobNotFound(reason=f"{root}: removed meanwhile") from error
        raise JobNotFound(reason=f"{root}: no layout recognises it")

    def _published(self, name: str) -> PublishedService | None:
        return service_named(self._services(), name)

    def _service_folders(self, service: str, published: PublishedService | None) -> Iterator[Path]:
        """Folders that hold the jobs of a service."""
        *folders, name = service.split("/")
        wanted = {f"{name}{SERVICE_SUFFIX}".casefold()} | ({name.casefold()} if published else set())
        if len(folders) > 1 or "" in (*folders, name):
            return
        for jobs_dir in self._jobs_dirs:
            for above in _folders_named(jobs_dir, {folders[0].casefold()}) if folders else (jobs_dir,):
                yield from _folders_named(above, wanted)

    def _roots(self, service: str | None) -> Iterator[tuple[float, Path, str]]:
        """(time, job folder, service) of all jobs that have not ended."""
        for folder, name in self._all_service_folders(service):
            yield from ((changed, root, name) for changed, root in self.job_folders(folder))

    def _all_service_folders(self, service: str | None) -> Iterator[tuple[Path, str]]:
        if service is not None:
            published = self._published(service)
            yield from ((folder, published.name if published else service) for folder in self._service_folders(service, published))
            return
        for jobs_dir in self._jobs_dirs:
            for entry in _subfolders(jobs_dir):
                if name := self._name_of(entry):
                    yield jobs_dir / entry, name
                else:
                    below = ((inner, self._name_of(f"{entry}/{inner}")) for inner in _subfolders(jobs_dir / entry))
                    yield from ((jobs_dir / entry / inner, name) for inner, name in below if name)

    def _name_of(self, folders: str) -> str | None:
        """The service whose jobs lie in ``[folder/]name``; None when that is not a service's folder."""
        name = _service_of(folders)
        published = self._published(name)
        if published:
            return published.name
        return name if name != folders else None


def is_job_id(text: str) -> bool:
    """True for a name that is safe as one step of a path and of an address: ASCII letters, digits, ``_``, ``-``, ``.``, at most 128."""
    return _JOB_ID.fullmatch(text) is not None


def _service_of(folders: str) -> str:
    return folders[: -len(SERVICE_SUFFIX)] if folders.casefold().endswith(SERVICE_SUFFIX) else folders


def _subfolders(folder: Path) -> list[str]:
    return sorted(name for name, status in list_folder(folder).items() if stat.S_ISDIR(status.st_mode))


def _folders_named(folder: Path, folded: set[str]) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.casefold() in folded and entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [folder / name for name in sorted(names)]


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _time_of(root: Path, status: os.stat_result) -> float:
    try:
        return max((root / DOCUMENT_NAME).lstat().st_mtime, 0.0)
    except OSError:
        return status.st_mtime


def _unreadable(root: Path, service: str, error: JobUnreadable) -> Job:
    messages = (Message(MessageKind.ERROR, error.sentence),)
    return Job(
        service, root.name, JobStatus.FAILED, root, "manifest", messages=messages, owner=error.owner, is_private=error.is_private
    )  # fmt: skip
