"""One question as the handlers see it, and the two kinds of answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import Request

from rendermap.access.grant import Principal
from rendermap.access.keyring import KeyRing
from rendermap.frontends.arcgis.address import Address
from rendermap.frontends.identity import doorkeeper_of
from rendermap.frontends.kvp import Parameters
from rendermap.frontends.links import job_page, link
from rendermap.frontends.negotiation import Form
from rendermap.request import JobRequest
from rendermap.service import MapService


@dataclass(frozen=True, slots=True)
class Answer:
    """A document and the page that shows it to people.

    page: template's name.  shown: what the page needs besides.  status: of the page, in HTTP's words.
    """

    document: Mapping[str, object]
    page: str
    shown: Mapping[str, object] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Ask:
    """form: how the answer is to be written."""

    request: Request
    service: MapService
    address: Address
    parameters: Parameters
    form: Form
    principal: Principal

    def of_job(self, job_id: str) -> Ask:
        """The same, asked of a job."""
        return replace(self, address=replace(self.address, job_id=job_id))

    def job(self, service: str) -> JobRequest:
        """The job of the address, of a service by its published name."""
        return JobRequest(service, self.address.job_id or "", self.principal)

    @property
    def ring(self) -> KeyRing:
        """The keys that sign picture addresses; the same on every replica."""
        return doorkeeper_of(self.request).ring

    # --- absolute addresses ---

    def url(self, *parts: str) -> str:
        """An absolute address below where this front end hangs."""
        return link(self.request, _prefix(self.request), *parts)

    def map_url(self, service: str, job_id: str | None) -> str:
        """The map of a job, or the template."""
        return self.url("services", service, "MapServer", *(("jobs", job_id) if job_id else ()))

    def crumbs(self, service: str) -> tuple[tuple[str, str], ...]:
        """The pages above a service's, and its own: each a label and an address."""
        folder, _, name = service.rpartition("/")
        above = ((folder, self.url("services", folder)),) if folder else ()
        return (("services", self.url("services")), *above, (name, self.task_url(service)))

    def layer_url(self, service: str, job_id: str | None, layer_id: int) -> str:
        """A layer of that map."""
        return f"{self.map_url(service, job_id)}/{layer_id}"

    def page_url(self, service: str, job_id: str | None) -> str | None:
        """The viewer's page of a job; None of the template, and where there is no viewer."""
        return job_page(self.request, service, job_id) if job_id else None

    def alias_url(self, service: str, job_id: str) -> str:
        """The map of a job at an address that keeps the job when a client cuts it after ``MapServer``."""
        return self.url("services", service, "jobs", job_id, "MapServer")

    def task_url(self, service: str, task: str = "") -> str:
        """The GP service or one of its tasks."""
        return self.url("services", service, "GPServer", *((task,) if task else ()))

    def job_url(self, service: str, task: str, job_id: str) -> str:
        """A job of a task."""
        return self.url("services", service, "GPServer", task, "jobs", job_id)


def _prefix(request: Request) -> str:
    """Where the router was mounted, told by what it left of the path."""
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return path.removesuffix(request.path_params.get("path", "")).strip("/")
