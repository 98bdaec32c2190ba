"""The gate: nothing is planned without a Grant, and only the policy makes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Operation(StrEnum):
    """What may be asked of a job."""

    VIEW = "view"
    IDENTIFY = "identify"
    DATA = "data"


LEVELS = (Operation.VIEW, Operation.IDENTIFY, Operation.DATA)
"""Each contains the ones before it."""


class PrincipalKind(StrEnum):
    """How somebody showed who they are."""

    PUBLIC = "public"
    USER = "user"
    KEY = "key"
    LINK = "link"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a permission reaches.

    finest_scale_denominator: at 0.28 mm per pixel; what is asked closer is drawn no finer.  extent_deg: (west, south, east, north) in
    degrees of WGS 84, outside of which nothing is shown.  None for no bound.
    """

    finest_scale_denominator: float | None = None
    extent_deg: tuple[float, float, float, float] | None = None


UNBOUNDED = Bounds()


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link allows, and all it allows.

    layer_ids: None for every layer of the job.  operation: the highest.  made, starts, ends: seconds since 1970; a link is good from starts
    on and until before ends.
    """

    id: str
    service: str
    job_id: str
    layer_ids: frozenset[int] | None
    operation: Operation
    bounds: Bounds
    made: int
    starts: int
    ends: int


KEY_OWNER = "key:"
"""Before the name of a key that owns a job."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    name: ``public`` for strangers.  address: where a stranger asks from, for counting; no right is given by it.  link: of somebody who
    came by a signed link.
    """

    name: str = "public"
    kind: PrincipalKind = PrincipalKind.PUBLIC
    groups: frozenset[str] = frozenset()
    address: str = ""
    link: Link | None = None

    @property
    def account(self) -> str:
        """What the principal is counted under: the name, and for strangers the address they ask from."""
        return f"{self.kind.value}:{self.address if self.is_stranger else self.name}"

    @property
    def owner_name(self) -> str | None:
        """What the jobs say that the principal submitted; None for whom none can be told to be.  No user has the name of a key."""
        if self.kind is PrincipalKind.KEY:
            return f"{KEY_OWNER}{self.name}"
        return self.name if self.kind is PrincipalKind.USER and not self.name.startswith(KEY_OWNER) else None

    @property
    def is_stranger(self) -> bool:
        """True for whom nothing is known of but the address."""
        return self.kind is PrincipalKind.PUBLIC


PUBLIC = Principal()
OPERATOR = Principal("operator", PrincipalKind.OPERATOR)
"""Whoever runs the command line, and so reads the disk anyway.  No request is ever in this name."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission that was given: principal may do operation with these layers of this job, within bounds.

    is_public: everybody would be given the very same, so caches between us and the client may keep the answer.  pixel_budget: megapixels
    of the service's pictures for one client in an hour, None for no bound.
    """

    principal: Principal
    operation: Operation
    service: str
    job_id: str
    layer_ids: frozenset[int]
    bounds: Bounds = field(default=UNBOUNDED)
    is_public: bool = True
    pixel_budget: float | None = None
