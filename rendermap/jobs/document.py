"""The job document ``job.json``: its model, its JSON Schema, reading, and writing that no reader ever sees half done."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError, WithJsonSchema

from rendermap.errors import JobNotFound, JobUnreadable
from rendermap.jobs.job import MessageKind
from rendermap.limits import CRS_CHARS, JOB_DOCUMENT_BYTES

DOCUMENT_NAME = "job.json"
SCHEMA_PATH = Path(__file__).with_name("manifest.schema.json")

_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"


def _parse_time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(_TIME, value):
        return datetime.fromisoformat(value)
    raise ValueError("expected an ISO 8601 time with seconds and a zone, such as 2026-03-01T12:00:00Z")


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_parse_time),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _TIME}),
]
Name = Annotated[str, Field(min_length=1, max_length=255)]


class DocumentStatus(StrEnum):
    """The states of `jobs.job.JobStatus`, and ``ended``: the results have been removed."""

    NEW = "new"
    SUBMITTED = "submitted"
    WAITING = "waiting"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    ENDED = "ended"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetOutput(_Model):
    """An output that is a dataset on disk."""

    dataset: Annotated[str, Field(min_length=1, max_length=1024)] = Field(
        description="Where it lies: %scratchworkspace%/viewshed.tif, %scratchworkspace%/scratch.gdb/outWatershed."
    )


class ValueOutput(_Model):
    """An output that is a plain value."""

    value: JsonValue = Field(description="Any JSON value, in the ArcGIS REST form of the parameter's data type.")


class MessageEntry(_Model):
    """A line the tool wrote."""

    kind: MessageKind = Field(description="How much it matters.")
    text: Annotated[str, Field(max_length=10000)] = Field(description="What clients may read: no paths, please.")
    time: Time | None = Field(default=None, description="When it was written.")


class Progress(_Model):
    """How far a running job has come."""

    message: Annotated[str, Field(max_length=1000)] = Field(default="", description="What is being done.")
    percent: Annotated[float, Field(ge=0, le=100)] | None = Field(default=None, description="How much is done, 0 to 100.")


class Document(_Model):
    """A geoprocessing job: the file job.json beside the folder scratch."""

    version: Literal[1] = Field(description="Of this schema.")
    service: Name = Field(description="[folder/]name of the service, as published.")
    task: Name | None = Field(default=None, description="Name of the task.")
    job_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")] = Field(description="Name of the job's folder.")
    status: DocumentStatus = Field(description="Only a succeeded job has a map; of an ended job nothing is left.")
    created: Time = Field(description="When the job was submitted.")
    started: Time | None = Field(default=None, description="When its tool began.")
    finished: Time | None = Field(default=None, description="When it was over, however it ended.")
    expires: Time | None = Field(default=None, description="From when on the job counts as ended.")
    inputs: dict[Name, JsonValue] = Field(default_factory=dict, description="Input parameters by name.")
    outputs: dict[Name, DatasetOutput | ValueOutput] = Field(default_factory=dict, description="Output parameters by name.")
    messages: tuple[MessageEntry, ...] = Field(default=(), description="Oldest first.")
    progress: Progress | None = Field(default=None, description="While the job runs.")
    owner: Name | None = Field(default=None, description="Name of whoever submitted the job, as the service knows people who sign in.")
    private: bool = Field(default=False, description="Whether only the owner may see the job.")
    out_crs: Annotated[str, Field(min_length=1, max_length=CRS_CHARS.value)] | None = Field(
        default=None, description="Spatial reference in which features of its results are told where nobody asks for another: EPSG:25832."
    )
    return_z: bool = Field(default=False, description="Whether they are told with their heights where nobody says otherwise.")


def document_schema() -> dict[str, object]:
    """The JSON Schema of job.json (draft 2020-12), made from the model that reads it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}


def parse_document(raw: bytes) -> Document:
    """Read a document's text.

    Raises ValueError with one line per fault, ``path: what was expected``.
    """
    demand_json(raw)
    try:
        return Document.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise ValueError("\n".join(f"{_json_path(fault['loc'])}: {fault['msg']}" for fault in error.errors())) from None


def demand_json(raw: bytes) -> None:
    """Raises ValueError for what readers of JSON do not all take for the same: NaN, a key that stands twice, or too deep a nesting."""
    try:
        json.loads(raw, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except RecursionError:
        raise ValueError("$: nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose keys are all different: of a key that stands twice, readers disagree which one counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in one object twice")
    return found


def _json_path(where: tuple[int | str, ...]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)


def read_document(root: Path) -> Document:
    """Read the document of a job folder.

    Raises JobNotFound when there is none, JobUnreadable when it cannot be understood.
    """
    path = root / DOCUMENT_NAME
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise JobNotFound(reason=f"{path}: not a file")
            raw = file.read(JOB_DOCUMENT_BYTES.value + 1)
    except OSError as error:
        raise JobNotFound(reason=f"{path}: {error.strerror}") from None
    if len(raw) > JOB_DOCUMENT_BYTES.value:
        raise JobUnreadable(JOB_DOCUMENT_BYTES.sentence, reason=f"{path}: {JOB_DOCUMENT_BYTES.sentence}")
    try:
        return parse_document(raw)
    except ValueError as error:
        raise JobUnreadable(reason=f"{path}: {error}") from None


def write_document(root: Path, document: Document) -> None:
    """Put the document in place of the former one, all at once: written beside it, flushed to disk, renamed over it."""
    draft = root / f".{DOCUMENT_NAME}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
    try:
        with draft.open("xb") as file:
            file.write(document.model_dump_json(indent=2).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(root / DOCUMENT_NAME)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _flush_folder(root)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
