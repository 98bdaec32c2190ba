"""GP values as clients spell them, and how a task is to be run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rendermap.errors import BadRequest
from rendermap.frontends.arcgis.values import DECODERS, Given, decode, parse_environment, parse_inputs
from rendermap.frontends.kvp import parameters_of
from rendermap.geo.bbox import BBox
from rendermap.gp.values import CHECKS
from rendermap.limits import INPUT_CHARS
from rendermap.reply import ParameterCard, TaskCard
from rendermap.request import Environment

POINT = '{"features":[{"geometry":{"x":1,"y":2},"attributes":{}}]}'


def card(data_type: str, name: str = "Value", *, is_output: bool = False) -> ParameterCard:
    """A parameter."""
    return ParameterCard(name, data_type, name, is_output, True, None, "", "", ())


@pytest.mark.parametrize(
    ("data_type", "text", "value"),
    [
        ("GPString", "12", "12"),
        ("GPLong", "12", 12),
        ("GPLong", "-3", -3),
        ("GPLong", "12.0", 12.0),
        ("GPLong", "twelve", "twelve"),
        ("GPLong", "1_000", "1_000"),
        ("GPDouble", "4.25", 4.25),
        ("GPDouble", "1e-3", 0.001),
        ("GPDouble", "nan", "nan"),
        ("GPDouble", "1e999", "1e999"),
        ("GPBoolean", "True", True),
        ("GPBoolean", "0", False),
        ("GPBoolean", "maybe", "maybe"),
        ("GPDate", "1199145600000", 1199145600000),
        ("GPDate", "2008-01-01", "2008-01-01"),
        ("GPLinearUnit", '{"distance":5,"units":"esriMiles"}', {"distance": 5, "units": "esriMiles"}),
        ("GPLinearUnit", "5 Miles", {"distance": 5, "units": "esriMiles"}),
        ("GPLinearUnit", "0.5 esriKilometers", {"distance": 0.5, "units": "esriKilometers"}),
        ("GPArealUnit", "3 SquareKilometers", {"area": 3, "units": "esriSquareKilometers"}),
        ("GPDataFile", '{"url":"https://example.org/a.csv"}', {"url": "https://example.org/a.csv"}),
        ("GPRasterDataLayer", "dem.tif", "dem.tif"),
        ("GPFeatureRecordSetLayer", POINT, {"features": [{"geometry": {"x": 1, "y": 2}, "attributes": {}}]}),
        ("GPFeatureRecordSetLayer", "{features: [{geometry: {x: 1, y: 2}}]}", {"features": [{"geometry": {"x": 1, "y": 2}}]}),
        ("GPRecordSet", '{"features":[]}', {"features": []}),
        ("GPValueTable", '[["a",1]]', [["a", 1]]),
        ("GPMultiValue:GPString", '["a;b","c"]', ["a;b", "c"]),
        ("GPMultiValue:GPString", "a; b;", ["a", "b"]),
        ("GPMultiValue:GPLong", "1;2", [1, 2]),
        ("GPMultiValue:GPLinearUnit", "1 Feet;2 Miles", [{"distance": 1, "units": "esriFeet"}, {"distance": 2, "units": "esriMiles"}]),
        ("GPMultiValue:GPLinearUnit", '{"distance":1,"units":"esriFeet"}', [{"distance": 1, "units": "esriFeet"}]),
    ],
)  # fmt: skip
def test_spellings(data_type: str, text: str, value: object) -> None:
    """Each spelling of a client means one JSON value; a text that means none stays a text, and is refused where the task is ordered."""
    found = decode(card(data_type), text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("data_type", ["GPLinearUnit", "GPArealUnit", "GPFeatureRecordSetLayer", "GPRecordSet", "GPValueTable"])
def test_what_must_be_json(data_type: str) -> None:
    """What begins as JSON and is none is said to be none; any other text is judged where the task is ordered, in more words."""
    assert decode(card(data_type), "far") == "far"
    with pytest.raises(BadRequest, match="'Value' must be JSON"):
        decode(card(data_type), "{nonsense")


def test_a_value_is_only_so_long() -> None:
    """A longer one is not parsed, and its refusal says the limit."""
    with pytest.raises(BadRequest, match="At most 1,000,000 characters in a value for a tool"):
        decode(card("GPRecordSet"), "{" + " " * INPUT_CHARS.value + "}")


def test_every_type_that_is_checked_is_spelled() -> None:
    """The two tables know the same types."""
    assert set(DECODERS.names) == set(CHECKS.names)


def test_inputs() -> None:
    """Inputs of the task alone, by the task's own names; every fault at once; the request's own words are no inputs."""
    named = (("GPLong", "Depth"), ("GPString", "Token"), ("GPValueTable", "A"), ("GPRecordSet", "B"))
    task = TaskCard("T", "T", "", (card("GPString", "Out", is_output=True), *(card(data_type, name) for data_type, name in named)))
    sent = parameters_of(
        [("DEPTH", "4"), ("Out", "x"), ("token", "secret"), ("outputParam", "Out"), ("_ts", "1"), ("f", "json"), ("A", "")]
    )
    assert parse_inputs(sent, task) == Given({"Depth": 4}, {})
    wrong = parse_inputs(parameters_of([("Depth", "4"), ("A", "{"), ("B", "[1")]), task)
    assert wrong == Given({"Depth": 4}, {"A": ("'A' must be JSON.",), "B": ("'B' must be JSON.",)})


def test_a_form_gives_a_unit_beside_its_number() -> None:
    """A page without scripts has two fields for a length."""
    task = TaskCard("T", "T", "", (card("GPLinearUnit", "Distance"),))
    sent = parameters_of([("Distance", "5.5"), ("Distance.units", "esriMiles")])
    assert parse_inputs(sent, task).values == {"Distance": {"distance": 5.5, "units": "esriMiles"}}


COLUMNS = (card("GPString", "Zone"), card("GPDouble", "Share"), card("GPLinearUnit", "Reach"), card("GPBoolean", "Deep"))


def test_a_form_gives_a_value_table_cell_by_cell() -> None:
    """Rows with nothing in them do not count, empty cells are null; everything wrong is told at once, by row and column."""
    task = TaskCard("T", "T", "", (replace(card("GPValueTable", "Weights"), columns=COLUMNS),))
    cells = {
        "Weights.1.Zone": "a; b", "Weights.1.Share": "0.5", "Weights.1.Reach": "2", "Weights.1.Reach.units": "esriMiles",
        "Weights.2.Zone": "", "Weights.2.Reach.units": "esriMiles", "Weights.11.Deep": "true", "Weights.x.Zone": "c",
    }  # fmt: skip
    assert parse_inputs(parameters_of(cells.items()), task).values == {
        "Weights": [["a; b", 0.5, {"distance": 2, "units": "esriMiles"}, None], [None, None, None, True]]
    }
    assert parse_inputs(parameters_of([("Weights", '[["a", 1, null, true]]')]), task).values == {"Weights": [["a", 1, None, True]]}
    assert parse_inputs(parameters_of([("Weights.1.Reach.units", "esriMiles")]), task) == Given({}, {})
    twice = parse_inputs(parameters_of([("Weights", "[]"), *cells.items()]), task)
    assert twice.misspelt == {"Weights": ("'Weights' is given more than once.",)}
    wrong = parse_inputs(parameters_of([("Weights.1.Reach", "{"), ("Weights.3.Reach", "[")]), task)
    assert wrong.misspelt == {"Weights": ("'Weights.1.Reach' must be JSON.", "'Weights.3.Reach' must be JSON.")}


EXTENT = (BBox(1, 2, 3, 4), "EPSG:32616")
BOX = '{"xmin":1,"ymin":2,"xmax":3,"ymax":4,"spatialReference":{"wkid":32616}}'


@pytest.mark.parametrize(
    ("sent", "environment"),
    [
        ({}, Environment()),
        ({"env:outSR": "102100"}, Environment("EPSG:3857")),
        ({"ENV:OUTSR": '{"wkid":4326}', "env:processSR": "32616"}, Environment("EPSG:4326", "EPSG:32616")),
        ({"returnZ": "True", "returnM": "false"}, Environment(return_z=True)),
        ({"context": f'{{"extent":{BOX},"outSR":102100,"processSR":32633}}'}, Environment("EPSG:3857", "EPSG:32633", EXTENT)),
        ({"context": '{"outSR":{"wkid":4326},"processSR":null}', "env:outSR": "3857"}, Environment("EPSG:3857")),
        ({"env:extent": "1,2,3,4", "env:processSR": "32616"}, Environment(None, "EPSG:32616", EXTENT)),
    ],
)  # fmt: skip
def test_environment(sent: dict[str, str], environment: Environment) -> None:
    """What is said by itself, and the context that says the same; what is said by itself wins."""
    assert parse_environment(parameters_of(sent.items())) == environment


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"env:outSR": "1"}, "'env:outSR' is not a known spatial reference"),
        ({"context": "[1]"}, "'context' must be a JSON object"),
        ({"context": '{"processSR":{"wkid":1}}'}, "'processSR' is not a known"),
        ({"context": '{"outSR":[1]}'}, "'outSR' is not a known"),
        ({"env:extent": "1,2,3,4"}, "must name its spatialReference"),
        ({"context": '{"extent":5}'}, "'extent' must be four finite numbers"),
        ({"returnZ": "perhaps"}, "'returnZ' must be true or false"),
    ],
)
def test_environment_that_cannot_be(sent: dict[str, str], said: str) -> None:
    """Each is refused in its own words."""
    with pytest.raises(BadRequest, match=said):
        parse_environment(parameters_of(sent.items()))


def test_faults_of_the_environment_together() -> None:
    """All of them at once."""
    sent: dict[str, Any] = {"env:outSR": "1", "returnZ": "perhaps"}
    with pytest.raises(BadRequest) as caught:
        parse_environment(parameters_of(sent.items()))
    assert len(caught.value.details) == 2
