"""A finished run on disk, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from rendermap.geo.bbox import BBox
from rendermap.symbology.facts import Facts


class JobStatus(StrEnum):
    """The life of a job; only ``succeeded`` has a map."""

    NEW = "new"
    SUBMITTED = "submitted"
    WAITING = "waiting"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def is_over(self) -> bool:
        """True when the job will not change any more."""
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT)


class MessageKind(StrEnum):
    """How much a message matters."""

    INFORMATIVE = "informative"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """A line the tool wrote."""

    kind: MessageKind
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running job has come.  percent: 0 to 100, None when it does not say."""

    message: str = ""
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where one output's data lies.

    path: real, absolute path of the file or folder (a file geodatabase, an Esri grid), inside root.  member: dataset inside a container
    (feature class, table, raster of a geodatabase or GeoPackage), else None.  root: the job's folder.
    fingerprint: changes whenever the data does.
    """

    path: Path
    member: str | None
    root: Path
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Output:
    """One output parameter of a job.

    name: the parameter's name.  source: for a dataset that may be drawn.  value: for anything else (JSON).
    fault: a safe sentence saying why a dataset may not be drawn; then source is None.
    """

    name: str
    source: DataSource | None = None
    value: object = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A run of a task.  service: ``[folder/]name`` as published; task: name, None when the layout does not tell.

    owner: name of whoever submitted it, None when nobody says.  is_private: only the owner may see it.
    out_crs, with_z: how features of its results are told where nobody asks otherwise, None for the map's.
    """

    service: str
    job_id: str
    status: JobStatus
    root: Path
    layout: str
    task: str | None = None
    inputs: dict[str, object] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    messages: tuple[Message, ...] = ()
    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    progress: Progress | None = None
    owner: str | None = None
    is_private: bool = False
    out_crs: str | None = None
    with_z: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """A drawable dataset of a job, as a look into it showed.

    reader: which reader of the drawing room draws it (``ogr``, ``csv``, ``features``; ``rasterio``, ``gdal``).  crs: canonical
    name, None when the dataset does not say.  bbox: in that CRS, easting first; None when there is nothing in it.
    open_name: what the reader opens (a path, or a driver's own spelling of one).  frame: in place of bbox, of what is seen together across
    the antimeridian: its eastern side lies beyond it.
    """

    source: DataSource
    reader: str
    open_name: str
    crs: str | None
    bbox: BBox | None
    facts: Facts
    driver: str = ""
    encoding: str | None = None
    notes: tuple[str, ...] = ()
    frame: BBox | None = None
