"""A service as service.toml describes it -> Service."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from rendermap.access.policy import Who
from rendermap.services import marks
from rendermap.services.description import (
    ColumnDescription,
    ParameterDescription,
    ProtectionDescription,
    RunDescription,
    ServiceDescription,
    TaskDescription,
)
from rendermap.services.layering import Layering, who_of
from rendermap.services.service import Direction, Parameter, Protection, Running, Service, Task
from rendermap.services.tools import Tools, tool_of


def service_of(name: str, described: ServiceDescription, folder: Path, tools: Tools | None) -> Service:
    """The service; the description must have passed the checks.  tools: of its folder."""
    who = who_of(described.who, Who())
    layering = Layering(folder, described.protection, described.access, who)
    tasks = tuple(_task(task, layering, tools) for task in described.tasks)
    tasks = tuple(replace(task, tables=layering.tables_of(said)) for task, said in zip(tasks, described.tasks, strict=True))
    return Service(
        name=name,
        title=described.title,
        description=described.description,
        tasks=tasks,
        folder=folder,
        groups=tuple(layering.groups),
        crs=described.crs,
        credits=described.credits,
        message_level=described.message_level,
        who=who,
        extras=dict(described.extras),
        protection=_protection(described.protection),
        maximum_records=described.maximum_records,
        over_limit=described.over_limit,
        raster_identify_keys=described.raster_identify_keys,
        running=_running(described.run, tools is not None or any(task.command for task in tasks)),
        submitters=None if described.who.submit is None else frozenset(described.who.submit),
    )


def _task(described: TaskDescription, layering: Layering, tools: Tools | None) -> Task:
    parameters = tuple(map(_parameter, described.parameters))
    return Task(
        described.name, described.title or described.name, described.description, parameters, layering.layers_of(described),
        tool=tool_of(described, tools), command=tuple(described.command or ()),
        process=described.process or re.sub(r"[\W_]+", "-", described.name).strip("-").lower(),
    )  # fmt: skip


def _running(described: RunDescription, runs_here: bool) -> Running:
    return Running(
        described.engine or ("local" if runs_here else "none"), described.instances, described.queue, described.time_limit_s,
        described.lifetime_h, described.lifetime_from, described.synchronous,
        described.memory_mb, described.file_mb, described.disk_mb, tuple(map(Path, described.reads)), described.url or "",
    )  # fmt: skip


def _protection(described: ProtectionDescription) -> Protection:
    watermark = described.watermark if isinstance(described.watermark, str) else marks.USUAL * described.watermark
    return Protection(watermark, described.stamp, described.pixel_budget)


def _parameter(described: ParameterDescription) -> Parameter:
    direction = Direction(described.direction)
    return replace(
        _column(described),
        direction=direction,
        default=described.default,
        category=described.category,
        geometry=described.geometry,
        columns=tuple(replace(_column(column), direction=direction) for column in described.columns),
    )


def _column(described: ColumnDescription | ParameterDescription) -> Parameter:
    return Parameter(
        name=described.name,
        data_type=described.type,
        display_name=described.title or described.name,
        direction=Direction.INPUT,
        required=described.required,
        description=described.description,
        choices=tuple(described.choices),
        minimum=described.minimum,
        maximum=described.maximum,
    )
