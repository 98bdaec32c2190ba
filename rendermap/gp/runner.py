"""Takes every order to the engine of its service."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rendermap.gp.engines.engine import Engine, Site
from rendermap.gp.engines.none import NoEngine
from rendermap.gp.engines.table import ENGINES
from rendermap.gp.orders import JobOrder
from rendermap.services.service import Service


class Runner:
    """Belongs to one event loop.  engines: by name; a service whose engine is not among them has its jobs run elsewhere."""

    def __init__(self, engines: Mapping[str, Engine] = MappingProxyType({})) -> None:
        self._engines = engines

    @classmethod
    def of(cls, site: Site) -> Runner:
        """A runner with every engine of the table."""
        return cls({name: ENGINES[name](site) for name in ENGINES.names})

    async def start(self) -> None:
        """Engines take up what is waiting."""
        for engine in self._engines.values():
            await engine.start()

    async def stop(self) -> None:
        """Engines leave nothing going on that nobody looks after."""
        for engine in self._engines.values():
            await engine.stop()

    async def submit(self, order: JobOrder) -> str:
        """The id of the new job.  Raises NotSupported, Busy, Broken."""
        return await self._of(order.service).submit(order)

    async def cancel(self, service: Service, job_id: str) -> None:
        """End a job, whether it waits or runs."""
        await self._of(service).cancel(service, job_id)

    def _of(self, service: Service) -> Engine:
        return self._engines.get(service.running.engine) or NoEngine()
