"""Cards -> what the pages show."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from rendermap.access.grant import Operation, Principal
from rendermap.frontends.value_words import value_words
from rendermap.frontends.viewer.wording import State, bounds_words, duration, state_of
from rendermap.frontends.zooms import WORLD_M, finest_zoom, mercator_bbox
from rendermap.geo.bbox import BBox, fit_aspect, moved, pad
from rendermap.geo.crs import WEB_MERCATOR, WGS84
from rendermap.geo.turns import box_shown
from rendermap.geo.view import MapView
from rendermap.reply import JobCard, LayerCard, LegendLayer, MapCard, ResultCard, ServiceCard

SMALLEST_SIDE = 20.0
"""Metres shown around a result that is a single point."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in the list.  note: the last thing its tool said, for a job that has no picture."""

    job_id: str
    task: str
    state: State
    when: datetime | None
    took: str
    page: str
    thumbnail: str | None
    note: str


@dataclass(frozen=True, slots=True)
class ServiceSection:
    """A service and its jobs.  runs: what its tasks that may be run are called, each with the path of its form."""

    card: ServiceCard
    jobs: tuple[JobLine, ...]
    runs: tuple[tuple[str, str], ...] = ()


def link_end(principal: Principal) -> datetime | None:
    """Until when the link is good that the visitor came by, None for who came by none."""
    return datetime.fromtimestamp(principal.link.ends, UTC) if principal.link else None


def sections(services: Iterable[ServiceCard], jobs: Iterable[JobCard], prefix: str) -> tuple[ServiceSection, ...]:
    """The list of jobs: services by name, each one's jobs newest first."""
    known = tuple(jobs)
    return tuple(
        ServiceSection(card, tuple(job_line(job, card, prefix) for job in known if job.service == card.name), runs_of(card, prefix))
        for card in services
    )


def runs_of(card: ServiceCard, prefix: str) -> tuple[tuple[str, str], ...]:
    """The tasks that whoever looks may run, by title, each with the path of its form."""
    if not card.accepts_jobs:
        return ()
    root = f"{prefix}/arcgis/rest/services/{quote(card.name)}/GPServer"
    return tuple((task.display_name, f"{root}/{quote(task.name)}") for task in card.tasks)


def job_line(job: JobCard, service: ServiceCard, prefix: str) -> JobLine:
    """One job of the list.  prefix: the path under which we are reached, without a trailing slash."""
    has_map = job.status == "succeeded"
    return JobLine(
        job.job_id,
        task_title(job, service),
        state_of(job.status),
        job.finished or job.started or job.created,
        duration(job.started or job.created, job.finished),
        page_path(job.service, job.job_id, prefix),
        f"{prefix}/thumbnails/{quote(job.service)}/jobs/{quote(job.job_id)}.webp" if has_map else None,
        "" if has_map else note_of(job),
    )


def note_of(job: JobCard) -> str:
    """The last thing the job's tool said, an error before anything else."""
    errors = [text for kind, text in job.messages if kind == "error"]
    texts = errors or [text for _, text in job.messages]
    return texts[-1] if texts else ""


def task_title(job: JobCard, service: ServiceCard) -> str:
    """What the job's task is called; the service's title when the job does not tell its task."""
    return next((task.display_name for task in service.tasks if task.name == job.task), service.title)


def page_path(service: str, job_id: str, prefix: str) -> str:
    """The path of a job's page."""
    return f"{prefix}/jobs/{quote(service)}/{quote(job_id)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend.  swatch: a data address, drawn at twice the pixels."""

    label: str
    swatch: str


@dataclass(frozen=True, slots=True)
class LayerNode:
    """A layer or group of the list, with what stands under it.

    is_ramp: its swatches are slices of one colour ramp and touch.  draws: False for what has a fault, and for a group of nothing else.
    """

    card: LayerCard
    heading: str
    entries: tuple[Entry, ...]
    is_ramp: bool
    draws: bool
    children: tuple[LayerNode, ...]


def layer_tree(card: MapCard, legend: Iterable[LegendLayer]) -> tuple[LayerNode, ...]:
    """Layers as the list shows them: top layer first, members under their groups."""
    legends = {layer.id: layer for layer in legend}

    def nodes(parent: int | None) -> tuple[LayerNode, ...]:
        return tuple(_node(layer, legends.get(layer.id), nodes(layer.id)) for layer in card.layers if layer.parent == parent)

    return nodes(None)


def _node(layer: LayerCard, legend: LegendLayer | None, children: tuple[LayerNode, ...]) -> LayerNode:
    rows = legend.entries if legend else ()
    entries = tuple(Entry(row.label, "data:image/png;base64," + base64.b64encode(row.swatch).decode()) for row in rows)
    is_ramp = layer.kind == "raster" and len(rows) > 1 and any(not row.label for row in rows)
    heading = legend.heading if legend and legend.heading != layer.name else ""
    draws = any(child.draws for child in children) if layer.kind == "group" else layer.fault is None
    return LayerNode(layer, heading, entries, is_ramp, draws, children)


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what stands beside it.  fault: why it is missing, in safe words."""

    name: str
    value: str
    fault: str | None = None


def inputs_of(job: JobCard) -> tuple[Fact, ...]:
    """The job's inputs in words."""
    return tuple(_fact(card) for card in job.inputs)


def results_of(job: JobCard) -> tuple[Fact, ...]:
    """The job's outputs in words: values as they are, datasets as being on the map, once there is a map."""
    has_map = job.status == "succeeded"
    return tuple(_fact(card) for card in job.results if has_map or not _is_drawn(card))


def _is_drawn(card: ResultCard) -> bool:
    return card.layer_id is not None and card.value is None


def _fact(card: ResultCard) -> Fact:
    value = "On the map" if _is_drawn(card) else value_words(card.value)
    return Fact(card.display_name or card.name, "" if card.fault else value, card.fault)


def shown_bbox(card: MapCard) -> BBox:
    """What shows the whole map, in Web Mercator, never without area; its eastern side may lie beyond the antimeridian."""
    box = box_shown(card.home, card.crs, WEB_MERCATOR) or mercator_bbox(card)
    return pad(box, max(SMALLEST_SIDE - box.width, 0) / 2, max(SMALLEST_SIDE - box.height, 0) / 2)


def extent_words(card: MapCard) -> str:
    """What shows the whole map, in degrees, in words."""
    box = box_shown(card.home, card.crs, WGS84)
    return bounds_words(box.xmin, box.ymin, box.xmax, box.ymax) if box else ""


def thumbnail_view(card: MapCard, width_px: int, height_px: int, pixel_ratio: float) -> MapView:
    """The whole result, framed with a margin."""
    box = shown_bbox(card)
    frame = fit_aspect(pad(box, box.width * 0.03, box.height * 0.03), width_px, height_px)
    return MapView(frame, WEB_MERCATOR, width_px, height_px, pixel_ratio)


@dataclass(frozen=True, slots=True)
class Basemap:
    """The operator's choice of what lies under the result."""

    url: str
    attribution: str


@dataclass(frozen=True, slots=True)
class MapPaths:
    """What the map page asks for, as paths on this host.  tiles: up to the zoom.

    token: that the page was opened by, for what scripts ask for.
    """

    tiles: str
    identify: str
    download: str
    state: str
    token: str | None = None


def map_data(card: MapCard, paths: MapPaths, basemap: Basemap | None) -> dict[str, object]:
    """What the map script needs to know, as JSON.

    Boxes are in Web Mercator, easting first; meridian: in the middle of the world that the page shows, in degrees.
    """
    whole = shown_bbox(card)
    boxes = {layer.id: box for layer in card.layers if layer.home and (box := box_shown(layer.home, card.crs, WEB_MERCATOR))}
    meridian_deg = _meridian_of((whole, *boxes.values()))
    return {
        "bounds": _in_world(whole, meridian_deg).corners,
        "meridian": meridian_deg,
        "finestZoom": finest_zoom(card),
        "version": card.digest,
        "maxPx": card.max_px,
        "paths": asdict(paths),
        "basemap": asdict(basemap) if basemap else None,
        "layers": [_layer_data(one, _in_world(boxes[one.id], meridian_deg) if one.id in boxes else None) for one in card.layers],
    }


def _meridian_of(boxes: Sequence[BBox]) -> int:
    """In the middle of a world that tears no box: 180 degrees where one reaches over the antimeridian and none over Greenwich."""
    is_torn = any(box.xmax > WORLD_M / 2 for box in boxes)
    would_be = any(box.xmin < 0 < box.xmax and box.width <= WORLD_M / 2 for box in boxes)
    return 180 if is_torn and not would_be else 0


def _in_world(box: BBox, meridian_deg: int) -> BBox:
    """The box where it lies in the world about a meridian; all around the earth where that tears it."""
    west = WORLD_M * (meridian_deg - 180) / 360
    placed = moved(box, -WORLD_M * math.floor((box.center[0] - west) / WORLD_M))
    is_whole = west - SMALLEST_SIDE <= placed.xmin and placed.xmax <= west + WORLD_M + SMALLEST_SIDE
    return placed if is_whole else BBox(west, box.ymin, west + WORLD_M, box.ymax)


def may_be_asked(layer: LayerCard) -> bool:
    """Whether whoever looks may ask what of the layer lies at a place."""
    return layer.kind != "group" and layer.fault is None and layer.access != Operation.VIEW


def _layer_data(layer: LayerCard, box: BBox | None) -> dict[str, object]:
    return {
        "id": layer.id,
        "parent": layer.parent,
        "isGroup": layer.kind == "group",
        "visible": layer.visible,
        "draws": layer.kind != "group" and layer.fault is None,
        "asks": may_be_asked(layer),
        "farthest": layer.min_scale_denominator,
        "nearest": layer.max_scale_denominator,
        "bounds": box.corners if box else None,
    }


def state_data(job: JobCard, version: str | None) -> dict[str, object]:
    """What a waiting page asks again and again.  version: of the result, once there is one."""
    state = state_of(job.status)
    return {
        "status": job.status,
        "word": state.word,
        "isOver": state.is_over,
        "version": version,
        "messages": [{"kind": kind, "text": text} for kind, text in job.messages],
    }
