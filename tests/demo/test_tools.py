"""The tools' own sums, and the jobs they leave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from rich.console import Console
from rich.progress import Progress

from rendermap.demo import making
from rendermap.demo.making import DEMO_JOBS, DemoError, DemoJob, make_jobs
from rendermap.demo.once import is_blank
from rendermap.demo.surface import slope_deg
from rendermap.demo.terrain import read_elevation
from rendermap.demo.tools import sunlight, unfinished, viewshed, watershed
from rendermap.demo.tools.landslide import contours, hazard_classes
from tests.demo.pictures import png

GRID = read_elevation(120.0)


def quiet() -> Progress:
    """A progress bar nobody sees."""
    return Progress(console=Console(quiet=True))


def document_of(jobs_dir: Path) -> dict[str, object]:
    """The one job document below a folder."""
    (path,) = jobs_dir.rglob("job.json")
    document: dict[str, object] = json.loads(path.read_text())
    return document


def column(path: Path, layer: str, name: str) -> list[object]:
    """One field of a feature class."""
    values: list[object] = pyogrio.raw.read(path, layer=layer, columns=[name], read_geometry=False)[3][0].tolist()
    return values


def test_parcels_fill_the_ground_without_overlap() -> None:
    """Parcels share their borders exactly: a valid coverage, of the count asked for."""
    polygons, _ = sunlight.make_parcels(GRID, 2000)
    assert len(polygons) == 2000
    assert shapely.coverage_is_valid(polygons)
    assert abs(shapely.union_all(polygons).area / shapely.area(polygons).sum() - 1) < 1e-9


def test_there_are_two_hundred_thousand_parcels(tmp_path: Path) -> None:
    """The large job holds exactly that many, each with its own number."""
    sunlight.main(tmp_path)
    (path,) = tmp_path.rglob("parcels.fgb")
    assert pyogrio.read_info(path, force_feature_count=True)["features"] == 200_000
    _, _, _, (numbers,) = pyogrio.raw.read(path, columns=["Parcel"], read_geometry=False)
    assert len(np.unique(numbers)) == 200_000


def test_parcels_are_the_same_every_time() -> None:
    """The generator is seeded."""
    assert (sunlight.make_parcels(GRID, 500)[0] == sunlight.make_parcels(GRID, 500)[0]).all()


def test_southern_slopes_get_more_sun() -> None:
    """Sunlight is higher where ground falls to the south."""
    light = sunlight.sunlight(GRID)
    south, _ = np.gradient(GRID.values)
    assert light[south < -20].mean() > light[south > 20].mean() + 10


def test_hazard_has_five_classes_of_falling_share() -> None:
    """Very low is the largest class, very high the smallest, and steep ground is worse."""
    slope = slope_deg(GRID)
    classes = hazard_classes(GRID, slope)
    counts = np.bincount(classes.ravel())
    assert counts[0] == 0
    assert len(counts) == 6
    assert counts[1] > counts[3] > counts[5] > 0
    assert slope[classes == 5].mean() > slope[classes == 1].mean() + 10


def test_contours_carry_their_heights() -> None:
    """Every contour runs where the ground has its height."""
    lines, heights = contours(GRID)
    assert (heights % 20 == 0).all()
    assert len(set(heights.tolist())) > 30
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    rows, cols = GRID.cells(middle[:, 0], middle[:, 1])
    inside = (rows > 1) & (cols > 1) & (rows < GRID.values.shape[0] - 2) & (cols < GRID.values.shape[1] - 2)
    near = GRID.values[np.rint(rows[inside]).astype(int), np.rint(cols[inside]).astype(int)]
    assert np.median(np.abs(near - heights[inside])) < 15


def test_a_tool_leaves_a_finished_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The viewshed tool's job, on coarser ground: succeeded, its datasets where its document says."""
    monkeypatch.setattr(viewshed, "CELL_M", 100.0)
    viewshed.main(tmp_path, lookouts=2, range_m=3000)
    document = document_of(tmp_path)
    assert document["status"] == "succeeded"
    (scratch,) = tmp_path.rglob("scratch")
    assert (scratch / "viewshed.tif").is_file()
    assert pyogrio.read_info(scratch / "lookouts.gpkg", layer="lookouts")["features"] == 2


def test_watersheds_carry_what_their_style_asks_for(tmp_path: Path) -> None:
    """Basins A to E and Other, orders 1 to 4, strips that do not overlap, and a pour point for each watershed."""
    watershed.main(tmp_path)
    (scratch,) = tmp_path.rglob("scratch")
    basins = column(scratch / "scratch.gdb", "Watersheds", "Basin")
    assert set(basins) == {"A", "B", "C", "D", "E", "Other"}
    assert sorted(column(scratch / "scratch.gdb", "PourPoints", "Name")) == sorted(column(scratch / "scratch.gdb", "Watersheds", "Name"))
    assert set(column(scratch / "streams.gpkg", "streams", "Strahler")) == {1, 2, 3, 4}
    strips = shapely.from_wkb(pyogrio.raw.read(scratch / "streams.gpkg", layer="strips")[2])
    assert shapely.union_all(strips).area == pytest.approx(shapely.area(strips).sum(), rel=1e-6)


def test_an_unfinished_job_says_so(tmp_path: Path) -> None:
    """A tool cut short leaves a job that is still executing."""
    unfinished.main(tmp_path)
    assert document_of(tmp_path)["status"] == "executing"


def test_a_tool_that_fails_leaves_its_message(tmp_path: Path) -> None:
    """A pour point off the map: the job is failed and says why, and the demo expected that."""
    job = next(job for job in DEMO_JOBS if job.ends == "failed")
    making.run_tool(job, tmp_path)
    document = document_of(tmp_path)
    assert document["status"] == "failed"
    assert "outside the elevation raster" in json.dumps(document["messages"])


def test_a_tool_that_ends_otherwise_than_meant_is_an_error(tmp_path: Path) -> None:
    """A run that should fail and does not, or the other way round, stops the demo with the tool's own words."""
    with pytest.raises(DemoError, match="outside the elevation"):
        making.run_tool(DemoJob("x", "Watershed", "watershed", ("--pour-point", "0", "0")), tmp_path)


def test_jobs_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second start finds the jobs; changed tools or fresh=True make them again."""
    runs: list[str] = []
    monkeypatch.setattr(making, "run_tool", lambda job, jobs_dir: runs.append(job.title))
    jobs_dir = tmp_path / "jobs"
    make_jobs(jobs_dir, quiet())
    make_jobs(jobs_dir, quiet())
    assert len(runs) == len(DEMO_JOBS)
    make_jobs(jobs_dir, quiet(), fresh=True)
    monkeypatch.setattr(making, "tools_digest", lambda: "others")
    make_jobs(jobs_dir, quiet())
    assert len(runs) == 3 * len(DEMO_JOBS)


def test_a_folder_of_someone_elses_is_left_alone(tmp_path: Path) -> None:
    """The demo clears only what it made."""
    (tmp_path / "precious").write_text("x")
    with pytest.raises(DemoError, match="did not make"):
        make_jobs(tmp_path, quiet(), fresh=True)
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize(
    ("pixels", "blank"),
    [
        ([(0, 0, 0, 0), (255, 0, 0, 0)], True),
        ([(9, 9, 9, 255), (9, 9, 9, 255)], True),
        ([(0, 0, 0, 0), (9, 9, 9, 255)], False),
        ([(1, 2, 3, 255), (9, 9, 9, 255)], False),
    ],
)
def test_blank_pictures_are_known(pixels: list[tuple[int, int, int, int]], blank: bool) -> None:
    """One colour or nothing visible is blank; two colours, or one beside nothing, are not."""
    assert is_blank(png(pixels)) is blank
