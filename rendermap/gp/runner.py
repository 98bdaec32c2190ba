"""Takes every order to the engine of its service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import structlog

from rendermap.gp.engines.engine import Engine, Site
from rendermap.gp.engines.none import NoEngine
from rendermap.gp.engines.table import ENGINES
from rendermap.gp.orders import JobOrder
from rendermap.services.service import Service

UNWRITABLE = "jobs directory cannot be written"
NO_BROKER = "no broker is set"

_log = structlog.get_logger("rendermap.gp")


class Runner:
    """Belongs to one event loop.  engines: by name; a service whose engine is not among them has its jobs run elsewhere.

    site: where the engines work, None for nowhere in particular.
    """

    def __init__(self, engines: Mapping[str, Engine] = MappingProxyType({}), site: Site | None = None) -> None:
        self._engines = engines
        self._site = site
        self._lacks: Mapping[str, str] = {}

    @classmethod
    def of(cls, site: Site) -> Runner:
        """A runner with every engine of the table."""
        return cls({name: ENGINES[name](site) for name in ENGINES.names}, site)

    async def start(self) -> None:
        """Engines take up what is waiting.  Those that can make no job are found now, and the operator hears of it."""
        if self._site:
            self._lacks = await asyncio.to_thread(lacks_of, self._site)
            wanted = {service.running.engine for service in (await asyncio.to_thread(self._site.services)).values()}
            for name in sorted(wanted & self._lacks.keys()):
                _log.warning("no tasks are run", engine=name, reason=self._lacks[name])
        for engine in self._engines.values():
            await engine.start()

    async def stop(self) -> None:
        """Engines leave nothing going on that nobody looks after."""
        for engine in self._engines.values():
            await engine.stop()

    def takes(self, service: Service) -> bool:
        """False where its tasks are not run by this server, or cannot be."""
        return service.running.engine in self._engines and service.running.engine not in self._lacks

    async def submit(self, order: JobOrder) -> str:
        """The id of the new job.  Raises NotSupported, Busy, Broken."""
        engine = self._of(order.service) if self.takes(order.service) else NoEngine()
        return await engine.submit(order)

    async def cancel(self, service: Service, job_id: str) -> None:
        """End a job, whether it waits or runs."""
        await self._of(service).cancel(service, job_id)

    def _of(self, service: Service) -> Engine:
        return self._engines.get(service.running.engine) or NoEngine()


def lacks_of(site: Site) -> dict[str, str]:
    """What keeps engines from making a job, by their names, in words for the operator.  Looks at the disk, and may block."""
    if not _may_write(site.jobs_dirs[0]):
        return dict.fromkeys((name for name in ENGINES.names if name != "none"), f"{UNWRITABLE}: {site.jobs_dirs[0]}")
    return {} if site.broker else {"celery": NO_BROKER}


def _may_write(folder: Path) -> bool:
    """Whether it can be written, or made where it is not there yet."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
