"""The map side: root, layers, legend, export, the template and the aliases."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rendermap.frontends.arcgis.map_documents import legend_document
from rendermap.frontends.negotiation import format_of
from rendermap.imaging.formats import FORMATS
from rendermap.reply import LegendEntry, LegendLayer
from rendermap.request import LayerChoice, LayerMode, LegendRequest, MapRequest
from tests.builders.arcgis_app import BBOX, REST, ArcgisApp, J, S, pixels
from tests.builders.service_double import AREA, HAZARD_JOB, ServiceDouble

ALIASES = [f"{S}/jobs/{HAZARD_JOB}/MapServer", f"{S}_{HAZARD_JOB}/MapServer"]


def test_root() -> None:
    """Every key the clients need, at the level that is granted: a map that may be seen, and no more."""
    root = ArcgisApp().json(J)
    assert root["currentVersion"] >= 10.5 and root["currentVersion"] != 10.1
    assert root["capabilities"] == "Map" and root["maxRecordCount"] == 0
    assert root["supportsDynamicLayers"] is True and root["singleFusedMapCache"] is False and "tileInfo" not in root
    assert root["spatialReference"] == {"wkid": 102100, "latestWkid": 3857} and root["units"] == "esriMeters"
    assert [root["fullExtent"][key] for key in ("xmin", "ymin", "xmax", "ymax")] == list(AREA.corners)
    assert root["initialExtent"] == root["fullExtent"] and root["tables"] == []
    offered = root["supportedImageFormatTypes"].split(",")
    assert {"PNG32", "PNG", "JPG"} <= set(offered) and {format_of(name).name for name in offered} == set(FORMATS.names)
    assert root["maxImageWidth"] == root["maxImageHeight"] == 4096
    assert f"{S}/jobs/{HAZARD_JOB}/MapServer" in root["documentInfo"]["Comments"]


def test_layers_of_the_root() -> None:
    """Ids, groups, scales and types as @arcgis/core builds its tree from them."""
    layers = {layer["id"]: layer for layer in ArcgisApp().json(J)["layers"]}
    assert [layers[1][key] for key in ("type", "subLayerIds", "parentLayerId")] == ["Group Layer", [2, 3], -1]
    assert [layers[2][key] for key in ("type", "subLayerIds", "parentLayerId")] == ["Raster Layer", None, 1]
    assert [layers[0][key] for key in ("type", "geometryType", "maxScale")] == ["Feature Layer", "esriGeometryPolyline", 0]
    assert layers[0]["minScale"] == pytest.approx(300_000 * 0.00028 / (0.0254 / 96))
    assert layers[4]["defaultVisibility"] is False


def test_a_layer_tells_no_fields_and_no_renderer() -> None:
    """A layer that may be seen gives its name, place and extent, in the map's own reference."""
    app = ArcgisApp()
    raster, vector, group = (app.json(f"{J}/{n}") for n in (2, 0, 1))
    assert app.json(f"{J}/layers")["layers"][0] == vector
    for layer in (raster, vector, group):
        assert layer["capabilities"] == "Map" and layer["maxRecordCount"] == 0 and layer["drawingInfo"] is None
        assert layer["extent"]["spatialReference"]["wkid"] == 102100 and layer["hasAttachments"] is False
    assert (raster["fields"], vector["fields"], vector["geometryType"]) == (None, [], "esriGeometryPolyline")
    assert raster["parentLayer"] == {"id": 1, "name": "Hazard"} and group["subLayers"][1] == {"id": 3, "name": "Hillshade"}


def test_template_matches_the_job() -> None:
    """The job-less twin lists the same layers with extents and capabilities, and draws blank."""
    app = ArcgisApp()
    assert app.json(f"{S}/MapServer")["layers"] == app.json(J)["layers"]
    layers = app.json(f"{S}/MapServer/layers")["layers"]
    assert all(layer["extent"] and layer["capabilities"] == "Map" for layer in layers)
    assert app.json(f"{S}/MapServer/1")["id"] == 1
    assert len(app.json(f"{S}/MapServer/legend")["layers"]) == 4
    for name in FORMATS.names:
        picture = app.get(f"{S}/MapServer/export", bbox=BBOX, size="70,40", transparent="true", format=name, f="image")
        assert picture.headers["content-type"] == FORMATS[name].media_type and len({*map(tuple, pixels(picture).reshape(-1, 4))}) == 1
        assert pixels(picture).shape[:2] == (40, 70)
    announced = app.json(f"{S}/MapServer/export", bbox=BBOX)["href"]
    assert pixels(app.get(announced)).min() == 255
    assert app.service.drawn == []


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_are_the_job(alias: str) -> None:
    """Addresses whose first MapServer comes after the job id answer as the job does, for clients that cut there."""
    app = ArcgisApp()
    for part in ("", "/layers", "/3", "/legend"):
        assert app.get(alias + part, f="json").content == app.get(J + part, f="json").content
    query = {"bbox": BBOX, "f": "image", "transparent": "true"}
    assert app.get(f"{alias}/export", **query).content == app.get(f"{J}/export", **query).content


# --- export ------------------------------------------------------------------------------------------------------------------


def test_openlayers_asks_the_root_for_the_picture() -> None:
    """f=image at the root is an export."""
    app = ArcgisApp()
    query = {"bbox": BBOX, "size": "300,200", "format": "PNG32", "transparent": "true", "dpi": "90", "f": "image"}
    assert app.get(J, **query).content == app.get(f"{J}/export", **query).content
    assert app.service.drawn[0] == app.service.drawn[1]


@pytest.mark.parametrize("name", ["png", "png32", "webp", "gif"])
def test_pictures_have_the_size_asked(name: str) -> None:
    """Exactly size pixels, for QGIS rejects any other."""
    picture = ArcgisApp().get(f"{J}/export", bbox=BBOX, size="301.4,200", format=name, f="image")
    assert Image.open(io.BytesIO(picture.content)).size == (301, 200)


def test_pictures_are_revalidated_by_their_digest() -> None:
    """The plan's digest is the ETag."""
    app = ArcgisApp()
    first = app.get(f"{J}/export", bbox=BBOX, f="image")
    again = app.ask("GET", f"{J}/export?bbox={BBOX}&f=image", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    assert len(app.service.drawn) == 1, "what the client has is not drawn again"


def test_nothing_shown_is_a_picture_too() -> None:
    """show:-1 is @arcgis/core's way to say that all sublayers are off."""
    app = ArcgisApp()
    picture = app.get(f"{J}/export", bbox=BBOX, layers="show:-1", transparent="true", f="image")
    assert picture.status_code == 200 and pixels(picture)[..., 3].max() == 0
    assert isinstance(app.service.drawn[0], MapRequest) and app.service.drawn[0].layers == LayerChoice(LayerMode.SHOW, ())


def test_export_announces_where_the_picture_is() -> None:
    """href is absolute, has no query string, and gives the very picture; the extent is the one drawn."""
    app = ArcgisApp()
    answer = app.json(f"{J}/export", bbox=BBOX, size="600,300", format="png32", transparent="true", layers="show:1")
    assert (answer["width"], answer["height"]) == (600, 300)
    assert answer["extent"]["xmax"] - answer["extent"]["xmin"] == pytest.approx(60000)
    assert answer["scale"] == pytest.approx(100 / (0.0254 / 96))
    assert answer["href"].startswith(f"http://maps.example{REST}/directories/arcgisoutput/Demo/Hazard_MapServer/map_")
    assert "?" not in answer["href"] and answer["href"].endswith(".png")
    direct = app.get(f"{J}/export", bbox=BBOX, size="600,300", format="png32", transparent="true", layers="show:1", f="image")
    assert app.get(answer["href"]).content == direct.content
    assert app.get(answer["href"] + "?_ts=1").content == direct.content


def test_a_page_shows_the_picture() -> None:
    """Without f the export is a page with the picture on it."""
    page = ArcgisApp().get(f"{J}/export", bbox=BBOX)
    assert page.status_code == 200 and '<img class="picture" src="http://maps.example/' in page.text


# --- legend ------------------------------------------------------------------------------------------------------------------


def _picture(entry: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(entry["imageData"]))))


def test_legend_holds_its_swatches() -> None:
    """Base64 PNGs with label, size and heading, for every layer that draws."""
    layers = {layer["layerId"]: layer for layer in ArcgisApp().json(f"{J}/legend")["layers"]}
    assert [entry["label"] for entry in layers[2]["legend"]] == ["Very low", "Low", "Moderate", "High", "Very high"]
    assert layers[2]["layerType"] == "Raster Layer" and layers[2]["legendGroups"] == [{"id": 0, "heading": "Hazard class"}]
    assert {entry["groupId"] for entry in layers[2]["legend"]} == {0} and "legendGroups" not in layers[0]
    entry = layers[2]["legend"][0]
    assert entry["contentType"] == "image/png" and _picture(entry).shape[:2] == (entry["height"], entry["width"]) == (20, 20)


@pytest.mark.parametrize("query", [{}, {"dpi": 192}, {"size": "30,16", "dpi": 144}])
def test_swatches_have_addresses(query: dict[str, object]) -> None:
    """A client that takes the url instead of the data gets the same picture, at the legend's own size."""
    app = ArcgisApp()
    entry = app.json(f"{J}/legend", **query)["layers"][1]["legend"][2]
    answer = app.get(f"{J}/2/images/{entry['url']}")
    assert answer.headers["content-type"] == "image/png" and answer.content == base64.b64decode(entry["imageData"])


def test_swatches_are_asked_in_the_size_wanted() -> None:
    """dpi and size reach the drawing."""
    service = ServiceDouble()
    asked: list[LegendRequest] = []
    draw = service.legend

    async def legend(request: LegendRequest) -> object:
        asked.append(request)
        return await draw(request)

    service.legend = legend  # type: ignore[assignment, method-assign]
    ArcgisApp(service).json(f"{J}/legend", dpi=192, size="32,16")
    assert (asked[0].pixel_ratio, asked[0].swatch_px) == (2.0, (32, 16))


@pytest.mark.parametrize("token", ["0" * 24, "zz", "0" * 24 + "-999x999-96", "0" * 24 + "-1x1-1.2.3"])
def test_swatches_that_are_not_there(token: str) -> None:
    """A picture that is not there is 404 in HTTP too, other nonsense an error as short."""
    answer = ArcgisApp().get(f"{J}/1/images/{token}")
    assert answer.status_code in (400, 404) and answer.json()["error"]["code"] == answer.status_code


def test_legends_tell_values_where_they_may_be_told() -> None:
    """As a list, which @arcgis/core matches classes by, beside the headings; of a layer that may only be seen none are told."""
    entries = (LegendEntry("Deep", b"png", 20, 20, "Depth", ("3",)), LegendEntry("Other", b"png", 20, 20, "Rest"))
    layers = [LegendLayer(number, "Depth", "vector", None, None, "", entries) for number in (0, 1)]
    seen, told = legend_document(layers, told={1})["layers"]  # type: ignore[misc]
    assert [line.get("values") for line in told["legend"]] == [["3"], None] and all("values" not in line for line in seen["legend"])
    for layer in (seen, told):
        assert layer["legendGroups"] == [{"id": 0, "heading": "Depth"}, {"id": 1, "heading": "Rest"}]
        assert [line["groupId"] for line in layer["legend"]] == [0, 1]
