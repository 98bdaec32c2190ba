"""A published service as values: its tasks, their parameters, and the tool layers that draw the outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


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


@dataclass(frozen=True, slots=True)
class GroupLayer:
    """A heading over tool layers; it has an id of its own and draws nothing itself."""

    id: int
    name: str
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Parameter:
    """A task's parameter.  data_type: a GP data type such as ``GPDouble`` or ``GPMultiValue:GPString``."""

    name: str
    data_type: str
    display_name: str
    direction: Direction
    required: bool = True
    default: object = None
    description: str = ""
    category: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A tool published in a service."""

    name: str
    display_name: str
    description: str
    parameters: tuple[Parameter, ...]
    layers: tuple[ToolLayer, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A published service.  name: ``[folder/]name``.  crs: of the map, and of datasets that do not say theirs; None: each job's own."""

    name: str
    title: str
    description: str
    tasks: tuple[Task, ...]
    folder: Path
    groups: tuple[GroupLayer, ...] = ()
    crs: str | None = None
    credits: str = ""
    message_level: str = "info"
    extras: dict[str, object] = field(default_factory=dict)

    @property
    def layers(self) -> tuple[ToolLayer, ...]:
        """All tool layers, by id."""
        return tuple(sorted((layer for task in self.tasks for layer in task.layers), key=lambda layer: layer.id))
