"""The layout of ArcGIS Server's arcgisjobs: a folder scratch/, datasets loose in it and in scratch/scratch.gdb, no document."""

from __future__ import annotations

import stat

from rendermap.jobs.folder import SCRATCH, JobFolder
from rendermap.jobs.found import Found
from rendermap.jobs.job import Job
from rendermap.jobs.undocumented import read_undocumented


def recognises(folder: JobFolder) -> bool:
    """A folder with a folder scratch in it, in whatever letter case."""
    return any(name.casefold() == SCRATCH and stat.S_ISDIR(status.st_mode) for name, status in folder.listing(folder.root).items())


def read(found: Found) -> Job:
    """The job as its datasets tell it."""
    return read_undocumented(found, "arcgis")
