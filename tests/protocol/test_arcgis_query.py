"""Query and find of ArcGIS REST, over a layer at every level of access."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, cast

import pytest

from rendermap.geo.crs import WGS84, transformer
from tests.builders.asked_service import COLUMNS, CRS, SOUTH, WEST, AskedService, toml

SHEETS = {
    "Demo": toml(),
    "Few": toml(service="maximum_records = 2"),
    "Cut": toml(service='maximum_records = 2\nover_limit = "truncate"'),
    "None": toml(service="maximum_records = 0"),
    "Some": toml(layer='fields = ["NAME", "depth"]\nround = { depth = 0 }'),
    "Asked": toml("identify", layer='fields = ["name"]'),
    "Seen": toml("view"),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AskedService:
    return AskedService(tmp_path_factory.mktemp("asked"), SHEETS)


def names(answer: dict[str, Any]) -> list[Any]:
    assert "features" in answer, answer
    return [feature["attributes"]["name"] for feature in answer["features"]]


def test_a_query_as_the_javascript_client_sends_it(service: AskedService) -> None:
    """Without returnGeometry there are geometries; every key that clients read is there."""
    asked = {"where": "1=1", "spatialRel": "esriSpatialRelIntersects", "outFields": "*", "resultRecordCount": 10, "returnM": "true"}
    answer = service.query(**asked)
    assert answer["objectIdFieldName"] == "OBJECTID" and answer["displayFieldName"] == "name"
    assert answer["geometryType"] == "esriGeometryPolygon" and answer["spatialReference"]["wkid"] == 32616
    assert [field["type"] for field in answer["fields"]][:3] == ["esriFieldTypeOID", "esriFieldTypeString", "esriFieldTypeDouble"]
    first = answer["features"][0]
    assert first["attributes"] == {"OBJECTID": 1, "name": "Abel", "depth": 1.26, "kind": 1, "secret": "s1"}
    assert len(first["geometry"]["rings"][0]) == 5 and "exceededTransferLimit" not in answer
    assert answer["fieldAliases"]["depth"] == "depth"


_LON, _LAT = transformer(CRS, WGS84).transform(WEST + 25, SOUTH + 25)
DEGREES = {"xmin": _LON - 1e-4, "ymin": _LAT - 1e-4, "xmax": _LON + 1e-4, "ymax": _LAT + 1e-4}
QUERIES: list[tuple[dict[str, object], list[str]]] = [
    ({"where": "depth > 2 AND kind = 2"}, ["Berta", "Dora"]),
    ({"where": "OBJECTID IN (1, 5)"}, ["Abel", "Emil"]),
    ({"objectIds": "5,2"}, ["Berta", "Emil"]),
    ({"text": "er"}, ["Berta"]),
    ({"text": "%"}, []),
    ({"where": "1=1", "orderByFields": "kind DESC, name DESC"}, ["Dora", "Berta", "Emil", "Caesar", "Abel"]),
    ({"where": "1=1", "resultOffset": 1, "resultRecordCount": 2}, ["Berta", "Caesar"]),
    ({"geometry": f"{WEST + 90},{SOUTH},{WEST + 160},{SOUTH + 50}"}, ["Berta"]),
    ({"geometry": f"{WEST + 120},{SOUTH + 20}", "geometryType": "esriGeometryPoint"}, ["Berta"]),
    ({"geometry": f"{{x: {WEST + 175}, y: {SOUTH + 25}}}", "geometryType": "esriGeometryPoint", "distance": "26"}, ["Berta", "Caesar"]),
    (
        {"geometry": json.dumps({"x": WEST + 175, "y": SOUTH + 25}), "geometryType": "esriGeometryPoint", "distance": "0.03",
         "units": "esriSRUnit_Kilometer"},
        ["Berta", "Caesar"],
    ),
    ({"geometry": json.dumps({"paths": [[[WEST - 10, SOUTH + 5], [WEST + 110, SOUTH + 5]]]}), "geometryType": "esriGeometryPolyline"},
     ["Abel", "Berta"]),
    (
        {"geometry": json.dumps({"rings": [[[WEST, SOUTH], [WEST, SOUTH + 60], [WEST + 60, SOUTH + 60], [WEST + 60, SOUTH]]]}),
         "geometryType": "esriGeometryPolygon", "spatialRel": "esriSpatialRelContains"},
        ["Abel"],
    ),
    ({"geometry": json.dumps({**DEGREES, "spatialReference": {"wkid": 4326}}), "where": "kind=1"}, ["Abel"]),
    ({"geometry": json.dumps(DEGREES), "inSR": "4326", "where": "kind=1"}, ["Abel"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "expected"), QUERIES)
def test_what_is_found(asked: dict[str, object], expected: list[str], service: AskedService) -> None:
    """Conditions, ids, text, places in every spelling, order and pages."""
    assert names(service.query(outFields="name", **asked)) == expected


def test_other_answers(service: AskedService) -> None:
    """Counts, ids, extents, distinct values and statistics have their own documents."""
    where = {"where": "depth > 2"}
    assert service.query(returnCountOnly="true", **where) == {"count": 3}
    assert service.query(returnIdsOnly="True", **where) == {"objectIdFieldName": "OBJECTID", "objectIds": [2, 4, 5]}
    extent = service.query(returnExtentOnly="true", returnCountOnly="true", **where)
    assert extent["count"] == 3 and extent["extent"]["xmin"] == WEST + 100 and extent["extent"]["spatialReference"]["wkid"] == 32616
    distinct = service.query(where="1=1", returnDistinctValues="true", outFields="kind", orderByFields="kind")
    assert [feature["attributes"] for feature in distinct["features"]] == [{"kind": 1}, {"kind": 2}]
    counted = {"where": "1=1", "returnCountOnly": "true", "resultRecordCount": 1}
    assert service.query(returnDistinctValues="true", outFields="kind", **counted) == {"count": 2}
    sums = [
        {"statisticType": "sum", "onStatisticField": "depth", "outStatisticFieldName": "total"},
        {"statisticType": "count", "onStatisticField": "OBJECTID"},
    ]
    grouped = service.query(where="1=1", outStatistics=json.dumps(sums), groupByFieldsForStatistics="kind", orderByFields="total DESC")
    assert [f["attributes"] for f in grouped["features"]] == [
        {"kind": 1, "total": 7.01, "count_OBJECTID": 3},
        {"kind": 2, "total": 6.54, "count_OBJECTID": 2},
    ]
    assert [field["name"] for field in grouped["fields"]] == ["kind", "total", "count_OBJECTID"]
    assert service.query(outStatistics=json.dumps(sums), groupByFieldsForStatistics="kind", **counted) == {"count": 2}


def test_shapes_as_asked(service: AskedService) -> None:
    """Another spatial reference, rounded; none at all; as GeoJSON, in degrees and counter-clockwise."""
    degrees = service.query(where="OBJECTID=1", outSR="4326", geometryPrecision=3)
    x, y = degrees["features"][0]["geometry"]["rings"][0][0]
    assert (-85 < x < -84, 36 < y < 37, round(x, 3) == x) == (True, True, True) and degrees["spatialReference"]["wkid"] == 4326
    assert "geometry" not in service.query(where="OBJECTID=1", returnGeometry="false")["features"][0]
    told = service.query(where="OBJECTID=1", f="geojson", outFields="*")
    feature = told["features"][0]
    ring = feature["geometry"]["coordinates"][0]
    assert told["type"] == "FeatureCollection" and feature["id"] == 1 and feature["properties"]["name"] == "Abel"
    assert sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) > 0 and "crs" not in told
    mercator = service.query(where="OBJECTID=1", f="geoJSON", outSR="102100")
    assert mercator["crs"]["properties"]["name"] == "EPSG:3857"


def test_more_than_one_answer_holds(service: AskedService) -> None:
    """A query gives the first ones and says that there are more; a result is empty or cut, as its service says."""
    answer = service.query("Few", where="1=1", outFields="name", resultRecordCount=4)
    assert names(answer) == ["Abel", "Berta"] and answer["exceededTransferLimit"] is True
    assert names(service.query("Few", where="1=1", outFields="name", resultOffset=4)) == ["Emil"]
    value = service.get(service.result_url("Few"), f="json").json()["value"]
    assert value["features"] == [] and value["exceededTransferLimit"] is True and value["fields"]
    cut = service.get(service.result_url("Cut"), f="json", returnType="data").json()["value"]
    assert names(cut) == ["Abel", "Berta"] and cut["exceededTransferLimit"] is True
    whole = service.get(service.result_url("Demo"), f="json", outSR="4326").json()["value"]
    assert names(whole)[-1] == "Emil" and "exceededTransferLimit" not in whole and whole["spatialReference"]["wkid"] == 4326
    assert abs(whole["features"][0]["geometry"]["rings"][0][0][0]) < 180


def test_a_result_as_geojson(service: AskedService) -> None:
    """Its features alone, in degrees or as outSR says, as many as one answer may hold; none of them where there are only pictures."""

    def told(name: str, **asked: str) -> dict[str, Any]:
        answer = service.get(service.result_url(name), f="geojson", **asked).json()
        assert answer["type"] == "FeatureCollection", answer
        return cast(dict[str, Any], answer)

    whole = told("Demo")
    assert [one["properties"]["name"] for one in whole["features"]] == COLUMNS["name"]
    assert "exceededTransferLimit" not in whole and "paramName" not in whole
    lon, lat = whole["features"][0]["geometry"]["coordinates"][0][0]
    assert (lon, lat) == pytest.approx((_LON, _LAT), abs=1e-3)
    assert told("Demo", outSR="32616")["features"][0]["geometry"]["coordinates"][0][0][0] >= WEST
    assert [one["properties"]["name"] for one in told("Cut")["features"]] == ["Abel", "Berta"]
    for name in ("Few", "None", "Asked", "Seen"):
        assert told(name)["features"] == [] and told(name)["exceededTransferLimit"] is True


CAPABILITIES = {
    "Demo": ("Map,Query,Data", 1000),
    "Few": ("Map,Query,Data", 2),
    "None": ("Map,Query", 0),
    "Asked": ("Map,Query", 0),
    "Seen": ("Map", 0),
}


@pytest.mark.parametrize("name", CAPABILITIES)
def test_capabilities_are_what_is_granted(name: str, service: AskedService) -> None:
    """Root and layer say the same, and what they do not say is refused."""
    root, layer = service.get(service.map_url(name), f="json").json(), service.get(f"{service.map_url(name)}/0", f="json").json()
    told, most = CAPABILITIES[name]
    assert (root["capabilities"], root["maxRecordCount"]) == (layer["capabilities"], layer["maxRecordCount"]) == (told, most)
    assert layer["advancedQueryCapabilities"]["supportsPagination"] is layer["supportsStatistics"] is (most > 0)
    if not most:
        for path, asked in (("0/query", {"where": "1=1"}), ("find", {"searchText": "a", "layers": "0"})):
            error = service.get(f"{service.map_url(name)}/{path}", f="json", **asked).json()["error"]
            assert (error["code"], error["message"]) == (400, "Requested operation is not supported by this service.")
        value = service.get(service.result_url(name), f="json").json()["value"]
        assert value["features"] == [] and value["exceededTransferLimit"] is True and value["fields"] == []


def test_layer_documents_tell_the_fields_that_may_be_told(service: AskedService) -> None:
    """All at data, with ids and shape; the author's list at identify; none where there is only a picture."""

    def fields(name: str) -> list[tuple[str, str]]:
        told = service.get(f"{service.map_url(name)}/0", f="json").json()["fields"]
        return [(field["name"], field["type"].removeprefix("esriFieldType")) for field in told]

    whole = [("OBJECTID", "OID"), ("Shape", "Geometry"), ("name", "String"), ("depth", "Double"), ("kind", "Integer"), ("secret", "String")]
    assert fields("Demo") == whole
    assert fields("Some") == [("OBJECTID", "OID"), ("Shape", "Geometry"), ("name", "String"), ("depth", "Double")]
    assert fields("Asked") == [("OBJECTID", "OID"), ("name", "String")] and fields("Seen") == []


BAD: list[dict[str, object]] = [
    {},
    {"where": "1=1", "f": "pbf"},
    {"where": "depth >"},
    {"where": "nothing = 1"},
    {"where": "1=1", "outFields": "nothing"},
    {"where": "1=1", "orderByFields": "nothing DESC"},
    {"where": "1=1", "orderByFields": "name; DROP TABLE x"},
    {"where": "1=1", "groupByFieldsForStatistics": "nothing", "outStatistics": '[{"statisticType":"sum","onStatisticField":"depth"}]'},
    {"where": "1=1", "outStatistics": '[{"statisticType":"percentile_cont","onStatisticField":"depth"}]'},
    {"where": "1=1", "outStatistics": '[{"statisticType":"sum","onStatisticField":"depth","outStatisticFieldName":"a;b"}]'},
    {"where": "1=1", "outStatistics": "{}"},
    {"geometry": "{}"},
    {"geometry": '{"rings":[[[0,0]]]}', "geometryType": "esriGeometryPolygon"},
    {"geometry": '{"x":1,"y":"2"}', "geometryType": "esriGeometryPoint"},
    {"geometry": "1,2,3,4", "spatialRel": "esriSpatialRelRelation"},
    {"geometry": "1,2,3,4", "inSR": "999999"},
    {"geometry": "1,2", "geometryType": "esriGeometryPoint", "distance": "-5"},
    {"geometry": "1,2", "geometryType": "esriGeometryPoint", "distance": "5", "units": "esriSRUnit_Parsec"},
    {"objectIds": "1;2"},
    {"where": "1=1", "resultOffset": "-1"},
    {"where": "1=1", "returnDistinctValues": "true", "outFields": "kind", "orderByFields": "name"},
]  # fmt: skip


@pytest.mark.parametrize("asked", BAD, ids=[str(number) for number in range(len(BAD))])
def test_what_is_wrong_is_said(asked: dict[str, object], service: AskedService) -> None:
    """Code 400 in the dialect's words, and none of the question's."""
    answer = service.query(**asked)
    assert answer["error"]["code"] == 400, answer
    assert "nothing" not in json.dumps(answer) and "DROP" not in json.dumps(answer)


@pytest.mark.parametrize("form", ["pbf", "kmz"])
def test_forms_that_nothing_has(form: str, service: AskedService) -> None:
    """The error names those that a query and a result have."""
    for url in (f"{service.map_url()}/0/query", service.result_url()):
        error = service.get(url, f=form, where="1=1").json()["error"]
        assert error["code"] == 400 and "html, json, pjson" in str(error) and "geojson" in str(error), error
    assert service.query(f="image", where="1=1")["error"]["message"] == "'f' must be one of html, json, pjson, geojson."


def test_layers_that_are_no_features(service: AskedService) -> None:
    """Another layer is not there; every method asks the same."""
    assert service.get(f"{service.map_url()}/7/query", f="json", where="1=1").json()["error"]["code"] == 404
    posted = service.ask("POST", f"{service.map_url()}/0/query/", data={"f": "json", "where": "1=1", "returnCountOnly": "true"})
    assert posted.json() == {"count": 5}
    assert (
        service.get(f"{service.map_url()}/0/query", f="json", where="1=1", returnCountOnly="true", callback="say").text
        == '/**/say({"count": 5});'
    )


def test_the_template_has_the_layer_and_no_features(service: AskedService) -> None:
    """A client that lost the job gets an empty set instead of an error."""
    answer = service.get("/arcgis/rest/services/Demo/MapServer/0/query", f="json", where="1=1", outFields="*").json()
    assert answer["features"] == [] and answer["fields"][0]["type"] == "esriFieldTypeOID"
    refused = service.get("/arcgis/rest/services/Seen/MapServer/0/query", f="json", where="1=1").json()
    assert refused["error"]["code"] == 400


def test_find(service: AskedService) -> None:
    """A text in any field or in those named, somewhere or as the whole value; every match names the field."""

    def found(**asked: object) -> list[tuple[str, str]]:
        answer = service.get(f"{service.map_url()}/find", f="json", layers="0", **asked).json()
        return [(one["foundFieldName"], one["value"]) for one in answer["results"]]

    assert found(searchText="er") == [("name", "Berta")]
    assert found(searchText="S4") == [("secret", "s4")]
    assert found(searchText="5.75") == [("depth", "5.75")]
    assert found(searchText="a", searchFields="name", layerDefs='{"0":"kind = 1"}') == [("name", "Abel"), ("name", "Caesar")]
    assert found(searchText="dora", contains="false") == [("name", "Dora")] and found(searchText="dor", contains="false") == []
    assert found(searchText="er", searchFields="nothing") == [] and found(searchText="%") == []
    one = service.get(f"{service.map_url()}/find", f="json", layers="0", searchText="Emil", sr="4326").json()["results"][0]
    assert one["layerName"] == "Parcels" and one["attributes"]["depth"] == "5.75" and one["geometryType"] == "esriGeometryPolygon"
    assert abs(one["geometry"]["rings"][0][0][0]) < 180
    bare = service.get(f"{service.map_url()}/find", f="json", layers="0", searchText="Emil", returnGeometry="false").json()["results"][0]
    assert "geometry" not in bare
    assert service.get(f"{service.map_url()}/find", f="json", searchText="a").json()["error"]["code"] == 400


def test_pages_for_people(service: AskedService) -> None:
    """Without a question a form, with one the records, and links to both; what is given is escaped."""
    form = service.get(f"{service.map_url()}/0/query").text
    assert '<form method="get">' in form and 'name="where"' in form
    told = service.get(f"{service.map_url()}/0/query", where="name = 'Emil' OR 1=2", outFields="*").text
    assert "Emil" in told and "Dora" not in told and "1 feature<" in told
    assert "<script>" not in service.get(f"{service.map_url()}/0/query", where="name = '<script>'").text
    assert "Berta" in service.get(f"{service.map_url()}/find", searchText="er", layers="0").text
    assert 'name="searchText"' in service.get(f"{service.map_url()}/find").text
    result = service.get(service.result_url()).text
    assert "<td>Berta</td>" in result and "?f=geojson" in result and "f=geojson" not in service.get(service.result_url("Seen")).text
    page = service.get(service.map_url()).text
    assert "/0/query" in service.get(f"{service.map_url()}/0").text and '/find">' in page and '/identify">' in page
    assert "/identify" not in service.get(service.map_url("Seen")).text
