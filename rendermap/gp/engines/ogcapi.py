"""The engine of another server: jobs wait here and take turns as everywhere, and an OGC API - Processes server runs them.

A job that ran when this server was stopped or killed has failed: what the other server makes of it is not asked for any more.
"""

from __future__ import annotations

from functools import partial

from rendermap.gp.claims import Claim
from rendermap.gp.engines.engine import Beginning
from rendermap.gp.ogcapi.remote_order import remote_order
from rendermap.gp.ogcapi.remote_program import RemoteProgram
from rendermap.gp.orders import JobOrder
from rendermap.gp.queued_engine import QueuedEngine
from rendermap.jobs import manifest
from rendermap.services.service import service_named, task_named


class OgcApiEngine(QueuedEngine):
    """Belongs to one event loop."""

    own = frozenset(("ogcapi",))

    def _is_run(self, order: JobOrder) -> bool:
        return bool(order.service.running.url)

    def _beginning(self, claim: Claim) -> Beginning | None:
        service = service_named(self._site.services(), claim.note.service)
        task = task_named(service, claim.note.task) if service else None
        if service is None or task is None or service.running.engine not in self.own:
            return None
        return partial(RemoteProgram.start, remote_order(claim.root, service, task, manifest.resume(claim.root).inputs))
