"""Services, jobs and maps -> the cards that front ends turn into documents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rendermap.access.grant import Grant
from rendermap.drawables import Drawable, JobMap, geometry_of
from rendermap.fineness import Fineness
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import Job, MessageKind, Output
from rendermap.jobs.redaction import value_without_paths, without_folders, without_own_paths, without_paths
from rendermap.reply import JobCard, LayerCard, LegendLayer, MapCard, ParameterCard, ResultCard, ServiceCard, TaskCard
from rendermap.services.datatypes import is_dataset_type, one_of
from rendermap.services.service import Access, Direction, Parameter, Service, Task, ToolLayer, task_named

_LOUDNESS = {"none": (), "error": (MessageKind.ERROR,), "warning": (MessageKind.ERROR, MessageKind.WARNING), "info": tuple(MessageKind)}
NO_FILES = "Files are not handed out."


def service_card(service: Service, layer_ids: frozenset[int], *, may_submit: bool = False) -> ServiceCard:
    """A service as published, without the outputs whose layers are not among layer_ids.  may_submit: whoever asks may, if anyone may."""
    tasks = tuple(_task_card(task, layer_ids) for task in service.tasks)
    accepts_jobs = may_submit and service.running.engine != "none"
    hands_out = any(layer.access is Access.DATA for layer in service.layers if layer.id in layer_ids)
    most = service.maximum_records if hands_out else 0
    return ServiceCard(
        service.name, service.title, service.description, service.credits, tasks, most, service.over_limit,
        accepts_jobs, service.running.is_synchronous, service.raster_identify_keys,
    )  # fmt: skip


def _task_card(task: Task, layer_ids: frozenset[int]) -> TaskCard:
    ids = {layer.parameter.casefold(): layer.id for layer in task.layers}
    seen = [(p, ids.get(p.name.casefold())) for p in task.parameters]
    parameters = tuple(_parameter_card(p, layer_id) for p, layer_id in seen if layer_id in layer_ids | {None})
    return TaskCard(task.name, task.display_name, task.description, parameters)


def _parameter_card(p: Parameter, layer_id: int | None = None) -> ParameterCard:
    return ParameterCard(
        p.name, p.data_type, p.display_name, p.direction is Direction.OUTPUT, p.required, p.default, p.description, p.category,
        p.choices, layer_id, p.minimum, p.maximum, p.geometry, tuple(map(_parameter_card, p.columns)),
    )  # fmt: skip


def messages_of(job: Job, service: Service, folders: tuple[Path, ...] = ()) -> tuple[tuple[str, str], ...]:
    """What the tool wrote, as (kind, text), as quiet as the service wants it and without paths.  folders: the server's own."""
    own = _own_folders(job, service, folders)
    return tuple((m.kind.value, without_paths(m.text, own)) for m in job.messages if m.kind in _heard(service))


def _own_folders(job: Job, service: Service, folders: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((*folders, job.root.parent.parent, service.folder.parent)))


def _heard(service: Service) -> tuple[MessageKind, ...]:
    return _LOUDNESS.get(service.message_level, tuple(MessageKind))


def job_card(job: Job, service: Service, grant: Grant, folders: tuple[Path, ...] = ()) -> JobCard:
    """A job's state, as far as the grant reaches; nothing in it names a path of the server, whose own folders are given.

    Whoever came by a link sees the layers that it is for, and neither what the tool was given nor what it said.
    """
    own = _own_folders(job, service, folders)
    is_linked = grant.principal.link is not None
    task = task_named(service, job.task) if job.task else None
    parameters = {p.name.casefold(): p for t in ((task,) if task else service.tasks) for p in t.parameters}
    ids = {layer.parameter.casefold(): layer.id for layer in service.layers_of(job.task)}
    return JobCard(
        service.name,
        job.job_id,
        job.status.value,
        task.name if task else job.task or (service.tasks[0].name if len(service.tasks) == 1 else None),
        job.created,
        job.started,
        job.finished,
        inputs=()
        if is_linked
        else tuple(_input_card(n, value, parameters.get(n.casefold()), service, own) for n, value in job.inputs.items()),
        results=tuple(
            _result_card(o, parameters.get(o.name.casefold()), ids.get(o.name.casefold()), own)
            for o in _in_order(job.outputs, tuple(parameters))
            if ids.get(o.name.casefold()) in (grant.layer_ids if is_linked else grant.layer_ids | {None})
        ),
        messages=() if is_linked else messages_of(job, service, folders),
        heard=tuple(kind.value for kind in _heard(service)),
        progress=_progress_of(job, service, own, is_linked=is_linked),
        out_crs=job.out_crs,
        with_z=job.with_z,
    )


def _in_order(outputs: Iterable[Output], names: Sequence[str]) -> tuple[Output, ...]:
    """As the task has its parameters, whenever the tool told of them: scripts take the first result.  names: in lower case."""
    places = {name: place for place, name in enumerate(names)}
    return tuple(sorted(outputs, key=lambda output: places.get(output.name.casefold(), len(places))))


def _progress_of(job: Job, service: Service, own: tuple[Path, ...], *, is_linked: bool) -> tuple[str, float | None] | None:
    """As loud as an informative message; whoever came by a link hears how far it has come, and not what it is doing."""
    if job.progress is None or job.status.is_over or MessageKind.INFORMATIVE not in _heard(service):
        return None
    return "" if is_linked else without_paths(job.progress.message, own), job.progress.percent


def _input_card(name: str, value: object, parameter: Parameter | None, service: Service, own: tuple[Path, ...]) -> ResultCard:
    """Where tasks are run here the value is what a client sent, and stays; otherwise whatever ran the task wrote it."""
    is_sent = service.running.engine != "none" and not (parameter and is_dataset_type(parameter.data_type) and isinstance(value, str))
    shown = value_without_paths(value, partial(without_folders if is_sent else without_paths, folders=own))
    if parameter is None:
        return ResultCard(name, "GPString", name, shown)
    return ResultCard(parameter.name, parameter.data_type, parameter.display_name, shown)


def _result_card(output: Output, parameter: Parameter | None, layer_id: int | None, own: tuple[Path, ...]) -> ResultCard:
    shown = value_without_paths(output.value, partial(without_own_paths, folders=own))
    if parameter is None:
        return ResultCard(output.name, "GPString", output.name, shown, layer_id, output.fault)
    if layer_id is not None or is_dataset_type(parameter.data_type):
        shown = _without_names(output.value)
    card = ResultCard(parameter.name, parameter.data_type, parameter.display_name, shown, layer_id, output.fault)
    is_file = layer_id is None and one_of(parameter.data_type) == "GPDataFile"
    return replace(card, fault=None, note=NO_FILES) if is_file else card


def _without_names(value: object) -> object:
    """The value of an output that is a dataset: its name is the server's own affair, however it is spelt."""
    if isinstance(value, list | tuple):
        return []
    return None if isinstance(value, str | dict) else value


def map_card(job_map: JobMap, max_px: int, fineness: Fineness) -> MapCard:
    """The map of a job, of the layers that are in it."""
    layers = _with_groups(job_map.service, tuple(_drawn_card(d) for d in job_map.drawables))
    title = job_map.service.title
    service = service_card(job_map.service, frozenset(d.tool.id for d in job_map.drawables))
    return MapCard(
        service, job_map.job.job_id, title, job_map.crs, job_map.bbox, layers, max_px, job_map.digest, _finest_m(job_map, fineness),
        job_map.frame,
    )  # fmt: skip


def _finest_m(job_map: JobMap, fineness: Fineness) -> float | None:
    sides = [fineness.mercator_m(d) for d in job_map.drawables if d.layer and d.layer.bbox]
    known = [side for side in sides if side is not None]
    return min(known) if known and len(known) == len(sides) else None


def template_card(
    service: Service, tools: tuple[ToolLayer, ...], crs: str, bbox: BBox, max_px: int, geometries: Mapping[int, str]
) -> MapCard:
    """The map of a service without a job: tool layers, nothing drawn.  geometries: by layer id, where a layer file tells."""
    hands_out = service.maximum_records > 0
    described = tuple(_template_layer(layer, geometries.get(layer.id)) for layer in tools)
    layers = _with_groups(service, tuple(replace(d, access="identify") if d.access == "data" and not hands_out else d for d in described))
    digest = hashlib.blake2b(repr((layers, crs, bbox)).encode(), digest_size=8).hexdigest()
    return MapCard(service_card(service, frozenset(tool.id for tool in tools)), None, service.title, crs, bbox, layers, max_px, digest)


def _template_layer(tool: ToolLayer, geometry: str | None = None) -> LayerCard:
    """The GP type tells rasters from features; which geometry features have, only a layer file can tell."""
    if "Raster" in tool.data_type or (geometry == "raster" and "Feature" not in tool.data_type):
        return _tool_card(tool, "raster", None)
    return _tool_card(tool, "vector", geometry if geometry and geometry != "raster" else "polygon")


def _drawn_card(drawable: Drawable) -> LayerCard:
    if drawable.layer is None:
        card = _template_layer(drawable.tool)
    else:
        geometry = geometry_of(drawable.layer)
        card = _tool_card(drawable.tool, "raster" if geometry == "raster" else "vector", None if geometry == "raster" else geometry)
    return _replace_scales(card, drawable)


def _replace_scales(card: LayerCard, drawable: Drawable) -> LayerCard:
    farthest, nearest = scale_range(drawable)
    return replace(
        card, min_scale_denominator=farthest, max_scale_denominator=nearest, bbox=drawable.bbox, frame=drawable.frame, fault=drawable.fault,
        time=drawable.time,
    )  # fmt: skip


def scale_range(drawable: Drawable) -> tuple[float | None, float | None]:
    """(farthest, nearest) scale denominators at which the layer draws: within both the tool layer's range and the style's."""
    style = drawable.style
    far = [s for s in (drawable.tool.min_scale_denominator, style and style.min_scale_denominator) if s]
    near = [s for s in (drawable.tool.max_scale_denominator, style and style.max_scale_denominator) if s]
    return min(far, default=None), max(near, default=None)


def _tool_card(tool: ToolLayer, kind: str, geometry: str | None) -> LayerCard:
    access = "identify" if kind == "raster" and tool.access is Access.DATA else tool.access.value
    return LayerCard(
        tool.id, tool.name, kind, geometry, tool.parameter, tool.group, (), tool.visible, tool.min_scale_denominator,
        tool.max_scale_denominator, None, access,
    )  # fmt: skip


def _with_groups(service: Service, cards: tuple[LayerCard, ...]) -> tuple[LayerCard, ...]:
    groups = []
    for group in service.groups:
        children = tuple(card.id for card in cards if card.parent == group.id)
        if children:
            groups.append(LayerCard(group.id, group.name, "group", children=children, visible=group.visible))
    return tuple(sorted((*cards, *groups), key=lambda card: card.id))


def legend_layer(drawable: Drawable, drawn: LegendLayer | None) -> LegendLayer:
    """A layer's legend with everything but its entries taken from the drawable."""
    kind = "raster" if "Raster" in drawable.tool.data_type else "vector"
    if drawable.layer is not None:
        kind = "raster" if geometry_of(drawable.layer) == "raster" else "vector"
    farthest, nearest = scale_range(drawable)
    heading, entries = (drawn.heading, drawn.entries) if drawn else ("", ())
    return LegendLayer(drawable.tool.id, drawable.tool.name, kind, farthest, nearest, heading, entries, drawable.fault)
