"""The layout of ArcGIS Server's arcgisjobs: a folder scratch/, datasets loose in it and in scratch/scratch.gdb, no document."""

from __future__ import annotations

import stat
from dataclasses import replace

from rendermap.jobs.activity import judge
from rendermap.jobs.binding import bind_outputs
from rendermap.jobs.folder import SCRATCH, JobFolder
from rendermap.jobs.found import Found
from rendermap.jobs.job import Job


def recognises(folder: JobFolder) -> bool:
    """A folder with a folder scratch in it, in whatever letter case."""
    return any(name.casefold() == SCRATCH and stat.S_ISDIR(status.st_mode) for name, status in folder.listing(folder.root).items())


def read(found: Found) -> Job:
    """The job as its datasets tell it; executing while something still writes to them."""
    activity = judge(found.folder, found.now, found.quiet_s)
    bound = bind_outputs(found.folder, found.published, is_over=activity.status.is_over)
    return replace(
        found.job("arcgis", activity.status),
        task=bound.task,
        outputs=bound.outputs,
        created=activity.created,
        finished=activity.changed if activity.status.is_over else None,
    )
