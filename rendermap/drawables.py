"""What a job can show: each tool layer met with its dataset and its style, worked out once per version of the data."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import is_
from pathlib import Path
from typing import Literal, Protocol

import structlog
from cachetools import LRUCache, TTLCache

from rendermap.cache.flight import Flight
from rendermap.dispatch.breaker import REST_S
from rendermap.dispatch.found import Found
from rendermap.dispatch.plan import FeaturesPlan, InspectPlan, MeasurePlan, measure_plan
from rendermap.errors import Broken, SourceRefused, SourceUnreadable, StyleInvalid
from rendermap.geo.bbox import BBox, intersection, pad, union, widened
from rendermap.geo.crs import WEB_MERCATOR, WGS84, area_of_use, is_geographic, metres_per_unit, transform_bbox
from rendermap.geo.turns import carry_box, frame_across
from rendermap.geo.view import PIXEL_M
from rendermap.jobs.job import DataSource, Job, Layer, Output
from rendermap.reply import TimeCard
from rendermap.services.service import Access, Protection, Service, ToolLayer
from rendermap.symbology.classify import Need, fit, needs
from rendermap.symbology.defaults import default_needs, default_style
from rendermap.symbology.facts import Measures, VectorFacts
from rendermap.symbology.library import Library
from rendermap.symbology.quantised import quantised
from rendermap.symbology.readers.table import NamedStyle
from rendermap.symbology.style import Classification, Style, style_digest
from rendermap.symbology.template import reach_pt
from rendermap.timing import time_of

log = structlog.get_logger()

KNOWN_JOBS = 1024
MOST_NOTES = 20
"""Of one layer file, in the log; `rendermap check` tells all."""

BOX_STEP_M, BOX_STEP_PX = 1.0, 16
EARTH_DEG = BBox(-180.0, -90.0, 180.0, 90.0)
WORLD = BBox(-20037508.342789244, -20037508.342789244, 20037508.342789244, 20037508.342789244)


Styles = tuple[NamedStyle | str | None, ...]
"""For each tool layer the style its file says, None without a file, a sentence for a file that cannot be used."""


class Looker(Protocol):
    """Looks into datasets and measures them, in a worker."""

    async def inspect(self, plan: InspectPlan) -> Layer: ...
    async def measure(self, plan: MeasurePlan) -> Measures: ...
    async def features(self, plan: FeaturesPlan) -> Found: ...


@dataclass(frozen=True, slots=True)
class Drawable:
    """A tool layer in one job.  layer, crs, style: None together with a fault that says why, in words safe for strangers.

    reach_pt: how far symbols reach beyond their features.  bbox: in the map's CRS; None when there is nothing in it.  frame: as of a Layer,
    in the map's CRS.
    passing: the fault may be over when asked again.  filters: that a request asks for on top.  is_restyled: by a request, so that
    nothing but the picture should be kept of it.  time: None for a layer without.
    """

    tool: ToolLayer
    layer: Layer | None = None
    crs: str | None = None
    style: Style | None = None
    style_key: str = ""
    reach_pt: float = 0.0
    bbox: BBox | None = None
    frame: BBox | None = None
    fault: str | None = None
    passing: bool = False
    filters: tuple[str, ...] = ()
    time: TimeCard | None = None
    is_restyled: bool = False


@dataclass(frozen=True, slots=True)
class JobMap:
    """A job's drawables by layer id, in the map's CRS.  digest: names this version of the result: it changes with the
    data, the styles, the layer list and what is put on pictures, and with nothing else.  tables: whose rows may be told, drawn nowhere.
    frame: of all of them together, as of a Layer.
    """

    job: Job
    service: Service
    crs: str
    bbox: BBox
    drawables: tuple[Drawable, ...]
    digest: str
    tables: tuple[Drawable, ...] = ()
    frame: BBox | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A JobMap and what it was made from, so that the next tile of the same version costs a comparison."""

    outputs: tuple[Output, ...]
    service: Service
    styles: Styles
    job_map: JobMap


class Drawables:
    """Makes JobMaps.  looks and styles are remembered per fingerprint, so only the first picture of a result waits for them."""

    def __init__(self, looker: Looker, library: Library, looks: Flight[Layer | str], styles: Flight[Style | str]) -> None:
        self._looker = looker
        self._library = library
        self._looks = looks
        self._styles = styles
        self._known: LRUCache[tuple[Path, str], _Known] = LRUCache(KNOWN_JOBS)
        # A dataset that crashes its reader is left alone for a while: every look at it costs two workers.
        self._resting: TTLCache[str, str] = TTLCache(KNOWN_JOBS, REST_S)
        self._told: LRUCache[tuple[Path | None, str | None], object] = LRUCache(KNOWN_JOBS)
        self._lock = threading.Lock()

    def styles_of(self, job: Job, service: Service) -> Styles:
        """What the layer files of the job's tool layers say now.  Looks at files, so it may block; safe for threads."""
        return tuple(map(self._style_file, service.layers_of(job.task)))

    async def of_job(self, job: Job, service: Service, styles: Styles) -> JobMap:
        """The drawables of a finished job.  A layer that cannot be drawn has a fault; the others are not held up by it.

        styles: of the job's tool layers, from `styles_of`.
        """
        tools = service.layers_of(job.task)
        key = (job.root, service.name)
        known = self._known.get(key)
        if known and known.service is service and known.outputs == job.outputs and all(map(is_, known.styles, styles)):
            return replace(known.job_map, job=job)
        job_map = await self._make(job, service, tools, styles)
        if not any(d.passing for d in (*job_map.drawables, *job_map.tables)):
            self._known[key] = _Known(job.outputs, service, styles, job_map)
        return job_map

    async def _make(self, job: Job, service: Service, tools: tuple[ToolLayer, ...], styles: Styles) -> JobMap:
        met = (self._meet(job, service, tool, named) for tool, named in zip(tools, styles, strict=True))
        found = await asyncio.gather(*met)
        read = (table for table in service.tables_of(job.task) if table.access is Access.DATA)
        tables = await asyncio.gather(*(self._meet(job, service, table, None) for table in read))
        crs = service.crs or next((d.crs for d in found if d.crs), WEB_MERCATOR)
        placed = tuple(_place(d, crs) for d in found)
        return JobMap(
            job, service, crs, whole_bbox([d.bbox for d in placed if d.bbox], crs), placed, _digest(placed, crs, service.protection),
            tuple(tables), whole_frame(placed, crs),
        )  # fmt: skip

    def _style_file(self, tool: ToolLayer) -> NamedStyle | str | None:
        """The tool layer's style as its file has it, the same object until the file changes; a sentence when it cannot be used."""
        try:
            named = self._library.style_for(tool.style_path, tool.style_layer)
        except Broken as error:
            if self._is_news(tool, error.reason):
                log.warning("layer file not used", layer=tool.name, sentence=error.sentence, reason=error.reason)
            return error.sentence
        if named and named.warnings and self._is_news(tool, None):
            for note in named.warnings[:MOST_NOTES]:
                log.warning("not drawn as the layer file says", layer=tool.name, where=note.where, found=note.found, used=note.used)
        return named

    def _is_news(self, tool: ToolLayer, reason: str | None) -> bool:
        """True once for each version of the file."""
        key, version = (tool.style_path, tool.style_layer), (_version_of(tool.style_path), reason)
        with self._lock:
            if self._told.get(key) == version:
                return False
            self._told[key] = version
        return True

    async def _meet(self, job: Job, service: Service, tool: ToolLayer, named: NamedStyle | str | None) -> Drawable:
        output = next((o for o in job.outputs if o.name.casefold() == tool.parameter.casefold()), None)
        if output is None:
            return Drawable(tool, fault="The job left no dataset for this layer.")
        if output.source is None:
            return Drawable(tool, fault=output.fault or "The output of this layer is not a dataset on disk.")
        if isinstance(named, str):
            return Drawable(tool, fault=named)
        try:
            return await self._look(output.source, service, tool, named)
        except Broken as error:
            return self._rest(output.source, tool, error)

    async def _look(self, source: DataSource, service: Service, tool: ToolLayer, named: NamedStyle | None) -> Drawable:
        if sentence := self._resting.get(_key(source)):
            return Drawable(tool, fault=sentence, passing=True)
        layer = await self._looks.get_or_make(f"{_key(source)}|{_expected(tool)}", lambda: self._inspect(source, tool))
        if isinstance(layer, str):
            return Drawable(tool, fault=layer)
        if tool.is_table:
            return Drawable(tool, layer, WGS84)
        crs = layer.crs or service.crs
        if crs is None:
            return Drawable(tool, fault="The dataset does not say its coordinate reference system.")
        template = named.style if named else None
        key = f"{_key(source)}|{tool}|{template and await asyncio.to_thread(style_digest, template)}"
        style = await self._styles.get_or_make(key, lambda: self._fit(template, layer, tool))
        if isinstance(style, str):
            return Drawable(tool, fault=style)
        drawable = await asyncio.to_thread(_drawable, tool, layer, crs, style)
        return replace(drawable, time=await self._time(tool, layer, crs)) if tool.time_fields else drawable

    async def _time(self, tool: ToolLayer, layer: Layer, crs: str) -> TimeCard | None:
        time = await time_of(layer, tool.time_fields, crs, self._looker.features)
        if time is None:
            log.warning(
                "layer without time", job=layer.source.root.name, layer=tool.name, reason=f"no dates in {', '.join(tool.time_fields)}"
            )
        return time

    async def _inspect(self, source: DataSource, tool: ToolLayer) -> Layer | str:
        """What the dataset is, or in which true words it is refused: both stay so for as long as its fingerprint does."""
        try:
            return await self._looker.inspect(InspectPlan(source, _expected(tool)))
        except (SourceRefused, SourceUnreadable) as error:
            _warn(error, source)
            return error.sentence

    def _rest(self, source: DataSource, tool: ToolLayer, error: Broken) -> Drawable:
        _warn(error, source)
        self._resting[_key(source)] = error.sentence
        return Drawable(tool, fault=error.sentence, passing=True)

    async def _fit(self, template: Style | None, layer: Layer, tool: ToolLayer) -> Style | str:
        """The style resolved for this very dataset, or in which words it cannot be."""
        if template is None:
            return default_style(layer.facts, await self._measure(layer, default_needs(layer.facts)), tool.name)
        try:
            style = await self._fitted(template, layer, tool)
        except StyleInvalid as error:
            _warn(error, layer.source)
            return error.sentence
        if style.source != template.source:
            log.warning("not drawn as the layer file says", job=layer.source.root.name, layer=tool.name, sentence=style.source)
        return style

    async def _fitted(self, template: Style, layer: Layer, tool: ToolLayer) -> Style:
        classification, by_view = Classification(tool.classification), tool.statistics == "view"
        wanted = await asyncio.to_thread(needs, template, layer.facts, classification, by_view=by_view)
        measures = await self._measure(layer, wanted)
        # ten thousand classes take a while, and the loop has others to serve
        return await asyncio.to_thread(fit, template, layer.facts, measures, classification, by_view=by_view)

    async def _measure(self, layer: Layer, wanted: tuple[Need, ...]) -> Mapping[Need, Measures]:
        taken = await asyncio.gather(*(self._looker.measure(measure_plan(layer, need)) for need in wanted))
        return dict(zip(wanted, taken, strict=True))


def _drawable(tool: ToolLayer, layer: Layer, crs: str, style: Style) -> Drawable:
    seen = quantised(replace(style, opacity=style.opacity * tool.opacity), tool.colors)
    return Drawable(tool, _coarsely_placed(tool, layer, crs), crs, seen, style_digest(seen), reach_pt(seen))


def _coarsely_placed(tool: ToolLayer, layer: Layer, crs: str) -> Layer:
    """Features whose shapes are not told have a box that is larger than they are: the sides of the true one are coordinates of theirs.

    Documents would tell them, and so would the ETags of pictures, which change where a layer begins.
    """
    tells_shapes = tool.access is Access.DATA or (tool.access is Access.IDENTIFY and tool.tells_geometry)
    if tells_shapes or layer.bbox is None or not isinstance(layer.facts, VectorFacts):
        return layer
    least = max(BOX_STEP_M, BOX_STEP_PX * PIXEL_M * (tool.finest_scale_denominator or 0.0)) / metres_per_unit(crs)
    wide = widened(layer.bbox, least)
    whole = EARTH_DEG if is_geographic(crs) else WORLD if crs == WEB_MERCATOR else None
    box = intersection([wide, union([whole, layer.bbox])]) if whole else wide
    frame = layer.frame and box and widened(layer.frame, least)
    return replace(layer, bbox=box, frame=BBox(frame.xmin, box.ymin, frame.xmax, box.ymax) if frame and box else None)


def _digest(drawables: tuple[Drawable, ...], crs: str, protection: Protection) -> str:
    """Nothing in it is a place on this machine: replicas with other mounts agree."""
    essence = [(replace(d.tool, style_path=None), d.layer and d.layer.source.fingerprint, d.style_key, d.fault) for d in drawables]
    return hashlib.blake2b(repr((essence, crs, protection.watermark, protection.stamp)).encode(), digest_size=8).hexdigest()


def _version_of(path: Path | None) -> tuple[int, int] | None:
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status else None


def _key(source: DataSource) -> str:
    return f"{source.path}|{source.member}|{source.fingerprint}"


def _expected(tool: ToolLayer) -> Literal["raster", "vector", "table", "any"]:
    if tool.is_table:
        return "table"
    return "raster" if "Raster" in tool.data_type else "vector" if "Feature" in tool.data_type else "any"


def _warn(error: Broken, source: DataSource) -> None:
    log.warning("dataset not drawn", job=source.root.name, code=error.code, sentence=error.sentence, reason=error.reason)


def _place(drawable: Drawable, crs: str) -> Drawable:
    if drawable.layer is None or drawable.crs is None or drawable.layer.bbox is None:
        return drawable
    seen = carry_box(drawable.layer.frame or drawable.layer.bbox, drawable.crs, crs)
    return replace(drawable, bbox=transform_bbox(drawable.layer.bbox, drawable.crs, crs), frame=frame_across([seen], crs) if seen else None)


def whole_bbox(boxes: list[BBox], crs: str) -> BBox:
    """The box around everything, never of zero area; the CRS's own area when there is nothing."""
    if boxes:
        box = union(boxes)
        least = 1e-4 if is_geographic(crs) else 10.0
        return pad(box, least if box.width == 0 else 0.0, least if box.height == 0 else 0.0)
    area = area_of_use(crs)
    whole = transform_bbox(area, WGS84, crs) if area else None
    return whole or WORLD


def whole_frame(drawables: Iterable[Drawable], crs: str) -> BBox | None:
    """The box that shows drawables together across the antimeridian; None where they are best seen as they lie."""
    return frame_across([box for d in drawables if (box := d.frame or d.bbox)], crs)


def geometry_of(layer: Layer) -> str:
    """``point``, ``line``, ``polygon`` or ``raster``."""
    return layer.facts.geometry.value if isinstance(layer.facts, VectorFacts) else "raster"
