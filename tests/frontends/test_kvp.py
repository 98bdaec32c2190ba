"""Query strings and forms become checked values."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from starlette.requests import Request

from rendermap.errors import BadRequest, InvalidBbox, InvalidLayer, InvalidParameter, InvalidSize, RendermapError, TooCostly
from rendermap.frontends.kvp import (
    Checks,
    Parameters,
    parameters_of,
    parse_bbox,
    parse_bool,
    parse_float,
    parse_floats,
    parse_json,
    parse_layer_ids,
    parse_size,
    read_parameters,
)
from rendermap.limits import BODY_BYTES


def _read(query: str = "", body: bytes = b"", media_type: str = "application/x-www-form-urlencoded", method: str = "POST") -> Parameters:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": method, "query_string": query.encode(), "headers": [(b"content-type", media_type.encode())]}
    request = Request(scope, receive)  # type: ignore[arg-type]
    return anyio.run(read_parameters, request)


def test_names_have_no_case_and_empty_values_are_absent() -> None:
    """GDAL sends `layerdefs=` and OpenLayers `LAYERS` beside `layers`; the last value counts."""
    parameters = parameters_of([("LAYERS", "show:0"), ("layers", "show:1"), ("layerDefs", ""), ("Time", " ")])
    assert parameters.values == {"layers": "show:1"}
    assert "time" not in parameters and parameters.get("layerdefs") is None


def test_the_body_wins_over_the_query() -> None:
    """A form posted to an address with a query is merged with it."""
    parameters = _read("f=json&size=1,1", b"size=400.5%2C300&x=a+b")
    assert parameters.values == {"f": "json", "size": "400.5,300", "x": "a b"}


def test_multipart_forms_are_read_and_files_passed_over() -> None:
    """Clients post multipart when they post files too."""
    body = (
        b'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n'
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--B--\r\n'
    )
    assert _read(body=body, media_type="multipart/form-data; boundary=B").values == {"f": "json"}


@pytest.mark.parametrize("media_type", ["multipart/form-data", "multipart/form-data; boundary=Z", "application/json"])
def test_a_body_that_is_no_form_is_said_to_be_none(media_type: str) -> None:
    """Broken multipart and other media types are the client's fault, not ours."""
    with pytest.raises(InvalidParameter):
        _read(body=b"{}", media_type=media_type)


def test_bodies_and_parameter_counts_are_bounded() -> None:
    """A body too large is refused, so are thousands of parameters."""
    with pytest.raises(TooCostly):
        _read(body=b"a=" + b"x" * BODY_BYTES.value)
    with pytest.raises(InvalidParameter):
        _read("&".join(f"a{i}=1" for i in range(300)), method="GET")


def test_booleans_in_python_spelling() -> None:
    """The Python client posts True and False."""
    assert [parse_bool("x", text) for text in ("true", "True", "1", "false", "False", "0")] == [True] * 3 + [False] * 3
    with pytest.raises(InvalidParameter, match="'x' must be true or false"):
        parse_bool("x", "maybe")


@pytest.mark.parametrize("text", ["", "nan", "inf", "-Infinity", "1e999", "12_000", "0x10", "1,2"])
def test_numbers_are_finite_numbers(text: str) -> None:
    """What Python would read kindly is still no number of a map."""
    with pytest.raises(InvalidParameter):
        parse_float("x", text)


def test_lists_have_the_exact_length() -> None:
    """Blanks are fine, a number too many is not."""
    assert parse_floats("x", "1, 2.5,-3e2", 3) == (1.0, 2.5, -300.0)
    with pytest.raises(InvalidParameter):
        parse_floats("x", "1,2,3,4", 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"x": 1}', {"x": 1}), ("{x: 1, y: 2}", {"x": 1, "y": 2}), ("{'wkid':4326}", {"wkid": 4326}), ("[1,2,]", [1, 2])],
)
def test_json_may_be_lenient(text: str, value: object) -> None:
    """QGIS leaves the quotes of keys away."""
    assert parse_json("geometry", text) == value


@pytest.mark.parametrize(
    "text", ["{", "{x:}", "[" * 5000, "{a:" * 30 + "1" + "}" * 30, '{"x": NaN}', "{x: Infinity}", "[1" * 200_000, "1" * 5000]
)
def test_json_is_bounded_and_finite(text: str) -> None:
    """Too deep, too long, not finite or not JSON are one kind of fault, quickly found."""
    with pytest.raises(InvalidParameter):
        parse_json("geometry", text)


@pytest.mark.parametrize("text", [r'["\ud800"]', r'{"\udfff": 1}', r"{a: '\ud83d'}"])
def test_json_holds_whole_characters(text: str) -> None:
    """Python takes half of one, and no answer and no job's document can be written with it."""
    assert parse_json("x", r'["\ud83d\ude00"]') == ["\U0001f600"]
    with pytest.raises(InvalidParameter, match="half of a character"):
        parse_json("x", text)


def test_all_faults_are_gathered() -> None:
    """A client hears of all its mistakes at once, of a single one in its own words."""

    def fail(fault: BadRequest) -> int:
        raise fault

    checks = Checks()
    assert checks.read(lambda: 7, 0) == 7
    checks.finish()
    assert checks.read(lambda: fail(InvalidSize("no size")), 3) == 3
    with pytest.raises(InvalidSize, match="no size"):
        checks.finish()
    checks.read(lambda: fail(InvalidBbox("no box")), 0)
    with pytest.raises(BadRequest) as caught:
        checks.finish()
    assert caught.value.details == ("no size", "no box")


def test_boxes_sizes_and_layer_lists_mean_the_same_to_every_protocol() -> None:
    """Pairs of a box in any order, sizes with fractions, ids once and sorted; -1 is no layer."""
    assert parse_bbox("bbox", "1,4,3,2").corners == (1, 2, 3, 4)
    assert parse_size("size", "300.5, 200") == (300.5, 200)
    assert parse_layer_ids("layers", " 3,0,,3,-1") == (0, 3) and parse_layer_ids("layers", "") == ()


@pytest.mark.parametrize(
    ("parse", "text", "error"),
    [
        *((parse_bbox, text, InvalidBbox) for text in ("", "1,2,3", "1,2,3,4,5", "1,2,1,4", "nan,0,1,1", "0,0,inf,1", "0,0,1_0,1")),
        *((parse_size, text, InvalidSize) for text in ("", "1", "1,2,3", "0,9", "-1,9", "a,b", "inf,1")),
        *((parse_layer_ids, text, InvalidLayer) for text in ("one", "1;2", "1.5", "9" * 10, "1," * 1000 + "1")),
    ],
)
def test_wrong_boxes_sizes_and_layer_lists_are_refused(parse: Callable[[str, str], object], text: str, error: type[RendermapError]) -> None:
    """Each kind has its own word, with the parameter's name in the sentence."""
    with pytest.raises(error, match="'it'"):
        parse("it", text)
