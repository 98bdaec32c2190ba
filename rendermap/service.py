"""THE ROUTE: request -> job -> grant -> layers -> style -> plan -> picture.  The only thing front ends talk to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import shorten
from typing import Protocol

from rendermap.access.grant import Grant, Operation, Principal
from rendermap.access.policy import LayerAccess
from rendermap.cards import job_card, messages_of, service_card, template_card
from rendermap.dispatch.plan import SwatchLayer
from rendermap.drawables import Drawable, Drawables, Styles, whole_bbox
from rendermap.errors import Broken, JobFailed, NotReady, ServiceNotFound
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.jobs.job import Job, JobStatus, MessageKind
from rendermap.open_map import OpenMap, OpenTemplate, Studio
from rendermap.reply import JobCard, ServiceCard
from rendermap.request import JobRequest
from rendermap.services.service import Service, ToolLayer, service_named
from rendermap.symbology.library import Library
from rendermap.symbology.readers.table import NamedStyle
from rendermap.symbology.template import template_geometry

__all__ = ["JobFinder", "MapService", "OpenMap", "OpenTemplate", "Rooms"]


class JobFinder(Protocol):
    """Jobs on disk, by name."""

    def find(self, service: str, job_id: str) -> Job: ...
    def list(self, service: str | None = None, limit: int = 200) -> tuple[Job, ...]: ...


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the service is built from; `assembly.build` chooses them."""

    services: Callable[[], Mapping[str, Service]]
    catalog: JobFinder
    drawables: Drawables
    library: Library
    studio: Studio


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
        services = await self._services()
        jobs = await asyncio.to_thread(self._rooms.catalog.list, name, limit)
        return tuple(job_card(job, found) for job in jobs if (found := service_named(services, job.service)))

    async def job(self, request: JobRequest) -> JobCard:
        """One job in any state.  Raises JobNotFound, Ended."""
        return job_card(*await asyncio.to_thread(self._find, request))

    def is_ready(self) -> bool:
        """True while pictures can be drawn."""
        return self._rooms.studio.pool.ready

    # --- maps ------------------------------------------------------------------------------------------------------

    async def open(self, request: JobRequest) -> OpenMap:
        """The map of a finished job, to be drawn from.  Raises JobNotFound, NotReady, JobFailed, Ended."""

        def look() -> tuple[Job, Service, Styles]:
            job, service = self._find(request)
            _demand_map(job, service)
            return job, service, self._rooms.drawables.styles_of(job, service)

        job, service, styles = await asyncio.to_thread(look)
        grant = self._grant(request.principal, service, job.job_id)
        job_map = await self._rooms.drawables.of_job(job, service, styles)
        return OpenMap(self._rooms.studio, request.principal, job_map, grant)

    async def open_template(self, name: str, principal: Principal) -> OpenTemplate:
        """The map of a service without a job: its tool layers, which draw nothing.  Raises ServiceNotFound."""
        service = await self._service(name)
        named = await asyncio.to_thread(lambda: {tool.id: self._style_of(tool) for tool in service.layers})
        geometries = {id_: template_geometry(each.style) for id_, each in named.items() if each}
        swatches = tuple(SwatchLayer(t.id, t.name, geometries[t.id], n.style) for t in service.layers if (n := named[t.id]))
        crs = service.crs or WEB_MERCATOR
        card = template_card(service, crs, whole_bbox([], crs), self._rooms.studio.limits.max_px, geometries)
        grant = self._grant(principal, service, "")
        return OpenTemplate(self._rooms.studio, card, grant, swatches, tuple(Drawable(tool) for tool in service.layers))

    # --- the first stations of every question ----------------------------------------------------------------------

    async def _services(self) -> Mapping[str, Service]:
        return await asyncio.to_thread(self._rooms.services)

    async def _service(self, name: str) -> Service:
        return _named(await self._services(), name)

    def _find(self, request: JobRequest) -> tuple[Job, Service]:
        """Reads the disk, and may block."""
        service = _named(self._rooms.services(), request.service)
        return self._rooms.catalog.find(service.name, request.job_id), service

    def _grant(self, principal: Principal, service: Service, job_id: str) -> Grant:
        levels = [LayerAccess(layer.id, Operation(layer.access.value)) for layer in service.layers]
        return self._rooms.studio.policy.grant(principal, Operation.VIEW, service.name, job_id, levels)

    def _style_of(self, tool: ToolLayer) -> NamedStyle | None:
        """A layer file that cannot be used leaves its layer without a legend here; jobs say why, and so does `rendermap check`."""
        try:
            return self._rooms.library.style_for(tool.style_path, tool.style_layer)
        except Broken:
            return None


SHORT_CHARS = 120
MOST_DETAILS = 20

_ENDS = {JobStatus.FAILED: "failed", JobStatus.CANCELLED: "was cancelled", JobStatus.TIMED_OUT: "ran out of time"}


def _demand_map(job: Job, service: Service) -> None:
    """Raises NotReady; JobFailed with what the tool said, as far as the service lets strangers hear it."""
    if not job.status.is_over:
        raise NotReady(f"The job has not finished: it is {job.status.value}.", status=job.status.value)
    if job.status is not JobStatus.SUCCEEDED:
        errors = [text.strip() for kind, text in messages_of(job, service) if kind == MessageKind.ERROR.value and text.strip()]
        said = f": {shorten(errors[0].splitlines()[0], SHORT_CHARS, placeholder='…')}" if errors else "."
        raise JobFailed(f"The job {_ENDS[job.status]} and has no map{said}", details=tuple(errors[:MOST_DETAILS]))


def _named(services: Mapping[str, Service], name: str) -> Service:
    found = service_named(services, name)
    if found is None:
        raise ServiceNotFound
    return found
