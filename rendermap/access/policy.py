"""Who may do what: the only place where a Grant is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rendermap.access.grant import Grant, Operation, Principal
from rendermap.errors import NotSupported

_LEVELS = (Operation.VIEW, Operation.IDENTIFY, Operation.DATA)


@dataclass(frozen=True, slots=True)
class LayerAccess:
    """A tool layer as the policy sees it.  level: the highest operation its author allows."""

    id: int
    level: Operation


class Policy:
    """Everyone may view; more only where the layer's author raised its level."""

    def grant(self, principal: Principal, operation: Operation, service: str, job_id: str, layers: Iterable[LayerAccess]) -> Grant:
        """The layers of the job with which principal may do operation.

        Raises NotSupported when there is none, in the words a service without that operation would use.
        """
        allowed = frozenset(layer.id for layer in layers if _LEVELS.index(layer.level) >= _LEVELS.index(operation))
        if not allowed and operation is not Operation.VIEW:
            raise NotSupported
        return Grant(principal, operation, service, job_id, allowed)
