"""Settings -> running service: the only place where parts are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rendermap.access.policy import Policy
from rendermap.cache.flight import Flight
from rendermap.cache.memory import MemoryStore
from rendermap.dispatch.budget import Limits
from rendermap.dispatch.pool import Pool
from rendermap.drawables import Drawables
from rendermap.jobs.catalog import Catalog
from rendermap.service import JobFinder, MapService, Rooms
from rendermap.services.reader import Services
from rendermap.services.service import Service
from rendermap.settings import Settings
from rendermap.symbology.library import Library
from rendermap.telemetry import Telemetry, make_telemetry

MEGABYTE = 1024 * 1024
REMEMBERED_LAYERS = 4096


@dataclass(frozen=True, slots=True)
class Assembled:
    """A service with everything it needs, not yet started."""

    settings: Settings
    service: MapService
    pool: Pool
    telemetry: Telemetry
    services: Services
    library: Library

    async def start(self) -> None:
        """Starts the workers."""
        await self.pool.start()

    async def stop(self) -> None:
        """Lets drawings finish, then stops the workers."""
        await self.pool.stop()


def build(
    settings: Settings, *, catalog: JobFinder | None = None, services: Callable[[], Mapping[str, Service]] | None = None
) -> Assembled:
    """A service from settings.  catalog, services: in place of those on disk, for a job folder given by path."""
    telemetry = make_telemetry()
    on_disk = Services(settings.services)
    published = services or on_disk.current
    library = Library()
    pool = Pool(
        workers=settings.workers,
        queue_limit=settings.queue_limit,
        deadline_s=settings.deadline_s,
        memory_limit_bytes=settings.memory_limit_mb * MEGABYTE,
        telemetry=telemetry,
    )
    drawables = Drawables(pool, library, _remember(), _remember())
    rooms = Rooms(
        services=published,
        catalog=catalog or Catalog(settings.jobs, services=published),
        drawables=drawables,
        library=library,
        policy=Policy(),
        pool=pool,
        pictures=Flight(MemoryStore(settings.cache_mb * MEGABYTE), telemetry=telemetry),
        legends=_remember(),
        limits=Limits(max_px=settings.max_px),
        picture_max_age_s=settings.picture_max_age_s,
    )
    return Assembled(settings, MapService(rooms), pool, telemetry, on_disk, library)
