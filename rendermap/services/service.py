"""A published service as values: its tasks, their parameters, and the tool layers that draw the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from rendermap.access.policy import Who
from rendermap.services.datatypes import TABLE_TYPE


class Access(StrEnum):
    """What may be done with a tool layer; each level contains the ones before it."""

    VIEW = "view"
    IDENTIFY = "identify"
    DATA = "data"


class Direction(StrEnum):
    """Which way a parameter goes."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class ToolLayer:
    """The layer that draws one output parameter.

    id: unique in the service, in output parameter order, 0 first and drawn on top.  parameter: name of the output parameter.
    name: its display name.  dataset: ``%scratchworkspace%/...`` or None (matched by the parameter's name).  style_path: layer file,
    None for a style chosen from the data.  style_layer: which layer of a file that holds several.
    min_scale_denominator, max_scale_denominator: farthest and nearest scale at 0.28 mm per pixel, None for no limit.
    group: id of the group layer above it, None for none.  opacity: 0 to 1, times the style's own.
    statistics: whose a stretch may have that asks for those of the area in view: ``dataset`` or ``view``.
    finest_scale_denominator: beyond it pictures show nothing more, at 0.28 mm per pixel; None for what is usual.
    colors: at most so many for what is continuous, 0 for as many as there are.
    who: who may do what, None for the service's own.
    fields: whose values may be told, None for none at ``identify`` and all at ``data``.  decimals: that numbers are rounded to, of all
    fields or by field; None for none.  tells_geometry: at ``identify`` too.  time_fields: the date from which a feature is there, and the
    one until which, where it lasts; none for a layer without time.  time_step_h: how coarsely times may be asked about where those
    fields may not be told, None for not at all.
    """

    id: int
    parameter: str
    name: str
    dataset: str | None = None
    style_path: Path | None = None
    style_layer: str | None = None
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None
    visible: bool = True
    access: Access = Access.VIEW
    group: int | None = None
    opacity: float = 1.0
    classification: str = "auto"
    data_type: str = "GPFeatureRecordSetLayer"
    statistics: str = "dataset"
    finest_scale_denominator: float | None = None
    colors: int = 0
    who: Who | None = None
    fields: tuple[str, ...] | None = None
    decimals: int | tuple[tuple[str, int], ...] | None = None
    tells_geometry: bool = False
    time_fields: tuple[str, ...] = ()
    time_step_h: int | None = None

    @property
    def is_table(self) -> bool:
        """True for rows alone, which are never drawn."""
        return self.data_type == TABLE_TYPE


@dataclass(frozen=True, slots=True)
class GroupLayer:
    """A heading over tool layers; it has an id of its own and draws nothing itself."""

    id: int
    name: str
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Parameter:
    """A task's parameter.

    data_type: a GP data type such as ``GPDouble`` or ``GPMultiValue:GPString``.  minimum, maximum: of numbers, None for no bound.
    geometry: ``point``, ``multipoint``, ``line`` or ``polygon`` where features must be such, None for any.
    columns: of a value table, what its cells must be; none where they may be anything.
    """

    name: str
    data_type: str
    display_name: str
    direction: Direction
    required: bool = True
    default: object = None
    description: str = ""
    category: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    geometry: str | None = None
    columns: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """How the tasks of a service are run.

    engine: a name of `gp.engines.table`.  instances: jobs at once.  queue: jobs that may wait.  time_limit_s: of one job.
    memory_mb: of each process of a tool.  file_mb: the largest file it may write.  disk_mb: what its files may take together.
    reads: what it may read beside the service's folder.
    lifetime_h: after so long a job ends, counted from its ``creation`` or the last ``access`` as lifetime_from says; None for never.
    is_synchronous: clients wait for the results instead of asking for them.  url: of the server that runs the tasks, for ``ogcapi``.
    """

    engine: str = "none"
    instances: int = 2
    queue: int = 100
    time_limit_s: float = 600.0
    lifetime_h: float | None = None
    lifetime_from: str = "creation"
    is_synchronous: bool = False
    memory_mb: int = 4096
    file_mb: int = 8192
    disk_mb: int = 65_536
    reads: tuple[Path, ...] = ()
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """A tool published in a service.

    tables: its outputs that are rows alone, as layers that are never drawn; their ids are after those of all layers of the service.
    tool: name of its function in the service's tools.py, "" for none.  command: of a program that does the work instead.
    process: what another server that runs it calls it.
    """

    name: str
    display_name: str
    description: str
    parameters: tuple[Parameter, ...]
    layers: tuple[ToolLayer, ...]
    tables: tuple[ToolLayer, ...] = ()
    tool: str = ""
    command: tuple[str, ...] = ()
    process: str = ""

    @property
    def has_tool(self) -> bool:
        """True where there is something to run on a machine of ours."""
        return bool(self.tool or self.command)


@dataclass(frozen=True, slots=True)
class Protection:
    """What is put on the pictures of a service, and how much of them there is.

    watermark: a template of `marks`, "" for none.  stamp: pictures tell their job.  pixel_budget: megapixels for one principal in an
    hour, None for no bound.
    """

    watermark: str = ""
    stamp: bool = False
    pixel_budget: float | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A published service.

    name: ``[folder/]name``.  crs: of the map, and of datasets that do not say theirs; None: each job's own.
    maximum_records: features or rows that one answer holds, 0 for none.  over_limit: ``empty`` or ``truncate``, what a result of more is.
    raster_identify_keys: ``pro`` or ``classic``, how the values of rasters are named where they are told.
    submitters: who may submit, of those who may know of the service; None for all of them.
    """

    name: str
    title: str
    description: str
    tasks: tuple[Task, ...]
    folder: Path
    groups: tuple[GroupLayer, ...] = ()
    crs: str | None = None
    credits: str = ""
    message_level: str = "info"
    who: Who = field(default_factory=Who)
    extras: dict[str, object] = field(default_factory=dict)
    protection: Protection = Protection()
    maximum_records: int = 1000
    over_limit: str = "empty"
    raster_identify_keys: str = "pro"
    running: Running = Running()
    submitters: frozenset[str] | None = None

    @property
    def layers(self) -> tuple[ToolLayer, ...]:
        """All tool layers, by id."""
        return tuple(sorted((layer for task in self.tasks for layer in task.layers), key=lambda layer: layer.id))

    @property
    def tables(self) -> tuple[ToolLayer, ...]:
        """All tables, by id."""
        return tuple(table for task in self.tasks for table in task.tables)

    def tables_of(self, task: str | None) -> tuple[ToolLayer, ...]:
        """The tables of a task; all of them when nobody knows which task it was."""
        found = task_named(self, task) if task else None
        return found.tables if found else self.tables

    def layers_of(self, task: str | None) -> tuple[ToolLayer, ...]:
        """The tool layers of a task, by id; all of them when nobody knows which task it was."""
        found = task_named(self, task) if task else None
        return found.layers if found else self.layers


class Named(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def named(things: Iterable[N], name: str) -> N | None:
    """The first thing of that name; letter case does not tell names apart."""
    folded = name.casefold()
    return next((thing for thing in things if thing.name.casefold() == folded), None)


def task_named(service: Service, name: str) -> Task | None:
    """The task of that name, in whatever letter case; None when there is none."""
    return named(service.tasks, name)


def service_named(services: Mapping[str, N], name: str) -> N | None:
    """The service ``[folder/]name``, in whatever letter case; None when there is none."""
    return services.get(name) or named(services.values(), name)
