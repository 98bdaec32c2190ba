"""Vector layers are drawn where they lie, whole across tile seams, from every kind of dataset, on maps kept warm."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import MeasurePlan
from rendermap.errors import SourceUnreadable, StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transformer
from rendermap.jobs.job import Layer
from rendermap.render.measure import measure
from rendermap.render.vectors import WarmMaps, draw_vectors, vector_reader_for
from rendermap.symbology import shapes
from rendermap.symbology.defaults import default_needs, default_style
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import Break, Breaks, Categories, Category
from rendermap.symbology.symbols import Color, Fill, Marker, PictureFill, Stroke, Symbol
from tests.builders.symbols import picture
from tests.builders.vectors import BLUE, GREEN, RED, fill, plan_for, source_at, view_on, write_features
from tests.builders.views import look

DOT = Symbol((Marker(shapes.CIRCLE, 3.0, RED),))
Pixels = NDArray[np.uint8]


def middle_of(pixels: Pixels) -> tuple[float, float]:
    """(x, y) of the painted pixels' centre of mass, in pixels from the upper left."""
    weight = pixels[..., 3].astype(float)
    rows, cols = np.indices(weight.shape)
    return float((weight * (cols + 0.5)).sum() / weight.sum()), float((weight * (rows + 0.5)).sum() / weight.sum())


def on_white(pixels: Pixels) -> NDArray[np.int64]:
    """What is seen: the colour of a hardly covered pixel counts hardly."""
    alpha = pixels[..., 3:].astype(int)
    return (pixels[..., :3].astype(int) * alpha + 255 * (255 - alpha)) // 255


POLAR = (-4e6, -4e6, 4e6, 4e6)
MERCATOR = (-20037508.34, -20037508.34, 20037508.34, 20037508.34)
PLACES = [
    ("EPSG:25832", "EPSG:3857", (9.1, 52.3), (0.0, 4.0e6, 3.0e6, 7.5e6)),
    ("EPSG:3857", "EPSG:25832", (9.1, 52.3), (2e5, 5.2e6, 9e5, 6.1e6)),
    ("EPSG:4326", "EPSG:25832", (13.4, 52.5), (2e5, 5.2e6, 9e5, 6.1e6)),
    ("EPSG:4326", "ESRI:54030", (-151.2, -33.9), (-17e6, -8.6e6, 17e6, 8.6e6)),
    ("ESRI:54030", "EPSG:4326", (151.2, -33.9), (-180, -90, 180, 90)),
    ("EPSG:4326", "EPSG:3413", (10.0, 89.9), POLAR),
    ("EPSG:4326", "EPSG:3413", (179.9, 70.0), POLAR),
    ("EPSG:3413", "EPSG:3857", (-45.0, 70.0), MERCATOR),
    ("EPSG:25832", "EPSG:3413", (9.0, 60.0), POLAR),
    ("EPSG:4326", "EPSG:3031", (100.0, -89.5), POLAR),
    ("EPSG:31467", "EPSG:25832", (9.1, 52.3), (5.0e5, 5.78e6, 5.2e5, 5.80e6)),
    ("EPSG:27700", "EPSG:3857", (-1.5, 53.0), (-3e5, 6.8e6, 1e5, 7.2e6)),
    ("EPSG:4326", "EPSG:2193", (174.8, -41.3), (1.0e6, 4.7e6, 2.2e6, 6.2e6)),
    ("EPSG:4326", "EPSG:3832", (-170.0, 0.0), (1e6, -1e6, 6e6, 1e6)),
]


@pytest.mark.parametrize(("data", "map_crs", "place", "box"), PLACES, ids=[f"{d} to {m} at {p}" for d, m, p, _ in PLACES])
def test_points_stand_where_pyproj_says(
    tmp_path: Path, data: str, map_crs: str, place: tuple[float, float], box: tuple[float, float, float, float]
) -> None:
    """Any CRS to any CRS: within a tenth of a pixel of pyproj, poles and antimeridian included."""
    x, y = transformer("EPSG:4326", data).transform(*place)
    layer = write_features(tmp_path, [shapely.Point(x, y)], crs=data)
    view = view_on(box, map_crs, 300, 200)
    mx, my = transformer("EPSG:4326", map_crs).transform(*place)
    expected = (mx - box[0]) / (box[2] - box[0]) * 300, (box[3] - my) / (box[3] - box[1]) * 200
    assert middle_of(draw_vectors([plan_for(layer, DOT)], view)) == pytest.approx(expected, abs=0.1)


def test_crs_given_as_wkt(tmp_path: Path) -> None:
    """A CRS without a code, as WKT, is drawn like its twin with a code."""
    import pyproj

    wkt = pyproj.CRS.from_proj4("+proj=laea +lat_0=50 +lon_0=10 +ellps=GRS80 +units=m").to_wkt()
    layer = write_features(tmp_path, [shapely.Point(1000, 2000)], crs=wkt)
    pixels = draw_vectors([plan_for(layer, DOT)], view_on((-32000, -32000, 32000, 32000), wkt))
    assert middle_of(pixels) == pytest.approx((33.0, 30.0), abs=0.1)


def mixture(folder: Path) -> list[Layer]:
    """Polygons, lines and points over a square of 1000 m."""
    random = np.random.default_rng(3)
    boxes = [shapely.Point(x, y).buffer(r) for x, y, r in random.uniform((0, 0, 20), (1000, 1000, 120), (30, 3))]
    lines = [shapely.LineString(p) for p in random.uniform(0, 1000, (15, 4, 2))]
    points = [shapely.Point(p) for p in random.uniform(0, 1000, (60, 2))]
    return [
        write_features(folder, shapes_, name=name, driver="FlatGeobuf")
        for name, shapes_ in (("areas", boxes), ("lines", lines), ("points", points))
    ]


SYMBOLS = (
    Symbol((Fill(Color(200, 220, 120)), Stroke(Color(60, 90, 20), 4.0))),
    Symbol((Stroke(Color(90, 60, 30), 7.0, cap="round"), Stroke(Color(250, 240, 200), 4.0, cap="round", offset_pt=3.0))),
    Symbol((Marker(shapes.STAR if hasattr(shapes, "STAR") else shapes.TRIANGLE, 18.0, BLUE, Stroke(RED, 2.0), dx_pt=9.0),)),
)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_tiles_are_pieces_of_one_picture(tmp_path: Path, ratio: float) -> None:
    """Markers, offsets and outlines are not cut at tile seams, at any pixel ratio."""
    plans = [plan_for(layer, symbol) for layer, symbol in zip(mixture(tmp_path), SYMBOLS, strict=True)]
    whole = on_white(draw_vectors(plans, view_on((0, 0, 1024, 1024), width=512, height=512, ratio=ratio)))
    for row in range(4):
        for col in range(4):
            box = (col * 256, 1024 - (row + 1) * 256, (col + 1) * 256, 1024 - row * 256)
            tile = on_white(draw_vectors(plans, view_on(box, width=128, height=128, ratio=ratio)))
            piece = whole[row * 128 : (row + 1) * 128, col * 128 : (col + 1) * 128]
            assert np.abs(tile - piece).max() <= 6, f"tile {row}/{col}"


@pytest.mark.parametrize("driver", ["FlatGeobuf", "GPKG", "OpenFileGDB", "ESRI Shapefile", "GeoJSON"])
def test_every_driver_draws_the_same(tmp_path: Path, driver: str) -> None:
    """Classes of one dataset look the same from every format."""
    crs, squares = "EPSG:4326", [shapely.box(i, 0, i + 1, 1) for i in range(4)]
    layer = write_features(tmp_path, squares, {"v": [0.0, 5.0, None, 20.0], "t": ["a", "b", None, "é"]}, driver=driver, crs=crs)
    breaks = Breaks("v", 0.0, (Break(5.0, fill(RED)), Break(20.0, fill(GREEN))), default=fill(BLUE))
    pixels = draw_vectors([plan_for(layer, breaks)], view_on((0, 0, 4, 1), crs, 40, 10))
    assert [tuple(pixels[5, x]) for x in (5, 15, 25, 35)] == [RED, RED, BLUE, GREEN]
    words = Categories(("t",), (Category((("é",),), fill(RED)), Category(((None,),), fill(GREEN))))
    pixels = draw_vectors([plan_for(layer, words)], view_on((0, 0, 4, 1), crs, 40, 10))
    assert [tuple(pixels[5, x]) for x in (5, 25, 35)] == [(0, 0, 0, 0), GREEN, RED]


def test_csv_is_drawn_from_a_copy(tmp_path: Path) -> None:
    """A semicolon table with decimal commas, classed by a number and by a null."""
    from rendermap.render.csv_table import inspect_csv

    file = tmp_path / "stations.csv"
    file.write_text("name;lon;lat;depth\nA;0,5;0,5;1,5\nB;1,5;0,5;\nC;2,5;0,5;8\n", encoding="utf-8")
    layer = inspect_csv(source_at(file))
    dots = [Symbol((Marker(shapes.CIRCLE, 6.0, color),)) for color in (RED, GREEN, BLUE)]
    breaks = Breaks("depth", 0.0, (Break(1.5, dots[0]), Break(9.0, dots[1])), default=dots[2])
    pixels = draw_vectors([plan_for(layer, breaks)], view_on((0, 0, 3, 1), "EPSG:4326", 60, 20))
    assert [tuple(pixels[10, x]) for x in (10, 30, 50)] == [RED, BLUE, GREEN]


def test_member_is_found_without_regard_to_case(tmp_path: Path) -> None:
    """A service may write outWatershed for OUTWATERSHED."""
    layer = write_features(tmp_path, [shapely.box(0, 0, 10, 10)], driver="GPKG", name="outWatershed")
    asked = replace(layer, source=replace(layer.source, member="OUTWATERSHED"))
    assert draw_vectors([plan_for(asked, fill(RED))], view_on((0, 0, 10, 10)))[32, 32, 0] == 255


def test_odd_encoding_is_drawn_from_a_copy(tmp_path: Path) -> None:
    """A shapefile in cp1251 without a word about it is classed rightly once its encoding is known."""
    import pyogrio.raw

    file = tmp_path / "cyrillic.shp"
    wkb = shapely.to_wkb(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]))
    names = np.array(["лес", "вода"], object)
    pyogrio.raw.write(file, wkb, [names], ["kind"], driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:4326", encoding="cp1251")
    (tmp_path / "cyrillic.cpg").unlink(missing_ok=True)
    from rendermap.symbology.facts import Field, FieldKind
    from tests.builders.vectors import layer_of

    layer = layer_of(file, "cyrillic", "ESRI Shapefile", "EPSG:4326", [shapely.box(0, 0, 2, 1)], (Field("kind", FieldKind.TEXT),))
    layer = replace(layer, encoding="cp1251", reader=vector_reader_for("ESRI Shapefile", encoding="cp1251"))
    words = Categories(("kind",), (Category((("лес",),), fill(GREEN)), Category((("вода",),), fill(BLUE))))
    pixels = draw_vectors([plan_for(layer, words)], view_on((0, 0, 2, 1), "EPSG:4326", 20, 10))
    assert [tuple(pixels[5, x]) for x in (5, 15)] == [GREEN, BLUE]


def test_reader_rule() -> None:
    """What the plugin draws wrongly or slowly goes through a copy."""
    assert vector_reader_for("OpenFileGDB") == "ogr"
    assert vector_reader_for("OpenFileGDB", has_curves=True) == "features"
    assert vector_reader_for("ESRI Shapefile", encoding="UTF-8") == "ogr"
    assert vector_reader_for("ESRI Shapefile", encoding="ISO-8859-1") == "features"
    assert vector_reader_for("GeoJSON") == "features"


def test_pixels_need_not_be_square(tmp_path: Path) -> None:
    """The frame is filled exactly as asked, also when it is stretched."""
    layer = write_features(tmp_path, [shapely.box(0, 0, 100, 10)])
    pixels = draw_vectors([plan_for(layer, fill(RED))], view_on((0, 0, 100, 20), width=50, height=50))
    assert pixels[26:, :, 3].min() == 255
    assert pixels[:24, :, 3].max() == 0


def test_pixel_ratio_scales_symbols_alone(tmp_path: Path) -> None:
    """At ratio 2 the same place has strokes twice as wide in device pixels."""
    layer = write_features(tmp_path, [shapely.LineString([(0, 50), (100, 50)])])
    plan = plan_for(layer, Symbol((Stroke(RED, 6.0, cap="butt"),)))
    widths = [
        int((draw_vectors([plan], view_on((0, 0, 100, 100), width=100, height=100, ratio=r))[:, 50, 3] > 127).sum()) for r in (1.0, 2.0)
    ]
    assert widths == [8, 16]


def test_layer_opacity_is_one_veil(tmp_path: Path) -> None:
    """Where two features of a half-transparent layer overlap, nothing shows through twice."""
    from rendermap.symbology.style import Single, Style

    layer = write_features(tmp_path, [shapely.box(0, 0, 60, 100), shapely.box(40, 0, 100, 100)])
    pixels = draw_vectors([plan_for(layer, Style(Single(fill(RED)), opacity=0.5))], view_on((0, 0, 100, 100)))
    assert {tuple(p) for p in pixels[32]} == {(255, 0, 0, 128)} or {tuple(p) for p in pixels[32]} == {(255, 0, 0, 127)}


def test_layers_are_drawn_bottom_first(tmp_path: Path) -> None:
    """The last layer of a run lies on top."""
    lower, upper = (write_features(tmp_path, [shapely.box(0, 0, 10, 10)], name=n) for n in ("lower", "upper"))
    pixels = draw_vectors([plan_for(lower, fill(RED)), plan_for(upper, fill(BLUE))], view_on((0, 0, 10, 10)))
    assert tuple(pixels[32, 32]) == BLUE


def test_empty_layer_draws_nothing(tmp_path: Path) -> None:
    """A layer without a box is passed over; mapnik would refuse to open it."""
    layer = replace(write_features(tmp_path, [shapely.box(0, 0, 10, 10)]), bbox=None)
    assert not draw_vectors([plan_for(layer, fill(RED))], view_on((0, 0, 10, 10))).any()


def test_new_fingerprint_is_a_new_map(tmp_path: Path) -> None:
    """A job run again under the same name is not drawn from the old file kept open."""
    first = write_features(tmp_path, [shapely.box(0, 0, 10, 10)])
    view = view_on((0, 0, 20, 10), width=20, height=10)
    assert draw_vectors([plan_for(first, fill(RED))], view)[5, 15, 3] == 0
    Path(first.open_name).unlink()
    second = replace(write_features(tmp_path, [shapely.box(10, 0, 20, 10)]), bbox=BBox(10, 0, 20, 10))
    second = replace(second, source=replace(second.source, fingerprint="another"))
    assert draw_vectors([plan_for(second, fill(RED))], view)[5, 15, 3] == 255


def test_warm_maps_are_few(tmp_path: Path) -> None:
    """Warm maps are bounded, and the one used last stays."""
    layer = write_features(tmp_path, [shapely.box(0, 0, 10, 10)])
    warm, plan = WarmMaps(2), plan_for(layer, fill(RED))
    box = (0, 0, 10, 10)
    first = warm.get([plan], view_on(box))
    for crs in ("EPSG:3857", "EPSG:25832", "EPSG:4326", "EPSG:25832"):
        warm.get([plan], view_on(box, crs))
    assert warm.get([plan], view_on(box)) is first
    assert len(warm._maps) == 2


def test_each_ratio_keeps_its_map(tmp_path: Path) -> None:
    """Pictures inside polygons are made for one pixel ratio: clients of two do not close each other's maps."""
    layer = write_features(tmp_path, [shapely.box(0, 0, 10, 10)])
    warm, views = WarmMaps(4), [view_on((0, 0, 10, 10), ratio=ratio) for ratio in (1.0, 2.0)]
    for symbol, differ in ((Symbol((PictureFill(picture(), "image/png", 6.0, 6.0),)), True), (fill(RED), False)):
        plan = plan_for(layer, symbol)
        once, twice = (warm.get([plan], view) for view in views)
        assert (once is not twice) == differ
        assert [warm.get([plan], view) for view in views] == [once, twice]


def test_missing_file_is_unreadable_in_safe_words(tmp_path: Path) -> None:
    """A dataset gone since the look into it is an error of ours, with no path in the sentence."""
    layer = write_features(tmp_path, [shapely.box(0, 0, 10, 10)])
    Path(layer.open_name).unlink()
    gone = replace(layer, source=replace(layer.source, fingerprint="gone"))
    with pytest.raises(SourceUnreadable) as refused:
        draw_vectors([plan_for(gone, fill(RED))], view_on((0, 0, 10, 10)))
    assert str(tmp_path) not in refused.value.sentence


def test_style_of_another_dataset_is_refused(tmp_path: Path) -> None:
    """A layer file whose field is not there says so, without naming it."""
    layer = write_features(tmp_path, [shapely.box(0, 0, 10, 10)], {"v": [1.0]})
    with pytest.raises(StyleInvalid) as refused:
        draw_vectors([plan_for(layer, Breaks("hidden_name", 0.0, (Break(1.0, fill(RED)),)))], view_on((0, 0, 10, 10)))
    assert "hidden_name" not in refused.value.sentence


def test_markers_turn_with_a_field(tmp_path: Path) -> None:
    """A marker of one long arm points where its feature's field says, whatever the field's case."""
    arm = Symbol((Marker("M0 0L0.5 0", 30.0, None, Stroke(RED, 3.0, cap="butt"), rotation_by=Column("ANGLE")),))
    layer = write_features(tmp_path, [shapely.Point(25, 50), shapely.Point(75, 50)], {"Angle": [0.0, 90.0]})
    pixels = draw_vectors([plan_for(layer, arm)], view_on((0, 0, 100, 100), width=100, height=100))
    assert pixels[50, 35, 3] > 100
    assert pixels[40, 75, 3] > 100 and pixels[50, 85, 3] == 0


@pytest.mark.parametrize("map_crs", ["EPSG:3857", "EPSG:4326", "ESRI:54030", "EPSG:3395"])
def test_world_polygon_fills_the_world_and_no_more(tmp_path: Path, map_crs: str) -> None:
    """A polygon around the whole world, poles included, is drawn without smears."""
    ring = shapely.segmentize(shapely.box(-180, -90, 180, 90), 5)
    layer = write_features(tmp_path, [ring], crs="EPSG:4326")
    half = {"EPSG:4326": 180.0}.get(map_crs, 1.5e7)
    tall = {"EPSG:4326": 80.0, "ESRI:54030": 7e6}.get(map_crs, 1.5e7)
    pixels = draw_vectors([plan_for(layer, fill(RED))], view_on((-half, -tall, half, tall), map_crs))
    assert pixels[16:48, 16:48, 3].min() == 255


def test_environment_is_left_clean() -> None:
    """After the engine comes up, neither PROJ_LIB nor GDAL_DATA misleads another GDAL, and VRT is off."""
    program = (
        "from rendermap.render.engine import mapnik\nimport os, rasterio, rasterio.crs\n"
        "assert 'PROJ_LIB' not in os.environ and 'GDAL_DATA' not in os.environ\n"
        "assert rasterio.crs.CRS.from_epsg(25832).is_projected\n"
        "assert 'VRT' in os.environ['GDAL_SKIP'].split(',')\nprint(mapnik.Projection('epsg:25832').geographic)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_vrt_under_another_name_is_not_opened(tmp_path: Path) -> None:
    """A virtual dataset could point anywhere; no disguise opens it."""
    target = write_features(tmp_path, [shapely.box(0, 0, 10, 10)])
    inner = f'<OGRVRTLayer name="features"><SrcDataSource>{target.open_name}</SrcDataSource></OGRVRTLayer>'
    disguise = tmp_path / "disguise.fgb"
    disguise.write_text(f"<OGRVRTDataSource>{inner}</OGRVRTDataSource>")
    layer = replace(target, open_name=str(disguise), source=replace(target.source, path=disguise, fingerprint="vrt"))
    with pytest.raises(SourceUnreadable):
        draw_vectors([plan_for(layer, fill(RED))], view_on((0, 0, 10, 10)))


@pytest.mark.parametrize("driver", ["GeoJSON", "GPKG", "FlatGeobuf"])
def test_mixed_geometries_are_all_drawn(driver: str, tmp_path: Path) -> None:
    """Points among polygons and lines have a symbol of their own, also the members of a collection, also at the edge of the world."""
    mixed: list[shapely.Geometry] = [shapely.Point(-179, 15), shapely.Point(179, 15), shapely.box(-20, -20, 20, 20)]
    mixed += [shapely.LineString([(-60, -60), (60, -60)])]
    if driver == "GeoJSON":
        mixed += [shapely.GeometryCollection([shapely.Point(-100, 60), shapely.box(80, 50, 120, 70)])]
    layer = look(write_features(tmp_path, mixed, {"kind": list(range(len(mixed)))}, driver=driver, crs="EPSG:4326").source.path)
    assert isinstance(layer.facts, VectorFacts) and layer.facts.is_mixed and layer.notes
    style = default_style(layer.facts, {need: measure(MeasurePlan(layer, field=need.field)) for need in default_needs(layer.facts)}, "x")
    pixels = draw_vectors([plan_for(layer, style)], view_on((-180, -90, 180, 90), "EPSG:4326", 720, 360))

    def is_painted(lon: float, lat: float) -> bool:
        row, col = round((90 - lat) * 2), round((lon + 180) * 2)
        return bool(pixels[row - 1 : row + 1, col - 1 : col + 1, 3].any())

    places = [(-179, 15), (179, 15), (10, 10), (0, -60), *([(-100, 60), (100, 60)] if driver == "GeoJSON" else [])]
    assert [is_painted(*place) for place in places] == [True] * len(places)
    assert not is_painted(0, 60)
    inside = pixels[180:182, 360:362]
    assert (inside == inside[0, 0]).all(), "no marker inside a polygon"


def test_mixed_geometries_keep_their_classes(tmp_path: Path) -> None:
    """Points are drawn by the class that they belong to."""
    mixed: list[shapely.Geometry] = [shapely.Point(5, 5), shapely.Point(15, 5), shapely.box(0, 10, 20, 20)]
    layer = look(write_features(tmp_path, mixed, {"zone": ["a", "b", "a"]}, driver="GeoJSON", crs="EPSG:4326").source.path)
    both = [Symbol((Fill(color), Marker(shapes.CIRCLE, 6.0, color, placement="points"))) for color in (RED, BLUE)]
    theme = Categories(("zone",), (Category((("a",),), both[0], "a"), Category((("b",),), both[1], "b")))
    pixels = draw_vectors([plan_for(layer, theme)], view_on((0, 0, 20, 20), "EPSG:4326", 40, 40))
    assert tuple(pixels[30, 10]) == RED and tuple(pixels[30, 30]) == BLUE and tuple(pixels[10, 20]) == RED


def test_giants_are_cut_without_a_trace(tmp_path: Path) -> None:
    """Tiles of a thorny polygon far larger than they are show what the picture drawn at once shows, outline and all."""
    turns = np.linspace(0, 2 * np.pi, 401)[:-1]
    reach = 1000 + 40 * np.random.default_rng(5).random(400)
    giant = shapely.Polygon(np.column_stack([reach * np.cos(turns) + 600, reach * np.sin(turns)]))
    layer = write_features(tmp_path, [giant], crs="EPSG:3857")
    plan = plan_for(layer, Symbol((Fill(Color(255, 0, 0, 120)), Stroke(Color(0, 0, 255), 1.5, join="miter"))))
    for ratio in (1.0, 1.5, 2.0):
        whole = draw_vectors([plan], view_on((-768, -256, -256, 256), "EPSG:3857", 512, 512, ratio))
        for row, col in np.ndindex(4, 4):
            box = (-768 + 128 * col, 256 - 128 * (row + 1), -768 + 128 * (col + 1), 256 - 128 * row)
            tile = draw_vectors([plan], view_on(box, "EPSG:3857", 128, 128, ratio))
            part = whole[128 * row : 128 * (row + 1), 128 * col : 128 * (col + 1)]
            assert np.abs(on_white(tile) - on_white(part)).max() <= 2
