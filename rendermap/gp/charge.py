"""What whoever is in charge of a job does with it: makes it, finds out what its tool is to be told, and has the last word."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog
from pydantic import JsonValue

from rendermap.errors import Broken, JobNotFound, RendermapError
from rendermap.gp import last_words
from rendermap.gp.claims import Claim, make_claim
from rendermap.gp.engines.engine import Site
from rendermap.gp.orders import JobOrder
from rendermap.gp.tool_order import ToolOrder
from rendermap.jobs import manifest
from rendermap.jobs.document import DocumentStatus
from rendermap.jobs.job import JobStatus
from rendermap.services.datatypes import is_dataset_type
from rendermap.services.service import Direction, Service, Task, service_named, task_named

STOPPED = (JobStatus.FAILED, last_words.STOPPED)
LOST = (JobStatus.FAILED, last_words.LOST)
WITHDRAWN = (JobStatus.FAILED, last_words.WITHDRAWN)
CANCELLED = (JobStatus.CANCELLED, "The job was cancelled.")

_log = structlog.get_logger("rendermap.gp")


def make_job(jobs_dir: Path, order: JobOrder) -> Claim:
    """A new job that waits.  Writes to the disk, and may block.  Raises Broken."""
    try:
        claim = make_claim(jobs_dir, order)
        try:
            run = manifest.submit(
                jobs_dir,
                service=order.service.name,
                task=order.task.name,
                inputs=order.inputs,
                owner=order.owner,
                private=order.is_private,
                job_id=claim.job_id,
                out_crs=order.environment.out_crs,
                return_z=order.environment.return_z,
            )
            for note in order.notes:
                run.message(note, "warning")
        except BaseException:
            claim.settle()
            raise
    except OSError as error:
        raise Broken("The job could not be made.", reason=str(error)) from error
    return claim


def order_of(claim: Claim, site: Site, engine: str) -> ToolOrder | None:
    """None where the service runs the task no more, or not by that engine.  Reads the disk.  Raises JobNotFound, JobUnreadable."""
    found = task_of(claim, site, engine)
    return tool_order(claim, *found, manifest.resume(claim.root).inputs) if found and found[1].has_tool else None


def task_of(claim: Claim, site: Site, engine: str) -> tuple[Service, Task] | None:
    """As they are published now; None where the service has the task no more, or has it run by another engine."""
    service = service_named(site.services(), claim.note.service)
    task = task_named(service, claim.note.task) if service and service.running.engine == engine else None
    return (service, task) if service and task else None


def tool_order(claim: Claim, service: Service, task: Task, values: Mapping[str, JsonValue]) -> ToolOrder:
    """What the program that runs the tool is told."""
    outputs = [parameter for parameter in task.parameters if parameter.direction is Direction.OUTPUT]
    drawn = {layer.parameter for layer in task.layers}
    return ToolOrder(
        root=claim.root,
        claim=claim.descriptor,
        folder=service.folder.absolute(),
        service=service.name,
        task=task.name,
        tool=task.tool,
        command=task.command,
        inputs=tuple(parameter.name for parameter in task.parameters if parameter.direction is Direction.INPUT),
        outputs={parameter.name: parameter for parameter in outputs},
        datasets=frozenset(p.name for p in outputs if p.name in drawn or is_dataset_type(p.data_type)),
        values=dict(values),
        environment=claim.note.environment,
        time_limit_s=service.running.time_limit_s,
        reads=service.running.reads,
        memory_mb=service.running.memory_mb,
        file_mb=service.running.file_mb,
        disk_mb=service.running.disk_mb,
    )


def is_to_be_done(claim: Claim) -> bool:
    """True for a job that still waits; any other that was left behind is finished.  Reads and writes the disk, and may block.

    Where the end cannot be written, the claim is left to whoever tries next.
    """
    try:
        if not claim.is_to_be_cancelled and _waits(claim):
            return True
        finish(claim, *(CANCELLED if claim.is_to_be_cancelled else STOPPED))
    except (OSError, RendermapError) as error:
        _log.error("a job that was left behind cannot be taken up", job_id=claim.job_id, reason=str(error))
        claim.leave()
    return False


def _waits(claim: Claim) -> bool:
    """False for a job that has begun, is over, was never made or has been removed.  Raises JobUnreadable."""
    with suppress(JobNotFound):
        return manifest.resume(claim.root).status == DocumentStatus.SUBMITTED
    return False


def finish(claim: Claim, how: JobStatus, words: str) -> None:
    """The job's last word, where nobody has said it.  Writes to the disk, and may block.  Raises OSError, JobUnreadable."""
    with suppress(JobNotFound):
        run = manifest.resume(claim.root)
        if not run.is_over:
            (run.cancel if how is JobStatus.CANCELLED else run.fail)(words)
    claim.settle()
