"""What a service.toml may say and still be wrong about, key by key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rendermap.services.description import LayerDescription, ServiceDescription, TaskDescription
from rendermap.services.lines import KeyPath

Wrong = tuple[KeyPath, str]
"""Where, and what is wrong."""
_FOLDER_NAME = re.compile(r"[^\W_]\w*")


def check_names(name: str, described: ServiceDescription) -> Iterator[Wrong]:
    """Names of the service, of its tasks and of their parameters."""
    if not all(_FOLDER_NAME.fullmatch(step) for step in name.split("/")):
        yield (), f"the folder {name} cannot name a service: expected letters, digits and _ only"
    yield from _twice((("tasks", index), task.name) for index, task in enumerate(described.tasks))
    for index, task in enumerate(described.tasks):
        yield from _twice((("tasks", index, "parameters", number), each.name) for number, each in enumerate(task.parameters))


def _twice(named: Iterable[tuple[KeyPath, str]]) -> Iterator[Wrong]:
    seen: set[str] = set()
    for keys, name in named:
        if name.casefold() in seen:
            yield (*keys, "name"), f"{name} stands here a second time; letter case does not tell names apart"
        seen.add(name.casefold())


def check_groups(described: ServiceDescription) -> Iterator[Wrong]:
    """Members of a group must follow each other: ids go by parameter order, and a layer list shows a group in one piece."""
    for index, task in enumerate(described.tasks):
        closed: set[str] = set()
        current: str | None = None
        for keys, drawn in _layers_of(task):
            if drawn.group != current:
                closed |= {current} if current else set()
                current = drawn.group
            if current in closed:
                yield ("tasks", index, *keys, "layer", "group"), f"the outputs of group {current} do not follow each other"
        used = {drawn.group for _, drawn in _layers_of(task)}
        yield from _twice((("tasks", index, "groups", number), group.name) for number, group in enumerate(task.groups))
        for number, group in enumerate(task.groups):
            if group.name not in used:
                yield ("tasks", index, "groups", number, "name"), f"no output is in a group {group.name}"


def _layers_of(task: TaskDescription) -> Iterator[tuple[KeyPath, LayerDescription]]:
    for number, parameter in enumerate(task.parameters):
        if parameter.tool_layer is not None:
            yield ("parameters", number), parameter.tool_layer


def _style_files(described: ServiceDescription) -> Iterator[tuple[KeyPath, str]]:
    for index, task in enumerate(described.tasks):
        for keys, drawn in _layers_of(task):
            if drawn.style is not None:
                yield ("tasks", index, *keys, "layer", "style"), drawn.style


def check_inside(described: ServiceDescription, folder: Path, services_dir: Path) -> Iterator[Wrong]:
    """Layer files must lie below the services folder."""
    for keys, style in _style_files(described):
        if not (folder / style).resolve().is_relative_to(services_dir.resolve()):
            yield keys, f"{style} lies outside the services folder"


def check_layer_files(described: ServiceDescription, folder: Path) -> Iterator[Wrong]:
    """Layer files must be there."""
    for keys, style in _style_files(described):
        if not (folder / style).is_file():
            yield keys, f"there is no layer file {style}"
