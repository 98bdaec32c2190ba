"""A function of a service's tools.py, called with a job's inputs, and what it returns taken as the job's outputs.

def viewshed(run: Run, observer: dict, distance: LinearUnit, height: float = 1.7) -> dict[str, object]:
    make_viewshed(observer, distance.metres, run.path("viewshed.tif"))
    return {"Viewshed": run.path("viewshed.tif"), "Seen_Area": 12.5}
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from rendermap.environment import Environment
from rendermap.geo.references import crs_of_reference
from rendermap.gp.geojson import to_geojson
from rendermap.gp.tool_order import ToolOrder
from rendermap.jobs.manifest import Run

TOOLS_NAME = "tools.py"


class ToolUnfit(Exception):
    """The tool and the service do not go together; what is wrong is for the author, not for strangers."""


class ForkReturned(Exception):
    """A fork of the tool's process came back from the function as well; only the process that was started speaks for the tool."""


def call_tool(order: ToolOrder, run: Run) -> None:
    """Have the function do its work and declare what it returns.  Raises ToolUnfit, and whatever the function raises."""
    function = load_function(order.folder / TOOLS_NAME, order.tool)
    own = os.getpid()
    returned = function(**_arguments(function, order, run))
    if os.getpid() != own:
        raise ForkReturned
    _declare(returned, order, run)


def load_function(path: Path, name: str) -> Callable[..., object]:
    """A function of a tools.py, which may import its neighbours.  Raises ToolUnfit."""
    sys.dont_write_bytecode = True
    sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location("tools", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["tools"] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ToolUnfit("tools.py cannot be loaded") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise ToolUnfit(f"tools.py has no function {name}")
    return function  # type: ignore[no-any-return]


def _arguments(function: Callable[..., object], order: ToolOrder, run: Run) -> dict[str, object]:
    """Values by the names of the function's parameters.  Raises ToolUnfit where the service has no such parameter."""
    names = {name.casefold() for name in order.inputs}
    given = {name.casefold(): value for name, value in order.values.items()}
    hints = _hints_of(function)
    arguments: dict[str, object] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        hint, folded = hints.get(name), name.casefold()
        if _is_kind(hint, Run):
            arguments[name] = run
        elif _is_kind(hint, Environment):
            arguments[name] = order.environment
        elif isinstance(value := given.get(folded), dict) and _wants_path(hint):
            arguments[name] = _written(value, name, order, run)
        elif folded in given:
            arguments[name] = converted(given[folded], hint)
        elif parameter.default is not parameter.empty or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        elif folded in names:
            arguments[name] = None
        else:
            raise ToolUnfit(f"the task has no input for the parameter {name} of {order.tool}")
    return arguments


def _hints_of(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except Exception as error:
        raise ToolUnfit("the annotations cannot be understood") from error


def _is_kind(hint: Any, kind: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, kind)


def _wants_path(hint: Any) -> bool:
    return hint is Path or (get_origin(hint) in (Union, types.UnionType) and Path in get_args(hint))


def _written(value: dict[str, Any], name: str, order: ToolOrder, run: Run) -> Path:
    """Features as a GeoJSON file of the scratch workspace, in the CRS to work in, else in their own; any other object as JSON."""
    is_features = "geometryType" in value
    crs = order.environment.process_crs or (crs_of_reference(value["spatialReference"]) if is_features else "")
    path = run.path(f"{name}.geojson" if is_features else f"{name}.json")
    path.write_text(json.dumps(to_geojson(value, crs) if is_features else value), encoding="utf-8")
    return path


def converted(value: Any, hint: Any) -> Any:
    """A JSON value as an annotation wants it: whole numbers as float, moments (ms since 1970, or ISO 8601) as datetime or date, names as
    members of an Enum, objects as dataclasses, and each value of a list; anything else as it is."""
    if value is None:
        return None
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not types.NoneType]
        return converted(value, kinds[0]) if len(kinds) == 1 else value
    if get_origin(hint) in (list, tuple) and isinstance(value, list):
        return get_origin(hint)(converted(each, get_args(hint)[0]) for each in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if _is_kind(hint, date):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value / 1000, UTC)
        return moment if _is_kind(hint, datetime) else moment.date()
    if _is_kind(hint, Enum):
        return hint(value)
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        return hint(**{field.name: value[field.name] for field in fields(hint) if field.name in value})
    return value


def _declare(returned: object, order: ToolOrder, run: Run) -> None:
    """What was returned: a mapping from outputs to values, or the value of the only output.  Raises ToolUnfit for what is no output."""
    if returned is None:
        return
    if not isinstance(returned, Mapping):
        if len(order.outputs) != 1:
            raise ToolUnfit(f"{order.tool} returned a {type(returned).__name__} instead of its outputs by name")
        returned = {next(iter(order.outputs)): returned}
    if len({str(name).casefold() for name in returned}) < len(returned):
        raise ToolUnfit(f"{order.tool} returned an output twice")
    datasets = {name.casefold() for name in order.datasets}
    for name, value in returned.items():
        if value is not None:
            _declare_one(str(name), value, run, is_dataset=str(name).casefold() in datasets)


def _declare_one(name: str, value: object, run: Run, *, is_dataset: bool) -> None:
    if isinstance(value, Path) or (isinstance(value, str) and is_dataset):
        run.output(name, value)
    else:
        run.value(name, told_value(name, value))


def told_value(name: str, value: object) -> Any:
    """A value as JSON has it.  Raises ValueError in words of our own: those of libraries are no strangers' business."""
    try:
        return plain(value)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"The value of {name} cannot be told: JSON has no such thing.") from error


def plain(value: Any) -> Any:
    """A value as JSON has it: moments as milliseconds since 1970, days as ISO 8601 has them, dataclasses as objects, numbers of
    NumPy as numbers."""
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.item() if hasattr(value, "item") else value
