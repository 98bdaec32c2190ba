"""What the parameters of an export change on real pictures, workers and all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.builders.whole_service import SOUTH, WEST, WholeService, whole_service

SIDE_PX = 200
BOX = (WEST + 1000, SOUTH + 1000, WEST + 5000, SOUTH + 5000)
CENTER = (WEST + 3000, SOUTH + 3000)
Pixels = NDArray[np.float64]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    parcels = 'access = "identify"\nfields = ["number"]'
    with whole_service(tmp_path_factory.mktemp("pictures"), parcels=parcels) as running:
        yield running


def asked(service: WholeService, **query: object) -> httpx.Response:
    """The answer to an export of the middle of the job."""
    usual = {"bbox": ",".join(map(str, BOX)), "size": f"{SIDE_PX},{SIDE_PX}", "format": "png32", "transparent": "true", "f": "image"}
    return httpx.get(f"{service.url}{service.map_path}/export", params={**usual, **query}, timeout=60)  # type: ignore[arg-type]


def exported(service: WholeService, **query: object) -> Pixels:
    """The picture, (height, width, 4)."""
    response = asked(service, **query)
    assert response.headers["content-type"].startswith("image/"), response.text
    return np.asarray(Image.open(BytesIO(response.content)).convert("RGBA")).astype(float)


def _difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one - other).mean())


# --- rotation ------------------------------------------------------------------------------------------------------------


def test_a_quarter_turn_is_the_picture_turned(service: WholeService) -> None:
    """Counter-clockwise is positive, for a raster and polygons alike; the document tells the extent before the turn."""
    straight = exported(service)
    assert _difference(np.rot90(straight), exported(service, rotation=90)) < 0.05
    assert _difference(np.rot90(straight, -1), exported(service, rotation=-90)) < 0.05
    assert _difference(straight, exported(service, rotation=90)) > 5
    document = asked(service, rotation=30, f="json").json()
    assert [document["extent"][key] for key in ("xmin", "ymin", "xmax", "ymax")] == list(BOX)
    assert document["extent"]["spatialReference"]["wkid"] == 32616
    followed = httpx.get(document["href"], timeout=60).content
    assert followed == asked(service, rotation=30, format="png").content


def test_any_turn_is_exact_to_half_a_pixel(service: WholeService) -> None:
    """Of all shifts by up to half a pixel none fits the finer, straight picture better than none, by which it is turned here."""
    (x, y), reach, fine_px = CENTER, 3000, 1200
    fine = exported(service, bbox=f"{x - reach},{y - reach},{x + reach},{y + reach}", size=f"{fine_px},{fine_px}")
    picture = exported(service, rotation=-30)
    cos, sin = math.cos(math.radians(-30)), math.sin(math.radians(-30))
    fits = {}
    for shift in ((0, 0), (0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)):
        right, down = np.meshgrid(*(np.arange(SIDE_PX) + 0.5 - SIDE_PX / 2 + one for one in shift))
        col = fine_px / 2 + (cos * right - sin * down) * (BOX[2] - BOX[0]) / SIDE_PX * fine_px / (2 * reach)
        row = fine_px / 2 + (sin * right + cos * down) * (BOX[2] - BOX[0]) / SIDE_PX * fine_px / (2 * reach)
        fits[shift] = _difference(picture, fine[row.astype(int), col.astype(int)])
    assert min(fits, key=lambda shift: fits[shift]) == (0, 0) and fits[0, 0] < 1.5, fits


# --- dynamicLayers -------------------------------------------------------------------------------------------------------

PARCELS, DEPTH = 0, 1
RED, BLUE = [200, 0, 0, 255], [0, 0, 200, 255]


def _fill(color: list[int]) -> dict[str, Any]:
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": color, "outline": None}


def _layer(layer: int, **more: object) -> dict[str, Any]:
    return {"id": 100 + layer, "source": {"type": "mapLayer", "mapLayerId": layer}, **more}


def _simple(color: list[int]) -> dict[str, Any]:
    return {"renderer": {"type": "simple", "symbol": _fill(color)}}


def dynamic(service: WholeService, *layers: dict[str, Any]) -> Pixels:
    """The picture of a composed map."""
    return exported(service, dynamicLayers=json.dumps(layers))


def colors(picture: Pixels) -> set[tuple[int, ...]]:
    """The opaque colours of a fair number of pixels."""
    found, counts = np.unique(picture[picture[..., 3] == 255].astype(int), axis=0, return_counts=True)
    return {tuple(int(part) for part in color[:3]) for color, count in zip(found, counts, strict=True) if count > 200}


def test_layers_as_they_are(service: WholeService) -> None:
    """Named in the map's own order without another word they are the very picture of the map; none are nothing."""
    whole = exported(service)
    assert np.array_equal(dynamic(service, _layer(PARCELS), _layer(DEPTH)), whole)
    assert np.array_equal(dynamic(service, _layer(PARCELS)), exported(service, layers="show:0"))
    assert not dynamic(service).any() and not dynamic(service, _layer(77)).any()


def test_the_first_is_on_top(service: WholeService) -> None:
    """Also when it is the one that the map has at the bottom, and when one layer comes twice."""
    red, depth = _layer(PARCELS, drawingInfo=_simple(RED)), _layer(DEPTH)
    assert (200, 0, 0) in colors(dynamic(service, red, depth))
    assert (200, 0, 0) not in colors(dynamic(service, depth, red))
    twice = dynamic(service, _layer(PARCELS, drawingInfo=_simple(BLUE), definitionExpression="number > 5"), red)
    assert colors(twice) == {(200, 0, 0), (0, 0, 200)}


def test_renderers_of_the_request(service: WholeService) -> None:
    """Classes by values and by limits colour the features they name, and the legend shows them."""
    values = {
        "type": "uniqueValue",
        "field1": "number",
        "defaultSymbol": _fill(BLUE),
        "uniqueValueInfos": [{"value": "4", "symbol": _fill(RED)}],
    }
    breaks = {
        "type": "classBreaks",
        "field": "number",
        "minValue": 0,
        "classBreakInfos": [{"classMaxValue": 5, "symbol": _fill(RED)}, {"classMaxValue": 9, "symbol": _fill(BLUE)}],
    }
    for renderer in (values, breaks):
        assert colors(dynamic(service, _layer(PARCELS, drawingInfo={"renderer": renderer}))) == {(200, 0, 0), (0, 0, 200)}
    layers = json.dumps([_layer(PARCELS, drawingInfo={"renderer": breaks})])
    legend = httpx.get(f"{service.url}{service.map_path}/legend", params={"f": "json", "dynamicLayers": layers}, timeout=60)
    assert [(layer["layerId"], len(layer["legend"])) for layer in legend.json()["layers"]] == [(100, 2)]


def test_transparency_scales_and_filters_of_the_request(service: WholeService) -> None:
    """Also of layers that may only be seen, but for the filter; a range of scales may only be narrowed."""
    faint = dynamic(service, _layer(DEPTH, drawingInfo={"transparency": 60}))
    assert faint[..., 3].max() == pytest.approx(0.4 * 255, abs=1) and exported(service, layers="show:1")[..., 3].max() == 255
    assert not dynamic(service, _layer(DEPTH, minScale=1000)).any() and dynamic(service, _layer(DEPTH, minScale=1e7)).any()
    assert not dynamic(service, _layer(PARCELS, definitionExpression="number > 100")).any()


CASES = [
    (_layer(DEPTH, drawingInfo={"renderer": {"type": "rasterStretch", "stretchType": "minMax"}}), "may only be seen"),
    (_layer(DEPTH, definitionExpression="value > 1"), "may only be seen"),
    (_layer(PARCELS, drawingInfo={"renderer": {"type": "uniqueValue", "field1": "owner", "uniqueValueInfos": []}}), "do not fit"),
    (_layer(PARCELS, drawingInfo={"renderer": {"type": "pieChart"}}), "cannot be understood"),
    (_layer(PARCELS, drawingInfo={"renderer": {"type": "simple", "symbol": {"type": "esriPFS", "imageData": "AA=="}}}), "Pictures"),
    (_layer(PARCELS, definitionExpression="number >"), "filter"),
    ({"id": 1, "source": {"type": "dataLayer", "dataSource": {"type": "raster", "dataSourceName": "secret"}}}, "layers of this map"),
]


@pytest.mark.parametrize(("layer", "said"), CASES)
def test_what_a_request_may_not_compose(service: WholeService, layer: dict[str, Any], said: str) -> None:
    """Code 400, in words that name no field and no path, short enough for @arcgis/core to read in a reply that should be a picture."""
    answer = asked(service, dynamicLayers=json.dumps([layer]))
    error = answer.json()["error"]
    assert error["code"] == 400 and said in str(error) and len(answer.content) < 750
    assert "owner" not in answer.text and "secret" not in answer.text


def test_a_composed_picture_has_an_address(service: WholeService) -> None:
    """The same bytes are behind the address that f=json announces."""
    layers = json.dumps([_layer(PARCELS, drawingInfo=_simple(RED))])
    document = asked(service, dynamicLayers=layers, f="json", format="png").json()
    assert httpx.get(document["href"]).content == asked(service, dynamicLayers=layers, format="png").content
