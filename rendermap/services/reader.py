"""service.toml -> Service, with every fault gathered and shown by file and line."""

from __future__ import annotations

import re
import threading
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from rendermap.services.building import service_of
from rendermap.services.checks import check_groups, check_inside, check_layer_files, check_names
from rendermap.services.description import (
    ServiceDescription,
)
from rendermap.services.lines import KeyPath, line_of, to_text
from rendermap.services.service import Service
from rendermap.services.tools import FILE_NAME as TOOLS_NAME
from rendermap.services.tools import check_tools, read_tools

FILE_NAME = "service.toml"
LARGEST_BYTES = 1 << 20
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
    wrong = (*check_names(name, described), *check_groups(described), *check_inside(described, path.parent, services_dir))
    if wrong:
        return Reading(None, tuple(_fault(path, text, keys, message) for keys, message in wrong))
    tools = read_tools(path.parent)
    missing = (*check_layer_files(described, path.parent), *check_tools(described, path.parent, tools))
    faults = [_fault(path, text, keys, message) for keys, message in missing]
    if tools and tools.fault:
        faults.append(Fault(path.parent / TOOLS_NAME, tools.line, tools.fault))
    return Reading(service_of(name, described, path.parent, tools), tuple(faults))


def _text_of(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise ValueError(f"larger than {LARGEST_BYTES} bytes")
    return raw.decode("utf-8")


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
