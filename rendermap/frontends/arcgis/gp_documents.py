"""Cards of services, tasks and jobs -> the documents of the geoprocessing side."""

from __future__ import annotations

from datetime import UTC, datetime

from rendermap.frontends.arcgis.map_documents import CURRENT_VERSION
from rendermap.frontends.arcgis.spatial import Json, spatial_reference
from rendermap.reply import JobCard, LayerCard, ParameterCard, ResultCard, ServiceCard, TaskCard

RASTER_TYPES = ("GPRasterDataLayer", "GPRasterData")
FEATURE_TYPE = "GPFeatureRecordSetLayer"
RECORD_TYPE = "GPRecordSet"

_STATUSES = {
    "new": "esriJobNew",
    "submitted": "esriJobSubmitted",
    "waiting": "esriJobWaiting",
    "executing": "esriJobExecuting",
    "succeeded": "esriJobSucceeded",
    "failed": "esriJobFailed",
    "cancelled": "esriJobCancelled",
    "timed_out": "esriJobTimedOut",
}
_MESSAGE_TYPES = {
    "informative": "esriJobMessageTypeInformative",
    "warning": "esriJobMessageTypeWarning",
    "error": "esriJobMessageTypeError",
}
_GEOMETRY_TYPES = {"point": "esriGeometryPoint", "line": "esriGeometryPolyline", "polygon": "esriGeometryPolygon"}


def info_document(tokens_url: str | None, token_minutes: int) -> Json:
    """The server itself.  tokens_url: where a password is exchanged for a token, None where nobody has one."""
    told: Json = {"isTokenBasedSecurity": tokens_url is not None}
    if tokens_url:
        told |= {"tokenServicesUrl": tokens_url, "shortLivedTokenValidity": token_minutes}
    return {"currentVersion": CURRENT_VERSION, "fullVersion": f"{CURRENT_VERSION}.0", "authInfo": told}


def catalogue_document(services: tuple[ServiceCard, ...], folder: str) -> Json:
    """The services of a folder, by names that include it, and at the root the folders.

    The template maps are not listed: they draw nothing, and a browsing client would offer them.
    """
    inside = [s.name for s in services if s.name.rpartition("/")[0].casefold() == folder.casefold()]
    folders = sorted({s.name.partition("/")[0] for s in services if "/" in s.name}) if not folder else []
    return {
        "currentVersion": CURRENT_VERSION,
        "folders": folders,
        "services": [{"name": name, "type": "GPServer"} for name in inside],
    }


def has_map(service: ServiceCard) -> bool:
    """True when a task of the service has a tool layer."""
    return any(parameter.layer_id is not None for task in service.tasks for parameter in task.parameters)


def service_document(service: ServiceCard) -> Json:
    """The GP service.  ``resultMapServerName`` is a key the Python client raises without, and empty without maps."""
    return {
        "currentVersion": CURRENT_VERSION,
        "serviceDescription": service.description,
        "tasks": [task.name for task in service.tasks],
        "executionType": "esriExecutionTypeAsynchronous",
        "resultMapServerName": service.name if has_map(service) else "",
        "maximumRecords": 0,
        "capabilities": "",
    }


def task_document(task: TaskCard) -> Json:
    """A task with its parameters."""
    return {
        "name": task.name,
        "displayName": task.display_name,
        "description": task.description,
        "category": "",
        "helpUrl": "",
        "executionType": "esriExecutionTypeAsynchronous",
        "parameters": [_parameter(parameter) for parameter in task.parameters],
    }


def _parameter(parameter: ParameterCard) -> Json:
    optional = "esriGPParameterTypeRequired" if parameter.required else "esriGPParameterTypeOptional"
    document: Json = {
        "name": parameter.name,
        "dataType": parameter.data_type,
        "displayName": parameter.display_name,
        "description": parameter.description,
        "direction": "esriGPParameterDirectionOutput" if parameter.is_output else "esriGPParameterDirectionInput",
        "defaultValue": parameter.default,
        "parameterType": "esriGPParameterTypeDerived" if parameter.is_output else optional,
        "category": parameter.category,
    }
    return {**document, "choiceList": list(parameter.choices)} if parameter.choices else document


def job_document(job: JobCard) -> Json:
    """A job.  Results that cannot be shown are left out, because clients stumble over a null, and said in a message."""
    is_done = job.status == "succeeded"
    shown = [result for result in job.results if result.fault is None] if is_done else []
    return {
        "jobId": job.job_id,
        "jobStatus": _STATUSES[job.status],
        "results": {result.name: {"paramUrl": f"results/{result.name}"} for result in shown},
        "inputs": {value.name: {"paramUrl": f"inputs/{value.name}"} for value in job.inputs},
        "messages": _messages(job),
    }


def _messages(job: JobCard) -> list[Json]:
    pairs = list(job.messages)
    if job.status == "succeeded":
        pairs += [("warning", f"{r.display_name}: {r.fault}") for r in job.results if r.fault]
    if job.status == "failed" and not any(kind == "error" for kind, _ in pairs):
        pairs.append(("error", "The job failed."))
    return [{"type": _MESSAGE_TYPES[kind], "description": text} for kind, text in pairs]


def expired_job_document(job_id: str) -> Json:
    """The only answer about a job that is gone which stops every client from polling."""
    return {
        "jobId": job_id,
        "jobStatus": "esriJobFailed",
        "results": {},
        "inputs": {},
        "messages": [{"type": "esriJobMessageTypeError", "description": f"The job {job_id} is unknown or has expired."}],
    }


def value_document(result: ResultCard, value: object) -> Json:
    """An output or input with its value."""
    return {"paramName": result.name, "dataType": result.data_type, "value": value}


def plain_value(result: ResultCard) -> object:
    """A value as clients decode it: lists for multivalues, epoch milliseconds for dates, no address for files."""
    if result.data_type.startswith("GPMultiValue:"):
        return result.value if isinstance(result.value, list) else [] if result.value is None else [result.value]
    if result.data_type == "GPDate" and isinstance(result.value, str):
        return _epoch_ms(result.value)
    if result.data_type == "GPDataFile":
        return {"url": ""}
    return result.value


def _epoch_ms(text: str) -> object:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def feature_set(layer: LayerCard | None, crs: str) -> Json:
    """What a feature set past its record limit looks like; the limit of a layer that may only be seen is 0."""
    geometry = layer.geometry if layer else None
    return {
        "displayFieldName": "",
        "geometryType": _GEOMETRY_TYPES.get(geometry or "", "esriGeometryPolygon"),
        "spatialReference": spatial_reference(crs),
        "fields": [],
        "features": [],
        "exceededTransferLimit": True,
    }


def record_set() -> Json:
    """A table past its record limit."""
    return {"displayFieldName": "", "fields": [], "features": [], "exceededTransferLimit": True}
