"""What one client may have: so many pictures being made at once, and so many pixels in an hour.

A client is a principal's account; a stranger is known by the address, of IPv6 by the network that one household has.  Each process counts
for itself; of pixels it can be told what others have given (`Agreement`).
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
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
    """Pixels that are left, as of a time; below 0 when more was given than could be known beforehand.  untold: spent since `spent`."""

    whole: float
    left: float
    at: float
    untold: float = 0.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a client had of a budget since the last time.  scope: a service, "" for all together.  whole: an hour's pixels."""

    client: str
    scope: str
    whole: float
    pixels: float


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
            budget.untold += pixels

    def spent(self) -> list[Spent]:
        """What was taken since the last time, of every budget that is not known to be full."""
        for budget in self._budgets.values():
            self._fill(budget)
        told = [Spent(*key, each.whole, each.untold) for key, each in self._budgets.items() if each.untold or each.left < each.whole]
        for each in self._budgets.values():
            each.untold = 0.0
        return told

    def correct(self, batch: Sequence[Spent], left: Mapping[Spent, float]) -> None:
        """What is left of all processes together.  left: of those of the batch that could be told."""
        for each in batch:
            budget = self._budgets.get((each.client, each.scope))
            if budget is None or budget.whole != each.whole:
                continue
            if each in left:
                # what was spent while the question was under way is not in the answer; a Redis that lost all knows less than we do
                budget.left = min(left[each] - budget.untold, budget.left)
            else:
                budget.untold += each.pixels

    def _end(self, client: str) -> None:
        self._making[client] -= 1
        if not self._making[client]:
            del self._making[client]

    def _budgets_of(self, grant: Grant) -> list[tuple[Limit, _Budget]]:
        """Of all services together, and of this one."""
        if grant.principal == OPERATOR:
            return []
        limits = [(self._budget, "")] if self._budget.value else []
        if grant.pixel_budget:
            own = replace(PIXEL_BUDGET, value=math.ceil(grant.pixel_budget), unit=f"{PIXEL_BUDGET.unit} of this service")
            limits.append((own, grant.service))
        client = client_of(grant.principal) if limits else ""
        return [(limit, self._filled(client, scope, limit)) for limit, scope in limits]

    def _filled(self, client: str, scope: str, limit: Limit) -> _Budget:
        """The budget with what has come in since it was last looked at; never more than an hour's."""
        whole = _pixels_in(limit)
        budget = self._budgets.get((client, scope))
        if budget is None or budget.whole != whole:
            budget = self._budgets[client, scope] = _Budget(whole, whole, self._now())
        self._budgets.move_to_end((client, scope))
        if len(self._budgets) > MOST_BUDGETS:
            self._budgets.popitem(last=False)
        self._fill(budget)
        return budget

    def _fill(self, budget: _Budget) -> None:
        now = self._now()
        budget.left = min(budget.left + (now - budget.at) * budget.whole / HOUR_S, budget.whole)
        budget.at = now


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
