"""The simplest layout: a folder of datasets."""

from __future__ import annotations

from dataclasses import replace

from rendermap.jobs.activity import judge
from rendermap.jobs.binding import bind_outputs
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.found import Found
from rendermap.jobs.job import Job


def recognises(folder: JobFolder) -> bool:
    """A folder with at least one dataset in it."""
    return bool(folder.datasets())


def read(found: Found) -> Job:
    """The job as its datasets tell it; executing while something still writes to them."""
    activity = judge(found.folder, found.now, found.quiet_s)
    bound = bind_outputs(found.folder, found.published, is_over=activity.status.is_over)
    return replace(
        found.job("plain", activity.status),
        task=bound.task,
        outputs=bound.outputs,
        created=activity.created,
        finished=activity.changed if activity.status.is_over else None,
    )
