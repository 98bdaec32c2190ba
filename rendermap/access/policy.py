"""Who may do what: the only place where a Grant is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rendermap.access.grant import LEVELS, OPERATOR, PUBLIC, UNBOUNDED, Grant, Operation, Principal, PrincipalKind
from rendermap.errors import JobNotFound, NotSupported, ServiceNotFound

EVERYBODY, SIGNED_IN, OWNER = "public", "signed_in", "owner"


@dataclass(frozen=True, slots=True)
class Who:
    """Who may do which operation: words such as ``public``, ``signed_in``, ``owner``, ``user:anna``, ``group:planners``, ``key:portal``.

    identify, data: None for whoever may do the operation before it.
    """

    view: frozenset[str] = frozenset({EVERYBODY})
    identify: frozenset[str] | None = None
    data: frozenset[str] | None = None

    def may(self, operation: Operation) -> tuple[frozenset[str], ...]:
        """The lists that must all name whoever does the operation: a level contains the ones before it."""
        lists = {Operation.VIEW: self.view, Operation.IDENTIFY: self.identify, Operation.DATA: self.data}
        named = (lists[level] for level in LEVELS[: LEVELS.index(operation) + 1])
        return tuple(words for words in named if words is not None)


@dataclass(frozen=True, slots=True)
class LayerAccess:
    """A tool layer as the policy sees it.  level: the highest operation its author allows anybody."""

    id: int
    level: Operation
    who: Who = Who()


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """A service as the policy sees it.

    pixel_budget: as a `Grant` has it.  submitters: who may submit, None for all who may know of it.
    """

    name: str
    who: Who = Who()
    layers: tuple[LayerAccess, ...] = ()
    pixel_budget: float | None = None
    submitters: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class JobAccess:
    """A job as the policy sees it.  owner: the name of whoever submitted it.  is_private: only the owner may see it."""

    job_id: str
    owner: str | None = None
    is_private: bool = False


class Policy:
    """Everyone may view; more only where the author raised the layer's level, less where service or job name who may."""

    def admits(self, principal: Principal, service: ServiceAccess) -> bool:
        """True when there may be a job of the service that principal may see something of."""
        if principal.link is not None:
            return principal.link.service.casefold() == service.name.casefold()
        return principal == OPERATOR or any(_may_be(who.view, principal) for who in (service.who, *(layer.who for layer in service.layers)))

    def demand(self, principal: Principal, service: ServiceAccess) -> None:
        """Raises ServiceNotFound for whom there is no such service."""
        if not self.admits(principal, service):
            raise ServiceNotFound(refusal="the service is not for them")

    def may_submit(self, principal: Principal, service: ServiceAccess) -> bool:
        """True for whoever may have jobs made, and would then see them."""
        if principal.link is not None or not self.admits(principal, service):
            return False
        if principal == OPERATOR:
            return True
        is_named = service.submitters is None or _is_named(service.submitters, principal)
        return is_named and self._allowed(principal, Operation.VIEW, service, JobAccess("", principal.owner_name)) is not None

    def may_cancel(self, principal: Principal, service: ServiceAccess, job: JobAccess) -> bool:
        """True for the owner of a job; where it is nobody's, for whoever may submit."""
        if principal == OPERATOR or job.owner is None:
            return self.may_submit(principal, service)
        return _is_owner(principal, job)

    def known_layers(self, principal: Principal, service: ServiceAccess) -> frozenset[int]:
        """The layers principal may see in some job of the service."""
        if principal.link is not None:
            return _linked(principal, service.layers)
        return frozenset(layer.id for layer in service.layers if principal == OPERATOR or _may_be(layer.who.view, principal))

    def grant(self, principal: Principal, operation: Operation, service: ServiceAccess, job: JobAccess) -> Grant:
        """The layers of the job with which principal may do operation.

        Raises JobNotFound for whom there is no such job; NotSupported, in the words of a service without the operation, when there is no
        layer for it.
        """
        seen = self._allowed(principal, Operation.VIEW, service, job)
        if seen is None:
            raise JobNotFound(refusal=_why_not(principal, job))
        allowed = seen if operation is Operation.VIEW else self._allowed(principal, operation, service, job) or frozenset()
        if not allowed and operation is not Operation.VIEW:
            raise NotSupported
        bounds = principal.link.bounds if principal.link else UNBOUNDED
        is_public = bounds == UNBOUNDED and self._is_as_public(principal, service, job)
        return Grant(principal, operation, service.name, job.job_id, allowed, bounds, is_public, service.pixel_budget)

    def pass_on(self, grant: Grant, stranger: Principal) -> Grant:
        """What one stranger was granted, granted to another: no right comes of an address.  Raises JobNotFound for all others."""
        if not (grant.principal.is_stranger and stranger.is_stranger):
            raise JobNotFound(refusal="the grant is a stranger's")
        return replace(grant, principal=stranger)

    def _is_as_public(self, principal: Principal, service: ServiceAccess, job: JobAccess) -> bool:
        """True when everybody may do with the job just what principal may."""
        return principal.kind is PrincipalKind.PUBLIC or all(
            self._allowed(PUBLIC, each, service, job) == self._allowed(principal, each, service, job) for each in LEVELS
        )

    def template(self, principal: Principal, service: ServiceAccess) -> Grant:
        """For the map of the service without a job, which shows no data.  Raises ServiceNotFound."""
        self.demand(principal, service)
        known = self.known_layers(principal, service)
        is_public = known == self.known_layers(PUBLIC, service)
        return Grant(principal, Operation.VIEW, service.name, "", known, UNBOUNDED, is_public, service.pixel_budget)

    def _allowed(self, principal: Principal, operation: Operation, service: ServiceAccess, job: JobAccess) -> frozenset[int] | None:
        """The layers; None for whom there is no such job."""
        raised = tuple(layer for layer in service.layers if LEVELS.index(layer.level) >= LEVELS.index(operation))
        if principal.link is not None:
            if not _is_of(principal, service, job):
                return None
            return _linked(principal, raised) if LEVELS.index(principal.link.operation) >= LEVELS.index(operation) else frozenset()
        if principal == OPERATOR:
            return frozenset(layer.id for layer in raised)
        if job.is_private and not _is_owner(principal, job):
            return None
        allowed = frozenset(layer.id for layer in raised if _may(layer.who, operation, principal, job))
        return allowed if allowed or _may(service.who, Operation.VIEW, principal, job) else None


def _why_not(principal: Principal, job: JobAccess) -> str:
    """For the audit log."""
    if principal.link is not None:
        return "the link is for another job"
    return "the job is private" if job.is_private and not _is_owner(principal, job) else "no layer of the job is for them"


def _may(who: Who, operation: Operation, principal: Principal, job: JobAccess) -> bool:
    return all(_is_named(words, principal) or (OWNER in words and _is_owner(principal, job)) for words in who.may(operation))


def _may_be(words: frozenset[str], principal: Principal) -> bool:
    return _is_named(words, principal) or (OWNER in words and principal.owner_name is not None)


def _is_named(words: frozenset[str], principal: Principal) -> bool:
    if EVERYBODY in words:
        return True
    if principal.kind is PrincipalKind.PUBLIC:
        return False
    own = {SIGNED_IN, f"{principal.kind.value}:{principal.name}", *(f"group:{group}" for group in principal.groups)}
    return not own.isdisjoint(words)


def _is_owner(principal: Principal, job: JobAccess) -> bool:
    return job.owner is not None and principal.owner_name == job.owner


def _is_of(principal: Principal, service: ServiceAccess, job: JobAccess) -> bool:
    link = principal.link
    return link is not None and link.service.casefold() == service.name.casefold() and link.job_id == job.job_id


def _linked(principal: Principal, layers: Iterable[LayerAccess]) -> frozenset[int]:
    assert principal.link
    named = principal.link.layer_ids
    return frozenset(layer.id for layer in layers if named is None or layer.id in named)
