"""A machine that runs jobs of the engine ``celery``: called by way of the broker, it takes what waits on the disk that all share."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import structlog

from rendermap.broker import JOBS, run_worker
from rendermap.errors import RendermapError
from rendermap.gp.charge import LOST, WITHDRAWN, finish, is_to_be_done, order_of
from rendermap.gp.claims import Claim, find_orders, note_of, take_claim
from rendermap.gp.engines.celery import call, is_waiting, service_of
from rendermap.gp.engines.engine import Site
from rendermap.gp.slots import slot
from rendermap.gp.tool_confinement import UNCONFINED, lack_of_confinement
from rendermap.gp.tool_program import ToolProgram
from rendermap.services.service import service_named

LOOKS_EVERY_S = 0.5

_log = structlog.get_logger("rendermap.gp")


class Machine:
    """Safe for threads, each of which does one job.  app: see `broker.connect`."""

    def __init__(self, site: Site, app: Any) -> None:
        self._site = site
        self._app = app

    def answer(self, name: str) -> None:
        """A service has jobs waiting: do one, if there is one and not so many run as may, and call for the others."""
        service = service_named(self._site.services(), name)
        if service is None or service.running.engine != "celery":
            return
        with slot(self._site.jobs_dirs[0], service.name, service.running.instances) as is_free:
            claim = self._next(service.name) if is_free else None
            if claim is None:
                return
            asyncio.run(self._do(claim))
        if any(service_of(path, self._site) == service.name for path in find_orders(self._site.jobs_dirs)):
            with suppress(Exception):  # of the three libraries on the way each has its own; servers call again
                call(self._app, service.name)

    def _next(self, service: str) -> Claim | None:
        """The oldest job of a client of whom the fewest run; what is found on the way that is not to be run is finished."""
        orders = [(path, note) for path in find_orders(self._site.jobs_dirs) if (note := note_of(path)) and note.service == service]
        waiting = [(path, note) for path, note in orders if is_waiting(path, service)]
        running = Counter(note.client for _, note in orders) - Counter(note.client for _, note in waiting)
        for path, _ in sorted(waiting, key=lambda order: running[order[1].client]):
            claim = take_claim(path)
            if claim and is_to_be_done(claim):
                return claim
        return None

    async def _do(self, claim: Claim) -> None:
        last_word = LOST
        try:
            order = order_of(claim, self._site, "celery")
            if order is None:
                last_word = WITHDRAWN
            else:
                program = await ToolProgram.start(order)
                watch = asyncio.create_task(_cancel_when_told(claim, program))
                if words := await program.ended():
                    _log.warning("a tool failed", service=order.service, task=order.task, job_id=claim.job_id, exception=words)
                watch.cancel()
        except (OSError, RendermapError) as error:
            _log.error("a tool could not be started", job_id=claim.job_id, reason=str(error))
        try:
            finish(claim, *last_word)
        except (OSError, RendermapError) as error:
            # a server finds it without a lock, and says so
            _log.error("the end of a job could not be written", job_id=claim.job_id, reason=str(error))
            claim.leave()


async def _cancel_when_told(claim: Claim, program: ToolProgram) -> None:
    while not claim.is_to_be_cancelled:
        await asyncio.sleep(LOOKS_EVERY_S)
    program.cancel()


def take_calls(app: Any, site: Site, at_once: int) -> int:
    """Until told to stop by a signal; what was begun is ended first.  Result: exit status.  at_once: jobs on this machine."""
    if lack := lack_of_confinement():
        _log.warning(UNCONFINED, reason=lack)
    app.task(Machine(site, app).answer, name=JOBS, ignore_result=True)
    return run_worker(app, "rendermap-jobs", at_once)
