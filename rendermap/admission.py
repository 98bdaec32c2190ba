"""The first stations of every question: the service, the job, and what whoever asks may do with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from rendermap.access.grant import Operation, Principal
from rendermap.access.policy import JobAccess, Policy, ServiceAccess
from rendermap.errors import Broken, Ended, JobNotFound, JobUnreadable, NotFound, ServiceNotFound
from rendermap.gate import Gate, access_of
from rendermap.jobs.job import Job
from rendermap.jobs.usage import Usage
from rendermap.ledger import Ledger
from rendermap.request import JobRequest
from rendermap.services.service import Service, service_named

REFUSAL_STEP_S = 0.05
"""Longer than it takes to look at a job folder."""
OTHERS = 8
"""So many times as many jobs are looked at for a list that those of others have left places in."""
HOUR_S = 3600.0

Found = tuple[Job, Service, Gate]


class JobFinder(Protocol):
    """Jobs on disk, by name."""

    def find(self, service: str, job_id: str) -> Job: ...
    def list(self, service: str | None = None, limit: int = 200) -> tuple[Job, ...]: ...


class Admission:
    """Knows services and jobs, and who may know of them.  services: what is published now, by name."""

    def __init__(
        self, services: Callable[[], Mapping[str, Service]], catalog: JobFinder, policy: Policy, ledger: Ledger, usage: Usage
    ) -> None:
        self._published = services
        self._catalog = catalog
        self._policy = policy
        self._ledger = ledger
        self._usage = usage

    async def services(self, principal: Principal) -> tuple[tuple[Service, ServiceAccess], ...]:
        """Every service that principal may know of, by name."""
        published = ((service, access_of(service)) for _, service in sorted((await asyncio.to_thread(self._published)).items()))
        return tuple((service, access) for service, access in published if self._policy.admits(principal, access))

    async def service(self, name: str, principal: Principal) -> tuple[Service, ServiceAccess]:
        """One service; its name is matched without regard to case.  Raises ServiceNotFound."""
        return self._admit(await asyncio.to_thread(self._published), name, principal)

    async def job(self, request: JobRequest) -> Found:
        """One job in any state.  Raises ServiceNotFound, JobNotFound, Ended."""
        async with even_refusals():
            return await asyncio.to_thread(self._find, request)

    async def jobs(self, principal: Principal, service: str | None, limit: int) -> tuple[Found, ...]:
        """Jobs of one or all services that principal may see, newest first.  Raises ServiceNotFound."""
        services = await asyncio.to_thread(self._published)
        name = self._admit(services, service, principal)[0].name if service else None
        return await asyncio.to_thread(self._list, services, principal, name, limit)

    def _admit(self, services: Mapping[str, Service], name: str, principal: Principal) -> tuple[Service, ServiceAccess]:
        """Raises ServiceNotFound, also where there is such a service and not for principal."""
        service = service_named(services, name)
        if service is None:
            raise ServiceNotFound
        access = access_of(service)
        self._policy.demand(principal, access)
        return service, access

    def _find(self, request: JobRequest) -> Found:
        """Reads the disk, and may block.  Raises JobNotFound, also where there is such a job and it is not for who asks."""
        try:
            return self._found(request)
        except (JobNotFound, ServiceNotFound) as error:
            if error.refusal:
                self._ledger.refused(request.principal, request.service, request.job_id, error.refusal)
            raise

    def _found(self, request: JobRequest) -> Found:
        service, access = self._admit(self._published(), request.service, request.principal)
        try:
            job = self._catalog.find(service.name, request.job_id)
        except (Ended, JobUnreadable) as error:
            self._policy.grant(request.principal, Operation.VIEW, access, JobAccess(request.job_id, error.owner, error.is_private))
            raise
        gate = Gate.of(self._policy, request.principal, access, job)
        if service.running.lifetime_h and service.running.lifetime_from == "access":
            self._usage.note(job.root, service.running.lifetime_h * HOUR_S)
        return job, service, gate

    def _list(self, services: Mapping[str, Service], principal: Principal, name: str | None, limit: int) -> tuple[Found, ...]:
        """Reads the disk, and may block."""
        if principal.link is not None:
            return self._linked(principal)
        seen: tuple[Found, ...] = ()
        for looked_at in (limit, limit * OTHERS):
            jobs = self._catalog.list(name, looked_at)
            seen = tuple(found for job in jobs if (found := self._seen(principal, services, job)))
            if len(seen) >= limit or len(jobs) < looked_at:
                break
        return seen[:limit]

    def _seen(self, principal: Principal, services: Mapping[str, Service], job: Job) -> Found | None:
        """None for whom there is no such job."""
        service = service_named(services, job.service)
        if service is None:
            return None
        try:
            return job, service, Gate.of(self._policy, principal, access_of(service), job)
        except JobNotFound:
            return None

    def _linked(self, principal: Principal) -> tuple[Found, ...]:
        """The one job of a link."""
        assert principal.link
        try:
            return (self._find(JobRequest(principal.link.service, principal.link.job_id, principal)),)
        except (NotFound, Ended, Broken):
            return ()


@asynccontextmanager
async def even_refusals() -> AsyncIterator[None]:
    """Tells that there is no such job only at the next full step of time, so that how long it took does not tell why."""
    began = time.monotonic()
    try:
        yield
    except NotFound:
        await asyncio.sleep(-(time.monotonic() - began) % REFUSAL_STEP_S)
        raise
