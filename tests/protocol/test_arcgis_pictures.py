"""What the parameters of an export change on real pictures, workers and all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rendermap.settings import Settings
from tests.builders.antimeridian import LAST_DEG, lay_out_ocean
from tests.builders.antimeridian import NAME as OCEAN
from tests.builders.whole_service import SOUTH, WEST, WholeService, lay_out, served

SIDE_PX = 200
TIMED, EXACT = "Hydrology/Timed", "Hydrology/Exact"
DATES = 'time_field = "SINCE"\nend_time_field = "until"'
BOX = (WEST + 1000, SOUTH + 1000, WEST + 5000, SOUTH + 5000)
CENTER = (WEST + 3000, SOUTH + 3000)
Pixels = NDArray[np.float64]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WholeService, ...]]:
    folder = tmp_path_factory.mktemp("pictures")
    parcels = 'access = "identify"\nfields = ["number"]'
    flood, ocean = lay_out(folder, parcels=parcels), lay_out_ocean(folder)
    timed = lay_out(folder, service=TIMED, parcels=f"{DATES}\ntime_step_h = 12")
    exact = lay_out(folder, service=EXACT, parcels=f'access = "identify"\nfields = ["since", "until"]\n{DATES}')
    folders = {"jobs": (folder / "jobs",), "services": folder / "services"}
    settings = Settings(**folders, workers=1, secret_key="shared by all replicas", arcgis_root="/server/rest")
    with served(settings) as url:
        yield tuple(WholeService.of_job(url, *each) for each in ((flood,), (ocean, OCEAN), (timed, TIMED), (exact, EXACT)))


@pytest.fixture(scope="module")
def service(services: tuple[WholeService, ...]) -> WholeService:
    return services[0]


@pytest.fixture(scope="module")
def ocean(services: tuple[WholeService, ...]) -> WholeService:
    return services[1]


@pytest.fixture(scope="module")
def timed(services: tuple[WholeService, ...]) -> WholeService:
    return services[2]


@pytest.fixture(scope="module")
def exact(services: tuple[WholeService, ...]) -> WholeService:
    return services[3]


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


def test_sizes_and_colours_by_a_value_of_the_request(service: WholeService) -> None:
    """Parcels along a ramp by their number, and markers on them that grow with it; the legend tells both."""
    stops = [{"value": 0, "color": RED}, {"value": 8, "color": BLUE}]
    ramp = {"type": "simple", "symbol": _fill(RED), "visualVariables": [{"type": "colorInfo", "field": "number", "stops": stops}]}
    shown = colors(dynamic(service, _layer(PARCELS, drawingInfo={"renderer": ramp})))
    assert shown == {(200 - 25 * number, 0, 25 * number) for number in (4, 5, 7, 8)}
    marker = {"type": "esriSMS", "style": "esriSMSSquare", "color": BLUE, "size": 6}
    by = {"type": "sizeInfo", "field": "number", "stops": [{"value": 0, "size": 2}, {"value": 8, "size": 10}]}
    sizes = {
        "type": "classBreaks",
        "field": "number",
        "minValue": -1,
        "classBreakInfos": [{"classMaxValue": 9, "symbol": marker}],
        "backgroundFillSymbol": _fill(RED),
        "visualVariables": [by],
    }
    picture = dynamic(service, _layer(PARCELS, drawingInfo={"renderer": sizes}))
    blue = (picture == BLUE).all(axis=-1)
    middle = SIDE_PX // 2
    south, north = blue[middle:], blue[:middle]
    for number, seen in ((4, south[:, :middle]), (5, south[:, middle:]), (7, north[:, :middle]), (8, north[:, middle:])):
        assert seen.any(axis=0).sum() == pytest.approx((2 + number) * 96 / 72, abs=2)
    layers = json.dumps([_layer(PARCELS, drawingInfo={"renderer": each}) for each in (ramp, sizes)])
    legend = httpx.get(f"{service.url}{service.map_path}/legend", params={"f": "json", "dynamicLayers": layers}, timeout=60).json()
    assert all(len(layer["legend"]) > 1 for layer in legend["layers"]), legend


def test_a_layer_is_drawn_by_what_it_tells_of_itself(service: WholeService) -> None:
    """The drawingInfo of its document may be sent back as it stands, and draws the very picture of the map."""
    told = httpx.get(f"{service.url}{service.map_path}/{PARCELS}", params={"f": "json"}, timeout=60).json()["drawingInfo"]
    assert told["renderer"]
    assert np.array_equal(dynamic(service, _layer(PARCELS, drawingInfo=told)), exported(service, layers="show:0"))


def test_transparency_scales_and_filters_of_the_request(service: WholeService) -> None:
    """Also of layers that may only be seen, but for the filter; a range of scales may only be narrowed."""
    faint = dynamic(service, _layer(DEPTH, drawingInfo={"transparency": 60}))
    assert faint[..., 3].max() == pytest.approx(0.4 * 255, abs=1) and exported(service, layers="show:1")[..., 3].max() == 255
    assert not dynamic(service, _layer(DEPTH, minScale=1000)).any() and dynamic(service, _layer(DEPTH, minScale=1e7)).any()
    assert not dynamic(service, _layer(PARCELS, definitionExpression="number > 100")).any()


def _by(kind: str, **more: object) -> dict[str, Any]:
    return {"renderer": {"type": "simple", "symbol": _fill(RED), "visualVariables": [{"type": kind, **more}]}}


_STOPS = [{"value": 0, "size": 2}, {"value": 1, "size": 9}]
CASES = [
    (_layer(DEPTH, drawingInfo={"renderer": {"type": "rasterStretch", "stretchType": "minMax"}}), "may only be seen"),
    (_layer(DEPTH, definitionExpression="value > 1"), "may only be seen"),
    (_layer(PARCELS, drawingInfo={"renderer": {"type": "uniqueValue", "field1": "owner", "uniqueValueInfos": []}}), "do not fit"),
    (_layer(PARCELS, drawingInfo={"renderer": {"type": "pieChart"}}), "cannot be understood"),
    (_layer(PARCELS, drawingInfo=_by("colorInfo", field="owner", stops=[])), "cannot be drawn"),
    (_layer(PARCELS, drawingInfo=_by("sizeInfo", field="owner", minSize=2, maxSize=9, minDataValue=0, maxDataValue=1)), "sizeInfo"),
    (_layer(PARCELS, drawingInfo=_by("sizeInfo", valueExpression="$feature.owner", stops=_STOPS)), "sizeInfo"),
    (_layer(DEPTH, drawingInfo=_by("sizeInfo", field="value", stops=_STOPS)), "may only be seen"),
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


# --- another root --------------------------------------------------------------------------------------------------------


def test_applications_of_another_server_change_the_host_alone(service: WholeService) -> None:
    """Below the root of the setting everything is as below the usual one, and stays there: pages, pictures, their addresses, tokens."""
    usual, other = service, replace(service, map_path=service.map_path.replace("/arcgis/rest", "/server/rest"))

    def told(of: WholeService, path: str = "") -> httpx.Response:
        return httpx.get(f"{of.url}{of.map_path}{path}", params={"f": "json"}, timeout=60)

    for path in ("", "/layers", "/legend", "/0/query"):
        assert told(other, path).text == told(usual, path).text.replace("/arcgis/rest", "/server/rest"), path
    assert "/server/rest/services" in told(other).json()["documentInfo"]["Comments"]
    page = httpx.get(f"{other.url}{other.map_path}", timeout=60).text
    assert "/server/rest/services" in page and "/arcgis/rest" not in page
    href = asked(other, f="json", format="png").json()["href"]
    assert (
        href.startswith(f"{other.url}/server/rest/directories/")
        and httpx.get(href, timeout=60).content == asked(usual, format="png").content
    )
    for address in ("/server/tokens/generateToken", "/server/tokens/"):
        assert "POST" in httpx.get(other.url + address, timeout=60).text
    assert httpx.get(f"{other.url}/server/rest/nothing?f=json", timeout=60).json()["error"]["code"] == 404


# --- spatial references that @arcgis/core sends across the antimeridian --------------------------------------------------

_GEOGCS = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]]'
)
MERCATOR = (
    f'PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",{_GEOGCS},PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-178.09],PARAMETER["Standard_Parallel_1",0.0],'
    'PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]'
)
PLATE = (
    f'PROJCS["WGS_1984_Plate_Carree",{_GEOGCS},PROJECTION["Plate_Carree"],PARAMETER["False_Easting",0],PARAMETER["False_Northing",0],'
    'PARAMETER["Central_Meridian",-178.09],UNIT["Degrees",111319.49079327358]]'
)
WORLDS = [(MERCATOR, 3857, 20037508.342789244 / 180), (PLATE, 4326, 1.0)]


@pytest.mark.parametrize(("wkt", "unshifted", "unit"), WORLDS, ids=["mercator", "plate carree"])
def test_a_view_across_the_antimeridian(ocean: WholeService, wkt: str, unshifted: int, unit: float) -> None:
    """In a system shifted there it is the two unshifted pictures side by side, without a seam, as WKT and in JSON, and turned too."""
    middle, half, last = -1.91 * unit, 20 * unit, LAST_DEG * unit
    ys = (-15 * unit, 25 * unit)
    query = {"bbox": f"{middle - half},{ys[0]},{middle + half},{ys[1]}", "bboxSR": wkt, "imageSR": json.dumps({"wkt": wkt})}
    picture = exported(ocean, **query)
    sides = [(last - half, last), (-last, half - last)]
    each = {"bboxSR": unshifted, "imageSR": unshifted, "size": f"{SIDE_PX // 2},{SIDE_PX}"}
    beside = np.concatenate([exported(ocean, bbox=f"{low},{ys[0]},{high},{ys[1]}", **each) for low, high in sides], axis=1)
    difference = np.abs(picture - beside).max(axis=2)
    assert difference.mean() < 0.2 and difference.mean(axis=0).max() < 1.5
    inner = SIDE_PX // 2
    steps = np.abs(np.diff(picture[:20, inner - 4 : inner + 4, :3], axis=1)).max(axis=(0, 2))
    assert steps.max() <= 6 and (picture[..., 3] == 255).all()
    assert _difference(np.rot90(picture), exported(ocean, **query, rotation=90)) < 0.1
    document = asked(ocean, **query, f="json").json()
    assert "Central_Meridian" in document["extent"]["spatialReference"]["wkt"]


@pytest.mark.parametrize(("unshifted", "unit"), [world[1:] for world in WORLDS], ids=["mercator", "plate carree"])
@pytest.mark.parametrize("turns", [0, -1])
def test_a_plain_view_past_the_antimeridian(ocean: WholeService, unshifted: int, unit: float, turns: int) -> None:
    """As maps that go round ask for it: both sides show, features and raster, and beyond it all is as on the near side."""
    turn, half, last = 360 * unit, 20 * unit, LAST_DEG * unit
    ys = (-15 * unit, 25 * unit)

    def seen(low: float, high: float, **query: object) -> Pixels:
        return exported(ocean, bbox=f"{low},{ys[0]},{high},{ys[1]}", bboxSR=unshifted, imageSR=unshifted, **query)

    each = {"size": f"{SIDE_PX // 2},{SIDE_PX}"}
    near, far = seen(last - half, last, **each), seen(-last, half - last, **each)
    across = seen(turns * turn + last - half, turns * turn + last + half)
    difference = np.abs(across - np.concatenate([near, far], axis=1)).max(axis=2)
    assert difference.mean() < 0.2 and difference.mean(axis=0).max() < 1.5 and (across[..., 3] == 255).all()
    assert _difference(seen((turns or 2) * turn - last, (turns or 2) * turn + half - last, **each), far) < 0.2
    document = asked(ocean, bbox=f"{last - half},{ys[0]},{last + half},{ys[1]}", bboxSR=unshifted, imageSR=unshifted, f="json").json()
    assert document["extent"]["xmax"] == pytest.approx(last + half)
    assert document["extent"]["spatialReference"]["wkid"] == {3857: 102100}.get(unshifted, unshifted)


FORMS = ["102100", '{"wkid":102100}', '{"wkid":102100,"latestWkid":3857}', "{wkid: 3857}", "102113", "900913", "3857.0", "EPSG:3857"]


def test_every_form_of_a_spatial_reference(service: WholeService) -> None:
    """All ways to name web mercator give one picture, and one that nobody knows is told so."""
    query = {"bbox": "-9436000,4319000,-9431000,4324000"}
    plain = exported(service, **query, bboxSR=3857, imageSR=3857)
    assert plain.any() and all(np.array_equal(exported(service, **query, bboxSR=form, imageSR=form), plain) for form in FORMS)
    for form in ("abc", "0", '{"wkt":""}', "{}"):
        assert "spatial reference" in asked(service, imageSR=form).json()["error"]["message"]


# --- formats -------------------------------------------------------------------------------------------------------------

FORMATS = {"png": "PNG", "png8": "PNG", "PNG24": "PNG", "png32": "PNG", "jpg": "JPEG", "JPG": "JPEG", "gif": "GIF", "bmp": "BMP"}


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_are_in_the_format_asked(service: WholeService, name: str) -> None:
    """Whatever the case; where a format has no transparency, what is empty is white although transparent was asked."""
    response = asked(service, format=name, layers="show:-1", size="40.4,30.4")
    picture = Image.open(BytesIO(response.content))
    assert (picture.format, picture.size) == (FORMATS[name], (40, 30))
    assert picture.convert("RGBA").getchannel("A").getextrema() == ((0, 0) if name[:1] in "pPg" else (255, 255))
    assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255) or name[:1] in "pPg"


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"f": "kmz"}, {"f": "pbf"}])
def test_formats_that_are_not_built(service: WholeService, query: dict[str, str]) -> None:
    """A short error lists those that are."""
    answer = asked(service, **query)
    assert answer.json()["error"]["code"] == 400 and "must be one of" in answer.text and len(answer.content) < 750
    if "format" in query:
        assert "AVIF" in answer.text and "PNG8" in answer.text


# --- time ----------------------------------------------------------------------------------------------------------------

NOON_MS = 1_704_110_400_000
"""Of the first of January 2024, when the first parcel begins to be there; each day one more does."""
DAY_MS = 86_400_000


@pytest.mark.parametrize("of", [2, 3], ids=["in steps", "exactly"])
def test_a_layer_with_time(services: tuple[WholeService, ...], of: int) -> None:
    """Moments, spans and open ends show the features that are there then; what has no end is there for good."""

    def day(number: float) -> int:
        return round(NOON_MS + DAY_MS * number)

    def drawn(**query: object) -> float:
        return float((exported(services[of], layers="show:0", **query)[..., 3] > 0).mean())

    whole = drawn()
    assert drawn(time="null,null") == whole and drawn(time=f"{day(0)},{day(20)}") == whole
    # those before the fourth lie outside of the view, but for an outline
    assert drawn(time=day(-1)) == 0 and drawn(time=f"null,{day(3.9)}") < whole / 20
    assert drawn(time=day(4)) == pytest.approx(whole / 4, rel=0.1)
    assert drawn(time=f"{day(4)},{day(5)}") == pytest.approx(whole / 2, rel=0.1)
    assert drawn(time=f"{day(7.5)},null") == pytest.approx(whole / 2, rel=0.1)
    assert drawn(time=day(7.5), layerTimeOptions='{"0":{"timeDataCumulative":true}}') == pytest.approx(whole * 3 / 4, rel=0.1)
    assert drawn(time=day(-1), layerTimeOptions='{"0":{"useTime":false}}') == whole


def test_time_tells_no_date_that_may_not_be_told(timed: WholeService, exact: WholeService) -> None:
    """Where the date's field may be told a millisecond counts; elsewhere any moment of a step shows the very same."""
    moments = [NOON_MS + 4 * DAY_MS + past_ms for past_ms in (-1, 0, DAY_MS // 2 - 1, DAY_MS // 2)]
    layers = json.dumps([{"id": 7, "source": {"type": "mapLayer", "mapLayerId": 0}}])
    for more in ({"layers": "show:0"}, {"dynamicLayers": layers}, {"layers": "show:0", "rotation": 30}):
        seen = [[exported(of, time=f"{at},{at}", **more).tobytes() for at in moments] for of in (timed, exact)]
        assert [seen[0][n] == seen[0][1] for n in range(4)] == [False, True, True, False]
        assert seen[1][0] != seen[1][1] != seen[1][2]


def test_documents_tell_of_time(timed: WholeService, exact: WholeService, service: WholeService) -> None:
    """The map and the layer with time say from when until when, in steps where no field of it may be told or named."""

    def document(of: WholeService, path: str = "") -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{of.url}{of.map_path}{path}", params={"f": "json"}, timeout=60).json()
        return found

    extent = [NOON_MS, NOON_MS + 8 * DAY_MS + DAY_MS // 2]
    assert document(timed)["timeInfo"]["timeExtent"] == extent
    assert document(exact)["timeInfo"]["timeExtent"] == [NOON_MS, NOON_MS + 8 * DAY_MS]
    assert document(exact, "/0")["timeInfo"]["startTimeField"] == "since"
    info = document(timed, "/0")["timeInfo"]
    assert info["timeExtent"] == extent and info["startTimeField"] is None and info["exportOptions"]["useTime"] is True
    assert "timeInfo" not in document(timed, "/1") and "timeInfo" not in document(service)


def test_other_layers_have_no_time(service: WholeService) -> None:
    """They are drawn at all times."""
    assert np.array_equal(exported(service, time="0,1"), exported(service))
