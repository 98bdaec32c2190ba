"""THE ROUTE: request -> job -> grant -> layers -> style -> plan -> picture.  The only thing front ends talk to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from rendermap.access.grant import Grant, Operation, Principal
from rendermap.access.policy import LayerAccess, Policy
from rendermap.cache.flight import Flight
from rendermap.cards import job_card, map_card, scale_range, service_card, template_card
from rendermap.dispatch.budget import Limits, check
from rendermap.dispatch.plan import LayerPlan, LegendPlan, MapPlan, SheetPlan, SwatchLayer, plan_digest
from rendermap.dispatch.pool import Drawn
from rendermap.drawables import WORLD, Drawable, Drawables, JobMap, geometry_of
from rendermap.errors import InvalidFormat, JobFailed, NotReady, ServiceNotFound
from rendermap.geo.bbox import BBox, intersects, pad
from rendermap.geo.crs import WEB_MERCATOR, WGS84, area_of_use, transform_bbox
from rendermap.geo.tiling import view_of
from rendermap.geo.view import MapView
from rendermap.imaging.formats import FORMATS
from rendermap.jobs.job import Job, JobStatus
from rendermap.reply import JobCard, LegendLayer, MapCard, Picture, ServiceCard
from rendermap.request import (
    JobRequest,
    LayerChoice,
    LayerMode,
    LegendRequest,
    LegendSheetRequest,
    MapRequest,
    TileRequest,
)
from rendermap.services.service import Service
from rendermap.symbology.expressions import And, parse_filter
from rendermap.symbology.library import Library
from rendermap.symbology.style import Style, style_digest
from rendermap.symbology.template import reach_pt, template_geometry

T = TypeVar("T")
BLANK_VIEW = MapView(BBox(0, 0, 1, 1), WEB_MERCATOR, 1, 1)


class JobFinder(Protocol):
    """Jobs on disk, by name."""

    def find(self, service: str, job_id: str) -> Job: ...
    def list(self, service: str | None = None, limit: int = 200) -> tuple[Job, ...]: ...


class Drawer(Protocol):
    """Draws plans, in workers."""

    @property
    def ready(self) -> bool: ...
    async def draw(self, plan: MapPlan) -> Drawn: ...
    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]: ...
    async def legend_sheet(self, plan: LegendPlan) -> Drawn: ...


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the service is built from; `assembly.build` chooses them."""

    services: Callable[[], Mapping[str, Service]]
    catalog: JobFinder
    drawables: Drawables
    library: Library
    policy: Policy
    pool: Drawer
    pictures: Flight[Drawn]
    legends: Flight[tuple[LegendLayer, ...]]
    limits: Limits
    picture_max_age_s: int = 60


class MapService:
    """Answers every question of every protocol."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    # --- what there is ---------------------------------------------------------------------------------------------

    async def services(self, principal: Principal) -> tuple[ServiceCard, ...]:
        """Every published service, by name."""
        del principal
        return tuple(service_card(s) for _, s in sorted((await self._services()).items()))

    async def service(self, name: str, principal: Principal) -> ServiceCard:
        """One service; its name is matched without regard to case.  Raises ServiceNotFound."""
        del principal
        return service_card(await self._service(name))

    async def jobs(self, principal: Principal, service: str | None = None, limit: int = 200) -> tuple[JobCard, ...]:
        """Jobs of one or all services, newest first."""
        del principal
        name = (await self._service(service)).name if service else None
        services = {s.name.casefold(): s for s in (await self._services()).values()}
        jobs = await asyncio.to_thread(self._rooms.catalog.list, name, limit)
        return tuple(job_card(job, services[job.service.casefold()]) for job in jobs if job.service.casefold() in services)

    async def job(self, request: JobRequest) -> JobCard:
        """One job in any state.  Raises JobNotFound, Ended."""
        job, service, _ = await self._open(request)
        return job_card(job, service)

    async def map_of(self, request: JobRequest) -> MapCard:
        """The map of a finished job.  Raises JobNotFound, NotReady, JobFailed, Ended."""
        job_map, _ = await self._map(request)
        return map_card(job_map, self._rooms.limits.max_px)

    async def template(self, service: str, principal: Principal) -> MapCard:
        """The map of a service without a job: its tool layers, which draw nothing.  Raises ServiceNotFound."""
        del principal
        found = await self._service(service)
        crs = found.crs or WEB_MERCATOR
        area = area_of_use(crs)
        bbox = (transform_bbox(area, WGS84, crs) if area else None) or WORLD
        return template_card(found, crs, bbox, self._rooms.limits.max_px)

    def is_ready(self) -> bool:
        """True while pictures can be drawn."""
        return self._rooms.pool.ready

    # --- pictures --------------------------------------------------------------------------------------------------

    async def draw(self, request: MapRequest) -> Picture:
        """A picture of exactly the size asked."""
        job_map, grant = await self._map(request.job)
        return await self._picture(request, job_map, grant)

    async def tile(self, request: TileRequest) -> Picture:
        """One tile.  Raises TileOutside."""
        view = view_of(request.tile, request.size_px, request.pixel_ratio)
        return await self.draw(MapRequest(request.job, view, request.layers, request.format))

    async def _picture(self, request: MapRequest, job_map: JobMap, grant: Grant) -> Picture:
        if request.format not in FORMATS:
            raise InvalidFormat
        view = _snapped(request.view)
        drawables = _visible(chosen(job_map, request.layers), view)
        filters = self._granted_filters(request, job_map)
        layers = tuple(_layer_plan(d, filters.get(d.tool.id)) for d in drawables if d.tool.id in grant.layer_ids)
        plan = MapPlan(view, tuple(reversed(layers)), request.background, request.format, request.quality)
        check(plan, self._rooms.limits)
        if not layers:
            # every blank picture of one size and format is the same picture
            plan = replace(plan, view=replace(BLANK_VIEW, width_px=view.width_px, height_px=view.height_px))
        digest = plan_digest(grant, plan)
        drawn = await self._rooms.pictures.get_or_make(digest, lambda: self._rooms.pool.draw(plan))
        media_type = FORMATS[request.format].media_type
        return Picture(
            drawn.body, media_type, digest, view.width_px, view.height_px, view.bbox, view.crs, drawn.empty,
            self._rooms.picture_max_age_s,
        )  # fmt: skip

    def _granted_filters(self, request: MapRequest, job_map: JobMap) -> dict[int, str]:
        """Filters may be used as an oracle for values, so a layer that is view only takes none."""
        wanted = {layer_id: text for layer_id, text in request.filters if text.strip()}
        layers = [d for d in job_map.drawables if d.tool.id in wanted]
        for drawable in layers:
            self._rooms.policy.grant(
                request.job.principal, Operation.IDENTIFY, job_map.service.name, job_map.job.job_id, _access([drawable])
            )
        return wanted

    # --- legends ---------------------------------------------------------------------------------------------------

    async def legend(self, request: LegendRequest) -> tuple[LegendLayer, ...]:
        """The legend, top layer first; layers that cannot be drawn are listed with their fault and no entries."""
        job_map, grant = await self._map(request.job)
        shown = chosen(job_map, request.layers)
        plan = _legend_plan(shown, request)
        drawn = {layer.id: layer for layer in await self._swatches(grant, plan)}
        return tuple(_legend_layer(d, drawn.get(d.tool.id)) for d in shown)

    async def legend_sheet(self, request: LegendSheetRequest) -> Picture:
        """The whole legend as one picture."""
        if request.format not in FORMATS:
            raise InvalidFormat
        job_map, grant = await self._map(request.legend.job)
        shown = chosen(job_map, request.legend.layers)
        title = job_map.service.title if request.title is None else request.title
        plan = replace(_legend_plan(shown, request.legend), sheet=SheetPlan(title, request.dark, request.format))
        digest = plan_digest(grant, plan)
        drawn = await self._rooms.pictures.get_or_make(digest, lambda: self._rooms.pool.legend_sheet(plan))
        return Picture(
            drawn.body, FORMATS[request.format].media_type, digest, drawn.width_px, drawn.height_px,
            max_age_s=self._rooms.picture_max_age_s,
        )  # fmt: skip

    async def template_legend(self, service: str, principal: Principal) -> tuple[LegendLayer, ...]:
        """The legend of a service without a job: what its layer files say; classes made from results are not known yet."""
        found = await self._service(service)
        swatches = []
        for tool in found.layers:
            named = await asyncio.to_thread(self._rooms.library.style_for, tool.style_path, tool.style_layer)
            if named is not None:
                swatches.append(SwatchLayer(tool.id, tool.name, template_geometry(named.style), named.style))
        grant = self._rooms.policy.grant(
            principal, Operation.VIEW, found.name, "", [LayerAccess(t.id, Operation(t.access.value)) for t in found.layers]
        )
        drawn = {layer.id: layer for layer in await self._swatches(grant, LegendPlan(tuple(swatches), 1.0, (20, 20)))}
        return tuple(_legend_layer(Drawable(tool), drawn.get(tool.id)) for tool in found.layers)

    async def _swatches(self, grant: Grant, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        return await self._rooms.legends.get_or_make(plan_digest(grant, plan), lambda: self._rooms.pool.legend(plan))

    # --- the first stations of every question ----------------------------------------------------------------------

    async def _services(self) -> Mapping[str, Service]:
        return await asyncio.to_thread(self._rooms.services)

    async def _service(self, name: str) -> Service:
        return _named(await self._services(), name)

    async def _open(self, request: JobRequest) -> tuple[Job, Service, Grant]:
        def look() -> tuple[Job, Service]:
            service = _named(self._rooms.services(), request.service)
            return self._rooms.catalog.find(service.name, request.job_id), service

        job, service = await asyncio.to_thread(look)
        levels = [LayerAccess(layer.id, Operation(layer.access.value)) for layer in service.layers]
        return job, service, self._rooms.policy.grant(request.principal, Operation.VIEW, service.name, job.job_id, levels)

    async def _map(self, request: JobRequest) -> tuple[JobMap, Grant]:
        job, service, grant = await self._open(request)
        if not job.status.is_over:
            raise NotReady(f"The job has not finished: it is {job.status.value}.", status=job.status.value)
        if job.status is not JobStatus.SUCCEEDED:
            raise JobFailed(f"The job {job.status.value.replace('_', ' ')} and has no map.")
        return await self._rooms.drawables.of_job(job, service), grant


def _named(services: Mapping[str, Service], name: str) -> Service:
    wanted = name.casefold()
    found = next((s for s in services.values() if s.name.casefold() == wanted), None)
    if found is None:
        raise ServiceNotFound
    return found


def _access(drawables: Iterable[Drawable]) -> list[LayerAccess]:
    return [LayerAccess(d.tool.id, Operation(d.tool.access.value)) for d in drawables]


def chosen(job_map: JobMap, choice: LayerChoice) -> tuple[Drawable, ...]:
    """The drawables a layer choice names, top first.

    A group's id stands for its default-visible layers; a leaf named itself is drawn even under an invisible group
    (ArcGIS clients name leaves only).  Unknown ids are passed over.
    """
    groups = {g.id: g.visible for g in job_map.service.groups}
    default = {d.tool.id for d in job_map.drawables if d.tool.visible and groups.get(d.tool.group or -1, True)}
    named = set(choice.ids)
    named |= {d.tool.id for d in job_map.drawables if d.tool.group in named and d.tool.visible}
    everything = {d.tool.id for d in job_map.drawables}
    wanted = {
        LayerMode.DEFAULT: default,
        LayerMode.SHOW: named,
        LayerMode.HIDE: everything - named,
        LayerMode.INCLUDE: default | named,
        LayerMode.EXCLUDE: default - named,
    }[choice.mode]
    return tuple(d for d in job_map.drawables if d.tool.id in wanted)


def _visible(drawables: Iterable[Drawable], view: MapView) -> tuple[Drawable, ...]:
    """Those with something to draw here: in scale, and within reach of the view."""
    scale = view.scale_denominator
    shown = []
    for drawable in drawables:
        farthest, nearest = scale_range(drawable)
        if drawable.layer is None or drawable.style is None or drawable.layer.bbox is None or drawable.crs is None:
            continue
        if (farthest and scale > farthest) or (nearest and scale < nearest):
            continue
        box = transform_bbox(drawable.layer.bbox, drawable.crs, view.crs)
        # the box of a reprojected dataset is made from points on a grid: leave room for what bulges between them
        reach = view.resolution * (reach_pt(drawable.style) * 2 * view.pixel_ratio + 4)
        if box and intersects(pad(box, reach + box.width * 0.01, reach + box.height * 0.01), view.bbox):
            shown.append(drawable)
    return tuple(shown)


def _snapped(view: MapView) -> MapView:
    """The view with its box on a grid of a thousandth of a pixel, so that what looks alike is one picture."""
    step = view.resolution / 1024
    return replace(view, bbox=BBox(*(round(v / step) * step for v in view.bbox.corners)))


def _layer_plan(drawable: Drawable, filter_text: str | None) -> LayerPlan:
    assert drawable.layer and drawable.style and drawable.crs
    style, key = drawable.style, drawable.style_key
    if drawable.tool.opacity < 1.0 or filter_text:
        style = _narrowed(style, drawable.tool.opacity, filter_text)
        key = style_digest(style)
    return LayerPlan(drawable.tool.id, drawable.layer, drawable.crs, style, key)


def _narrowed(style: Style, opacity: float, filter_text: str | None) -> Style:
    filters = [f for f in (style.filter, parse_filter(filter_text) if filter_text else None) if f]
    whole = None if not filters else filters[0] if len(filters) == 1 else And(tuple(filters))
    return replace(style, opacity=style.opacity * opacity, filter=whole)


def _legend_plan(drawables: Iterable[Drawable], request: LegendRequest) -> LegendPlan:
    swatches = tuple(SwatchLayer(d.tool.id, d.tool.name, geometry_of(d.layer), d.style, d.layer) for d in drawables if d.layer and d.style)
    return LegendPlan(swatches, request.pixel_ratio, request.swatch_px)


def _legend_layer(drawable: Drawable, drawn: LegendLayer | None) -> LegendLayer:
    kind = "raster" if "Raster" in drawable.tool.data_type else "vector"
    if drawable.layer is not None:
        kind = "raster" if geometry_of(drawable.layer) == "raster" else "vector"
    farthest, nearest = scale_range(drawable)
    heading, entries = (drawn.heading, drawn.entries) if drawn else ("", ())
    return LegendLayer(drawable.tool.id, drawable.tool.name, kind, farthest, nearest, heading, entries, drawable.fault)
