"""What one client may have: so many pictures being made at once, and so many pixels in an hour.

A client is a principal's account; a stranger is known by the address, of IPv6 by the network that one household has.  Each process counts
for itself.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv6Network

from rendermap.access.grant import OPERATOR, Grant, Principal, PrincipalKind
from rendermap.errors import TooMany
from rendermap.limits import CLIENT_DRAWINGS, PIXEL_BUDGET, Limit

HOUR_S = 3600.0
MEGAPIXEL = 1_000_000
MOST_BUDGETS = 50_000
"""That are remembered; the one used longest ago is forgotten, and it is full again or nearly so."""

HOUSEHOLD_BITS = 64


@dataclass(slots=True)
class _Budget:
    """Pixels that are left, as of a time; below 0 when more was given than could be known beforehand."""

    left: float
    at: float


class Allowance:
    """Belongs to one event loop.

    drawings: being made at once.  budget: megapixels in an hour, of all services together; its value 0 for no bound.
    now: a clock in seconds that never goes back.
    """

    def __init__(self, drawings: Limit = CLIENT_DRAWINGS, budget: Limit = PIXEL_BUDGET, now: Callable[[], float] = time.monotonic) -> None:
        self._drawings = drawings
        self._budget = budget
        self._now = now
        self._making: dict[str, int] = {}
        self._budgets: OrderedDict[tuple[str, str], _Budget] = OrderedDict()

    def begin(self, principal: Principal) -> Callable[[], None]:
        """Count a picture that is begun; the result is called when it is made, or has failed.  Raises TooMany."""
        client = client_of(principal)
        if self._making.get(client, 0) >= self._drawings.value and principal != OPERATOR:
            raise TooMany(self._drawings.sentence, retry_after_s=1)
        self._making[client] = self._making.get(client, 0) + 1
        return lambda: self._end(client)

    def take(self, grant: Grant, pixels: int) -> None:
        """Take pixels out of the hour; 0 for a picture whose size shows only when it is made.  Raises TooMany when so many are not left."""
        for limit, budget in self._budgets_of(grant):
            missing = max(pixels, 1) - budget.left
            if missing > 0:
                raise TooMany(limit.sentence, retry_after_s=min(math.ceil(missing / _pixels_in(limit) * HOUR_S), int(HOUR_S)))
        self.settle(grant, pixels)

    def settle(self, grant: Grant, pixels: int) -> None:
        """Take what was more than was known beforehand; below 0 to give back."""
        for _, budget in self._budgets_of(grant):
            budget.left -= pixels

    def _end(self, client: str) -> None:
        self._making[client] -= 1
        if not self._making[client]:
            del self._making[client]

    def _budgets_of(self, grant: Grant) -> list[tuple[Limit, _Budget]]:
        """Of all services together, and of this one."""
        if grant.principal == OPERATOR:
            return []
        own = replace(PIXEL_BUDGET, value=math.ceil(grant.pixel_budget or 0), unit=f"{PIXEL_BUDGET.unit} of this service")
        client = client_of(grant.principal)
        return [(limit, self._filled(client, place, limit)) for limit, place in ((self._budget, ""), (own, grant.service)) if limit.value]

    def _filled(self, client: str, place: str, limit: Limit) -> _Budget:
        """The budget with what has come in since it was last looked at; never more than an hour's."""
        whole, now = _pixels_in(limit), self._now()
        budget = self._budgets.setdefault((client, place), _Budget(whole, now))
        self._budgets.move_to_end((client, place))
        if len(self._budgets) > MOST_BUDGETS:
            self._budgets.popitem(last=False)
        budget.left = min(budget.left + (now - budget.at) * whole / HOUR_S, whole)
        budget.at = now
        return budget


def _pixels_in(limit: Limit) -> float:
    return float(limit.value * MEGAPIXEL)


def client_of(principal: Principal) -> str:
    """Whom to count: a household's addresses of IPv6 are one client, for it has more of them than anybody could count."""
    if principal.kind is not PrincipalKind.PUBLIC or ":" not in principal.address:
        return principal.account
    try:
        network = IPv6Network((principal.address.partition("%")[0], HOUSEHOLD_BITS), strict=False)
    except (AddressValueError, ValueError):
        return principal.account
    return f"{principal.kind.value}:{network.network_address}"
