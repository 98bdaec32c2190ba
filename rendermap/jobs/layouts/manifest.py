"""Our own layout: job.json beside scratch/."""

from __future__ import annotations

from dataclasses import replace

from rendermap.errors import Ended, InvalidCrs, JobUnreadable
from rendermap.geo.crs import parse_crs
from rendermap.jobs.binding import find_layer, find_output, tasks_of
from rendermap.jobs.document import DOCUMENT_NAME, DatasetOutput, Document, DocumentStatus, ValueOutput
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.found import Found
from rendermap.jobs.job import Job, JobStatus, Message, Output, Progress


def recognises(folder: JobFolder) -> bool:
    """A folder with a job document."""
    return DOCUMENT_NAME in folder.listing(folder.root)


def read(found: Found) -> Job:
    """The job as its document tells it.

    Raises Ended when the document says so or its time has passed, JobUnreadable when it cannot be understood.
    """
    document = found.documents.read(found.folder)
    if document.status is DocumentStatus.ENDED or (document.expires and document.expires <= found.now):
        raise Ended(owner=document.owner, is_private=document.private)
    status = JobStatus(document.status.value)
    is_its_own = found.published is None and document.service.casefold() == found.service.casefold()
    return replace(
        found.job("manifest", status),
        service=document.service if is_its_own else found.service,
        task=document.task,
        inputs=dict(document.inputs),
        outputs=_outputs_of(found, document, status.is_over),
        messages=tuple(Message(entry.kind, entry.text) for entry in document.messages),
        created=document.created,
        started=document.started,
        finished=document.finished,
        progress=Progress(document.progress.message, document.progress.percent) if document.progress else None,
        owner=document.owner,
        is_private=document.private,
        out_crs=_known(document.out_crs),
        with_z=document.return_z,
    )


def _known(crs: str | None) -> str | None:
    try:
        return parse_crs(crs) if crs else None
    except InvalidCrs as error:
        raise JobUnreadable(reason=f"out_crs: {error.sentence}") from error


def _outputs_of(found: Found, document: Document, is_over: bool) -> tuple[Output, ...]:
    outputs = {output.name: output for output in (_declared(found, document, name, is_over) for name in document.outputs)}
    if document.status is DocumentStatus.SUCCEEDED:
        for layer in (layer for task in tasks_of(found.published, document.task) for layer in task.layers):
            if layer.dataset and layer.parameter not in outputs:
                outputs[layer.parameter] = find_output(found.folder, layer.parameter, (layer.dataset,), is_over=is_over)
    return tuple(outputs.values())


def _declared(found: Found, document: Document, name: str, is_over: bool) -> Output:
    """An output of the document under its parameter's own spelling; a text value of a parameter with a tool layer names its dataset."""
    output = document.outputs[name]
    layer = find_layer(found.published, document.task, name)
    own = layer.parameter if layer else name
    if isinstance(output, DatasetOutput):
        return find_output(found.folder, own, (output.dataset,), is_over=is_over)
    return _from_value(found, own, output, is_over) if layer else Output(own, value=output.value)


def _from_value(found: Found, name: str, output: ValueOutput, is_over: bool) -> Output:
    if not isinstance(output.value, str):
        return Output(name, value=output.value)
    return find_output(found.folder, name, (output.value,), is_over=is_over, value=output.value)
