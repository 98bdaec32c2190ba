"""Real workers, asked from outside their loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anyio.from_thread import BlockingPortal, start_blocking_portal

from rendermap.dispatch.plan import InspectPlan, MapPlan, MeasurePlan
from rendermap.dispatch.pool import Drawn, Pool
from rendermap.jobs.job import DataSource, Layer
from rendermap.symbology.facts import Measures
from tests.builders.vectors import source_at


@dataclass(frozen=True)
class Workers:
    """A pool of real workers that may read jobs."""

    portal: BlockingPortal
    pool: Pool
    jobs: Path

    def look(self, path: Path, member: str | None = None) -> Layer:
        """What a dataset is, as it is now."""
        return self.look_at(source_at(path, member))

    def look_at(self, source: DataSource) -> Layer:
        """What a dataset is."""
        return self.portal.call(self.pool.inspect, InspectPlan(source))

    def measure(self, layer: Layer, field: str | None = None) -> Measures:
        """Its numbers."""
        return self.portal.call(self.pool.measure, MeasurePlan(layer, field))

    def draw(self, plan: MapPlan) -> Drawn:
        """A picture."""
        return self.portal.call(self.pool.draw, plan)


@contextmanager
def working(jobs: Path, *, workers: int = 1, deadline_s: float = 20, memory_limit_bytes: int = 1 << 30) -> Iterator[Workers]:
    """Workers while they work."""
    with start_blocking_portal() as portal:
        pool = Pool(workers, deadline_s=deadline_s, memory_limit_bytes=memory_limit_bytes, readable=(jobs,))
        portal.call(pool.start)
        try:
            yield Workers(portal, pool, jobs)
        finally:
            portal.call(pool.stop)
