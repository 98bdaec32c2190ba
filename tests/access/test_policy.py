"""The gate: who may do what."""

from __future__ import annotations

import pytest

from rendermap.access.grant import OPERATOR, PUBLIC, Bounds, Link, Operation, Principal, PrincipalKind
from rendermap.access.policy import JobAccess, LayerAccess, Policy, ServiceAccess, Who
from rendermap.errors import JobNotFound, NotSupported, ServiceNotFound

VIEW, IDENTIFY, DATA = Operation.VIEW, Operation.IDENTIFY, Operation.DATA
LAYERS = (LayerAccess(0, VIEW), LayerAccess(1, IDENTIFY), LayerAccess(2, DATA))
OPEN = ServiceAccess("S", layers=LAYERS)
JOB = JobAccess("j1")
ANNA = Principal("anna", PrincipalKind.USER, frozenset({"planners"}))
BEN = Principal("ben", PrincipalKind.USER)
PORTAL = Principal("portal", PrincipalKind.KEY, frozenset({"planners"}))


def seen(principal: Principal, service: ServiceAccess, job: JobAccess = JOB, operation: Operation = VIEW) -> set[int] | None:
    """The layers; None where there is no such job for principal."""
    try:
        return set(Policy().grant(principal, operation, service, job).layer_ids)
    except JobNotFound:
        return None


def for_whom(*words: str, **more: frozenset[str]) -> ServiceAccess:
    """A service for those who are named."""
    who = Who(frozenset(words), **more)
    return ServiceAccess("S", who, tuple(LayerAccess(layer.id, layer.level, who) for layer in LAYERS))


@pytest.mark.parametrize(("operation", "ids"), [(VIEW, {0, 1, 2}), (IDENTIFY, {1, 2}), (DATA, {2})])
def test_a_level_contains_the_ones_before_it(operation: Operation, ids: set[int]) -> None:
    """A grant names just the layers whose author allows the operation."""
    assert seen(PUBLIC, OPEN, operation=operation) == ids


def test_view_only_means_view_only() -> None:
    """Where every layer is view only there is no grant for more, in the words of a service without the operation."""
    with pytest.raises(NotSupported):
        Policy().grant(PUBLIC, IDENTIFY, ServiceAccess("S", layers=LAYERS[:1]), JOB)


@pytest.mark.parametrize(
    ("words", "may"),
    [
        (["public"], [PUBLIC, ANNA, BEN, PORTAL]),
        (["signed_in"], [ANNA, BEN, PORTAL]),
        (["user:anna"], [ANNA]),
        (["key:portal"], [PORTAL]),
        (["group:planners"], [ANNA, PORTAL]),
        (["owner"], [BEN]),
        ([], []),
    ],
)
def test_a_word_names_just_whom_it_says(words: list[str], may: list[Principal]) -> None:
    """Everybody else hears that there is no such job."""
    job = JobAccess("j1", owner="ben")
    service = for_whom(*words)
    assert [p for p in (PUBLIC, ANNA, BEN, PORTAL) if seen(p, service, job) is not None] == may


def test_names_of_another_kind_give_no_right() -> None:
    """A key called anna is not the user anna, and a stranger called anna is nobody."""
    service, job = for_whom("user:anna", "owner"), JobAccess("j1", owner="anna")
    for kind in (PrincipalKind.KEY, PrincipalKind.PUBLIC, PrincipalKind.LINK):
        assert seen(Principal("anna", kind), service, job) is None


def test_a_grant_is_passed_on_among_strangers_alone() -> None:
    """A stranger elsewhere gets the very same in their own name; nobody gets a stranger's grant, or gives one to a stranger."""
    stranger = Principal(address="198.51.100.7")
    given = Policy().grant(PUBLIC, VIEW, OPEN, JOB)
    assert Policy().pass_on(given, stranger) == Policy().grant(stranger, VIEW, OPEN, JOB) != given
    for grant, other in ((given, ANNA), (given, OPERATOR), (Policy().grant(ANNA, VIEW, OPEN, JOB), stranger)):
        with pytest.raises(JobNotFound):
            Policy().pass_on(grant, other)


def test_a_private_job_is_its_owners_alone() -> None:
    """Whatever the service says, nobody else sees it; one without an owner is nobody's; whoever runs the command line sees all."""
    private = JobAccess("j1", owner="anna", is_private=True)
    assert [p for p in (PUBLIC, ANNA, BEN, PORTAL) if seen(p, OPEN, private) is not None] == [ANNA]
    assert seen(ANNA, OPEN, JobAccess("j1", None, is_private=True)) is None
    assert seen(OPERATOR, OPEN, private) == {0, 1, 2}


def test_identify_and_data_may_be_for_fewer() -> None:
    """Each level needs the lists of the levels before it too."""
    service = for_whom("public", identify=frozenset({"signed_in"}), data=frozenset({"public"}))
    assert seen(ANNA, service, operation=IDENTIFY) == {1, 2}
    assert seen(ANNA, service, operation=DATA) == {2}
    for operation in (IDENTIFY, DATA):
        with pytest.raises(NotSupported):
            seen(PUBLIC, service, operation=operation)


def test_a_layer_may_be_for_fewer_than_its_service() -> None:
    """The layer is left out for the others, and a cache may not keep what they do not all see."""
    closed = LayerAccess(3, VIEW, Who(frozenset({"user:anna"})))
    service = ServiceAccess("S", layers=(*LAYERS, closed))
    assert seen(PUBLIC, service) == {0, 1, 2}
    assert seen(ANNA, service) == {0, 1, 2, 3}
    assert Policy().grant(PUBLIC, VIEW, service, JOB).is_public
    assert not Policy().grant(ANNA, VIEW, service, JOB).is_public
    assert Policy().known_layers(PUBLIC, service) == {0, 1, 2}


def test_what_some_may_identify_is_no_cache_s_to_keep() -> None:
    """Documents of those who may ask about a layer say more than the public's, at the same address."""
    service = for_whom("public", identify=frozenset({"user:anna"}))
    assert Policy().grant(BEN, VIEW, service, JOB).is_public
    assert not Policy().grant(ANNA, VIEW, service, JOB).is_public


def linked(**changes: object) -> Principal:
    """Somebody who came by a link for layers 1 and 2 of job j1, up to identify."""
    given = {"layer_ids": frozenset({1, 2}), "operation": IDENTIFY, "bounds": Bounds(5000.0)} | changes
    return Principal("link:x", PrincipalKind.LINK, link=Link("x", "S", "j1", made=0, starts=0, ends=9, **given))  # type: ignore[arg-type]


def test_a_link_is_for_its_job_its_layers_and_its_operations() -> None:
    """It opens what nobody else sees, never more than the layers' authors allow, never another job, and its bounds go with it."""
    private = JobAccess("j1", owner="anna", is_private=True)
    assert seen(linked(), for_whom(), private) == {1, 2}
    assert seen(linked(), OPEN, private, IDENTIFY) == {1, 2}
    assert seen(linked(layer_ids=None), OPEN, private, IDENTIFY) == {1, 2}
    with pytest.raises(NotSupported):
        seen(linked(), OPEN, private, DATA)
    with pytest.raises(NotSupported):
        seen(linked(operation=VIEW), OPEN, private, IDENTIFY)
    assert seen(linked(), OPEN, JobAccess("j2")) is None
    assert seen(linked(), ServiceAccess("T", layers=LAYERS), private) is None
    grant = Policy().grant(linked(), VIEW, OPEN, JOB)
    assert grant.bounds == Bounds(5000.0) and not grant.is_public


def test_who_knows_of_a_service() -> None:
    """Whoever may see something of some job; all others hear that there is no such service."""
    policy = Policy()
    assert [p for p in (PUBLIC, ANNA, BEN, PORTAL, linked()) if policy.admits(p, for_whom("owner"))] == [ANNA, BEN, PORTAL, linked()]
    assert not policy.admits(linked(), ServiceAccess("T"))
    with pytest.raises(ServiceNotFound):
        policy.demand(PUBLIC, for_whom("signed_in"))
