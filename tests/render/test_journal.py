"""GeoPackages in SQLite's write-ahead mode: their newest rows are drawn, and nothing is written beside them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import shapely

from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import InspectPlan, MapPlan, MeasurePlan
from rendermap.dispatch.pool import Pool
from rendermap.jobs.job import DataSource
from rendermap.render.compose import draw
from rendermap.render.inspect import inspect
from rendermap.render.journal import readable, settled
from rendermap.render.measure import measure
from rendermap.symbology.symbols import Fill, Symbol
from tests.builders.pools import run
from tests.builders.vectors import RED, plan_for, source_at, view_on, write_features

SQUARES = [shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)]
VIEW = view_on((0, 0, 30, 10), width=90, height=30)


@pytest.fixture
def source(tmp_path: Path) -> DataSource:
    """A GeoPackage whose second square is only in its journal, as a writer leaves it that is killed after its last commit."""
    room = tmp_path / "writer"
    room.mkdir()
    layer = write_features(room, SQUARES, {"depth": [1.5, 2.5]}, driver="GPKG", name="squares")
    whole = Path(layer.open_name)
    job = tmp_path / "job"
    job.mkdir()
    with closing(sqlite3.connect(whole)) as database:
        assert database.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        database.execute("PRAGMA wal_autocheckpoint=0")
        database.execute("CREATE TABLE journalled (a INTEGER)")
        database.commit()
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{whole}{suffix}", job / f"squares.gpkg{suffix}")
    return source_at(job / "squares.gpkg", "squares")


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Name -> (size, time of change) of what stands in a folder, the folder itself included."""
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in (folder, *folder.rglob("*"))}


def test_reading_writes_nothing_beside_the_dataset(source: DataSource) -> None:
    """Inspecting, measuring and drawing leave the job's folder as it was, and find the journal's rows."""
    before = listing(source.root)
    layer = inspect(InspectPlan(source))
    assert layer.source == source and layer.open_name == str(source.path) and layer.driver == "GPKG"
    plan = settled(MeasurePlan(layer, "depth"))
    assert isinstance(plan, MeasurePlan) and measure(plan).count == 2
    drawn = settled(MapPlan(VIEW, (plan_for(layer, Symbol((Fill(RED),))),), None, "png"))
    assert isinstance(drawn, MapPlan)
    pixels = draw(drawn)
    assert pixels[15, 15, 3] == pixels[15, 75, 3] == 255 and pixels[15, 45, 3] == 0
    assert listing(source.root) == before


def test_what_only_the_journal_holds_is_read(source: DataSource) -> None:
    """The copy has the journal folded in."""
    copy = readable(source)
    assert copy != source.path and not copy.with_name(copy.name + "-wal").exists()
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM journalled").fetchone() == (0,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_plain_geopackages_are_read_where_they_lie(tmp_path: Path) -> None:
    """Without a journal there is no copy."""
    layer = write_features(tmp_path, SQUARES, driver="GPKG", name="squares")
    plan = MapPlan(VIEW, (plan_for(layer, Symbol((Fill(RED),))),), None, "png")
    assert settled(plan) is plan


def test_a_folder_that_cannot_be_written_to_is_drawn(source: DataSource) -> None:
    """Workers, which may write nowhere but in their scratch, draw it; so does a file system mounted read-only."""
    source.root.chmod(0o555)
    before = listing(source.root)

    async def ask() -> Drawn:
        pool = Pool(1, readable=(source.root,))
        await pool.start()
        try:
            layer = await pool.inspect(InspectPlan(source))
            return await pool.draw(MapPlan(VIEW, (plan_for(layer, Symbol((Fill(RED),))),), None, "png"))
        finally:
            await pool.stop()

    assert not run(ask, limit_s=60).empty
    assert listing(source.root) == before
