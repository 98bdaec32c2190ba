"""What an engine is asked to do: a task of a service, with its inputs, for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from rendermap.errors import BadRequest, InvalidParameter, NotFound, joined
from rendermap.geo.crs import crs_of
from rendermap.gp.feature_sets import names_reference
from rendermap.gp.values import checked_inputs
from rendermap.request import Environment, SubmitRequest
from rendermap.services.datatypes import FEATURE_TYPE
from rendermap.services.service import Direction, Service, Task, task_named


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A task to be done.

    inputs: plain JSON values by parameter name, as the task wants them.  owner: name of whoever submitted it, None for strangers.
    client: what its orders are counted under, so that nobody holds the others up.  notes: warnings for whoever submitted it.
    """

    service: Service
    task: Task
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    environment: Environment = field(default_factory=Environment)
    owner: str | None = None
    is_private: bool = False
    client: str = ""
    notes: tuple[str, ...] = ()


def order_for(service: Service, request: SubmitRequest) -> JobOrder:
    """What is asked for, as an order.  Raises NotFound where the service has no such task, BadRequest with every fault of the inputs."""
    task = task_named(service, request.task)
    if task is None:
        raise NotFound("There is no such task.")
    inputs, principal = _inputs(task, request, service.crs), request.principal
    notes = tuple(_guesses(task, request, service.crs))
    return JobOrder(service, task, inputs, request.environment, principal.owner_name, client=principal.account, notes=notes)


def _inputs(task: Task, request: SubmitRequest, crs: str | None) -> dict[str, JsonValue]:
    faults: list[BadRequest] = [InvalidParameter(words) for words in request.faults]
    inputs: dict[str, JsonValue] = {}
    try:
        inputs = checked_inputs(task, request.inputs, crs, request.misspelt)
    except BadRequest as fault:
        faults.insert(0, fault)
    if faults:
        raise joined(faults)
    return inputs


def _guesses(task: Task, request: SubmitRequest, crs: str | None) -> Iterator[str]:
    """What was taken for granted of good inputs: degrees taken as metres lie off Africa."""
    if crs is None:
        return
    given = {name.casefold(): value for name, value in request.inputs.items() if value is not None}
    for parameter in task.parameters:
        value = given.get(parameter.name.casefold()) if parameter.direction is Direction.INPUT else None
        if value is not None and parameter.data_type == FEATURE_TYPE and not names_reference(value):
            yield f"'{parameter.name}' does not name its spatial reference. It is taken to be {crs_of(crs).name}."
