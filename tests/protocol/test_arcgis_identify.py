"""Identify of ArcGIS REST, as clients send it, at every level of access."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from rendermap.geo.crs import WGS84, transformer
from tests.builders.asked_service import CRS, SOUTH, WEST, AskedService, toml

SHEETS = {
    "Demo": toml(),
    "Few": toml(service="maximum_records = 2"),
    "Asked": toml("identify", layer='fields = ["name", "depth"]\nround = { depth = 0 }'),
    "Shaped": toml("identify", layer='fields = ["name"]\ngeometry = true'),
    "Far": toml(layer="min_scale = 1000"),
    "Seen": toml("view"),
}
EXTENT = f"{WEST},{SOUTH - 100},{WEST + 500},{SOUTH + 400}"
LOOK = {"mapExtent": EXTENT, "imageDisplay": "500,500,96"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AskedService:
    return AskedService(tmp_path_factory.mktemp("asked"), SHEETS)


def ask(service: AskedService, name: str = "Demo", **asked: object) -> dict[str, Any]:
    return cast(dict[str, Any], service.get(f"{service.map_url(name)}/identify", **{"f": "json", **asked}).json())


def names(answer: dict[str, Any]) -> list[str]:
    assert isinstance(answer.get("results"), list), answer
    return [one["attributes"]["name"] for one in answer["results"]]


def at(east: float, north: float) -> str:
    return json.dumps({"x": WEST + east, "y": SOUTH + north})


_DEGREES = transformer(CRS, WGS84)
_LON, _LAT = _DEGREES.transform(WEST + 125, SOUTH + 25)
_CORNERS = (*_DEGREES.transform(WEST, SOUTH - 100), *_DEGREES.transform(WEST + 500, SOUTH + 400))
_IN_DEGREES = {"sr": "4326", "mapExtent": ",".join(map(repr, _CORNERS)), "imageDisplay": "500,500,96"}
_RING = [[WEST - 10, SOUTH - 10], [WEST - 10, SOUTH + 20], [WEST + 110, SOUTH + 20], [WEST + 110, SOUTH - 10], [WEST - 10, SOUTH - 10]]
POLYGON = {**LOOK, "geometry": json.dumps({"rings": [_RING]}), "geometryType": "esriGeometryPolygon"}
SYMBOL = {"type": "esriSFS", "style": "esriSFSSolid", "color": [200, 0, 0, 255]}
QUESTIONS: list[tuple[dict[str, object], list[str]]] = [
    ({**LOOK, "geometry": at(125, 25)}, ["Berta"]),
    ({**LOOK, "geometry": f"{WEST + 125},{SOUTH + 25}", "layers": "visible", "tolerance": "2", "returnGeometry": "false"}, ["Berta"]),
    ({**LOOK, "geometry": f"{{x: {WEST + 125}, y: {SOUTH + 25}}}", "layers": "all:", "tolerance": "10"}, ["Berta"]),
    ({**LOOK, "geometry": f"{{x: {WEST + 125}, y: {SOUTH + 25}}}", "layers": "all:0"}, ["Berta"]),
    ({**LOOK, "geometry": at(125, 25), "layers": "all:7"}, []),
    ({**LOOK, "geometry": at(75, 25), "tolerance": "20"}, []),
    ({**LOOK, "geometry": at(75, 25), "tolerance": "27"}, ["Abel", "Berta"]),
    ({**LOOK, "geometry": at(125, 25), "mapExtent": f"{WEST + 500},{SOUTH + 400},{WEST},{SOUTH - 100}"}, ["Berta"]),
    ({**LOOK, "geometry": at(125, 25), "imageDisplay": "0,0,96", "mapExtent": "0.000000,0.000000,0.000000,0.000000"}, ["Berta"]),
    ({**_IN_DEGREES, "geometry": json.dumps({"x": _LON, "y": _LAT, "spatialReference": {"wkid": 4326}}), "tolerance": "3"}, ["Berta"]),
    ({**LOOK, "geometry": json.dumps({"x": _LON, "y": _LAT, "spatialReference": {"wkid": 4326}})}, ["Berta"]),
    (
        {**LOOK, "geometry": json.dumps({"points": [[WEST + 25, SOUTH + 25], [WEST + 425, SOUTH + 25]]}),
         "geometryType": "esriGeometryMultipoint"},
        ["Abel", "Emil"],
    ),
    ({**LOOK, "geometry": json.dumps({"paths": [[[WEST - 9, SOUTH + 5], [WEST + 110, SOUTH + 5]]]}),
      "geometryType": "esriGeometryPolyline"}, ["Abel", "Berta"]),
    ({**POLYGON}, ["Abel", "Berta"]),
    ({**LOOK, "geometry": f"{WEST + 190},{SOUTH},{WEST + 310},{SOUTH + 9}", "geometryType": "esriGeometryEnvelope"}, ["Caesar", "Dora"]),
    ({**POLYGON, "layerDefs": "0:kind = 2"}, ["Berta"]),
    ({**POLYGON, "layerDefs": '{"0": "KIND = 1"}'}, ["Abel"]),
    ({**POLYGON, "layerDefs": '{"0": "OBJECTID > 1"}'}, ["Berta"]),
    ({**LOOK, "geometry": at(125, 25), "time": "", "layerTimeOptions": "", "layerdefs": "", "maxAllowableOffset": ""}, ["Berta"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "expected"), QUESTIONS)
def test_what_stands_at_a_place(asked: dict[str, object], expected: list[str], service: AskedService) -> None:
    """Every client's spelling of geometry, reference, layers, picture, tolerance and filters."""
    assert names(ask(service, **asked)) == expected


def test_results_have_what_clients_read(service: AskedService) -> None:
    """Texts by alias unless somebody says otherwise, numbers where asked for, geometry in the reference of the question."""
    (one,) = ask(service, **LOOK, geometry=at(125, 25))["results"]
    assert (one["layerId"], one["layerName"], one["displayFieldName"], one["value"]) == (0, "Parcels", "name", "Berta")
    assert one["attributes"]["depth"] == "2.54" and one["geometryType"] == "esriGeometryPolygon"
    assert one["geometry"]["spatialReference"]["wkid"] == 32616 and len(one["geometry"]["rings"][0]) == 5
    as_is = {"returnUnformattedValues": "true", "returnFieldName": "true", "returnGeometry": "false"}
    (plain,) = ask(service, **LOOK, geometry=at(125, 25), **as_is)["results"]
    assert plain["attributes"]["depth"] == 2.54 and "geometry" not in plain
    (missing,) = ask(service, **LOOK, geometry=at(225, 25))["results"]
    assert missing["attributes"]["depth"] == "Null"


def test_layers_are_told_as_far_as_their_author_allows(service: AskedService) -> None:
    """Listed fields, rounded, without shapes unless told; nothing of a layer that may only be seen."""
    (one,) = ask(service, "Asked", **LOOK, geometry=at(125, 25), returnGeometry="true")["results"]
    assert one["attributes"] == {"OBJECTID": "2", "name": "Berta", "depth": "3"} and "geometry" not in one
    (shaped,) = ask(service, "Shaped", **LOOK, geometry=at(125, 25))["results"]
    assert set(shaped["attributes"]) == {"OBJECTID", "name"} and shaped["geometry"]["rings"]
    error = ask(service, "Seen", **LOOK, geometry=at(125, 25))["error"]
    assert (error["code"], error["message"]) == (400, "Requested operation is not supported by this service.")


@pytest.mark.parametrize("where", ["secret = 's2'", "depth > 2.5", "nothing = 1"])
def test_filters_are_no_oracle(where: str, service: AskedService) -> None:
    """A field that is not told, one that is rounded and one that is not there are refused in the same words."""
    for asked in ({"layerDefs": json.dumps({"0": where})}, {"dynamicLayers": json.dumps([{"id": 0, "definitionExpression": where}])}):
        error = ask(service, "Asked", **LOOK, geometry=at(125, 25), **asked)["error"]
        assert error["code"] == 400 and "may not be told" in json.dumps(error)


def test_layers_are_looked_into_at_the_scales_that_they_are_drawn_at(service: AskedService) -> None:
    """A layer out of scale is not drawn: only `all` finds it."""
    far = {**LOOK, "geometry": at(125, 25)}
    assert names(ask(service, "Far", **far)) == names(ask(service, "Far", **far, layers="visible:0")) == []
    assert names(ask(service, "Far", **far, layers="all")) == ["Berta"]
    near = {**far, "mapExtent": f"{WEST + 75},{SOUTH},{WEST + 175},{SOUTH + 100}"}
    assert names(ask(service, "Far", **near)) == ["Berta"]


def test_composed_layers_answer_by_their_own_ids(service: AskedService) -> None:
    """With dynamicLayers each layer is filtered as it is drawn."""
    layers = [{"id": 7, "source": {"type": "mapLayer", "mapLayerId": 0}, "definitionExpression": "kind = 2"}]
    asked = {**POLYGON, "dynamicLayers": json.dumps(layers)}
    found = ask(service, **asked, layers="all:7")["results"]
    assert [(one["layerId"], one["attributes"]["name"]) for one in found] == [(7, "Berta")]
    assert ask(service, **asked, layers="all:0")["results"] == []


RENDERERS: list[tuple[dict[str, object], list[str]]] = [
    ({"type": "uniqueValue", "field1": "kind", "uniqueValueInfos": [{"value": "2", "symbol": SYMBOL}]}, ["Berta"]),
    ({"type": "uniqueValue", "field1": "kind", "defaultSymbol": SYMBOL, "uniqueValueInfos": [{"value": "2", "symbol": SYMBOL}]},
     ["Abel", "Berta"]),
    ({"type": "classBreaks", "field": "depth", "minValue": 0, "classBreakInfos": [{"classMaxValue": 2, "symbol": SYMBOL}]}, ["Abel"]),
]  # fmt: skip


@pytest.mark.parametrize(("renderer", "expected"), RENDERERS)
@pytest.mark.parametrize("depth", ["top", "visible", "all"])
def test_what_the_picture_does_not_draw_is_not_found(
    depth: str, renderer: dict[str, object], expected: list[str], service: AskedService
) -> None:
    """A feature in no class leaves no trace on the picture, so nobody can point at it."""
    layers = json.dumps([{"id": 7, "source": {"type": "mapLayer", "mapLayerId": 0}, "drawingInfo": {"renderer": renderer}}])
    assert names(ask(service, **POLYGON, layers=depth, dynamicLayers=layers)) == expected


def test_answers_have_an_end(service: AskedService) -> None:
    """No more features than one answer of the service may hold, and a word that there were more."""
    wide = f"{WEST - 10},{SOUTH - 10},{WEST + 600},{SOUTH + 60}"
    answer = ask(service, "Few", **LOOK, geometry=wide, geometryType="esriGeometryEnvelope")
    assert len(answer["results"]) == 2 and answer["exceededTransferLimit"] is True


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"geometry": "1"},
        {"geometry": "1,2", "geometryType": "esriGeometryCube"},
        {"geometry": "1,2", "layers": "some"},
        {"geometry": "1,2", "tolerance": "-1"},
        {"geometry": "1,2", "imageDisplay": "5,5,0"},
        {"geometry": "1,2", "imageDisplay": "1e9,5,96"},
        {"geometry": "1,2", "sr": "1"},
        {"geometry": "nan,inf"},
    ],
)
def test_wrong_questions_are_told(asked: dict[str, object], service: AskedService) -> None:
    """In the dialect's words, with code 400."""
    assert ask(service, **{**LOOK, **asked})["error"]["code"] == 400


def test_people_get_a_form_and_an_answer_to_read(service: AskedService) -> None:
    """The page asks, and shows what was found."""
    page = service.get(f"{service.map_url()}/identify", f="html").text
    assert 'name="mapExtent"' in page and "Identify" in page
    assert "Berta" in service.get(f"{service.map_url()}/identify", f="html", **LOOK, geometry=at(125, 25)).text
