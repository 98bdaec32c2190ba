"""What was given to whom: asked before a picture is made, and told after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rendermap.access.grant import Grant, Operation, Principal
from rendermap.allowance import Allowance
from rendermap.audit import Audit
from rendermap.telemetry import Metrics, make_metrics

LEAST_PIXELS = 64 * 64
"""What a picture counts as at least: a pixel at a place of one's choice tells more than one of many."""


@dataclass(slots=True)
class Bill:
    """What a picture costs."""

    pixels: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """audit: None to keep no record."""

    allowance: Allowance = field(default_factory=Allowance)
    audit: Audit | None = None
    metrics: Metrics = field(default_factory=make_metrics)

    def begin(self, grant: Grant) -> Callable[[], None]:
        """See `Allowance`."""
        return self.allowance.begin(grant.principal)

    @contextmanager
    def giving(self, grant: Grant, pixels: int = 0) -> Iterator[Bill]:
        """A picture, or the swatches of a legend, are made inside and given.  What fails costs nothing.

        pixels: 0 when they show only inside; then the bill is to be told.  Raises TooMany.
        """
        taken = _counted(pixels)
        self.allowance.take(grant, taken)
        bill = Bill(pixels)
        try:
            yield bill
        except BaseException:
            self.allowance.settle(grant, -taken)
            raise
        self.allowance.settle(grant, _counted(bill.pixels) - taken)
        self._gave(grant, bill.pixels)

    def _gave(self, grant: Grant, pixels: int) -> None:
        self.metrics.pictures_served.inc()
        self.metrics.pixels_served.inc(pixels)
        if self.audit and grant.job_id:
            self.audit.saw(grant.principal, grant.service, grant.job_id, grant.operation, pixels)

    def opened(self, grant: Grant) -> None:
        """A job, or its map, was told of."""
        if self.audit and grant.job_id:
            self.audit.saw(grant.principal, grant.service, grant.job_id, grant.operation)

    def give_again(self, grant: Grant, pixels: int) -> None:
        """Count what is given from nearer than the cache of pictures as if it came out of it.

        pixels: 0 for a picture that the client has already.  Raises TooMany.
        """
        if pixels:
            # nothing can fail any more, so there is nothing to settle
            self.allowance.take(grant, _counted(pixels))
            self.metrics.cache_hits.labels("pictures").inc()
            self._gave(grant, pixels)
        self.opened(grant)

    def refused(self, principal: Principal, service: str, job_id: str, why: str) -> None:
        """A job that is there was not told of."""
        if self.audit:
            self.audit.refused(principal, service, job_id, Operation.VIEW, why)


def _counted(pixels: int) -> int:
    return max(pixels, LEAST_PIXELS) if pixels else 0
