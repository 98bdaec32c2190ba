"""The engine of many machines: jobs wait on the disk that all share, and who has time for one is called by way of a broker.

What is to be done stands in the claims (`gp.claims`) and nowhere else.  A call says only that a service has jobs waiting: one that is
lost is made again, one too many finds nothing.  So a broker may be restarted, and be empty then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from rendermap.broker import JOBS, KEPT_S, connect
from rendermap.chore import Chore
from rendermap.errors import NotSupported, RendermapError
from rendermap.gp.charge import CANCELLED, finish, is_to_be_done, make_job
from rendermap.gp.claims import ORDER_SUFFIX, ORDERS_NAME, ask_to_cancel, find_orders, note_of, take_claim
from rendermap.gp.engines.engine import Site
from rendermap.gp.engines.none import ELSEWHERE
from rendermap.gp.line import demand_room
from rendermap.gp.orders import JobOrder
from rendermap.jobs import manifest
from rendermap.jobs.document import DocumentStatus
from rendermap.services.service import Service, service_named

LOOKS_EVERY_S = 2.0
CALLS_AGAIN_EVERY = 3
"""Looks between calls for jobs that still wait."""
UNTAKEN_LOOKS = 15
"""With the same job first in line and none under way, until the operator hears that nobody takes them."""
ENDS_WITHIN_S = 5.0
PAUSE_S = 0.1

_log = structlog.get_logger("rendermap.gp")


class CeleryEngine:
    """Belongs to one event loop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._app: Any = None
        self._is_silent = False
        self._first: Path | None = None
        self._untaken = 0
        self._chore = Chore(self._look, "rendermap-calls")

    async def start(self) -> None:
        """Look after jobs whose machine is gone."""
        self._chore.begin()

    async def stop(self) -> None:
        """What waits and runs goes on without this server."""
        await self._chore.stop()
        if self._app is not None:
            await asyncio.to_thread(self._app.close)
            self._app = None

    async def submit(self, order: JobOrder) -> str:
        """A new job, which the first machine with time for it runs.  Raises NotSupported, Busy, TooMany, Broken."""
        if not order.task.has_tool or self._site.broker is None:
            raise NotSupported(details=(ELSEWHERE,))
        return await asyncio.to_thread(self._submit, order)

    async def cancel(self, service: Service, job_id: str) -> None:
        """Leave word for the machine that runs it; one that waits is over at once."""
        del service
        with suppress(OSError):
            for jobs_dir in self._site.jobs_dirs:
                await asyncio.to_thread(ask_to_cancel, jobs_dir, job_id)
                path = jobs_dir / ORDERS_NAME / f"{job_id}{ORDER_SUFFIX}"
                async with asyncio.timeout(ENDS_WITHIN_S):
                    while path.exists() and not await asyncio.to_thread(_withdraw, path):
                        await asyncio.sleep(PAUSE_S)

    # --- in threads --------------------------------------------------------------------------------------------------

    def _submit(self, order: JobOrder) -> str:
        self._demand_room(order)
        claim = make_job(self._site.jobs_dirs[0], order)
        claim.leave()
        self._call(order.service.name)
        return claim.job_id

    def _demand_room(self, order: JobOrder) -> None:
        """Raises as `demand_room`, by what waits and runs on all machines."""
        running = order.service.running
        notes = [note for path in find_orders(self._site.jobs_dirs) if (note := note_of(path)) and note.service == order.service.name]
        demand_room(len(notes), sum(note.client == order.client for note in notes), running.queue, running.instances)

    def _call(self, service: str) -> None:
        """A broker that does not answer is told of once: what waits is called for again."""
        assert self._site.broker
        try:
            if self._app is None:
                self._app = connect(self._site.broker, JOBS)
            call(self._app, service)
        except Exception as error:  # of the three libraries on the way to the broker each has its own
            if not self._is_silent:
                _log.error("the broker of jobs does not answer; jobs wait", reason=getattr(error, "reason", None) or type(error).__name__)
            self._is_silent = True
        else:
            self._is_silent = False

    async def _look(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            looks += 1
            waiting, under_way = await asyncio.to_thread(self._look_at_orders)
            self._note_line(waiting, under_way)
            if looks % CALLS_AGAIN_EVERY == 0 and self._site.broker is not None:
                for service in set(waiting.values()):
                    await asyncio.to_thread(self._call, service)

    def _note_line(self, waiting: Mapping[Path, str], under_way: int) -> None:
        """A broker tells nothing of machines: that there is none shows in jobs that nobody takes, of which is told once."""
        first = next(iter(waiting), None)
        is_untaken = first is not None and first == self._first and not under_way
        self._first, self._untaken = first, self._untaken + 1 if is_untaken else 0
        if self._untaken == UNTAKEN_LOOKS:
            _log.warning("jobs wait and no machine takes them; is a job-worker running?", waiting=len(waiting))

    def _look_at_orders(self) -> tuple[Mapping[Path, str], int]:
        """The services of the jobs that wait, first in line first, and how many are under way.  Those whose machine is gone are failed."""
        waiting: dict[Path, str] = {}
        under_way = 0
        for path in find_orders(self._site.jobs_dirs):
            if (name := service_of(path, self._site)) is None:
                continue
            if is_waiting(path, name):
                waiting[path] = name
            elif (claim := take_claim(path)) is None:
                under_way += 1
            elif is_to_be_done(claim):
                claim.leave()
        return waiting, under_way


def call(app: Any, service: str) -> None:
    """Say that a service has jobs waiting.  Raises what the broker's libraries raise."""
    app.send_task(JOBS, (service,), expires=KEPT_S, ignore_result=True, retry=False)


def service_of(path: Path, site: Site) -> str | None:
    """The service of an order; None where this engine does not run it."""
    note = note_of(path)
    service = service_named(site.services(), note.service) if note else None
    return service.name if service and service.running.engine == "celery" else None


def is_waiting(path: Path, service: str) -> bool:
    """True while the job has not begun, and nobody has cancelled it."""
    with suppress(RendermapError, OSError):
        run = manifest.resume(manifest.service_folder(path.parent.parent, service) / path.stem)
        return run.status == DocumentStatus.SUBMITTED
    return False


def _withdraw(path: Path) -> bool:
    """Cancel a job that nobody is in charge of.  Writes to the disk, and may block."""
    claim = take_claim(path)
    if claim is None:
        return False
    finish(claim, *CANCELLED)
    return True
