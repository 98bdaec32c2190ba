"""THE ROUTE: request -> job -> grant -> layers -> style -> plan -> picture.  The only thing front ends talk to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import shorten

from cachetools import LRUCache

from rendermap.access.grant import Principal
from rendermap.access.policy import Policy, ServiceAccess
from rendermap.admission import Admission, JobFinder
from rendermap.cards import job_card, messages_of, service_card, template_card
from rendermap.dispatch.plan import SwatchLayer
from rendermap.drawables import Drawable, Drawables, whole_bbox
from rendermap.errors import (
    Broken,
    JobFailed,
    NotReady,
    NotSupported,
    TooCostly,
)
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.gp.engines.none import ELSEWHERE
from rendermap.gp.orders import order_for
from rendermap.gp.runner import Runner
from rendermap.jobs.job import Job, JobStatus, MessageKind
from rendermap.jobs.usage import Usage
from rendermap.limits import EXECUTION_S
from rendermap.open_map import OpenMap
from rendermap.open_template import OpenTemplate
from rendermap.reply import JobCard, ServiceCard
from rendermap.request import JobRequest, SubmitRequest
from rendermap.services.service import Service, ToolLayer
from rendermap.studio import Studio
from rendermap.symbology.library import Library
from rendermap.symbology.quantised import quantised
from rendermap.symbology.template import template_geometry

__all__ = ["JobFinder", "MapService", "OpenMap", "OpenTemplate", "Rooms"]


@dataclass(slots=True)
class Opening:
    """What was found when a map was opened.  began: before the disk was looked at, in seconds of a clock that never goes back."""

    opened: OpenMap
    began: float
    is_renewing: bool = False


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the service is built from; `assembly.build` chooses them.

    look_s: how long what was found of a job is believed, so that all tiles of a view are one look at its folder.
    now: a clock in seconds that never goes back.  folders: the server's own, which nobody is told.
    """

    services: Callable[[], Mapping[str, Service]]
    catalog: JobFinder
    drawables: Drawables
    library: Library
    studio: Studio
    runner: Runner = field(default_factory=Runner)
    look_s: float = 0.0
    usage: Usage = field(default_factory=Usage)
    now: Callable[[], float] = time.monotonic
    folders: tuple[Path, ...] = ()


class MapService:
    """Answers every question of every protocol.  Belongs to one event loop."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._admission = Admission(rooms.services, rooms.catalog, rooms.studio.policy, rooms.studio.ledger, rooms.usage)
        self._openings: LRUCache[tuple[str, str, Principal | None], Opening] = LRUCache(KEPT_OPENINGS)

    # --- what there is ---------------------------------------------------------------------------------------------

    async def services(self, principal: Principal) -> tuple[ServiceCard, ...]:
        """Every published service that principal may know of, by name."""
        return tuple(self._card_of(*admitted, principal) for admitted in await self._admission.services(principal))

    async def service(self, name: str, principal: Principal) -> ServiceCard:
        """One service; its name is matched without regard to case.  Raises ServiceNotFound."""
        return self._card_of(*await self._admission.service(name, principal), principal)

    def _card_of(self, service: Service, access: ServiceAccess, principal: Principal) -> ServiceCard:
        layer_ids = self._policy.known_layers(principal, access)
        may_submit = self._policy.may_submit(principal, access) and self._rooms.runner.takes(service)
        return service_card(service, layer_ids, may_submit=may_submit)

    async def jobs(self, principal: Principal, service: str | None = None, limit: int = 200) -> tuple[JobCard, ...]:
        """Jobs of one or all services that principal may see, newest first."""
        found = await self._admission.jobs(principal, service, limit)
        # many jobs have many messages, and the loop has others to serve
        return await asyncio.to_thread(lambda: tuple(job_card(job, of, gate.view, self._rooms.folders) for job, of, gate in found))

    async def job(self, request: JobRequest) -> JobCard:
        """One job in any state.  Raises ServiceNotFound, JobNotFound, Ended."""
        job, service, gate = await self._admission.job(request)
        self._rooms.studio.ledger.opened(gate.view)
        return job_card(job, service, gate.view, self._rooms.folders)

    # --- running tasks ---------------------------------------------------------------------------------------------

    async def submit(self, request: SubmitRequest) -> JobCard:
        """A new job, which goes on by itself.

        Raises ServiceNotFound, NotFound (no such task), BadRequest with every fault of the inputs, NotSupported, Busy.
        """
        return await self.job(await self._submitted(request))

    async def execute(self, request: SubmitRequest) -> JobCard:
        """A new job when it is over, however it ended.  One whose asker goes away, or that takes longer than `EXECUTION_S`, is cancelled.

        Raises as `submit`, and TooCostly where it takes longer.
        """
        asked = await self._submitted(request)
        try:
            async with asyncio.timeout(EXECUTION_S.value):
                return await self._over(asked)
        except TimeoutError:
            await self.cancel(asked)
            raise TooCostly(details=(EXECUTION_S.sentence,)) from None
        except asyncio.CancelledError:
            await asyncio.shield(self.cancel(asked))
            raise

    async def cancel(self, request: JobRequest) -> JobCard:
        """The job, which has been cancelled if it was not over and principal may do so.  Raises as `job`."""
        job, service, gate = await self._admission.job(request)
        if not job.status.is_over and self._policy.may_cancel(request.principal, gate.service, gate.job):
            await self._rooms.runner.cancel(service, job.job_id)
        return await self.job(request)

    async def _submitted(self, request: SubmitRequest) -> JobRequest:
        service, access = await self._admission.service(request.service, request.principal)
        if not self._policy.may_submit(request.principal, access):
            raise NotSupported(details=(ELSEWHERE,))
        job_id = await self._rooms.runner.submit(order_for(service, request))
        return JobRequest(service.name, job_id, request.principal)

    async def _over(self, asked: JobRequest) -> JobCard:
        pause_s = LEAST_PAUSE_S
        while not JobStatus((card := await self.job(asked)).status).is_over:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return card

    # --- maps ------------------------------------------------------------------------------------------------------

    async def open(self, request: JobRequest) -> OpenMap:
        """The map of a finished job, to be drawn from.  Raises JobNotFound, NotReady, JobFailed, Ended."""
        principal = request.principal
        # strangers are as one, and a key without a principal is soon compared
        key = request.service, request.job_id, None if principal.is_stranger else principal
        opening = self._openings.get(key)
        if opening is None or self._is_to_renew(opening):
            opening = self._openings[key] = await self._look(request)
        opened = opening.opened.shown_to(principal) if principal.is_stranger else opening.opened
        opened.note_opening()
        return opened

    def _is_to_renew(self, opening: Opening) -> bool:
        """True for the first who asks in the second half of its time, and for all after it."""
        age_s = self._rooms.now() - opening.began
        if age_s >= self._rooms.look_s:
            return True
        is_first = age_s >= self._rooms.look_s / 2 and not opening.is_renewing
        opening.is_renewing |= is_first
        return is_first

    async def _look(self, request: JobRequest) -> Opening:
        began = self._rooms.now()
        job, service, gate = await self._admission.job(request)
        _demand_map(job, service, self._rooms.folders)
        styles = await asyncio.to_thread(self._rooms.drawables.styles_of, job, service)
        return Opening(OpenMap(self._rooms.studio, gate, await self._rooms.drawables.of_job(job, service, styles)), began)

    async def open_template(self, name: str, principal: Principal) -> OpenTemplate:
        """The map of a service without a job: its tool layers, which draw nothing.  Raises ServiceNotFound."""
        service, access = await self._admission.service(name, principal)
        grant = self._policy.template(principal, access)
        tools = tuple(tool for tool in service.layers if tool.id in grant.layer_ids)
        swatches = await asyncio.to_thread(lambda: tuple(s for tool in tools if (s := self._swatch_of(tool))))
        geometries = {swatch.id: swatch.geometry for swatch in swatches}
        crs = service.crs or WEB_MERCATOR
        card = template_card(service, tools, crs, whole_bbox([], crs), self._rooms.studio.limits.max_px, geometries)
        return OpenTemplate(self._rooms.studio, card, grant, swatches, tuple(map(Drawable, tools)))

    @property
    def _policy(self) -> Policy:
        return self._rooms.studio.policy

    def _swatch_of(self, tool: ToolLayer) -> SwatchLayer | None:
        """A layer file that cannot be used leaves its layer without a legend here; jobs say why, and so does `rendermap check`."""
        try:
            named = self._rooms.library.style_for(tool.style_path, tool.style_layer)
        except Broken:
            return None
        if named is None:
            return None
        style = quantised(replace(named.style, opacity=named.style.opacity * tool.opacity), tool.colors)
        key = self._rooms.studio.style_keys.key_of(style)
        return SwatchLayer(tool.id, tool.name, template_geometry(named.style), style, style_key=key)


SHORT_CHARS = 120
KEPT_OPENINGS = 1024
LEAST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
"""Between looks at a job that is waited for."""
MOST_DETAILS = 20
_ENDS = {JobStatus.FAILED: "failed", JobStatus.CANCELLED: "was cancelled", JobStatus.TIMED_OUT: "ran out of time"}


def _demand_map(job: Job, service: Service, folders: tuple[Path, ...]) -> None:
    """Raises NotReady; JobFailed with what the tool said, as far as the service lets strangers hear it."""
    if not job.status.is_over:
        raise NotReady(f"The job has not finished: it is {job.status.value}.", status=job.status.value)
    if job.status is not JobStatus.SUCCEEDED:
        errors = [text.strip() for kind, text in messages_of(job, service, folders) if kind == MessageKind.ERROR.value and text.strip()]
        said = f": {shorten(errors[0].splitlines()[0], SHORT_CHARS, placeholder='…')}" if errors else "."
        raise JobFailed(f"The job {_ENDS[job.status]} and has no map{said}", details=tuple(errors[:MOST_DETAILS]))
