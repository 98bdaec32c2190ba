"""The simplest layout: a folder of datasets."""

from __future__ import annotations

from rendermap.jobs.folder import JobFolder
from rendermap.jobs.found import Found
from rendermap.jobs.job import Job
from rendermap.jobs.undocumented import read_undocumented


def recognises(folder: JobFolder) -> bool:
    """A folder with at least one dataset in it."""
    return bool(folder.datasets())


def read(found: Found) -> Job:
    """The job as its datasets tell it."""
    return read_undocumented(found, "plain")
