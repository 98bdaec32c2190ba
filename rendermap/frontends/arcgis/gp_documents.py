"""Cards of services, tasks and jobs -> the documents of the geoprocessing side."""

from __future__ import annotations

from rendermap.frontends.arcgis.geometries import GEOMETRY_TYPES
from rendermap.frontends.arcgis.map_documents import CURRENT_VERSION
from rendermap.frontends.arcgis.spatial import Json, spatial_reference
from rendermap.frontends.arcgis.values import encode
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.reply import JobCard, ParameterCard, ResultCard, ServiceCard, TaskCard

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
GOING_ON = ("new", "submitted", "waiting", "executing")
"""A job in such a state will change."""
_MESSAGE_TYPES = {
    "informative": "esriJobMessageTypeInformative",
    "warning": "esriJobMessageTypeWarning",
    "error": "esriJobMessageTypeError",
}


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
        "executionType": _execution(service),
        "resultMapServerName": service.name if has_map(service) else "",
        "maximumRecords": service.maximum_records,
        "capabilities": "",
    }


def _execution(service: ServiceCard) -> str:
    return f"esriExecutionType{'Synchronous' if service.is_synchronous else 'Asynchronous'}"


def task_document(service: ServiceCard, task: TaskCard) -> Json:
    """A task with its parameters."""
    return {
        "name": task.name,
        "displayName": task.display_name,
        "description": task.description,
        "category": "",
        "helpUrl": "",
        "executionType": _execution(service),
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
        "defaultValue": _default(parameter),
        "parameterType": "esriGPParameterTypeDerived" if parameter.is_output else optional,
        "category": parameter.category,
    }
    if parameter.choices:
        document["choiceList"] = list(parameter.choices)
    if parameter.columns:
        document["parameterInfos"] = [_parameter(column) for column in parameter.columns]
    return {**document, **_filter(parameter)}


def _default(parameter: ParameterCard) -> object:
    """What is taken when nothing is given.  Of features, where nothing is, their kind: clients choose the drawing tool by it."""
    if parameter.default is not None:
        return encode(parameter.data_type, parameter.default)
    if parameter.data_type == FEATURE_TYPE and parameter.geometry:
        return {**feature_set(parameter.geometry, WEB_MERCATOR), "exceededTransferLimit": False}
    return None


def _filter(parameter: ParameterCard) -> Json:
    if parameter.geometry:
        return {"filter": {"type": "featureClass", "list": [GEOMETRY_TYPES[parameter.geometry]]}}
    limits = (("minimum", parameter.minimum), ("maximum", parameter.maximum))
    bounds = {name: _limit(parameter, value) for name, value in limits if value is not None}
    return {"filter": {"type": "range", **bounds}} if bounds else {}


def _limit(parameter: ParameterCard, value: float) -> float:
    """Of whole numbers a whole number."""
    return int(value) if parameter.data_type.endswith("GPLong") and value == int(value) else value


def job_document(job: JobCard) -> Json:
    """A job.  Results that cannot be shown are left out, because clients stumble over a null, and said in a message."""
    is_done = job.status == "succeeded"
    shown = [result for result in job.results if result.fault is None] if is_done else []
    document: Json = {
        "jobId": job.job_id,
        "jobStatus": _STATUSES[job.status],
        "results": {result.name: {"paramUrl": f"results/{result.name}"} for result in shown},
        "inputs": {value.name: {"paramUrl": f"inputs/{value.name}"} for value in job.inputs},
        "messages": messages_of(job),
    }
    return {**document, "progress": _progress(job)} if job.status in GOING_ON and job.progress else document


def _progress(job: JobCard) -> Json:
    """``default`` without a percentage, as a bar that only moves."""
    message, percent = job.progress or ("", None)
    if percent is None:
        return {"type": "default", "message": message}
    return {"type": "step", "message": message, "percent": round(percent)}


def executed_document(job: JobCard, results: list[Json], *, with_messages: bool) -> Json:
    """A job that was waited for: its results with their values, and what its tool said."""
    return {"results": results, "messages": messages_of(job) if with_messages else []}


def messages_of(job: JobCard) -> list[Json]:
    """What the tool said, and what is to be said of its results, as loud as the service is; that a job failed is said in any case."""
    pairs = list(job.messages)
    if job.status == "succeeded":
        pairs += [("warning", f"{r.display_name}: {r.fault}") for r in job.results if r.fault and "warning" in job.heard]
        pairs += [("informative", f"{r.display_name}: {r.note}") for r in job.results if r.note and "informative" in job.heard]
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
    """A value as clients decode it."""
    return encode(result.data_type, result.value)


def feature_set(geometry: str | None, crs: str) -> Json:
    """What a feature set past its record limit looks like; the limit of a layer that may only be seen is 0."""
    return {
        "displayFieldName": "",
        "geometryType": GEOMETRY_TYPES.get(geometry or "", "esriGeometryPolygon"),
        "spatialReference": spatial_reference(crs),
        "fields": [],
        "features": [],
        "exceededTransferLimit": True,
    }


def record_set() -> Json:
    """A table past its record limit."""
    return {"displayFieldName": "", "fields": [], "features": [], "exceededTransferLimit": True}
