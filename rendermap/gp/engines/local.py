"""The engine of this machine: tools run in processes of their own."""

from __future__ import annotations

from functools import partial

import structlog

from rendermap.gp.charge import order_of
from rendermap.gp.claims import Claim
from rendermap.gp.engines.engine import Beginning
from rendermap.gp.orders import JobOrder
from rendermap.gp.queued_engine import QueuedEngine
from rendermap.gp.tool_confinement import UNCONFINED, lack_of_confinement
from rendermap.gp.tool_program import ToolProgram

_log = structlog.get_logger("rendermap.gp")


class LocalEngine(QueuedEngine):
    """Belongs to one event loop.  Jobs of a service that has no engine any more are its own, so that they come to an end."""

    own = frozenset(("local", "none"))

    async def start(self) -> None:
        """Take up what other servers have left; the operator is told where tools cannot be confined."""
        if lack := lack_of_confinement():
            _log.warning(UNCONFINED, reason=lack)
        await super().start()

    def _is_run(self, order: JobOrder) -> bool:
        return order.task.has_tool

    def _beginning(self, claim: Claim) -> Beginning | None:
        order = order_of(claim, self._site, "local")
        return partial(ToolProgram.start, order) if order else None
