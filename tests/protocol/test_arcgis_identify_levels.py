"""Identify of a map whose layers are at different levels of access: asked openly, and by signed links to parts of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rendermap.access.grant import Bounds, Operation
from rendermap.dispatch.plan import FeaturesPlan
from tests.builders.asked_service import DEPTH, SOUTH, WEST, MixedService, mixed_toml

SEEN, ASKED, GIVEN = range(3)
LOOK = {"mapExtent": f"{WEST},{SOUTH - 100},{WEST + 500},{SOUTH + 400}", "imageDisplay": "500,500,96"}


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> MixedService:
    return MixedService(tmp_path_factory.mktemp("mixed"), {"Demo": mixed_toml()})


@pytest.fixture
def service(laid_out: MixedService) -> Iterator[MixedService]:
    laid_out.finder.plans.clear()
    yield laid_out
    laid_out.finder.dies_of = ""


def identify(service: MixedService, prefix: str = "", layers: str = "all") -> dict[str, Any]:
    """What stands on Berta's square."""
    answer = service.get(
        f"{prefix}{service.map_url()}/identify", f="json", geometry=f"{WEST + 125},{SOUTH + 25}", layers=layers, **LOOK
    )  # fmt: skip
    told: dict[str, Any] = answer.json()
    return told


def told_of(answer: dict[str, Any]) -> list[int]:
    assert "results" in answer, answer
    return [one["layerId"] for one in answer["results"]]


def asked_of(service: MixedService) -> set[str]:
    """The datasets that were looked into."""
    return {(one.layer if isinstance(one, FeaturesPlan) else one.layer.layer).source.path.stem for one in service.finder.plans}


def is_refused(answer: dict[str, Any]) -> bool:
    """Whether the operation is not supported."""
    return bool(answer["error"]["message"] == "Requested operation is not supported by this service.")


def test_each_layer_is_told_of_as_its_author_allows(service: MixedService) -> None:
    """The one that may only be seen is not even looked into, whether all are asked about or it alone."""
    assert told_of(identify(service)) == [ASKED, GIVEN, DEPTH]
    assert told_of(identify(service, layers=f"all:{SEEN}")) == []
    assert asked_of(service) == {"Asked", "Given", "Depth"}
    shapes = ["geometry" in one for one in identify(service)["results"]]
    assert shapes == [False, True, True]  # of the raster it is the point that was asked about
    assert told_of(identify(service, layers="top")) == [ASKED]


@pytest.mark.parametrize("layers", ["all", "visible", "top", f"all:{SEEN},{ASKED},{GIVEN},{DEPTH}"])
def test_a_link_tells_of_its_layers_alone(layers: str, service: MixedService) -> None:
    """Of two layers that it shows, one may only be seen; the others are not looked into, in whatever words they are asked about."""
    link = service.link(frozenset({SEEN, ASKED}), Operation.DATA)
    answer = identify(service, link, layers)
    assert told_of(answer) == [ASKED] and asked_of(service) == {"Asked"}
    assert answer["results"][0]["attributes"]["name"] == "Berta"
    for hidden in (SEEN, GIVEN, DEPTH):
        assert told_of(identify(service, link, f"all:{hidden}")) == []
    assert "Given" not in service.get(f"{link}{service.map_url()}/layers", f="json").text


def test_a_link_to_look_tells_nothing(service: MixedService) -> None:
    """Neither one that is to look at all layers, nor one to have data of a layer that may only be seen."""
    for link in (service.link(None, Operation.VIEW), service.link(frozenset({SEEN}), Operation.DATA)):
        assert is_refused(identify(service, link)) and is_refused(identify(service, link, f"all:{ASKED}"))
    assert not service.finder.plans


def test_a_link_to_ask_hands_out_no_data(service: MixedService) -> None:
    """A layer at data is one to ask about for who came by it."""
    link = service.link(frozenset({GIVEN}), Operation.IDENTIFY)
    assert told_of(identify(service, link)) == [GIVEN]
    assert is_refused(service.get(f"{link}{service.map_url()}/{GIVEN}/query", f="json", where="1=1").json())


EXTENTS: list[tuple[tuple[float, float, float, float], list[int]]] = [
    ((0.0, 0.0, 1.0, 1.0), []),
    ((-100.0, 36.0, -84.0, 37.0), [ASKED, GIVEN, DEPTH]),
    ((-180.0, -90.0, 180.0, 90.0), [ASKED, GIVEN, DEPTH]),
    ((-180.0, 37.0, 180.0, 90.0), []),
]


@pytest.mark.parametrize(("extent", "expected"), EXTENTS)
def test_a_link_to_a_part_of_the_earth_tells_of_it_alone(
    extent: tuple[float, float, float, float], expected: list[int], service: MixedService
) -> None:
    """Neither features nor cells are found outside, also where the data's reference has no place for all of the extent."""
    assert told_of(identify(service, service.link(None, Operation.DATA, Bounds(extent_deg=extent)))) == expected


def test_a_layer_that_crashes_whoever_asks_leaves_the_others_their_answers(service: MixedService) -> None:
    """It is met once, then rests; asked about alone it says so, and queries of it wait as well."""
    service.finder.dies_of = "Given"
    assert told_of(identify(service)) == told_of(identify(service)) == [ASKED, DEPTH]
    assert identify(service, layers=f"all:{GIVEN}")["error"]["code"] == 500
    assert service.get(f"{service.map_url()}/{GIVEN}/query", f="json", where="1=1").json()["error"]["code"] == 500
    crashed = [one for one in service.finder.plans if isinstance(one, FeaturesPlan) and one.layer.source.path.stem == "Given"]
    assert len(crashed) == 1
