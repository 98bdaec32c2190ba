"""Reads a job folder without a document: what it is, its datasets tell."""

from __future__ import annotations

from dataclasses import replace

from rendermap.jobs.activity import judge
from rendermap.jobs.binding import bind_outputs
from rendermap.jobs.found import Found
from rendermap.jobs.job import Job


def read_undocumented(found: Found, layout: str) -> Job:
    """The job as its datasets tell it; executing while something still writes to them."""
    activity = judge(found.folder, found.now, found.quiet_s, found.stillness)
    bound = bind_outputs(found.folder, found.published, is_over=activity.status.is_over)
    return replace(
        found.job(layout, activity.status),
        task=bound.task,
        outputs=bound.outputs,
        created=activity.created,
        finished=activity.changed if activity.status.is_over else None,
    )
