"""A client may have so many pictures made at once, and so many pixels in an hour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rendermap.access.grant import OPERATOR, PUBLIC, Grant, Operation, Principal, PrincipalKind
from rendermap.allowance import MOST_BUDGETS, Allowance, client_of
from rendermap.errors import TooMany
from rendermap.ledger import Ledger
from rendermap.limits import CLIENT_DRAWINGS, PIXEL_BUDGET
from tests.builders.clock import Clock

ANNA = Principal("anna", PrincipalKind.USER, address="192.0.2.1")
BOB = Principal("bob", PrincipalKind.USER, address="192.0.2.1")
TWO = replace(CLIENT_DRAWINGS, value=2)
THREE_MPX = replace(PIXEL_BUDGET, value=3)


def grant(principal: Principal = ANNA, service: str = "Demo", budget: float | None = None) -> Grant:
    """A permission to look at some job."""
    return Grant(principal, Operation.VIEW, service, "j1", frozenset({0}), pixel_budget=budget)


def stranger(address: str) -> Principal:
    """Somebody who did not sign in."""
    return replace(PUBLIC, address=address)


# --- pictures at once ----------------------------------------------------------------------------------------------------


def test_a_client_has_so_many_pictures_at_once_and_no_more() -> None:
    """The limit is named; a picture that is made makes room; other clients are not held up."""
    allowance = Allowance(TWO)
    ends = [allowance.begin(ANNA) for _ in range(2)]
    with pytest.raises(TooMany, match="At most 2 pictures being made at once for one client are allowed") as told:
        allowance.begin(ANNA)
    assert told.value.retry_after_s == 1
    allowance.begin(BOB)
    ends[0]()
    allowance.begin(ANNA)


def test_strangers_are_counted_by_address() -> None:
    """Two strangers at one address are one client, at two addresses two."""
    allowance = Allowance(replace(CLIENT_DRAWINGS, value=1))
    allowance.begin(stranger("192.0.2.1"))
    allowance.begin(stranger("192.0.2.2"))
    with pytest.raises(TooMany):
        allowance.begin(stranger("192.0.2.1"))


def test_addresses_of_one_household_are_one_client() -> None:
    """Of IPv6 anybody has more addresses than could be counted; a name is a name from wherever it comes."""
    assert client_of(stranger("2001:db8::1")) == client_of(stranger("2001:db8::ffff:1")) != client_of(stranger("2001:db8:0:1::1"))
    assert client_of(stranger("fe80::1%eth0")) == client_of(stranger("fe80::2"))
    assert client_of(stranger("not:an:address")) == "public:not:an:address"
    assert client_of(ANNA) == client_of(replace(ANNA, address="2001:db8::1"))


def test_nothing_is_kept_of_clients_that_are_done() -> None:
    """Memory does not grow with the number of clients."""
    allowance = Allowance(TWO)
    for number in range(1000):
        allowance.begin(stranger(f"192.0.2.{number}"))()
    assert not allowance._making


# --- pixels in an hour ---------------------------------------------------------------------------------------------------


def test_an_hours_pixels_are_given_and_then_come_back_slowly() -> None:
    """The budget and when to come again are told; after that time it is enough, and never more than an hour's worth is saved up."""
    clock = Clock()
    allowance = Allowance(budget=THREE_MPX, now=clock)
    for _ in range(3):
        allowance.take(grant(), 1_000_000)
    with pytest.raises(TooMany, match="At most 3 megapixels an hour for one client are allowed") as told:
        allowance.take(grant(), 500_000)
    assert told.value.retry_after_s == 600
    clock.now += 599
    with pytest.raises(TooMany):
        allowance.take(grant(), 500_000)
    clock.now += 1
    allowance.take(grant(), 500_000)
    clock.now += 1_000_000
    allowance.take(grant(), 3_000_000)
    with pytest.raises(TooMany):
        allowance.take(grant(), 1)


def test_a_services_budget_is_its_own() -> None:
    """Both budgets hold: of all services, and of the one that says it."""
    allowance = Allowance(budget=THREE_MPX)
    allowance.take(grant(service="A", budget=1), 1_000_000)
    with pytest.raises(TooMany, match="At most 1 megapixels an hour for one client of this service are allowed"):
        allowance.take(grant(service="A", budget=1), 100_000)
    allowance.take(grant(service="B", budget=2), 2_000_000)
    with pytest.raises(TooMany, match="At most 3 megapixels"):
        allowance.take(grant(service="C"), 100_000)


def test_without_a_budget_nothing_is_counted() -> None:
    """As it comes, pixels are free; and so they are to whoever runs the command line."""
    allowance = Allowance()
    allowance.take(grant(), 10**12)
    bounded = Allowance(replace(CLIENT_DRAWINGS, value=1), THREE_MPX)
    bounded.take(grant(OPERATOR), 10**12)
    assert [bounded.begin(OPERATOR) for _ in range(9)] and not allowance._budgets


def test_budgets_are_few_in_memory() -> None:
    """Clients that come and go push each other out, the oldest first."""
    allowance = Allowance(budget=THREE_MPX)
    for number in range(MOST_BUDGETS + 10):
        allowance.take(grant(stranger(str(number))), 1)
    assert len(allowance._budgets) == MOST_BUDGETS


def test_a_picture_that_failed_costs_nothing_and_one_of_unknown_size_what_it_was() -> None:
    """A legend's size shows when it is made: it may go beyond what was left, and the next is refused."""
    ledger = Ledger(Allowance(budget=THREE_MPX))
    with pytest.raises(ZeroDivisionError), ledger.giving(grant(), 3_000_000):
        raise ZeroDivisionError
    with ledger.giving(grant(), 2_000_000):
        pass
    with ledger.giving(grant()) as bill:
        bill.pixels = 4_000_000
    with pytest.raises(TooMany) as told, ledger.giving(grant()):
        pass
    assert told.value.retry_after_s == 3600
    assert ledger.metrics.pixels_served._value.get() == 6_000_000
