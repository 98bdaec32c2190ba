"""The engine of another server: jobs wait here and take turns as everywhere, and an OGC API - Processes server runs them.

A job that ran when this server was stopped or killed has failed: what the other server makes of it is not asked for any more.
"""

from __future__ import annotations

from functools import partial

from rendermap.gp.charge import task_of
from rendermap.gp.claims import Claim
from rendermap.gp.engines.engine import Beginning
from rendermap.gp.ogcapi.remote_order import remote_order
from rendermap.gp.ogcapi.remote_program import RemoteProgram
from rendermap.gp.orders import JobOrder
from rendermap.gp.queued_engine import QueuedEngine
from rendermap.jobs import manifest


class OgcApiEngine(QueuedEngine):
    """Belongs to one event loop."""

    own = frozenset(("ogcapi",))

    def _is_run(self, order: JobOrder) -> bool:
        return bool(order.service.running.url)

    def _beginning(self, claim: Claim) -> Beginning | None:
        found = task_of(claim, self._site, "ogcapi")
        return partial(RemoteProgram.start, remote_order(claim.root, *found, manifest.resume(claim.root).inputs)) if found else None
