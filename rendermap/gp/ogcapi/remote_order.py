"""What another server is to be told of a job: the process, its inputs and outputs by the names they have there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from rendermap.gp.geojson import to_geojson
from rendermap.gp.ogcapi.server import RemoteFault
from rendermap.services.datatypes import FEATURE_TYPE, is_many, one_of
from rendermap.services.service import Direction, Parameter, Service, Task


@dataclass(frozen=True, slots=True)
class RemoteOrder:
    """A job to be done now.  root: its folder.  inputs: as the process wants them, by the names that the task has for them.

    outputs: of the task.  drawn: names of those that have a layer.
    """

    root: Path
    url: str = field(repr=False)
    process: str
    inputs: Mapping[str, JsonValue]
    outputs: tuple[Parameter, ...]
    drawn: frozenset[str]
    time_limit_s: float


def remote_order(root: Path, service: Service, task: Task, values: Mapping[str, JsonValue]) -> RemoteOrder:
    """values: canonical ones, by parameter name."""
    kinds = {parameter.name: parameter.data_type for parameter in task.parameters}
    return RemoteOrder(
        root=root,
        url=service.running.url,
        process=task.process,
        inputs={name: as_told(value, kinds.get(name, "")) for name, value in values.items()},
        outputs=tuple(parameter for parameter in task.parameters if parameter.direction is Direction.OUTPUT),
        drawn=frozenset(layer.parameter for layer in task.layers),
        time_limit_s=service.running.time_limit_s,
    )


def as_told(value: Any, data_type: str) -> JsonValue:
    """A canonical value as processes want it: features as GeoJSON in degrees WGS84, moments as ISO 8601 has them, others as they are."""
    if value is None:
        return None
    if is_many(data_type) and isinstance(value, list):
        return [as_told(each, one_of(data_type)) for each in value]
    if data_type == FEATURE_TYPE and isinstance(value, dict):
        return to_geojson(value)
    if data_type == "GPDate":
        return datetime.fromtimestamp(value / 1000, UTC).isoformat().replace("+00:00", "Z")
    found: JsonValue = value
    return found


@dataclass(frozen=True, slots=True)
class Execution:
    """body: of the request to execute.  names: the process's outputs by those of the task."""

    body: dict[str, Any]
    names: Mapping[str, str]


def execution_of(order: RemoteOrder, description: Mapping[str, Any]) -> Execution:
    """A process is asked for the outputs that the task has: a single one as it is, several in one document.

    Raises RemoteFault where the process has not what the task has.
    """
    inputs = _matched("input", order.inputs, description.get("inputs"))
    names = _matched("output", (output.name for output in order.outputs), description.get("outputs"))
    body = {
        "inputs": {inputs[name]: value for name, value in order.inputs.items()},
        "outputs": {name: {} for name in names.values()},
        "response": "raw" if len(names) == 1 else "document",
    }
    return Execution(body, names)


def _matched(what: str, wanted: Iterable[str], there: object) -> dict[str, str]:
    """Letter case, hyphens, underscores and blanks do not tell names apart."""
    known = {folded(str(name)): str(name) for name in there} if isinstance(there, dict) else {}
    names = {name: known.get(folded(name)) for name in wanted}
    if missing := [name for name, found in names.items() if found is None]:
        raise RemoteFault(f"The process that runs the task has no {what} {missing[0]}.", f"it has {', '.join(known.values()) or 'none'}")
    return {name: found for name, found in names.items() if found is not None}


def folded(name: str) -> str:
    """For comparing names."""
    return re.sub(r"[\W_]+", "", name.casefold())
