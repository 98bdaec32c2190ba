"""The gate: nothing is planned without a Grant, and only the policy makes one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Operation(StrEnum):
    """What may be asked of a job."""

    VIEW = "view"
    IDENTIFY = "identify"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.  name: ``public`` for strangers."""

    name: str = "public"


PUBLIC = Principal()


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission that was given: principal may do operation with these layers of this job."""

    principal: Principal
    operation: Operation
    service: str
    job_id: str
    layer_ids: frozenset[int]
