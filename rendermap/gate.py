"""A service and a job as the policy sees them: the one place where their rows are turned into its questions."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.access.grant import Grant, Operation, Principal
from rendermap.access.policy import JobAccess, LayerAccess, Policy, ServiceAccess
from rendermap.errors import NotSupported
from rendermap.jobs.job import Job
from rendermap.services.service import Service


@dataclass(frozen=True, slots=True)
class Gate:
    """What one principal, who may see a job, may do with it.  view: what may be seen."""

    policy: Policy
    principal: Principal
    service: ServiceAccess
    job: JobAccess
    view: Grant

    @staticmethod
    def of(policy: Policy, principal: Principal, service: ServiceAccess, job: Job) -> Gate:
        """The gate before a job.  Raises JobNotFound for whom there is no such job."""
        access = JobAccess(job.job_id, job.owner, job.is_private)
        return Gate(policy, principal, service, access, policy.grant(principal, Operation.VIEW, service, access))

    def granted(self, operation: Operation, layer_id: int) -> Grant:
        """The permission to do something with a layer.  Raises NotSupported."""
        grant = self.policy.grant(self.principal, operation, self.service, self.job)
        if layer_id not in grant.layer_ids:
            raise NotSupported
        return grant

    def allowed(self, operation: Operation) -> frozenset[int]:
        """The layers an operation may be done with, none where it may not be done at all."""
        try:
            return self.policy.grant(self.principal, operation, self.service, self.job).layer_ids
        except NotSupported:
            return frozenset()


def access_of(service: Service) -> ServiceAccess:
    """A service as the policy sees it."""
    known = (*service.layers, *service.tables)
    layers = tuple(LayerAccess(one.id, Operation(one.access.value), one.who or service.who) for one in known)
    return ServiceAccess(service.name, service.who, layers, service.protection.pixel_budget, service.submitters)
