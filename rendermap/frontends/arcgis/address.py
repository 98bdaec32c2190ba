"""A path below ``/arcgis/rest`` -> which resource of which service and job is meant.

Resource words and service names are matched without regard to case; an empty segment or a slash at the end means nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from rendermap.errors import InvalidParameter, NotFound


class Resource(StrEnum):
    """What an address can mean."""

    INFO = "info"
    CATALOGUE = "catalogue"
    MAP = "map"
    LAYERS = "layers"
    LAYER = "layer"
    LEGEND = "legend"
    SWATCH = "swatch"
    EXPORT = "export"
    QUERY = "query"
    FIND = "find"
    IDENTIFY = "identify"
    UNSUPPORTED = "unsupported"
    GP_SERVICE = "gp_service"
    TASK = "task"
    JOB = "job"
    RESULT = "result"
    INPUT = "input"
    SUBMIT = "submit"
    EXECUTE = "execute"
    CANCEL = "cancel"
    OUTPUT_FILE = "output_file"


@dataclass(frozen=True, slots=True)
class Address:
    """service: ``[folder/]name`` as written; for the catalogue the folder.  job_id: None on the job-less template.

    item: a parameter's name, a swatch's or an output file's token.
    """

    resource: Resource
    service: str = ""
    job_id: str | None = None
    task: str = ""
    layer: int | None = None
    item: str = ""


_MAP_WORDS = {
    "layers": Resource.LAYERS,
    "legend": Resource.LEGEND,
    "export": Resource.EXPORT,
    "find": Resource.FIND,
    "identify": Resource.IDENTIFY,
}
_RUN_WORDS = {"submitjob": Resource.SUBMIT, "execute": Resource.EXECUTE}
_UNSUPPORTED = ("query", "tile", "generatekml", "exporttiles", "dynamiclayer", "querylegends")
_JOB_SUFFIX = re.compile(r"(?P<service>.+)_(?P<job>j[0-9a-f]{32})", re.IGNORECASE)
_JOB_ID = re.compile(r"[^/\\\x00-\x1f\x7f]{1,128}")
_OURS = re.compile(r"j[0-9a-f]{32}", re.IGNORECASE)


def looks_like_ours(job_id: str) -> bool:
    """True for an id as GP servers make them, so one that may have lived and ended."""
    return _OURS.fullmatch(job_id) is not None


def parse_address(path: str) -> Address:
    """The address of a percent-decoded path.  Raises NotFound, InvalidParameter for an impossible job id."""
    segments = [segment for segment in path.split("/") if segment]
    head = segments[0].lower() if segments else "services"
    if head == "services":
        return _parse_services(segments[1:])
    if head == "info" and len(segments) == 1:
        return Address(Resource.INFO)
    if head == "directories" and len(segments) >= 4 and segments[1].lower() == "arcgisoutput":
        return Address(Resource.OUTPUT_FILE, service="/".join(segments[2:-1]), item=segments[-1])
    raise NotFound


def _parse_services(segments: list[str]) -> Address:
    words = [segment.lower() for segment in segments]
    server = next((i for i, word in enumerate(words) if i and word in ("mapserver", "gpserver")), None)
    if server is None:
        return Address(Resource.CATALOGUE, service="/".join(segments))
    name, rest = segments[:server], segments[server + 1 :]
    return _parse_gp("/".join(name), rest) if words[server] == "gpserver" else _parse_map(name, rest)


def _parse_map(name: list[str], rest: list[str]) -> Address:
    """The job comes before MapServer (the alias: clients that cut the address there keep the job) or after it."""
    if len(name) >= 3 and name[-2].lower() == "jobs":
        return _parse_map_part(_with_job("/".join(name[:-2]), name[-1]), rest)
    if alias := _JOB_SUFFIX.fullmatch("/".join(name)):
        return _parse_map_part(_with_job(alias["service"], alias["job"]), rest)
    if len(rest) >= 2 and rest[0].lower() == "jobs":
        return _parse_map_part(_with_job("/".join(name), rest[1]), rest[2:])
    return _parse_map_part(Address(Resource.MAP, "/".join(name)), rest)


def _with_job(service: str, job_id: str) -> Address:
    return Address(Resource.MAP, service, checked_job_id(job_id))


def checked_job_id(job_id: str) -> str:
    """The id.  Raises InvalidParameter for one that no folder could have."""
    if not _JOB_ID.fullmatch(job_id) or job_id.strip(". ") != job_id:
        raise InvalidParameter("The job id is not valid.")
    return job_id


def _parse_map_part(start: Address, rest: list[str]) -> Address:
    words = [word.lower() for word in rest]
    if not words:
        return start
    if words[0] in _UNSUPPORTED:
        return replace(start, resource=Resource.UNSUPPORTED)
    if len(words) == 1 and words[0] in _MAP_WORDS:
        return replace(start, resource=_MAP_WORDS[words[0]])
    if re.fullmatch(r"[0-9]{1,6}", words[0]):
        return _parse_layer_part(replace(start, resource=Resource.LAYER, layer=int(words[0])), rest[1:])
    raise NotFound


def _parse_layer_part(start: Address, rest: list[str]) -> Address:
    if not rest:
        return start
    if rest[0].lower() == "images" and len(rest) == 2:
        return replace(start, resource=Resource.SWATCH, item=rest[1])
    if rest[0].lower() == "query" and len(rest) == 1:
        return replace(start, resource=Resource.QUERY)
    if rest[0].lower() in (*_UNSUPPORTED, "find", "identify", "queryrelatedrecords", "generaterenderer"):
        return replace(start, resource=Resource.UNSUPPORTED)
    raise NotFound


def _parse_gp(service: str, rest: list[str]) -> Address:
    if not rest:
        return Address(Resource.GP_SERVICE, service)
    task = Address(Resource.TASK, service, task=rest[0])
    words = [word.lower() for word in rest]
    if len(words) == 1:
        return task
    if len(words) == 2 and words[1] in _RUN_WORDS:
        return replace(task, resource=_RUN_WORDS[words[1]])
    if words[1] != "jobs" or len(words) < 3:
        raise NotFound
    job = replace(task, resource=Resource.JOB, job_id=checked_job_id(rest[2]))
    if len(words) == 3:
        return job
    if len(words) == 4 and words[3] == "cancel":
        return replace(job, resource=Resource.CANCEL)
    if len(words) == 5 and words[3] in ("results", "inputs"):
        return replace(job, resource=Resource.RESULT if words[3] == "results" else Resource.INPUT, item=rest[4])
    raise NotFound
