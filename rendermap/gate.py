"""A service and a job as the policy sees them: the one place where their rows are turned into its questions."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.access.grant import Grant, Operation, Principal
from rendermap.access.policy import JobAccess, LayerAccess, Policy, ServiceAccess, Who
from rendermap.errors import NotSupported
from rendermap.jobs.job import Job
from rendermap.services.service import Readers, Service


@dataclass(frozen=True, slots=True)
class Gate:
    """What one principal may do with one job."""

    policy: Policy
    principal: Principal
    service: ServiceAccess
    job: JobAccess

    @staticmethod
    def of(policy: Policy, principal: Principal, service: Service, job: Job) -> Gate:
        """The gate before a job."""
        return Gate(policy, principal, access_of(service), JobAccess(job.job_id, job.owner, job.is_private))

    def grant(self, operation: Operation) -> Grant:
        """The layers it may be done with.  Raises JobNotFound, NotSupported."""
        return self.policy.grant(self.principal, operation, self.service, self.job)

    def allowed(self, operation: Operation) -> frozenset[int]:
        """The layers it may be done with, none where it may not be done at all."""
        try:
            return self.grant(operation).layer_ids
        except NotSupported:
            return frozenset()


def access_of(service: Service) -> ServiceAccess:
    """A service as the policy sees it."""
    usual = _who(service.who)
    layers = tuple(
        LayerAccess(layer.id, Operation(layer.access.value), _who(layer.who) if layer.who else usual) for layer in service.layers
    )
    return ServiceAccess(service.name, usual, layers, service.protection.pixel_budget)


def _who(readers: Readers) -> Who:
    return Who(readers.view, readers.identify, readers.data)
