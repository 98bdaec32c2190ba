"""The parameters of an export become a map request."""

from __future__ import annotations

import json
from typing import cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendermap.errors import (
    BadRequest,
    InvalidBbox,
    InvalidCrs,
    InvalidFilter,
    InvalidLayer,
    InvalidParameter,
    InvalidSize,
    NotSupported,
    RendermapError,
)
from rendermap.frontends.arcgis.layers import parse_dynamic_layers, parse_layer_choice, parse_layer_defs
from rendermap.frontends.arcgis.params import WHITE, parse_export
from rendermap.frontends.arcgis.spatial import parse_spatial_reference, scale_of, spatial_reference, to_esri_scale
from rendermap.frontends.kvp import parameters_of
from rendermap.geo.bbox import BBox
from rendermap.reply import MapCard
from rendermap.request import ComposedLayer, JobRequest, LayerChoice, LayerMode, MapRequest, TimeSpan
from tests.builders.service_double import HAZARD_JOB, ServiceDouble

JOB = JobRequest("Demo/Hazard", HAZARD_JOB)
SQUARE = "-9390000,4365000,-9360000,4395000"


def _card() -> MapCard:
    return cast(MapCard, anyio.run(ServiceDouble().map_of, JOB))


CARD = _card()


def parse(**given: str) -> MapRequest:
    """An export of the stand-in's map."""
    return parse_export(parameters_of({"bbox": SQUARE, **given}.items()), JOB, CARD)


def test_defaults() -> None:
    """Only bbox is needed: 400 by 400 at 96 dpi, 32-bit PNG on white, the map's own CRS, the default layers."""
    asked = parse()
    assert (asked.view.width_px, asked.view.height_px, asked.view.pixel_ratio, asked.view.crs) == (400, 400, 1.0, "EPSG:3857")
    assert asked.view.bbox == BBox(-9390000, 4365000, -9360000, 4395000)
    assert (asked.format, asked.background, asked.layers, asked.filters) == ("png", WHITE, LayerChoice(), ())


def test_corners_in_any_order_are_one_box() -> None:
    """esri-leaflet swaps the y pair."""
    assert parse(bbox="-9390000,4395000,-9360000,4365000") == parse() == parse(bbox="-9360000, 4395000, -9390000, 4365000")


def test_an_envelope_brings_its_spatial_reference() -> None:
    """A JSON box says where it lies unless bboxSR does."""
    box = {"xmin": -84.3, "ymin": 36.5, "xmax": -84.2, "ymax": 36.6, "spatialReference": {"wkid": 4326}}
    named = parse(bbox=json.dumps(box))
    assert named == parse(bbox="-84.3,36.5,-84.2,36.6", bboxSR="4326")
    assert named.view.bbox.xmin == pytest.approx(-9384233.1, abs=2000)
    assert parse(bbox="{xmin:-9390000,ymin:4365000,xmax:-9360000,ymax:4395000}") == parse()


def test_the_picture_has_the_maps_crs_unless_told() -> None:
    """imageSR defaults to the map's, also when only bboxSR is given; with both the box is carried over."""
    assert parse(bbox="-84.3,36.5,-84.2,36.6", bboxSR="4326").view.crs == "EPSG:3857"
    both = parse(bbox="-84.3,36.5,-84.2,36.6", bboxSR="4326", imageSR="4326")
    assert both.view.crs == "EPSG:4326" and both.view.bbox.corners == pytest.approx((-84.3, 36.5, -84.2, 36.6))


@pytest.mark.parametrize("size", ["600,300", "300,600", "1000,100"])
def test_the_box_is_extended_and_never_distorted(size: str) -> None:
    """Pixels are square, what was asked for is inside, the centre stays."""
    view = parse(size=size).view
    assert view.bbox.width / view.width_px == pytest.approx(view.bbox.height / view.height_px)
    assert view.bbox.width >= 30000 - 1e-6 and view.bbox.height >= 30000 - 1e-6
    assert view.bbox.center == pytest.approx((-9375000, 4380000))


def test_rounded_sizes_leave_the_box_alone() -> None:
    """OpenLayers sends sizes with decimals; neighbouring pictures must share their edge."""
    view = parse(size="400.4,399.6").view
    assert (view.width_px, view.height_px) == (400, 400)
    assert parse(size="401,400").view.bbox.corners != parse(size="400,400").view.bbox.corners
    box = "0,0,400.3,400"
    assert parse(bbox=box, size="400.3,400").view.bbox == BBox(0, 0, 400.3, 400)


@pytest.mark.parametrize("size", ["0,0", "-1,5", "400", "1,2,3", "a,b", "99999,10", "inf,1", "0.2,9"])
def test_sizes_are_bounded(size: str) -> None:
    """Zero is a clear error (QGIS sends it at its strips' end), so is more than the map allows."""
    with pytest.raises(InvalidSize, match="'size'"):
        parse(size=size)


def test_dpi_scales_symbols_and_not_the_frame() -> None:
    """OpenLayers sends 90, @arcgis/core fractions; the scale of the same place stays."""
    assert parse(dpi="192").view.pixel_ratio == 2.0
    assert parse(dpi="95.87").view.pixel_ratio == pytest.approx(0.9986, abs=1e-3)
    assert parse(dpi="192").view.bbox == parse().view.bbox


def test_scale_wins_over_extent() -> None:
    """mapScale keeps the centre, and the scale reported is the one asked, whatever the dpi."""
    for dpi in ("96", "192"):
        view = parse(mapScale="250000", dpi=dpi, size="600,300").view
        assert scale_of(view) == pytest.approx(250000)
        assert view.bbox.center == pytest.approx((-9375000, 4380000))
    assert parse(mapScale="0") == parse(mapScale="") == parse()
    with pytest.raises(InvalidParameter, match="'mapScale' must be above 0"):
        parse(mapScale="-5")


def test_rotation() -> None:
    """Degrees counter-clockwise, of which whole turns and less than a hundredth are none; the view itself is not turned."""
    assert parse(rotation="0") == parse(rotation="-360.0") == parse(rotation="0.001") == parse(rotation="") == parse()
    assert parse(rotation="-30").rotation_deg == 330.0 and parse(rotation="390.004").rotation_deg == 30.0
    assert parse(rotation="-30").view == parse().view
    with pytest.raises(InvalidParameter, match="'rotation' must be a number"):
        parse(rotation="left")


def test_backgrounds() -> None:
    """Transparent where the format can be, else white; Python spelling too."""
    assert parse(transparent="True").background is None
    assert parse(transparent="true", format="jpg").background == WHITE
    assert parse(transparent="0", format="png32").background == WHITE


def test_what_is_not_about_us_is_ignored() -> None:
    """No time, versions and what is nobody's are accepted and change nothing."""
    assert parse(time="null,null", gdbVersion="x", clipping="{}", outputParam="Depth", _ts="1") == parse()


def test_no_box_no_picture() -> None:
    """bbox is the one thing that is required."""
    with pytest.raises(InvalidBbox, match="required"):
        parse(bbox="")


@pytest.mark.parametrize("bbox", ["1,1,1,5", "nan,0,1,1", "a,b,c,d", "{}", '{"xmin":0}', "[0,0,1,1]", "0,0,1,1,1"])
def test_boxes_span_an_area(bbox: str) -> None:
    """Points, words and gaps are no boxes."""
    with pytest.raises(BadRequest):
        parse(bbox=bbox)


# --- spatial references ------------------------------------------------------------------------------------------------------

SHIFTED = (
    'PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-178.09],PARAMETER["Standard_Parallel_1",0.0],'
    'PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("3857", "EPSG:3857"),
        ("102100", "EPSG:3857"),
        ("102113", "EPSG:3857"),
        ('{"wkid":102100,"latestWkid":3857}', "EPSG:3857"),
        ("{wkid: 25832}", "EPSG:25832"),
        ('{"wkid":"4326"}', "EPSG:4326"),
        ("54030", "ESRI:54030"),
        ("EPSG:2056", "EPSG:2056"),
    ],
)
def test_spatial_references(text: str, crs: str) -> None:
    """Codes of both authorities, objects, and the names of web mercator."""
    assert parse_spatial_reference("bboxSR", text) == crs


@pytest.mark.parametrize("wrap", [str, lambda wkt: json.dumps({"wkt": wkt})])
def test_shifted_mercator_as_wkt(wrap: object) -> None:
    """@arcgis/core sends WKT with another central meridian where the view crosses the antimeridian."""
    asked = parse(bbox="-200000,0,200000,400000", bboxSR=wrap(SHIFTED), imageSR=wrap(SHIFTED))  # type: ignore[operator]
    assert "-178.09" in asked.view.crs and asked.view.bbox == BBox(-200000, 0, 200000, 400000)
    assert "wkt" in spatial_reference(asked.view.crs)


@pytest.mark.parametrize(
    "text", ["0", "-1", "nonsense", "+proj=merc", "http://127.0.0.1/x", "{}", '{"wkid":null}', '{"wkt":"x"}', "[3857]"]
)
def test_unknown_spatial_references(text: str) -> None:
    """Neither PROJ strings nor addresses are looked up."""
    with pytest.raises(InvalidCrs, match="imageSR"):
        parse(imageSR=text)


def test_web_mercator_is_written_as_every_client_knows_it() -> None:
    """Cesium accepts 102100 and not 3857."""
    assert spatial_reference("EPSG:3857") == {"wkid": 102100, "latestWkid": 3857}
    assert spatial_reference("EPSG:25832") == {"wkid": 25832, "latestWkid": 25832}


def test_scales_are_counted_at_96_dpi() -> None:
    """Our 0.28 mm pixel is 1.058 of Esri's; no limit is 0."""
    assert to_esri_scale(None) == 0
    assert to_esri_scale(100_000 * (0.0254 / 96) / 0.00028) == 100_000


# --- layers ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        (None, LayerChoice()),
        ("", LayerChoice()),
        ("show:", LayerChoice()),
        ("hide:", LayerChoice()),
        ("show:-1", LayerChoice(LayerMode.SHOW, ())),
        ("show:2,0,2", LayerChoice(LayerMode.SHOW, (0, 2))),
        ("SHOW: 1", LayerChoice(LayerMode.SHOW, (1,))),
        ("0,1", LayerChoice(LayerMode.SHOW, (0, 1))),
        ("hide:1", LayerChoice(LayerMode.HIDE, (1,))),
        ("include:4", LayerChoice(LayerMode.INCLUDE, (4,))),
        ("exclude:3", LayerChoice(LayerMode.EXCLUDE, (3,))),
    ],
)
def test_layer_lists(text: str | None, choice: LayerChoice) -> None:
    """Modes, bare lists, QGIS's empty list for all, @arcgis/core's -1 for none."""
    assert parse_layer_choice(text) == choice


@pytest.mark.parametrize("text", ["top:1", "show:a", "show:1.5", "show:1;2", "x", "show:" + ",".join("1" * 1100)])
def test_layer_lists_that_are_none(text: str) -> None:
    """Ids are whole numbers, and there are not thousands of them."""
    with pytest.raises(InvalidLayer):
        parse_layer_choice(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"0":"depth > 2","3":"kind=\'a;b:c\'"}',
        "{0: 'depth > 2', 3: \"kind='a;b:c'\"}".replace("0:", '"0":').replace("3:", '"3":'),
        "0:depth > 2;3:kind='a;b:c'",
        "0: depth > 2 ; 3: kind='a;b:c';",
        '[{"layerId":0,"where":"depth > 2"},{"layerId":"3","where":"kind=\'a;b:c\'"}]',
        '{"0":"depth > 2","3":{"where":"kind=\'a;b:c\'"},"1":"x","9":"x=1"}',
    ],
)
def test_filters_in_every_syntax(text: str) -> None:
    """JSON, esri-leaflet's simple form with quoted separators, the feature-service list; unknown layers and empty filters drop out."""
    assert parse_layer_defs(text, CARD) == ((0, "depth > 2"), (3, "kind='a;b:c'"))


@pytest.mark.parametrize("text", ['{0:"1=0"}', "{ 0 : '1=0', 3:''}", '{0:{"where":"1=0"}}', '{"0":"1=0","3":"",}'])
def test_ids_may_stand_without_quotes(text: str) -> None:
    """Lenient JSON is what scripts and QGIS write."""
    assert parse_layer_defs(text, CARD) == ((0, "1=0"),)


def test_what_looks_like_an_id_within_a_filter_is_text() -> None:
    """Only keys get quotes."""
    assert parse_layer_defs("""{0:"a='x, 3:y' and b = '{2:'"}""", CARD) == ((0, "a='x, 3:y' and b = '{2:'"),)


def test_empty_filters_are_none() -> None:
    """null, empty text and an empty object filter nothing."""
    assert parse_layer_defs('{"1":null,"3":""}', CARD) == parse_layer_defs("{}", CARD) == ()


@pytest.mark.parametrize(
    "text",
    ["{", "3", "a:b", "1:x='unclosed", '{"a":"x"}', '{"1":5}', '{"1":["x"]}', '{"0":{"a":1}}', '{"0":{}}', '{"0":{"where":0}}', "[1]"],
)
def test_filters_that_are_none(text: str) -> None:
    """What cannot be understood is refused, not guessed."""
    with pytest.raises(InvalidFilter):
        parse_layer_defs(text, CARD)


def test_dynamic_layers_go_before_layers() -> None:
    """Top first, as often as wanted; what they say of the drawing is kept word for word, and nothing else of it."""
    text = json.dumps(
        [
            {
                "id": 101,
                "source": {"type": "mapLayer", "mapLayerId": 3},
                "definitionExpression": " a > 1 ",
                "minScale": 1000,
                "maxScale": 0,
            },
            {"id": 0},
            {"id": 7, "source": {"type": "mapLayer", "mapLayerId": 3}, "drawingInfo": {"transparency": 30, "renderer": None, "secret": 1}},
        ]
    )
    asked = parse(dynamicLayers=text, layers="show:2", layerDefs="{")
    assert asked.composition == (
        ComposedLayer(101, 3, "a > 1", "", 1000 * (0.0254 / 96) / 0.00028),
        ComposedLayer(0, 0),
        ComposedLayer(7, 3, "", '{"transparency": 30}'),
    )
    assert (asked.layers, asked.filters) == (LayerChoice(), ())
    assert parse().composition is None and parse(dynamicLayers="[]").composition == ()


@pytest.mark.parametrize(
    "item",
    [
        {"source": {"type": "dataLayer", "dataSource": {"type": "table", "dataSourceName": "secret"}}},
        {"source": {"type": "dataLayer"}, "id": 0},
        {"source": {"mapLayerId": 0}},
    ],
)
def test_dynamic_layers_cannot_bring_data(item: dict[str, object]) -> None:
    """Other sources would name other datasets."""
    with pytest.raises(NotSupported):
        parse_dynamic_layers(json.dumps([item]))


@pytest.mark.parametrize(
    "item",
    [{"id": True}, {"id": -1}, {"id": "0"}, {}, {"id": 0, "minScale": ""}, {"id": 0, "maxScale": -1}, {"id": 0, "drawingInfo": 1}],
)
def test_dynamic_layers_in_disorder(item: dict[str, object]) -> None:
    """What is no such list is told so."""
    with pytest.raises(InvalidLayer):
        parse_dynamic_layers(json.dumps([item]))


@pytest.mark.parametrize(
    ("query", "span"),
    [
        ({}, None),
        ({"time": ""}, None),
        ({"time": "null,null"}, None),
        ({"time": "1000"}, TimeSpan(1000, 1000)),
        ({"time": "1000, 2000.5"}, TimeSpan(1000, 2000.5)),
        ({"time": "null,2000"}, TimeSpan(None, 2000)),
        ({"time": "-1000,NULL"}, TimeSpan(-1000, None)),
        ({"time": "5", "layerTimeOptions": '{"1":{"useTime":false},"0":{"timeDataCumulative":true}}'}, TimeSpan(5, 5, (1,), (0,))),
        ({"time": "5", "timeOptions": "{'2': {useTime: false}}"}, TimeSpan(5, 5, (2,))),
    ],
)
def test_time(query: dict[str, str], span: TimeSpan | None) -> None:
    """Moments, spans and open ends, and what the layers say of them; no bound at all is no time."""
    assert parse(**query).time == span


@pytest.mark.parametrize(
    "query",
    [
        {"time": "now"},
        {"time": "1,2,3"},
        {"time": "2,1"},
        {"time": "1", "layerTimeOptions": "[]"},
        {"time": "1", "layerTimeOptions": '{"0":{"timeOffset":1,"timeOffsetUnits":"esriTimeUnitsDays"}}'},
    ],
)
def test_times_that_cannot_be(query: dict[str, str]) -> None:
    """What is no time, and what would not be done, is told."""
    with pytest.raises(InvalidParameter):
        parse(**query)


# --- robustness --------------------------------------------------------------------------------------------------------------

NAMES = [
    "bbox",
    "bboxSR",
    "imageSR",
    "size",
    "dpi",
    "format",
    "layers",
    "layerDefs",
    "dynamicLayers",
    "transparent",
    "mapScale",
    "rotation",
    "time",
    "layerTimeOptions",
]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30) | st.from_regex(r"[-\d,.:{}\[\]\"'a-z]{0,30}", fullmatch=True)))
def test_nonsense_is_always_an_error_of_ours(given_: dict[str, str]) -> None:
    """Whatever is sent, it is a request or a word of our tree, never another exception."""
    try:
        parse(**given_)
    except RendermapError as error:
        assert error.sentence
