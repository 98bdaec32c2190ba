"""Binds a job's datasets to the output parameters of the service that published its task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rendermap.errors import SourceRefused
from rendermap.jobs.folder import JobFolder
from rendermap.jobs.job import Output
from rendermap.jobs.refusals import MISSING
from rendermap.services.service import Named, named


class PublishedLayer(Protocol):
    """What this room needs of `services.service.ToolLayer`."""

    @property
    def parameter(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def dataset(self) -> str | None: ...


class PublishedTask(Protocol):
    """What this room needs of `services.service.Task`."""

    @property
    def name(self) -> str: ...
    @property
    def parameters(self) -> Sequence[Named]: ...
    @property
    def layers(self) -> Sequence[PublishedLayer]: ...
    @property
    def tables(self) -> Sequence[PublishedLayer]: ...


class PublishedService(Protocol):
    """What this room needs of `services.service.Service`."""

    @property
    def name(self) -> str: ...
    @property
    def tasks(self) -> Sequence[PublishedTask]: ...


Services = Mapping[str, PublishedService]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a folder's datasets were bound to.  task: None when several could have made them."""

    task: str | None
    outputs: tuple[Output, ...]


def find_output(folder: JobFolder, name: str, datasets: Iterable[str], *, is_over: bool, value: object = None) -> Output:
    """The output called name: the first of the datasets that is there; one that is there and may not be drawn is a fault."""
    fault = MISSING
    for dataset in datasets:
        try:
            return Output(name, folder.resolve(dataset, is_over=is_over), value)
        except SourceRefused as error:
            fault = error.sentence
            if fault != MISSING:
                break
    return Output(name, None, value, fault)


def names_of(layer: PublishedLayer) -> tuple[str, ...]:
    """What a tool layer's dataset may be called: its path where the service says so, else the parameter's or its display name."""
    if layer.dataset:
        return (layer.dataset,)
    return tuple(dict.fromkeys((layer.parameter, layer.name.replace(" ", "_"), layer.name)))


def find_layer(service: PublishedService | None, task: str | None, output: str) -> PublishedLayer | None:
    """The tool layer of an output, by parameter, or by display name where no parameter is called so; without regard to case."""
    folded = output.casefold()
    tasks = tasks_of(service, task)
    layers = [layer for each in tasks for layer in each.layers]
    found = next((layer for layer in layers if layer.parameter.casefold() == folded), None)
    is_parameter = any(named(each.parameters, output) for each in tasks)
    return found if found or is_parameter else named(layers, output)


def tasks_of(service: PublishedService | None, task: str | None) -> tuple[PublishedTask, ...]:
    """The task of that name; all tasks when the job does not say."""
    tasks = tuple(service.tasks) if service else ()
    if task is None:
        return tasks
    found = named(tasks, task)
    return (found,) if found else ()


def bind_outputs(folder: JobFolder, service: PublishedService | None, *, is_over: bool) -> Bound:
    """Outputs of a folder without a document.

    Of a published service: the datasets of its tool layers and tables; of several tasks the one of which most is there.
    Of any other folder: every dataset, by its own name.
    """
    if service is None or not service.tasks:
        found = (find_output(folder, name, (dataset,), is_over=is_over) for name, dataset in folder.datasets())
        return Bound(None, tuple(found))
    bound = [Bound(task.name, _outputs_of(folder, task, is_over)) for task in service.tasks]
    best = max(bound, key=lambda each: sum(output.fault != MISSING for output in each.outputs))
    if len(bound) > 1 and all(output.fault == MISSING for output in best.outputs):
        return Bound(None, ())
    return best


def _outputs_of(folder: JobFolder, task: PublishedTask, is_over: bool) -> tuple[Output, ...]:
    return tuple(find_output(folder, each.parameter, names_of(each), is_over=is_over) for each in (*task.layers, *task.tables))
