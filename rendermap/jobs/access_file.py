"""The file ``<job id>.access`` beside a job folder: whose the job is, said by the GP server and out of the tool's own reach."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rendermap.jobs.job import Job

ACCESS_SUFFIX = ".access"
LARGEST_BYTES = 64 * 1024


class AccessFile(BaseModel):
    """``{"owner": "anna", "private": true}``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    owner: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    private: bool = False


NOBODYS = AccessFile(private=True)
"""Of a file that is there and cannot be read: better that no one sees the job than anyone."""


def read_access(folder: Path, job_id: str) -> AccessFile | None:
    """What the file beside a job's folder says; None without one, `NOBODYS` when it cannot be understood or is a link."""
    path = folder / f"{job_id}{ACCESS_SUFFIX}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return NOBODYS
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return NOBODYS
        return AccessFile.model_validate_json(os.read(descriptor, LARGEST_BYTES))
    except (ValidationError, OSError):
        return NOBODYS
    finally:
        os.close(descriptor)


def owned(job: Job, said: AccessFile | None) -> Job:
    """The job as the file beside its folder has it, which wins over the job's own document."""
    return job if said is None else replace(job, owner=said.owner, is_private=said.private)
