"""What a task is given: every data type, good and bad, with the words that say what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from rendermap.errors import BadRequest, InvalidParameter
from rendermap.gp.values import CHECKS, checked_inputs
from rendermap.limits import INPUT_FEATURES, INPUT_TEXT, INPUT_VALUES, INPUT_VERTICES
from rendermap.services.datatypes import is_data_type
from rendermap.services.service import Direction, Parameter, Task

MERCATOR = {"wkid": 102100, "latestWkid": 3857}
ONE_RECORD = {"features": [{"attributes": {"a": None}}]}
SQUARE = [[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]


def parameter(data_type: str, **more: Any) -> Parameter:
    """An input called Value."""
    return Parameter("Value", data_type, "Value", Direction.INPUT, **more)


def task(*parameters: Parameter) -> Task:
    """A task of these parameters."""
    return Task("Try", "Try", "", parameters, ())


def checked(data_type: str, value: object, crs: str | None = None, **more: Any) -> Any:
    """The canonical form of a value."""
    return checked_inputs(task(parameter(data_type, **more)), {"value": value}, crs)["Value"]


def features(*geometries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A feature set in Web Mercator."""
    return {"spatialReference": MERCATOR, "features": [{"geometry": g, "attributes": {"n": 1}} for g in geometries], **more}


def field(name: str, kind: str) -> dict[str, str]:
    """A field that only attributes tell."""
    return {"type": f"esriFieldType{kind}", "alias": name, "name": name}


@pytest.mark.parametrize(
    ("data_type", "value", "canonical"),
    [
        ("GPString", "north", "north"),
        ("GPLong", 12, 12),
        ("GPLong", 12.0, 12),
        ("GPLong", -(2**40), -(2**40)),
        ("GPDouble", 4.25, 4.25),
        ("GPDouble", 3, 3),
        ("GPBoolean", False, False),
        ("GPDate", 1199145600000, 1199145600000),
        ("GPDate", "2008-01-01T01:00:00+01:00", 1199145600000),
        ("GPDate", "2008-01-01", 1199145600000),
        ("GPLinearUnit", {"distance": 5, "units": "esriMiles"}, {"distance": 5, "units": "esriMiles"}),
        ("GPLinearUnit", {"distance": 5, "units": "esrimiles", "more": 1}, {"distance": 5, "units": "esriMiles"}),
        ("GPLinearUnit", {"distance": 5}, {"distance": 5, "units": "esriMeters"}),
        ("GPArealUnit", {"area": 2.5, "units": "esriHectares"}, {"area": 2.5, "units": "esriHectares"}),
        ("GPMultiValue:GPString", ["a", "b"], ["a", "b"]),
        ("GPMultiValue:GPLinearUnit", [{"distance": 1, "units": "esriFeet"}], [{"distance": 1, "units": "esriFeet"}]),
        ("GPValueTable", [["a", 1], ["b", 2.5]], [["a", 1], ["b", 2.5]]),
        (
            "GPRecordSet",
            {"features": [{"attributes": {"a": None}}]},
            {"fields": [field("a", "String")], "features": [{"attributes": {"a": None}}]},
        ),
    ],
)
def test_good_values(data_type: str, value: object, canonical: object) -> None:
    """A value that is what its parameter wants comes out in the one form that tools read, of the very type."""
    found = checked(data_type, value)
    assert found == canonical and type(found) is type(canonical)


@pytest.mark.parametrize(
    ("data_type", "value", "said"),
    [
        ("GPString", 12, "must be a text"),
        ("GPString", "x" * (INPUT_TEXT.value + 1), "At most 10,000 characters"),
        ("GPString", "a\x00b", "without control characters"),
        ("GPLong", "12", "must be a whole number"),
        ("GPLong", 2.5, "must be a whole number"),
        ("GPLong", True, "must be a whole number"),
        ("GPLong", 2**53, "between -4,503,599,627,370,495 and"),
        ("GPLong", 10**400, "must be a whole number"),
        ("GPDouble", "4.2", "must be a number"),
        ("GPDouble", float("inf"), "must be a number"),
        ("GPDouble", float("nan"), "must be a number"),
        ("GPDouble", True, "must be a number"),
        ("GPBoolean", 1, "must be true or false"),
        ("GPBoolean", "true", "must be true or false"),
        ("GPDate", "yesterday", "must be a date"),
        ("GPDate", 1e300, "must be a date"),
        ("GPDate", {"a": 1}, "must be a date"),
        ("GPLinearUnit", 5, "must be a JSON object with distance and units"),
        ("GPLinearUnit", {"distance": -5, "units": "esriMiles"}, "0 or more"),
        ("GPLinearUnit", {"distance": "5", "units": "esriMiles"}, "a distance that is a number"),
        ("GPLinearUnit", {"distance": 5, "units": "esriUnknownUnits"}, "one of these units: esriMeters"),
        ("GPLinearUnit", {"distance": 5, "units": ["esriMiles"]}, "one of these units"),
        ("GPArealUnit", {"area": 5, "units": "esriMiles"}, "one of these units: esriSquareMeters"),
        ("GPMultiValue:GPString", "a", "must be a JSON array"),
        ("GPMultiValue:GPLong", [1, 2.5], "'Value, value 2' must be a whole number"),
        ("GPMultiValue:GPLong", [1] * (INPUT_VALUES.value + 1), "At most 1000 values"),
        ("GPValueTable", [1], "array of rows"),
        ("GPValueTable", [[1], [1, 2]], "rows of the same length"),
        ("GPValueTable", [[{}]], "texts, numbers"),
        ("GPDataFile", {"url": "http://169.254.169.254/"}, "are not fetched"),
        ("GPDataFile", {"itemID": "i1"}, "are not fetched"),
        ("GPRasterDataLayer", {"url": "https://example.org/dem.tif"}, "are not fetched"),
        ("GPRasterData", "dem.tif", "are not fetched"),
        ("GPRecordSet", [], "list of features"),
        ("GPRecordSet", {"url": "https://example.org/table"}, "are not fetched"),
        ("GPFeatureRecordSetLayer", "x", "list of features"),
        ("GPFeatureRecordSetLayer", {"features": 1}, "list of features"),
        ("GPFeatureRecordSetLayer", {"url": "https://example.org/0"}, "are not fetched"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": "2"}), "finite numbers"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": float("inf")}), "finite numbers"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": 10**400}), "finite numbers"),
        ("GPRecordSet", {"features": [{"attributes": {"a": 10**400}}]}, "attributes that"),
        ("GPValueTable", [[10**400]], "texts, numbers"),
        ("GPDate", 10**400, "must be a date"),
        ("GPLinearUnit", {"distance": 10**400}, "a distance that is a number"),
        ("GPFeatureRecordSetLayer", features({"x": "NaN", "y": 1}), "give every feature a geometry"),
        ("GPFeatureRecordSetLayer", features({"curveRings": []}), "without curves"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": 2}, {"points": [[1, 2]]}), "several types"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": 2}, geometryType="esriGeometryPolygon"), "its geometryType says"),
        ("GPFeatureRecordSetLayer", features(geometryType={"a": 1}), "must have a geometryType of"),
        ("GPFeatureRecordSetLayer", features({"rings": [[[0, 0], [0, 1], [1, 1], [2, 2]]]}), "not closed"),
        ("GPFeatureRecordSetLayer", features({"rings": [[[0, 0]]]}), "too few vertices"),
        ("GPFeatureRecordSetLayer", features({"rings": 5}), "without rings"),
        ("GPFeatureRecordSetLayer", features({"paths": [[[0, 0], [1]]]}), "two to four numbers"),
        ("GPFeatureRecordSetLayer", features({"paths": [[[0, 0], [1, 1, 5]]]}), "mixes vertices"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": 2}, hasZ=True), "hasZ and hasM"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": 2}, fields=[{"type": "x"}]), "fields as JSON objects"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": 2, "spatialReference": {"wkid": 4326}}), "mixes spatial references"),
        ("GPDate", 1772366400000.5, "must be a date"),
        ("GPFeatureRecordSetLayer", {**features({"x": 1, "y": 95}), "spatialReference": {"wkid": 4326}}, "latitudes from -90 to 90"),
        ("GPFeatureRecordSetLayer", {**features({"x": 500, "y": 1}), "spatialReference": {"wkid": 4326}}, "longitudes from -360 to 360"),
        ("GPFeatureRecordSetLayer", features({"paths": [[[0, 0], [1, 1e300]]]}), "nowhere on the earth"),
        ("GPFeatureRecordSetLayer", features({"xmin": -2e8, "ymin": 0, "xmax": 1, "ymax": 1}), "nowhere on the earth"),
        ("GPFeatureRecordSetLayer", features({"x": 1, "y": 2}, spatialReference={"wkid": 1}), "not known"),
        ("GPFeatureRecordSetLayer", {"features": [{"geometry": {"x": 1, "y": 2}}]}, "must name its spatialReference"),
        ("GPRecordSet", {"features": [{"attributes": {"a": []}}]}, "attributes that"),
        ("GPFeatureRecordSetLayer", features(*[{"x": 1, "y": 1}] * (INPUT_FEATURES.value + 1)), "At most 10,000 features"),
        ("GPFeatureRecordSetLayer", features({"points": [[1, 2]] * (INPUT_VERTICES.value + 1)}), "At most 100,000 vertices"),
    ],
)  # fmt: skip
def test_bad_values(data_type: str, value: object, said: str) -> None:
    """Nothing is turned into something else in silence, and the refusal names the parameter and what it wants."""
    with pytest.raises(BadRequest) as caught:
        checked(data_type, value)
    assert said in caught.value.sentence and caught.value.sentence.startswith("'Value")


@pytest.mark.parametrize(
    ("more", "value", "said"),
    [
        ({"data_type": "GPString", "choices": ("low", "high")}, "Low", "must be one of low, high"),
        ({"data_type": "GPMultiValue:GPString", "choices": ("low", "high")}, ["low", "x"], "must be one of low, high"),
        ({"data_type": "GPLong", "minimum": 1, "maximum": 9}, 10, "must be between 1 and 9"),
        ({"data_type": "GPDouble", "minimum": 0.5}, 0.25, "must be at least 0.5"),
        ({"data_type": "GPMultiValue:GPDouble", "maximum": 2}, [1, 3], "'Value, value 2' must be at most 2"),
        ({"data_type": "GPFeatureRecordSetLayer", "geometry": "line"}, features({"x": 1, "y": 2}), "of type esriGeometryPolyline"),
    ],
)
def test_filters_of_the_service(more: dict[str, Any], value: object, said: str) -> None:
    """Choice lists, ranges and geometry types that the service declares are held."""
    with pytest.raises(BadRequest, match=said):
        checked(value=value, **more)


COLUMNS = (
    Parameter("Zone", "GPString", "", Direction.INPUT, choices=("a", "b")),
    Parameter("Share", "GPDouble", "", Direction.INPUT, required=False, minimum=0, maximum=1),
    Parameter("Since", "GPDate", "", Direction.INPUT, required=False),
    Parameter("Reach", "GPLinearUnit", "", Direction.INPUT, required=False),
)


def test_rows_of_columns() -> None:
    """Each cell is what its column wants, in its canonical form; one that is not required may be empty."""
    rows = [["a", 0.5, "2008-01-01", {"distance": 1, "units": "esrimiles"}], ["b", None, None, None]]
    assert checked("GPValueTable", rows, columns=COLUMNS) == [
        ["a", 0.5, 1199145600000, {"distance": 1, "units": "esriMiles"}],
        ["b", None, None, None],
    ]
    assert checked("GPValueTable", [], columns=COLUMNS) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["a"], "'Value' must have rows of 4 values: Zone, Share, Since, Reach"),
        (["a", 1, None, None, 1], "rows of 4 values"),
        (["c", 1, None, None], "'Value, row 2, Zone' must be one of a, b"),
        ([None, 1, None, None], "'Value, row 2, Zone' is required"),
        (["a", 2, None, None], "'Value, row 2, Share' must be between 0 and 1"),
        (["a", "1", None, None], "'Value, row 2, Share' must be a number"),
        (["a", 1, "soon", None], "'Value, row 2, Since' must be a date"),
        (["a", 1, None, 5], "'Value, row 2, Reach' must be a JSON object"),
    ],
)
def test_cells_that_are_not_what_their_column_wants(row: list[object], said: str) -> None:
    """The row and the column are named."""
    with pytest.raises(BadRequest, match=re.escape(said)):
        checked("GPValueTable", [["a", 1, None, None], row], columns=COLUMNS)


def test_all_wrong_cells_at_once() -> None:
    """Nobody mends a table cell by cell, and nobody reads a thousand faults."""
    with pytest.raises(BadRequest) as caught:
        checked("GPValueTable", [["c", 2, None, None], ["a", 1, "soon", None]], columns=COLUMNS)
    assert [words.split("'")[1] for words in caught.value.details] == ["Value, row 1, Zone", "Value, row 1, Share", "Value, row 2, Since"]
    with pytest.raises(BadRequest) as caught:
        checked("GPValueTable", [["c", 2, None, None]] * 100, columns=COLUMNS)
    assert len(caught.value.details) == 30


def test_all_faults_at_once() -> None:
    """Whoever asks hears of every fault in one answer, those of absent values too."""
    wanted = task(Parameter("A", "GPLong", "A", Direction.INPUT), Parameter("B", "GPBoolean", "B", Direction.INPUT))
    with pytest.raises(BadRequest) as caught:
        checked_inputs(wanted, {"b": "x"})
    assert caught.value.details == ("'A' is required.", "'B' must be true or false.")


def test_names_defaults_and_strangers() -> None:
    """Letter case does not matter, defaults are filled in, what nobody needs is left out, and so is what the task does not know."""
    wanted = task(
        Parameter("Depth", "GPDouble", "", Direction.INPUT),
        Parameter("When", "GPDate", "", Direction.INPUT, default="2008-01-01T00:00:00"),
        Parameter("Note", "GPString", "", Direction.INPUT, required=False),
        Parameter("Out", "GPRasterDataLayer", "", Direction.OUTPUT),
    )
    assert checked_inputs(wanted, {"DEPTH": 2, "Stranger": "x", "Out": 1, "note": None}) == {"Depth": 2, "When": 1199145600000}


def test_a_file_of_the_service_itself() -> None:
    """A default is the author's word; clients that send it back mean the same."""
    for given in ({}, {"Value": "dem.tif"}):
        assert checked_inputs(task(parameter("GPRasterDataLayer", default="dem.tif")), given) == {"Value": "dem.tif"}


def test_features_in_one_form() -> None:
    """The type and the reference are told once, whatever a client repeats or leaves out; symbols and other baggage stay behind."""
    point = {"x": 1, "y": 2.5, "spatialReference": {"wkid": 102100}}
    given = {"features": [{"geometry": point, "attributes": {"name": "a"}, "symbol": {"type": "esriSMS"}}], "displayFieldName": ""}
    assert checked("GPFeatureRecordSetLayer", given) == {
        "geometryType": "esriGeometryPoint",
        "spatialReference": MERCATOR,
        "fields": [field("name", "String")],
        "features": [{"attributes": {"name": "a"}, "geometry": {"x": 1, "y": 2.5}}],
    }
    bare = checked("GPFeatureRecordSetLayer", {"features": [{"geometry": {"x": 1, "y": 2}}]}, crs="EPSG:32616")
    assert bare["spatialReference"]["wkid"] == 32616
    layer = {"layerDefinition": {}, "featureSet": features({"x": 0, "y": 0})}
    assert checked("GPFeatureRecordSetLayer", layer)["spatialReference"] == MERCATOR


def test_envelopes_heights_and_empty_sets() -> None:
    """An envelope is a polygon; a third number is a height unless it is said to be a measure; no features are features too."""
    box = checked("GPFeatureRecordSetLayer", features({"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}, geometryType="esriGeometryEnvelope"))
    assert box["geometryType"] == "esriGeometryPolygon" and box["features"][0]["geometry"] == {"rings": [SQUARE]}
    path = {"paths": [[[0, 0, 7], [1, 1, 8]]]}
    assert checked("GPFeatureRecordSetLayer", features(path))["hasZ"] is True
    measured = checked("GPFeatureRecordSetLayer", features(path, hasM=True))
    assert measured["hasM"] is True and "hasZ" not in measured
    assert checked("GPFeatureRecordSetLayer", features(), geometry="polygon")["geometryType"] == "esriGeometryPolygon"


def test_fields() -> None:
    """What a client tells of a field stays; what only its values tell is told too, since readers go by the list of fields."""
    rows = [{"a": 1, "b": 1, "c": 2**40, "d": None}, {"a": 2.5, "b": 2, "c": 1, "d": "x"}]
    told = [{"name": "b", "type": "esriFieldTypeOID", "alias": "Number", "domain": {}}]
    found = checked("GPRecordSet", {"fields": told, "features": [{"attributes": row} for row in rows]})
    assert found["fields"] == [
        {"name": "b", "type": "esriFieldTypeOID", "alias": "Number"},
        *(field(name, kind) for name, kind in (("a", "Double"), ("c", "BigInteger"), ("d", "String"))),
    ]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("SmallInteger", [-(2**15)], [2**15]), ("Integer", [1, 2.0, None], [1.5, "1", 2**31, True]), ("BigInteger", [2**40], [2**63]),
     ("Single", [2.5], [1e39]), ("Double", [1, 2.5], ["x", True]), ("String", ["x" * 9], [1, "x" * 10]),
     ("Date", [1, "2026-03-01"], [1.5, 1e20, "2026"]), ("GUID", ["{0f8fad5b-d9cb-469f-a165-70867728950e}"], ["zz", 1]),
     ("XML", ["x", 1], []), ("Bogus", [], [1])],
)  # fmt: skip
def test_values_are_as_their_fields_say(kind: str, good: list[object], bad: list[object]) -> None:
    """A reader would make something else of the others, or nothing, in silence."""

    def table(value: object) -> dict[str, Any]:
        return {"fields": [{"name": "a", "type": f"esriFieldType{kind}", "length": 9}], "features": [{"attributes": {"a": value}}]}

    for value in good:
        assert checked("GPRecordSet", table(value))["features"][0]["attributes"] == {"a": value}
    for value in bad:
        with pytest.raises(InvalidParameter, match=r"field a (that are not of its type|of a type that is not known)"):
            checked("GPRecordSet", table(value))


def test_every_data_type_has_its_check() -> None:
    """A data type that a service may declare and nobody checks would be a hole; canonical values are JSON."""
    assert all(is_data_type(name) for name in CHECKS.names) and len(CHECKS) == 13
    assert json.loads(json.dumps(checked("GPFeatureRecordSetLayer", features({"x": 0, "y": 0}))))
