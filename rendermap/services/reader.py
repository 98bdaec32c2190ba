"""service.toml -> Service, with every fault gathered and shown by file and line."""

from __future__ import annotations

import re
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from rendermap.access.policy import Who
from rendermap.services import marks
from rendermap.services.description import (
    ColumnDescription,
    LayerDescription,
    ParameterDescription,
    ProtectionDescription,
    RunDescription,
    ServiceDescription,
    TaskDescription,
)
from rendermap.services.layering import Layering, who_of
from rendermap.services.lines import KeyPath, line_of, to_text
from rendermap.services.service import Direction, Parameter, Protection, Running, Service, Task
from rendermap.services.tools import FILE_NAME as TOOLS_NAME
from rendermap.services.tools import Tools, check_tools, read_tools, tool_of

FILE_NAME = "service.toml"
LARGEST_BYTES = 1 << 20
_FOLDER_NAME = re.compile(r"[^\W_]\w*")
_SYNTAX_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a service.  line: in file, from 1.  message: what, and what was expected."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Reading:
    """One service.toml as read.  service: None when it cannot be published."""

    service: Service | None
    faults: tuple[Fault, ...] = ()


Version = tuple[int, ...]


class Services:
    """The published services of a folder; a service.toml that is added, changed or removed counts without a restart.  Safe for threads.

    check_every_s: files are looked at again at most so often.
    """

    def __init__(self, services_dir: Path, *, check_every_s: float = 1.0) -> None:
        self._dir = Path(services_dir)
        self._check_every_s = check_every_s
        self._lock = threading.Lock()
        self._checked = float("-inf")
        self._readings: dict[Path, tuple[Version, Reading]] = {}
        self._published: Mapping[str, Service] = MappingProxyType({})
        self._faults: tuple[Fault, ...] = ()

    def current(self) -> Mapping[str, Service]:
        """Services by name; the same objects until their files change."""
        with self._lock:
            if time.monotonic() - self._checked >= self._check_every_s:
                self._check()
                self._checked = time.monotonic()
            return self._published

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong in the services as they are now."""
        self.current()
        return self._faults

    def _check(self) -> None:
        versions = {path: _version_of(path) for path in _find_files(self._dir)}
        if versions == {path: version for path, (version, _) in self._readings.items()}:
            return
        before = self._readings
        self._readings = {
            path: before[path] if path in before and before[path][0] == version else (version, read_service(path, self._dir))
            for path, version in versions.items()
        }
        published, faults = _gather(reading for _, reading in self._readings.values())
        self._published, self._faults = MappingProxyType(published), faults


def read_services(services_dir: Path) -> tuple[dict[str, Service], tuple[Fault, ...]]:
    """Every service below a folder by name, ``[folder/]name``, and everything that is wrong with them.

    A service whose service.toml has a fault is left out; one that only lacks a layer file is not: its other layers draw.
    """
    return _gather(read_service(path, services_dir) for path in _find_files(services_dir))


def read_service(path: Path, services_dir: Path) -> Reading:
    """One service.toml; the service is named by the folders between services_dir and it."""
    try:
        return _read(path, path.parent.relative_to(services_dir).as_posix(), services_dir)
    except (OSError, ValueError) as error:
        return Reading(None, (Fault(path, 1, f"cannot be read: {error}"),))
    except RecursionError:
        return Reading(None, (Fault(path, 1, "nested too deeply"),))


def _read(path: Path, name: str, services_dir: Path) -> Reading:
    try:
        text = _text_of(path)
        described = ServiceDescription.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = _SYNTAX_LINE.search(str(error))
        return Reading(None, (Fault(path, int(line.group(1)) if line else 1, f"not TOML: {error}"),))
    except ValidationError as error:
        return Reading(None, tuple(_fault(path, text, fault["loc"], _message_of(fault["type"], fault["msg"])) for fault in error.errors()))
    wrong = (*_check_names(name, described), *_check_groups(described), *_check_inside(described, path.parent, services_dir))
    if wrong:
        return Reading(None, tuple(_fault(path, text, keys, message) for keys, message in wrong))
    tools = read_tools(path.parent)
    missing = (*_check_layer_files(described, path.parent), *check_tools(described, path.parent, tools))
    faults = [_fault(path, text, keys, message) for keys, message in missing]
    if tools and tools.fault:
        faults.append(Fault(path.parent / TOOLS_NAME, tools.line, tools.fault))
    return Reading(_build(name, described, path.parent, tools), tuple(faults))


def _text_of(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise ValueError(f"larger than {LARGEST_BYTES} bytes")
    return raw.decode("utf-8")


def _build(name: str, described: ServiceDescription, folder: Path, tools: Tools | None) -> Service:
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
    return Parameter(
        name=described.name,
        data_type=described.type,
        display_name=described.title or described.name,
        direction=Direction(described.direction),
        required=described.required,
        default=described.default,
        description=described.description,
        category=described.category,
        choices=tuple(described.choices),
        minimum=described.minimum,
        maximum=described.maximum,
        geometry=described.geometry,
        columns=tuple(map(_column, described.columns)),
    )


def _column(described: ColumnDescription) -> Parameter:
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


def _check_names(name: str, described: ServiceDescription) -> Iterator[tuple[KeyPath, str]]:
    if not all(_FOLDER_NAME.fullmatch(step) for step in name.split("/")):
        yield (), f"the folder {name} cannot name a service: expected letters, digits and _ only"
    yield from _twice((("tasks", index), task.name) for index, task in enumerate(described.tasks))
    for index, task in enumerate(described.tasks):
        yield from _twice((("tasks", index, "parameters", number), each.name) for number, each in enumerate(task.parameters))


def _twice(named: Iterable[tuple[KeyPath, str]]) -> Iterator[tuple[KeyPath, str]]:
    seen: set[str] = set()
    for keys, name in named:
        if name.casefold() in seen:
            yield (*keys, "name"), f"{name} stands here a second time; letter case does not tell names apart"
        seen.add(name.casefold())


def _check_groups(described: ServiceDescription) -> Iterator[tuple[KeyPath, str]]:
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


def _check_inside(described: ServiceDescription, folder: Path, services_dir: Path) -> Iterator[tuple[KeyPath, str]]:
    for keys, style in _style_files(described):
        if not (folder / style).resolve().is_relative_to(services_dir.resolve()):
            yield keys, f"{style} lies outside the services folder"


def _check_layer_files(described: ServiceDescription, folder: Path) -> Iterator[tuple[KeyPath, str]]:
    for keys, style in _style_files(described):
        if not (folder / style).is_file():
            yield keys, f"there is no layer file {style}"


def _gather(readings: Iterable[Reading]) -> tuple[dict[str, Service], tuple[Fault, ...]]:
    services: dict[str, Service] = {}
    faults: list[Fault] = []
    taken: set[str] = set()
    for reading in readings:
        faults += reading.faults
        service = reading.service
        if service is not None and service.name.casefold() in taken:
            message = f"there is another service {service.name}; letter case does not tell them apart"
            faults.append(Fault(service.folder / FILE_NAME, 1, message))
        elif service is not None:
            taken.add(service.name.casefold())
            services[service.name] = service
    return services, tuple(faults)


def _fault(path: Path, text: str, keys: KeyPath, message: str) -> Fault:
    where = to_text(keys)
    return Fault(path, line_of(text, keys), f"{where}: {message}" if where else message)


def _message_of(kind: str, message: str) -> str:
    return "not a key that is known here" if kind == "extra_forbidden" else message.removeprefix("Value error, ")


def _find_files(services_dir: Path) -> list[Path]:
    """Every service.toml one or two folders down, by name; hidden folders are none of ours."""
    found = (path for pattern in (f"*/{FILE_NAME}", f"*/*/{FILE_NAME}") for path in services_dir.glob(pattern) if path.is_file())
    return sorted(path for path in found if not any(step.startswith(".") for step in path.relative_to(services_dir).parts))


def _version_of(path: Path) -> Version:
    """Of a service.toml and the tools beside it."""
    return *_state_of(path), *_state_of(path.parent / TOOLS_NAME)


def _state_of(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return status.st_mtime_ns, status.st_size, status.st_ino
