"""A job folder that was found, with everything a layout needs to read it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cachetools import LRUCache

from rendermap.jobs.binding import PublishedService
from rendermap.jobs.document import DOCUMENT_NAME, Document, read_document
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.job import Job, JobStatus
from rendermap.jobs.stillness import Stillness


class Documents:
    """Job documents, each parsed once per version of its file.  Safe for threads."""

    def __init__(self, limit: int = 2048) -> None:
        self._kept: LRUCache[Path, tuple[tuple[int, int, int], Document]] = LRUCache(limit)
        self._lock = threading.Lock()

    def read(self, folder: JobFolder) -> Document:
        """The document of a folder.  Raises JobNotFound or Broken."""
        status = folder.listing(folder.root)[DOCUMENT_NAME]
        version = status.st_mtime_ns, status.st_size, status.st_ino
        with self._lock:
            kept = self._kept.get(folder.root)
        if kept and kept[0] == version:
            return kept[1]
        document = read_document(folder.root)
        with self._lock:
            self._kept[folder.root] = version, document
        return document


@dataclass(frozen=True, slots=True)
class Found:
    """service: name as published, or as the folders spell it.  published: None when nobody publishes it.

    quiet_s: how long a folder without a document must lie still to count as finished.
    """

    folder: JobFolder
    service: str
    job_id: str
    published: PublishedService | None
    documents: Documents
    now: datetime
    quiet_s: float
    stillness: Stillness

    def job(self, layout: str, status: JobStatus) -> Job:
        """The job as far as the folder alone tells."""
        return Job(self.service, self.job_id, status, self.folder.root, layout)
