"""inspect: what a dataset truly is, which reader draws it, and what is refused and why."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import InspectPlan, MeasurePlan
from rendermap.errors import SourceRefused, SourceUnreadable
from rendermap.geo.view import MapView
from rendermap.jobs.job import DataSource
from rendermap.render.data_formats import recognise
from rendermap.render.geodatabase import raster_members
from rendermap.render.inspect import inspect
from rendermap.render.measure import measure
from rendermap.render.raster import draw_raster
from rendermap.render.vector_facts import vector_members
from rendermap.symbology.facts import FieldKind, GeometryKind, RasterFacts, VectorFacts
from rendermap.symbology.style import Classified, RasterClass
from rendermap.symbology.symbols import Color
from tests.builders.rasters import (
    BY_NAME,
    HEIGHT,
    KINDS,
    TRANSFORM,
    WIDTH,
    Kind,
    add_overviews,
    values_of,
    write_array,
    write_esri_grid,
    write_raster,
)
from tests.builders.vectors import write_features
from tests.builders.views import look, plan_of

# isort: split
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.io import MemoryFile
from rasterio.shutil import copy

SHARED = Path(os.environ.get("RENDERMAP_SHARED", str(Path(__file__).parents[2].parent / "shared")), "data")
POINTS: list[shapely.Geometry] = [shapely.Point(500000 + i, 5400000 + i) for i in range(3)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_raster_of_every_kind(kind: Kind, tmp_path: Path) -> None:
    """Size, sample type, place and nodata of each kind are told, and the reader that has its codec is chosen."""
    layer = look(write_raster(tmp_path, kind))
    facts = layer.facts
    assert isinstance(facts, RasterFacts)
    assert (layer.reader, layer.crs) == ("rasterio", "EPSG:32611")
    assert (facts.width, facts.height, len(facts.bands)) == (WIDTH, HEIGHT, kind.bands)
    assert facts.bands[0].dtype == kind.dtype
    assert facts.pixel == pytest.approx((30, 30))
    assert layer.bbox and layer.bbox.corners == pytest.approx((500000, 4198080, 502880, 4200000))
    assert (facts.bands[0].nodata is not None) == (kind.hidden == "nodata")
    assert facts.has_overviews == (kind.driver == "COG")


def test_palette_and_alpha_are_told(tmp_path: Path) -> None:
    """Colour tables come along, and bands say what they are."""
    paletted = look(write_raster(tmp_path, BY_NAME["paletted"])).facts
    assert isinstance(paletted, RasterFacts)
    assert paletted.bands[0].interpretation == "palette" and paletted.bands[0].palette[1] == (1, 40, 215, 17, 255)
    assert paletted.thematic
    rgba = look(write_raster(tmp_path, BY_NAME["rgba"])).facts
    assert isinstance(rgba, RasterFacts)
    assert [band.interpretation for band in rgba.bands] == ["red", "green", "blue", "alpha"]


def test_overviews_are_told(tmp_path: Path) -> None:
    """A raster with overviews says so."""
    path = write_array(tmp_path / "big.tif", np.zeros((1, 64, 64), np.uint8))
    add_overviews(path)
    facts = look(path).facts
    assert isinstance(facts, RasterFacts) and facts.has_overviews


def test_esri_grid_is_opened_by_folder_and_by_file(tmp_path: Path) -> None:
    """A binary grid is named by its folder or by a file in it."""
    grid = write_esri_grid(tmp_path / "grid", values_of(BY_NAME["uint8"])[0])
    for path in (grid, grid / "w001001.adf", grid / "hdr.adf"):
        layer = inspect(InspectPlan(DataSource(path, None, tmp_path, "1")))
        assert layer.driver == "AIG" and isinstance(layer.facts, RasterFacts) and layer.facts.width == WIDTH


def test_netcdf_with_several_variables(tmp_path: Path) -> None:
    """A member names the variable; without one the first that lies on the ground is taken, with a note; coordinates are none."""
    path = _netcdf(tmp_path / "two.nc")
    named = look(path, "depth")
    assert isinstance(named.facts, RasterFacts) and named.open_name.endswith(":depth")
    first = look(path)
    assert isinstance(first.facts, RasterFacts) and (first.facts.width, first.facts.height) == (6, 5)
    assert any("first of" in note for note in first.notes)
    with pytest.raises(SourceUnreadable):
        look(path, "salinity")


def test_geopackage_with_several_rasters(tmp_path: Path) -> None:
    """Rasters of one GeoPackage are told apart by name."""
    path = tmp_path / "many.gpkg"
    for number, table in enumerate(("first", "second")):
        with MemoryFile() as memory:
            with rasterio.open(
                memory.name,
                "w",
                driver="GTiff",
                width=16 + number,
                height=16,
                count=3,
                dtype="uint8",
                crs="EPSG:32611",
                transform=TRANSFORM,
            ) as out:
                out.write(np.full((3, 16, 16 + number), 9, np.uint8))
            copy(memory.name, str(path), driver="GPKG", RASTER_TABLE=table, APPEND_SUBDATASET="YES" if number else "NO")
    for number, table in enumerate(("first", "SECOND")):
        facts = look(path, table).facts
        assert isinstance(facts, RasterFacts) and facts.width == 16 + number


def test_attribute_tables_beside_a_raster(tmp_path: Path) -> None:
    """GDAL's own attribute table is read, and makes the raster thematic."""
    path = write_raster(tmp_path, BY_NAME["uint8"])
    path.with_name(path.name + ".aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable>'
        '<FieldDefn index="0"><Name>Value</Name><Type>0</Type></FieldDefn><FieldDefn index="1"><Name>Class</Name><Type>2</Type></FieldDefn>'
        '<Row index="0"><F>1</F><F>Forest</F></Row><Row index="1"><F>2</F><F>Water</F></Row>'
        "</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>"
    )
    facts = look(path).facts
    assert isinstance(facts, RasterFacts) and facts.thematic
    assert facts.attribute_table == (("Value", (1, 2)), ("Class", ("Forest", "Water")))


@pytest.mark.parametrize("driver", ["FlatGeobuf", "GPKG", "OpenFileGDB", "ESRI Shapefile", "GeoJSON"])
def test_vector_of_every_driver(driver: str, tmp_path: Path) -> None:
    """Geometry, fields, CRS, count and box of each vector format are told."""
    crs = "EPSG:4326" if driver == "GeoJSON" else "EPSG:25832"
    shapes: list[shapely.Geometry] = [shapely.Point(10 + i, 50 + i) for i in range(3)] if driver == "GeoJSON" else POINTS
    columns: dict[str, list[object]] = {"name": ["a", "b", None], "size": [1, 2, 3], "share": [0.5, None, 1.5]}
    made = write_features(tmp_path, shapes, columns, driver=driver, crs=crs)
    layer = look(made.source.path)
    facts = layer.facts
    assert isinstance(facts, VectorFacts)
    assert (facts.geometry, facts.count, layer.crs, layer.driver) == (GeometryKind.POINT, 3, crs, driver)
    assert {field.name: field.kind for field in facts.fields}.items() >= {
        ("name", FieldKind.TEXT), ("size", FieldKind.INTEGER), ("share", FieldKind.REAL)
    }  # fmt: skip
    assert layer.bbox and layer.bbox.corners == pytest.approx(shapely.total_bounds(shapes))
    assert layer.reader in ("ogr", "features")


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        ("MULTIPOINT Z (1 1 5, 2 2 5)", GeometryKind.POINT),
        ("MULTILINESTRING ((1 1, 2 2))", GeometryKind.LINE),
        ("LINESTRING Z (1 1 3, 2 2 3)", GeometryKind.LINE),
        ("MULTIPOLYGON (((1 1, 2 2, 1 2, 1 1)))", GeometryKind.POLYGON),
        ("GEOMETRYCOLLECTION (POINT (1 1), POLYGON ((1 1, 2 2, 1 2, 1 1)))", GeometryKind.POLYGON),
    ],
)
def test_geometry_kinds(wkt: str, expected: GeometryKind, tmp_path: Path) -> None:
    """Multi, Z and mixed geometries are points, lines or polygons."""
    shape = shapely.from_wkt(wkt)
    file = write_features(tmp_path, [shape], driver="GPKG").source.path
    facts = look(file).facts
    assert isinstance(facts, VectorFacts) and facts.geometry is expected


def test_shapefile_says_or_betrays_its_encoding(tmp_path: Path) -> None:
    """A code page file is believed when it fits, UTF-8 is recognised without one, and ASCII needs nothing."""
    for name, text, page, expected in (
        ("told", "Straße", "1252", "cp1252"),
        ("oem", "Straße", "OEM 850", "cp850"),
        ("utf8", "Straße", None, "utf-8"),
        ("plain", "Strasse", "1252", None),
    ):
        file = write_features(tmp_path, POINTS[:1], {"road": [text]}, driver="ESRI Shapefile", name=name).source.path
        table, code_page = file.with_suffix(".dbf"), file.with_suffix(".cpg")
        if page:
            old, new = text.encode("utf-8"), text.encode(expected or "ascii")
            table.write_bytes(table.read_bytes().replace(old + b" " * (len(new) - len(old)), new + b" " * (len(old) - len(new))))
            code_page.write_text(page)
        else:
            code_page.unlink(missing_ok=True)
        assert look(file).encoding == expected


@pytest.mark.parametrize("page", ["zlib", "rot13", "undefined", "hex", "a\0b", "../../x", "no-such", ""])
def test_a_code_page_that_is_none_says_nothing(tmp_path: Path, page: str) -> None:
    """What a code page file holds names an encoding of text, or is passed over (C2): Python knows others by name, too."""
    file = write_features(tmp_path, POINTS[:1], {"road": ["Straße"]}, driver="ESRI Shapefile").source.path
    file.with_suffix(".cpg").write_text(page)
    assert look(file).encoding == "utf-8"


def test_container_without_member_shows_its_first(tmp_path: Path) -> None:
    """A GeoPackage of one layer needs no member; an unknown member is not there; names are matched without case."""
    file = write_features(tmp_path, POINTS, driver="GPKG", name="Wells").source.path
    assert look(file).source.member == "Wells"
    assert look(file, "WELLS").source.member == "Wells"
    with pytest.raises(SourceUnreadable, match="does not exist"):
        look(file, "springs")


def test_expected_kind_is_respected(tmp_path: Path) -> None:
    """A raster asked of a container of vectors is not there."""
    file = write_features(tmp_path, POINTS, driver="GPKG").source.path
    with pytest.raises(SourceUnreadable):
        inspect(InspectPlan(DataSource(file, "features", tmp_path, "1"), expect="raster"))


def test_csv_with_degrees(tmp_path: Path) -> None:
    """Columns called longitude and latitude are WGS84; others keep their kinds."""
    path = tmp_path / "wells.csv"
    path.write_text("id,Longitude,Latitude,depth,dug,open\n1,10.5,50.5,3.5,2020-01-31,true\n2,11.5,51.5,4,2021-02-01,false\n3,,,7,,\n")
    layer = look(path)
    assert isinstance(layer.facts, VectorFacts)
    assert (layer.reader, layer.crs, layer.facts.count) == ("csv", "EPSG:4326", 2)
    assert layer.bbox and layer.bbox.corners == (10.5, 50.5, 11.5, 51.5)
    kinds = {field.name: field.kind for field in layer.facts.fields}
    assert (kinds["id"], kinds["depth"], kinds["dug"], kinds["open"]) == (
        FieldKind.INTEGER, FieldKind.REAL, FieldKind.DATE, FieldKind.BOOLEAN
    )  # fmt: skip


@pytest.mark.parametrize(
    ("x", "y"), [("DDLon", "DDLat"), ("lon_dd", "lat_dd"), ("GPS Longitude", "GPS Latitude"), ("Long (WGS84)", "Lat (WGS84)")]
)
def test_csv_with_adorned_degrees(x: str, y: str, tmp_path: Path) -> None:
    """Names of longitude and latitude may say how they are written."""
    (tmp_path / "wells.csv").write_text(f"{y},platform,{x}\n49.5,1,9.5\n")
    layer = look(tmp_path / "wells.csv")
    assert layer.crs == "EPSG:4326" and layer.bbox and layer.bbox.corners == (9.5, 49.5, 9.5, 49.5)


def test_empty_geojson_is_an_empty_layer(tmp_path: Path) -> None:
    """A tool that found nothing left a good dataset, as in every other format."""
    (tmp_path / "none.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    layer = look(tmp_path / "none.geojson")
    assert isinstance(layer.facts, VectorFacts) and layer.facts.count == 0 and layer.bbox is None


def test_csv_with_eastings_semicolons_and_commas(tmp_path: Path) -> None:
    """A German spreadsheet's table is read; without a .prj it names no CRS, with one it does."""
    path = tmp_path / "wells.csv"
    path.write_bytes("Straße;Easting;Northing\nA;500000,5;5400000,5\n".encode("cp1252"))
    layer = look(path)
    assert layer.crs is None and layer.notes
    assert layer.bbox and layer.bbox.corners == (500000.5, 5400000.5, 500000.5, 5400000.5)
    path.with_suffix(".prj").write_text(rasterio.crs.CRS.from_epsg(25832).to_wkt())
    assert look(path).crs == "EPSG:25832"


def test_csv_with_geometries_as_text(tmp_path: Path) -> None:
    """A column of WKT gives the geometry kind; it is no field."""
    path = tmp_path / "roads.csv"
    path.write_text('name,WKT\nA,"LINESTRING (1 2, 3 4)"\nB,not a geometry\n')
    layer = look(path)
    assert isinstance(layer.facts, VectorFacts)
    assert layer.facts.geometry is GeometryKind.LINE and layer.facts.count == 1
    assert [field.name for field in layer.facts.fields] == ["name"]


def test_csv_without_coordinates_is_no_layer(tmp_path: Path) -> None:
    """A table of numbers is not guessed to be a map."""
    (tmp_path / "sums.csv").write_text("name,total\nA,3\n")
    with pytest.raises(SourceUnreadable, match="no coordinate columns"):
        look(tmp_path / "sums.csv")


def test_unnamed_but_known_crs_gets_its_code(tmp_path: Path) -> None:
    """Esri's WKT without a code is recognised by content."""
    file = write_features(tmp_path, POINTS, driver="ESRI Shapefile").source.path
    file.with_suffix(".prj").write_text(
        'PROJCS["WGS_1984_UTM_Zone_11N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],'
        'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-117.0],PARAMETER["Scale_Factor",0.9996],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )
    assert look(file).crs == "EPSG:32611"


def test_missing_crs_is_none_with_a_note(tmp_path: Path) -> None:
    """Without a CRS nothing is guessed."""
    layer = look(write_array(tmp_path / "bare.tif", np.zeros((1, 4, 4), np.uint8), crs=None))
    assert layer.crs is None
    assert layer.notes == ("the dataset names no coordinate reference system",)


@pytest.mark.parametrize("name", ["outside.vrt", "renamed.tif", "renamed.csv"])
def test_virtual_datasets_are_refused_whatever_their_name(name: str, tmp_path: Path) -> None:
    """A file that only points at other data is told by its content."""
    (tmp_path / name).write_text('<VRTDataset rasterXSize="4" rasterYSize="4"><SourceFilename>/etc/passwd</SourceFilename></VRTDataset>')
    with pytest.raises(SourceRefused):
        look(tmp_path / name)


def test_sidecar_files_outside_the_job_are_refused(tmp_path: Path) -> None:
    """Overviews linked from another job, or named by metadata, are not followed."""
    job = tmp_path / "job"
    job.mkdir()
    other = write_array(tmp_path / "other.tif", np.full((1, 64, 64), 3, np.uint8))
    path = write_array(job / "mine.tif", np.zeros((1, 64, 64), np.uint8))
    (job / "mine.tif.ovr").symlink_to(other)
    with pytest.raises(SourceRefused):
        look(path)
    (job / "mine.tif.ovr").unlink()
    look(path)
    path.with_name("mine.tif.aux.xml").write_text(
        f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{other}</MDI></Metadata></PAMDataset>'
    )
    with pytest.raises(SourceRefused):
        look(path)


def test_dataset_outside_its_job_is_refused(tmp_path: Path) -> None:
    """A source whose path leaves the job's folder is refused even if it got this far."""
    path = write_raster(tmp_path, BY_NAME["uint8"])
    (tmp_path / "job").mkdir()
    with pytest.raises(SourceRefused):
        inspect(InspectPlan(DataSource(path, None, tmp_path / "job", "1")))


def test_unreadable_datasets_say_why(tmp_path: Path) -> None:
    """Missing, junk, packed, complex and unplaced datasets are refused in true words that name no path."""
    (tmp_path / "junk.tif").write_bytes(b"II*\0" + os.urandom(200))
    (tmp_path / "text.tif").write_text("hello")
    for name in ("data.zip", "packed.tif", "packed.gpkg"):
        (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(50))
    write_array(tmp_path / "complex.tif", np.zeros((1, 4, 4), np.complex64))
    write_array(tmp_path / "nowhere.tif", np.zeros((1, 4, 4), np.uint8), transform=rasterio.Affine.identity(), crs=None)
    (tmp_path / "empty.gdb").mkdir()
    for name, words in (
        ("missing.tif", "does not exist"),
        ("junk.tif", "cannot be read"),
        ("text.tif", "format that is not read"),
        ("data.zip", "archive"),
        ("packed.tif", "archive"),
        ("packed.gpkg", "archive"),
        ("complex.tif", "complex numbers"),
        ("nowhere.tif", "not georeferenced"),
        ("empty.gdb", "format that is not read"),
    ):
        with pytest.raises(SourceUnreadable, match=words) as caught:
            look(tmp_path / name)
        assert str(tmp_path) not in caught.value.sentence


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_control_points_place_a_raster_if_a_plane_fits(tmp_path: Path) -> None:
    """Points that agree with a plane are a geotransform; points that do not are named as the reason."""
    corners = [(0, 0), (0, 20), (30, 0), (30, 20)]
    for name, bend in (("flat", 0.0), ("bent", 200.0)):
        points = [
            GroundControlPoint(row=r, col=c, x=500000 + 30 * c + bend * (r * c > 0), y=4200000 - 30 * r, id=str(i))
            for i, (r, c) in enumerate(corners)
        ]
        write_array(tmp_path / f"{name}.tif", np.full((1, 30, 20), 7, np.uint8), transform=rasterio.Affine.identity(), crs=None)
        with rasterio.open(tmp_path / f"{name}.tif", "r+") as out:
            out.gcps = (points, rasterio.crs.CRS.from_epsg(32611))
    layer = look(tmp_path / "flat.tif")
    assert layer.crs == "EPSG:32611" and layer.bbox and layer.bbox.corners == pytest.approx((500000, 4199100, 500600, 4200000))
    with pytest.raises(SourceUnreadable, match="control points"):
        look(tmp_path / "bent.tif")


def test_the_job_folder_stays_as_it_is(tmp_path: Path) -> None:
    """Looking, measuring and drawing write nothing beside the data: no statistics, no metadata, no locks."""
    for kind in KINDS:
        write_raster(tmp_path, kind)
    write_esri_grid(tmp_path / "grid", values_of(BY_NAME["uint8"])[0])
    for driver in ("GPKG", "OpenFileGDB", "ESRI Shapefile", "FlatGeobuf"):
        write_features(tmp_path, POINTS, {"size": [1, 2, 3]}, driver=driver, name="set_" + driver.split()[0].lower())
    before = _listing(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        if path.suffix in (".dbf", ".shx", ".prj", ".cpg", ".hdr", ".xml"):
            continue
        layer = look(path)
        if isinstance(layer.facts, VectorFacts):
            measure(MeasurePlan(layer, field="size"))
            continue
        measure(MeasurePlan(layer))
        assert layer.bbox
        draw_raster(
            plan_of(layer, Classified((RasterClass(99.0, Color(1, 2, 3)),))), MapView(layer.bbox, layer.crs or "EPSG:32611", 16, 16)
        )
    assert _listing(tmp_path) == before


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_real_geodatabases_are_described_or_refused(tmp_path: Path) -> None:
    """Every member of the real geodatabases has a layer or a true reason, from ArcGIS 9.2 to Pro."""
    refused = {}
    seen = 0
    for path in [*sorted(SHARED.glob("gdal-filegdb/*/*.gdb")), SHARED / "esri-military/Results.gdb"]:
        source = DataSource(path, None, path.parent, "1")
        for member in {*vector_members(path), *raster_members(source, recognise(path))}:
            try:
                layer = inspect(InspectPlan(DataSource(path, member, path.parent, "1")))
            except SourceUnreadable as error:
                refused[member] = error.sentence
                continue
            seen += 1
            assert layer.facts and layer.reader in ("ogr", "features", "gdal")
    assert refused == {"NCH_ES_WATER_LOGGING_HAZARD": "The raster of this layer holds no data."}
    assert seen >= 25


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_real_geodatabase_rasters_draw() -> None:
    """Rasters inside file geodatabases show their classes, and nothing where they are masked."""
    layer = look(SHARED / "gdal-filegdb/raster/lu_4bit.gdb")
    assert isinstance(layer.facts, RasterFacts) and layer.bbox and layer.crs
    assert dict(layer.facts.attribute_table)["LAND_USE"][0] == "Orchard"
    measured = measure(MeasurePlan(layer))
    assert [value for value, _ in measured.distinct] == [1, 2, 3, 4, 5, 6] and measured.distinct_is_whole
    colors = [Color(40 * value, 255 - 30 * value, 9) for value in range(1, 7)]
    theme = Classified(tuple(RasterClass(float(value), color) for value, color in enumerate(colors, 1)), minimum=1.0)
    picture = draw_raster(plan_of(layer, theme), MapView(layer.bbox, layer.crs, layer.facts.width, layer.facts.height))
    found, counts = np.unique(picture.reshape(-1, 4), axis=0, return_counts=True)
    shown = {tuple(int(v) for v in color): int(count) for color, count in zip(found, counts, strict=True)}
    assert {color: shown[color] for color in colors} == {
        color: count for color, (_, count) in zip(colors, measured.distinct, strict=True)
    }  # fmt: skip
    assert shown[(0, 0, 0, 0)] == layer.facts.width * layer.facts.height - measured.count


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def _netcdf(path: Path) -> Path:
    """Two variables of five rows and six columns, with their coordinates."""
    import scipy.io

    with scipy.io.netcdf_file(path, "w") as file:
        file.createDimension("lat", 5)
        file.createDimension("lon", 6)
        for name, values in (("lat", np.arange(50.0, 45.0, -1)), ("lon", np.arange(10.0, 16.0))):
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = values
            axis.units = "degrees_north" if name == "lat" else "degrees_east"
        for name in ("height", "depth"):
            file.createVariable(name, "f4", ("lat", "lon"))[:] = np.zeros((5, 6), np.float32)
    return path
