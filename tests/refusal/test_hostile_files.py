"""Datasets that reach out of their job: what the attack list calls C1 to C3, against real workers.

Where what is tested: links, names, pointers and hard links at the look (C1, C2), `tests/jobs/test_folder.py`; drivers (C2, C4),
`tests/contract/test_data_formats.py`; what a style may name (C4), `tests/symbology/readers` and `tests/symbology/test_embedded.py`;
reference systems (C5), `tests/geo/test_crs.py`; environment and system calls (C5), `test_worker_confinement.py`; archives, which are never
opened (C6), `tests/jobs/test_folder.py` and `tests/render/test_inspect.py`; too much of anything (D3, D4), `test_exhausting_files.py`;
half written files (D8), `tests/render/test_wholeness.py` and `test_damaged_data.py`; JSON, XML and TOML (D9),
`tests/jobs/test_document.py`, `tests/contract/test_style_readers.py` and `tests/services/test_reader.py`.
"""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from rendermap.dispatch.plan import InspectPlan, MeasurePlan
from rendermap.errors import Broken, Busy, SourceRefused, SourceUnreadable
from rendermap.geo.view import MapView
from rendermap.jobs.folder import JobFolder
from rendermap.landlock import is_available
from rendermap.render.inspect import inspect
from rendermap.render.job_threads import MOST_THREADS
from rendermap.render.measure import measure
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.tree import Column, Comparison, Literal, Not
from rendermap.symbology.ramps import GRAYS
from rendermap.symbology.style import Categories, Category, Stretch, StretchKind, StretchRecipe, Style
from tests.builders.hostile import POINTS, WAYS, secret_cells, write_geopackage, write_netcdf, write_raster_at, write_spilled
from tests.builders.vectors import BLUE, RED, SUFFIXES, fill, map_plan, plan_for, source_at, view_on, write_features
from tests.builders.views import plan_of
from tests.builders.workers import Workers, working

pytestmark = pytest.mark.skipif(not is_available(ctypes.CDLL(None)), reason="this kernel does not keep files apart")
SECRET = 201
GRAY = Stretch(GRAYS, StretchRecipe(StretchKind.NONE))


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """One worker for all tests here: what it did for one job must not open another's folder to the next."""
    jobs = tmp_path_factory.mktemp("jobs")
    with working(jobs, deadline_s=20) as found:
        yield found


@pytest.fixture
def mine(workers: Workers, request: pytest.FixtureRequest) -> Path:
    """The folder of a job."""
    folder = workers.jobs / f"mine{abs(hash(request.node.name))}"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def others(workers: Workers) -> Path:
    """The folder of another job, which the worker has drawn before."""
    folder = workers.jobs / "other"
    folder.mkdir()
    write_raster_at(folder / "secret.tif", SECRET)
    secret_cells().tofile(folder / "secret.bin")
    write_netcdf(folder / "secret.nc")
    write_features(folder, [shapely.box(0, 0, 9, 9)], {"word": ["x"]}, driver="GPKG", name="secret")
    for name in ("secret.tif", "secret.nc", "secret.gpkg"):
        workers.look(folder / name)
    return folder


def swapped_by_link(path: Path, target: Path) -> None:
    """The file renamed away, and a link to another in its place."""
    path.rename(path.with_name("away"))
    path.symlink_to(target)


@pytest.mark.parametrize("kind", ["link", "hard link", "other file"])
def test_what_was_looked_at_is_what_is_drawn(workers: Workers, mine: Path, others: Path, kind: str) -> None:
    """C1: a file that is replaced after the look, by a link or by another file, is told to be changing and not drawn."""
    path = write_raster_at(mine / "a.tif")
    layer = workers.look(path)
    assert workers.measure(layer).maximum == 7
    path.rename(mine / "away")
    if kind == "link":
        path.symlink_to(others / "secret.tif")
    elif kind == "hard link":
        path.hardlink_to(others / "secret.tif")
    else:
        write_raster_at(path, 9)
    assert layer.bbox
    plan = map_plan(MapView(layer.bbox, "EPSG:32611", 16, 16), plan_of(layer, GRAY))
    for ask in (lambda: workers.draw(plan), lambda: workers.measure(layer), lambda: workers.look_at(layer.source)):
        with pytest.raises(Busy, match="changed"):
            ask()


def test_a_link_is_not_followed_even_when_nothing_tells_of_it(workers: Workers, mine: Path, others: Path) -> None:
    """C1: a link to another job that is there only while the file is opened, so that every look before and after finds all as it was."""
    raster, vector = write_raster_at(mine / "a.tif"), write_features(mine, POINTS, driver="FlatGeobuf", name="b")
    layers = [workers.look(raster), workers.look(vector.source.path)]
    write_features(others, POINTS, driver="FlatGeobuf", name="points")
    swapped_by_link(raster, others / "secret.tif")
    swapped_by_link(vector.source.path, others / "points.fgb")
    for layer, theme in zip(layers, (GRAY, fill(RED)), strict=True):
        # a fingerprint is made of regular files: the link's own is that of nothing, here and in the worker
        held = replace(layer, source=source_at(layer.source.path))
        assert held.bbox and held.crs
        plan = map_plan(MapView(held.bbox, held.crs, 16, 16), plan_for(held, theme))  # type: ignore[arg-type]
        with pytest.raises(Broken) as raised:
            workers.draw(plan)
        assert isinstance(raised.value, SourceUnreadable | SourceRefused), raised.value.reason


def test_a_folder_that_becomes_a_link_is_not_entered(workers: Workers, mine: Path, others: Path) -> None:
    """C1: neither the job's scratch folder nor the job itself is another's by way of a link."""
    (mine / "scratch").mkdir()
    source = JobFolder(mine).resolve(write_raster_at(mine / "scratch" / "secret.tif").name)
    (mine / "scratch").rename(mine / "away")
    (mine / "scratch").symlink_to(others, target_is_directory=True)
    for held in (source, source_at(source.path)):
        with pytest.raises((Busy, SourceRefused, SourceUnreadable)):
            workers.look_at(replace(held, root=mine))
    job = mine.with_name("alias")
    job.symlink_to(others, target_is_directory=True)
    with pytest.raises(Broken):
        workers.look_at(replace(source_at(job / "secret.tif"), root=job))


@pytest.mark.parametrize("way", WAYS)
def test_a_variable_that_lies_in_another_file_is_not_read(workers: Workers, mine: Path, others: Path, way: str) -> None:
    """C2: netCDF-4 can take its cells from any file, as raw bytes or as a dataset of it; from another job it gets none."""
    own = workers.measure(workers.look(write_netcdf(mine / "own.nc")))
    assert own.maximum == secret_cells().max()
    path = write_netcdf(mine / "evil.nc", way, others / ("secret.bin" if way == "external" else "secret.nc"))
    try:
        found = workers.measure(workers.look(path))
    except (SourceUnreadable, SourceRefused):
        return
    assert not found.count or found.maximum == found.minimum, "cells of another job were read"


def test_cells_spilled_into_another_job_are_not_read(workers: Workers, mine: Path, others: Path) -> None:
    """C2: an Erdas Imagine file names the file of its cells; one outside the job is refused."""
    write_spilled(others / "spill.img", "spill.ige")
    path = write_spilled(mine / "abcdefghijk.img", "../other/spill.ige"[:15].ljust(15, "x"))
    path.write_bytes(path.read_bytes().replace(b"../other/spillx", b"../other/spill."))
    with pytest.raises((SourceRefused, SourceUnreadable)):
        workers.measure(workers.look(path))


REACHING = {
    "module": [
        "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'evil', 'evil', 0,"
        " 'CREATE VIRTUAL TABLE evil USING VirtualOGR(''{other}'')')"
    ],
    "pixel": ["CREATE VIEW evil AS SELECT fid, geom, gdal_get_pixel_value('{other}', 1, 'pixel', 0, 0) AS v FROM mine"],
    "layers": ["CREATE VIEW evil AS SELECT fid, geom, ogr_datasource_load_layers('{other}') AS v FROM mine"],
    "extension": ["CREATE VIEW evil AS SELECT fid, geom, load_extension('{other}') AS v FROM mine"],
    "readfile": ["CREATE VIEW evil AS SELECT fid, geom, readfile('{other}') AS v FROM mine"],
    "geocode": ["CREATE VIEW evil AS SELECT fid, geom, ogr_geocode('Paris') AS v FROM mine"],
    "path": ["CREATE VIEW evil AS SELECT m.fid, m.geom, p.file AS v FROM mine m, pragma_database_list p"],
}


@pytest.mark.parametrize("how", REACHING)
def test_a_view_of_a_geopackage_reaches_nothing_outside(workers: Workers, mine: Path, others: Path, how: str) -> None:
    """C2: tables of other files, GDAL's functions, extensions and SQLite's own words (which tell paths) are not to be had in a view."""
    path = write_geopackage(mine / "mine.gpkg", [text.format(other=others / "secret.gpkg") for text in REACHING[how]])
    with pytest.raises(SourceUnreadable):
        layer = workers.look(path, "evil")
        assert not workers.measure(layer, "v").distinct, "a view gave away what is outside"
        raise SourceUnreadable


def test_a_plain_view_of_a_geopackage_is_drawn(workers: Workers, mine: Path) -> None:
    """What views are for goes on: choosing, renaming, and the functions of geometry."""
    sql = "CREATE VIEW evil AS SELECT fid, geom, size * 2 AS twice, ST_MinX(geom) AS x FROM mine WHERE size > 1"
    layer = workers.look(write_geopackage(mine / "mine.gpkg", [sql]), "evil")
    assert [value for value, _ in workers.measure(layer, "twice").distinct] == ["4", "6"]


@pytest.mark.slow
def test_a_view_without_end_costs_its_own_layer(workers: Workers, mine: Path) -> None:
    """C2, D3: a query that counts for ever is ended with its worker, and the next dataset is answered."""
    sql = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT m.fid, m.geom, (SELECT max(x) FROM c) AS v FROM mine m"
    path = write_geopackage(mine / "mine.gpkg", [f"CREATE VIEW evil AS {sql}"])
    with working(workers.jobs, deadline_s=1.5) as quick:
        with pytest.raises(Broken, match="longer than"):
            quick.look(path, "evil")
        assert quick.look(write_raster_at(mine / "a.tif")).bbox


def test_sidecars_that_lead_away_are_refused(workers: Workers, mine: Path, others: Path) -> None:
    """C2: overviews named by metadata, with letters hidden from those who only search the text, and masks and overviews by link."""
    path = write_raster_at(mine / "a.tif")
    named = f'<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW&#95;FILE">{others / "secret.tif"}</MDI></Metadata>'
    path.with_name("a.tif.aux.xml").write_text(f"<PAMDataset>{named}</PAMDataset>")
    assert JobFolder(mine).resolve("a.tif"), "the text alone does not tell"
    with pytest.raises(SourceRefused):
        workers.look(path)
    path.with_name("a.tif.aux.xml").unlink()
    path.with_name("a.tif.msk").symlink_to(others / "secret.tif")
    try:
        layer = workers.look(path)
    except (SourceRefused, SourceUnreadable):
        return
    assert workers.measure(layer).maximum == 7, "a mask of another job was used"


def test_the_worker_still_draws_after_all_that(workers: Workers, mine: Path, others: Path) -> None:
    """What one job was refused, its owner has: each thread reads its own job, one after the other."""
    own = workers.look(write_raster_at(mine / "a.tif"))
    for _ in range(2):
        assert workers.measure(own).maximum == 7
        assert workers.measure(workers.look(others / "secret.tif")).maximum == SECRET
        area = workers.look(others / "secret.gpkg")
        assert not workers.draw(map_plan(view_on((0, 0, 9, 9)), plan_for(area, fill(RED)))).empty


def test_more_jobs_than_threads_take_turns(workers: Workers, mine: Path) -> None:
    """A worker keeps a few threads; a job whose thread went has another, and so has one whose folder was made anew."""
    folders = [mine / str(number) for number in range(MOST_THREADS + 2)]
    for value, folder in enumerate(folders):
        folder.mkdir()
        write_raster_at(folder / "a.tif", value)
    for _ in range(2):
        assert [workers.measure(workers.look(folder / "a.tif")).maximum for folder in folders] == list(range(len(folders)))
    shutil.rmtree(folders[-1])
    folders[-1].mkdir()
    assert workers.measure(workers.look(write_raster_at(folders[-1] / "a.tif", 99))).maximum == 99


NAMES = (
    'a"b', "x' OR '1'='1", "]]><Datasource>", "a.b", "[z]", "{0} %s", "a\\", '"; DROP TABLE t; --', "SELECT", "_mapnik", "rm_part", "a\tb",
    'x" UNION SELECT sql FROM sqlite_master --', "mapnik::geometry_type", "name\nb", "&lt;", "a,b",
)  # fmt: skip


@pytest.mark.parametrize("driver", ["GPKG", "FlatGeobuf", "GeoJSON"])
def test_names_in_a_dataset_are_names(tmp_path: Path, driver: str) -> None:
    """C3: names of layers and fields, and values, reach the engine's document and its queries as what they are."""
    file, member = tmp_path / f"a{SUFFIXES[driver]}", 'x" UNION SELECT sql FROM sqlite_master --'
    boxes = shapely.to_wkb(np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], object))
    columns = [np.array([name, "other"], object) for name in NAMES]
    pyogrio.raw.write(file, boxes, columns, NAMES, driver=driver, layer=member, geometry_type="Polygon", crs="EPSG:4326")
    layer = inspect(InspectPlan(source_at(file, member if driver == "GPKG" else None)))
    for name in NAMES:
        assert [value for value, _ in measure(MeasurePlan(layer, name)).distinct] == sorted([name, "other"])
        known = Not(Comparison("=", Column(name), Literal("none of them")))
        style = Style(Categories((name,), (Category(((name,),), fill(RED)),), default=fill(BLUE)), filter=known)
        pixels = draw_vectors([plan_for(layer, style)], view_on((0, 0, 20, 10), "EPSG:4326", width=40, height=20))
        assert [tuple(pixels[10, x]) for x in (10, 30)] == [RED, BLUE], name
