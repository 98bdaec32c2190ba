"""Settings -> running service: the only place where parts are chosen."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from rendermap.access.doorkeeper import Doorkeeper
from rendermap.access.policy import Policy
from rendermap.access.realm import RealmInvalid
from rendermap.agreement import Agreement
from rendermap.ahead import Ahead
from rendermap.allowance import Allowance
from rendermap.audit import Audit, LogJournal
from rendermap.audit_file import FileJournal
from rendermap.cache.envelope import Codec
from rendermap.cache.flight import Flight
from rendermap.cache.guard import Guard
from rendermap.cache.memory import ENTRY_BYTES, MemoryStore
from rendermap.cache.outside import REDIS_PATIENCE, Backends, Outside
from rendermap.cache.redis import connect
from rendermap.dispatch.budget import limits_of
from rendermap.dispatch.drawn import Drawn, from_bytes, to_bytes
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.process import NURSERY, WorkerProgram
from rendermap.drawables import Drawables
from rendermap.endings import Endings
from rendermap.gp.engines.engine import Site
from rendermap.gp.runner import Runner
from rendermap.jobs.catalog import Catalog
from rendermap.ledger import Ledger
from rendermap.limits import CLIENT_DRAWINGS, PIXEL_BUDGET
from rendermap.reply import LegendLayer
from rendermap.retention import Retention
from rendermap.service import JobFinder, MapService, Rooms
from rendermap.services.reader import Services
from rendermap.services.service import Service
from rendermap.settings import Settings, SettingsInvalid
from rendermap.studio import Studio
from rendermap.symbology.library import Library
from rendermap.telemetry import Metrics, make_metrics

MEGABYTE = 1024 * 1024
REMEMBERED_VALUES = 4096
SERVICES_S, LOOK_S = 0.5, 0.1
"""With what is believed of an opened map (`frontends.leases`), a changed service counts within a second, and a changed job within half a
second."""
ANSWERS_SHARE = 4
DRAWN_AGAIN = 2
"""A drawing whose worker crashed is begun once more."""
LEGENDS_BYTES = 32 * MEGABYTE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Assembled:
    """A service with everything it needs, not yet started."""

    settings: Settings
    service: MapService
    pool: Pool
    metrics: Metrics
    services: Services
    library: Library
    finder: JobFinder
    doorkeeper: Doorkeeper
    outside: Outside[Drawn] | None = None
    audit: Audit | None = None
    agreement: Agreement | None = None
    endings: Endings | None = None
    ahead: Ahead = field(default_factory=Ahead)
    runner: Runner = field(default_factory=Runner)
    retention: Retention | None = None

    async def start(self) -> None:
        """Starts the workers.  Engines that run tasks, and what ends jobs, are started by who serves (`app.create_app`)."""
        await self.pool.start()
        if self.audit:
            self.audit.start()
        if self.agreement:
            self.agreement.start()
        if self.endings:
            self.endings.start()

    async def stop(self) -> None:
        """Lets drawings finish, then stops the workers."""
        await self.ahead.stop()
        await self.pool.stop()
        if self.endings:
            await self.endings.stop()
        if self.agreement:
            await self.agreement.stop()
        if self.audit:
            await asyncio.to_thread(self.audit.stop)
        if self.outside:
            await self.outside.close()


def build(
    settings: Settings,
    *,
    catalog: JobFinder | None = None,
    services: Callable[[], Mapping[str, Service]] | None = None,
    reads_anywhere: bool = False,
    keeps_all: bool = False,
) -> Assembled:
    """A service from settings.  catalog, services: in place of those on disk, for a job folder given by path.

    keeps_all: who asks for a picture waits until it is kept, so that none is left out when many are drawn.
    reads_anywhere: workers may read what lies outside the jobs directories, for data named by whoever runs the command.
    """
    metrics = make_metrics()
    on_disk = Services(settings.services, check_every_s=SERVICES_S)
    published = services or on_disk.current
    library = Library()
    pool = Pool(
        workers=settings.workers,
        queue_limit=settings.queue_limit,
        queue_s=settings.queue_s,
        deadline_s=settings.deadline_s,
        memory_limit_bytes=settings.memory_limit_mb * MEGABYTE,
        readable=None if reads_anywhere or catalog else tuple(folder.absolute() for folder in settings.jobs),
        program=program_of(settings),
        metrics=metrics,
    )
    drawables = Drawables(pool, library, _remember(metrics, "layers"), _remember(metrics, "styles"))
    doorkeeper = open_door(settings)
    outside = Outside("pictures", _backends(settings, doorkeeper), Codec(to_bytes, from_bytes), metrics, is_patient=keeps_all)
    memory = MemoryStore[Drawn](settings.cache_mb * MEGABYTE - answers_bytes(settings))
    pictures = Flight(memory, _observe(metrics, "pictures"), outside.shared)
    legends = Flight(MemoryStore(LEGENDS_BYTES, weigh_legend), _observe(metrics, "legends"))
    ahead = Ahead(lambda: pool.is_calm, settings.draw_ahead_s)
    on_shelves = Catalog(settings.jobs, services=published)
    finder = catalog or on_shelves
    studio = Studio(
        policy=Policy(),
        pool=pool,
        pictures=pictures,
        legends=legends,
        limits=limits_of(max_px=settings.max_px),
        picture_max_age_s=settings.picture_max_age_s,
        ledger=_ledger(settings, metrics),
        ahead=ahead,
        endings=Endings((pictures, legends), finder),
    )
    agreement = _agreement(settings, doorkeeper, studio.ledger.allowance, metrics)
    runner = Runner() if catalog else Runner.of(Site(tuple(folder.absolute() for folder in settings.jobs), published, settings.broker))
    rooms = Rooms(published, finder, drawables, library, studio, runner, LOOK_S, folders=own_folders(settings))
    return Assembled(
        settings, MapService(rooms), pool, metrics, on_disk, library, finder, doorkeeper, outside, studio.ledger.audit, agreement,
        studio.endings, ahead, runner,
        None if catalog else Retention(settings.jobs, on_shelves, published, settings.queue_s + DRAWN_AGAIN * settings.deadline_s),
    )  # fmt: skip


def own_folders(settings: Settings) -> tuple[Path, ...]:
    """What nobody is told the place of, by all the names it goes by."""
    named = (*settings.jobs, settings.services, settings.access)
    return tuple(dict.fromkeys(path for folder in named for path in (folder.absolute(), folder.resolve())))


def program_of(settings: Settings) -> WorkerProgram:
    """The program of the workers, and what they may keep of datasets."""
    return WorkerProgram(nursery=NURSERY, copies_bytes=settings.prepared_mb * MEGABYTE)


def answers_bytes(settings: Settings) -> int:
    """Of the memory for pictures, what whole answers are kept in; the bodies of most of them lie among the pictures too."""
    return settings.cache_mb * MEGABYTE // ANSWERS_SHARE


def _ledger(settings: Settings, metrics: Metrics) -> Ledger:
    drawings = replace(CLIENT_DRAWINGS, value=settings.drawings_per_client)
    budget = replace(PIXEL_BUDGET, value=settings.pixel_budget_mpx)
    return Ledger(Allowance(drawings, budget), _audit(settings, metrics), metrics)


def _agreement(settings: Settings, doorkeeper: Doorkeeper, allowance: Allowance, metrics: Metrics) -> Agreement | None:
    """None where each process counts for itself."""
    backends = _backends(settings, doorkeeper)
    if backends is None or backends.redis_url is None:
        return None
    client, guard = connect(backends.redis_url, REDIS_PATIENCE.timeout_s), Guard("redis", "budgets", REDIS_PATIENCE, metrics)
    return Agreement(allowance, client, guard, backends.secret)


def _audit(settings: Settings, metrics: Metrics) -> Audit | None:
    """None where only people at a terminal would read it."""
    if settings.audit_log:
        return Audit(FileJournal(settings.audit_log), metrics)
    return Audit(LogJournal(), metrics) if settings.log_format == "json" else None


def open_door(settings: Settings) -> Doorkeeper:
    """Who knows who somebody is.  Raises SettingsInvalid."""
    try:
        return Doorkeeper(settings.access, settings.secret_key, secrets.token_hex(32))
    except RealmInvalid as error:
        raise SettingsInvalid(f"access: {error}") from None


def _backends(settings: Settings, doorkeeper: Doorkeeper) -> Backends | None:
    """Raises SettingsInvalid where pictures would be sealed with a key that is new at every start, and never be found again."""
    if not settings.keeps_outside:
        return None
    key = shared_key(settings, doorkeeper)
    folder_bytes, endpoint = settings.cache_dir_mb * MEGABYTE, settings.cache_s3_endpoint
    return Backends(key.encode(), settings.cache_dir, folder_bytes, settings.redis_url, settings.cache_s3, endpoint)


def shared_key(settings: Settings, doorkeeper: Doorkeeper) -> str:
    """The same for all who share what is kept outside.  Raises SettingsInvalid."""
    keys = settings.secret_key or doorkeeper.realm().secrets
    if not keys:
        raise SettingsInvalid("secret_key: must be given with cache_dir, redis_url or cache_s3; what is kept there is sealed with it")
    return keys[0]


def weigh_legend(layers: tuple[LegendLayer, ...]) -> int:
    """Bytes of a legend's swatches, and what its words and values come to about."""
    return ENTRY_BYTES + sum(ENTRY_BYTES + sum(ENTRY_BYTES + len(entry.swatch) for entry in layer.entries) for layer in layers)


def _remember(metrics: Metrics, cache: str) -> Flight[T]:
    """A flight over the few thousand values last used."""
    return Flight(MemoryStore(REMEMBERED_VALUES, weigh=lambda value: 1), _observe(metrics, cache))


def _observe(metrics: Metrics, cache: str) -> Callable[[bool], None]:
    hits, misses = metrics.cache_hits.labels(cache), metrics.cache_misses.labels(cache)
    return lambda hit: (hits if hit else misses).inc()
