"""No engine: an outside GP server runs the tasks, and this service shows what has been made."""

from __future__ import annotations

from rendermap.errors import NotSupported
from rendermap.gp.engines.engine import Site
from rendermap.gp.orders import JobOrder
from rendermap.services.service import Service

ELSEWHERE = "This server takes no jobs for this service from you; where another server runs its tasks, submit them there."
"""Also to those who may not submit: who may is nobody else's business."""


class NoEngine:
    """Refuses every order, and leaves jobs as they are."""

    def __init__(self, site: Site | None = None) -> None:
        del site

    async def start(self) -> None:
        """Nothing is to be taken up."""

    async def stop(self) -> None:
        """Nothing is under way."""

    async def submit(self, order: JobOrder) -> str:
        """Raises NotSupported."""
        del order
        raise NotSupported(details=(ELSEWHERE,))

    async def cancel(self, service: Service, job_id: str) -> None:
        """Whoever runs the job is asked elsewhere."""
