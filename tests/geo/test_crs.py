"""Coordinate reference systems."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pyproj import CRS

from rendermap.errors import InvalidCrs
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import (
    WEB_MERCATOR,
    WGS84,
    area_of_use,
    is_northing_first,
    parse_crs,
    to_esri_wkt,
    to_wkid,
    transform_bbox,
    transform_view,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("102100", WEB_MERCATOR),
        ("900913", WEB_MERCATOR),
        ("EPSG:102113", WEB_MERCATOR),
        ("4326", WGS84),
        ("CRS:84", WGS84),
        ("epsg:25832", "EPSG:25832"),
        ("54030", "ESRI:54030"),
        ("urn:ogc:def:crs:EPSG::3035", "EPSG:3035"),
        ("http://www.opengis.net/def/crs/EPSG/0/2056", "EPSG:2056"),
    ],
)
def test_names_in_every_spelling(text: str, name: str) -> None:
    """Each way a client spells a CRS leads to one canonical name."""
    assert parse_crs(text) == name


def test_wkt_of_a_known_crs_gets_its_code_back() -> None:
    """WKT in Esri's flavour is recognised."""
    assert parse_crs(CRS.from_epsg(32633).to_wkt("WKT1_ESRI")) == "EPSG:32633"


def test_wkt_with_a_shifted_meridian_is_kept() -> None:
    """@arcgis/core sends Web Mercator about another meridian when a view crosses the antimeridian."""
    wkt = (
        'PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],'
        'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-178.09],PARAMETER["Standard_Parallel_1",0.0],'
        'PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]'
    )
    name = parse_crs(wkt)
    assert to_wkid(name) is None
    box = transform_bbox(BBox(-178.1, 0, -178.0, 0.1), WGS84, name)
    assert box is not None and abs(box.center[0]) < 10_000


@pytest.mark.parametrize(
    "text", ["", "EPSG:0", "99999999999", "+proj=longlat +nadgrids=@/etc/passwd", "/etc/passwd", "http://x/y", "EPSG:4326;x"]
)
def test_what_is_no_crs_is_refused(text: str) -> None:
    """PROJ strings, file names and addresses never reach PROJ."""
    with pytest.raises(InvalidCrs):
        parse_crs(text)


MERCATOR = (
    'PROJCS["x",GEOGCS["g",DATUM["d",SPHEROID["s",6378137,298.25]{datum}],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Mercator_1SP"],PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],PARAMETER["false_easting",0],'
    'PARAMETER["false_northing",0],UNIT["metre",1]{end}]'
)
DEGREES = (
    'GEOGCRS["{name}",DATUM["d",ELLIPSOID["s",6378137,298.25]],CS[ellipsoidal,2],AXIS["lat",north],AXIS["lon",east],'
    'UNIT["degree",0.0174532925199433]]'
)
BOUND = (
    f"BOUNDCRS[SOURCECRS[{DEGREES.format(name='g')}],TARGETCRS[{DEGREES.format(name='WGS 84')}],"
    'ABRIDGEDTRANSFORMATION["t",METHOD["NTv2",ID["EPSG",9615]],PARAMETERFILE["Latitude ""and"" longitude difference file","{file}"]]]'
)
METHOD = (
    'PROJCRS["x",BASEGEOGCRS["g",DATUM["d",ELLIPSOID["s",6378137,298.25]]],CONVERSION["c",METHOD["PROJ-based operation method: {steps}"]],'
    'CS[Cartesian,2],AXIS["e",east],AXIS["n",north],LENGTHUNIT["metre",1]]'
)


@pytest.mark.parametrize(
    "make",
    [
        lambda file: MERCATOR.format(datum="", end=f',EXTENSION["PROJ4","+proj=merc +a=6378137 +b=6378137 +nadgrids={file} +units=m"]'),
        lambda file: MERCATOR.format(datum="", end=f',EXTENSION["PROJ4","+proj=merc +a=6378137 +nadgrids=null,@{file} +units=m"]'),
        lambda file: MERCATOR.format(datum="", end=f',EXTENSION["PROJ4","+init={file}:x"]'),
        lambda file: MERCATOR.format(datum=f',EXTENSION["PROJ4_GRIDS" , "{file}"]', end=""),
        lambda file: BOUND.format(file=file),
        lambda file: METHOD.format(steps=f"+proj=pipeline +step +proj=gridshift +grids={file}"),
        lambda file: METHOD.format(steps=f"+proj=tinshift +file={file}"),
        lambda file: METHOD.format(steps=f"+proj=defmodel +model={file}"),
    ],
    ids=["nadgrids", "second", "init", "extension", "bound", "gridshift", "tinshift", "defmodel"],
)
def test_no_definition_makes_proj_open_a_file_it_names(make: Callable[[str], str], tmp_path: Path) -> None:
    """Whoever sends or writes a definition (C5) chooses no file that is opened: the text alone is refused, a pipe is not waited on."""
    pipe = tmp_path / "grid.gsb"
    os.mkfifo(pipe)
    with pytest.raises(InvalidCrs):
        parse_crs(make(str(pipe)))


def test_grids_of_projs_own_may_be_named() -> None:
    """A definition that names no grid, or one of those that come with PROJ, is no danger; real files hold both."""
    mercator = MERCATOR.format(datum="", end=',EXTENSION["PROJ4","+proj=merc +a=6378137 +b=6378137 +units=m +nadgrids=@null +wktext"]')
    assert parse_crs(mercator) == mercator
    assert parse_crs(BOUND.format(file="BETA2007.gsb")).startswith("BOUNDCRS")


@pytest.mark.parametrize("name", ["+proj=longlat +nadgrids=/etc/passwd", "/etc/passwd", MERCATOR.format(datum="", end="")[:-1]])
def test_what_a_worker_calls_a_crs_is_looked_at_first(name: str) -> None:
    """A hostile dataset may own its worker: what that answers never reaches PROJ unread."""
    with pytest.raises(InvalidCrs):
        transform_bbox(BBox(0, 0, 1, 1), name, WGS84)


def test_a_definition_that_proj_cannot_carry_is_refused() -> None:
    """A CRS without a way to the ground would fail at every picture."""
    with pytest.raises(InvalidCrs):
        parse_crs(METHOD.format(steps="+proj=nonsense"))


@pytest.mark.parametrize(
    ("name", "swapped"), [(WGS84, True), (WEB_MERCATOR, False), ("EPSG:31468", True), ("EPSG:2180", True), ("EPSG:25832", False)]
)
def test_axis_order_comes_from_directions(name: str, swapped: bool) -> None:
    """EPSG:31468 calls its northing X: only the axis directions tell."""
    assert is_northing_first(name) is swapped


def test_the_world_fits_in_web_mercator() -> None:
    """The poles are infinitely far in Web Mercator; the box is cut there and stays finite."""
    box = transform_bbox(BBox(-180, -90, 180, 90), WGS84, WEB_MERCATOR)
    assert box is not None and box.width == pytest.approx(2 * 20037508.34, rel=1e-6)


def test_nowhere_is_none() -> None:
    """A box that cannot be carried over is None, not a guess."""
    assert transform_bbox(BBox(1e30, 1e30, 2e30, 2e30), "EPSG:32633", WGS84) is None


def test_esri_wkt_names_the_datum_their_way() -> None:
    """Replies about a CRS without a code carry WKT1 in Esri's flavour."""
    assert "D_WGS_1984" in to_esri_wkt("ESRI:54030")


def test_area_of_use() -> None:
    """UTM zone 32 is used between 6 and 12 degrees east."""
    area = area_of_use("EPSG:32632")
    assert area is not None and (area.xmin, area.xmax) == (6.0, 12.0)


@pytest.mark.parametrize("text", ["²", "EPSG:²", "3857²"])
def test_digits_that_are_no_numbers(text: str) -> None:
    """Signs that only look like digits name no system."""
    with pytest.raises(InvalidCrs):
        parse_crs(text)


@pytest.mark.parametrize(
    ("box", "source", "target", "expected"),
    [
        ((169, 9, 190, 20), WGS84, WEB_MERCATOR, (18812993, 1006021, 21150703, 2273031)),
        ((-190, 9, -169, 20), WGS84, WEB_MERCATOR, (-21150703, 1006021, -18812993, 2273031)),
        ((529, 9, 550, 20), WGS84, WEB_MERCATOR, (18812993, 1006021, 21150703, 2273031)),
        ((18812993, 1006021, 21150703, 2273031), WEB_MERCATOR, WGS84, (169, 9, 190, 20)),
        ((-180, -60, 180, 60), WGS84, WEB_MERCATOR, (-20037508, -8399738, 20037508, 8399738)),
        ((170, 9, 180, 20), WGS84, WEB_MERCATOR, (18924313, 1006021, 20037508, 2273031)),
    ],
)
def test_views_across_180_degrees_go_on(
    box: tuple[float, float, float, float], source: str, target: str, expected: tuple[float, float, float, float]
) -> None:
    """What lies behind the edge of the world stays beside it in the other system; nothing becomes the whole world."""
    carried = transform_view(BBox(*box), source, target)
    assert carried is not None and carried.corners == pytest.approx(expected, rel=1e-5)
