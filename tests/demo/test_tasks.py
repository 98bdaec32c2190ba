"""The demo's tasks: as clients run them, and what their tools make of a place."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from PIL import Image
from pyproj import Geod

from rendermap.demo.places import cells_of, words_of_bounds
from rendermap.demo.terrain import read_elevation
from rendermap.gp.tool_call import load_function
from rendermap.gp.units import LinearUnit
from rendermap.jobs import manifest
from rendermap.jobs.manifest import Run
from tests.builders.demo_tasks import STYLES, DemoTasks, demo_tasks, point

VIEWSHED = "Elevation/Viewshed/GPServer/Viewshed"
WATERSHED = "Elevation/Watershed/GPServer/Watershed"
BUFFERS = "Elevation/BufferPoints/GPServer/Buffer%20Points"
SUMMIT = (-84.2012, 36.6317)
KM = "esriKilometers"


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoTasks]:
    """One service for all tests."""
    with demo_tasks(tmp_path_factory.mktemp("tasks")) as found:
        yield found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A job that a tool works for."""
    return manifest.start(tmp_path, service="Elevation/Any")


def call(service: str, tool: str, *inputs: object) -> Any:
    """What a tool returns."""
    return load_function(STYLES / "Elevation" / service / "tools.py", tool)(*inputs)


def shapes(path: Path, layer: str) -> Any:
    """The geometries of a feature class."""
    return shapely.from_wkb(pyogrio.raw.read(path, layer=layer)[2])


def words_of(job: dict[str, Any]) -> str:
    """All that the tool said."""
    return " ".join(message["description"] for message in job["messages"])


@pytest.mark.slow
@pytest.mark.parametrize("task", [VIEWSHED, WATERSHED, BUFFERS])
def test_a_task_runs_as_its_form_stands(tasks: DemoTasks, task: str) -> None:
    """With the values that are there at first the job succeeds, has all its results, and every layer of its map draws."""
    outputs = [card["name"] for card in tasks.ask(task)["parameters"] if card["direction"].endswith("Output")]
    job = tasks.run(task, **tasks.defaults(task))
    assert job["jobStatus"] == "esriJobSucceeded", words_of(job)
    assert sorted(job["results"]) == sorted(outputs)
    found = f"{task.partition('GPServer')[0]}MapServer/jobs/{job['jobId']}"
    layers = tasks.ask(f"{found}/layers")["layers"]
    box = tasks.ask(found)["fullExtent"]
    bbox = ",".join(str(box[side]) for side in ("xmin", "ymin", "xmax", "ymax"))
    for layer in layers:
        body = tasks.picture(f"{found}/export", bbox=bbox, size="300,300", f="image", transparent="true", layers=f"show:{layer['id']}")
        assert Image.open(io.BytesIO(body)).convert("RGBA").getchannel("A").getextrema()[1] > 50, layer["name"]


@pytest.mark.slow
def test_a_place_that_is_nowhere_fails_the_job(tasks: DemoTasks) -> None:
    """Off the terrain the job fails, and its message tells whoever asked where the terrain is."""
    job = tasks.run(VIEWSHED, Observation_Point=point(10, 50))
    assert job["jobStatus"] == "esriJobFailed"
    assert "outside of the terrain, which reaches from 36.45 to 36.73" in words_of(job)


@pytest.mark.slow
def test_points_without_a_reference_are_where_the_job_says(tasks: DemoTasks) -> None:
    """Degrees taken as metres would lie off Africa without a word."""
    points = {"features": [{"geometry": {"x": -84.3, "y": 36.6}}]}
    said = words_of(tasks.run(BUFFERS, Points=points))
    assert "'Points' does not name its spatial reference. It is taken to be WGS 84 / Pseudo-Mercator." in said
    assert "does not name" not in words_of(tasks.run(BUFFERS, Points=point(-84.3, 36.6)))


@pytest.mark.slow
def test_results_are_in_the_reference_that_was_asked_for_with_the_job(tasks: DemoTasks) -> None:
    """`env:outSR` and `context` hold for what is fetched later, unless the fetching says otherwise; GeoJSON stays in degrees."""
    degrees = tasks.run(BUFFERS, Points=point(-84.3, 36.6), **{"env:outSR": 4326})
    metres = tasks.run(BUFFERS, Points=point(-84.3, 36.6), context={"outSR": {"wkid": 32616}})
    assert tasks.result(BUFFERS, degrees, "Centres")["features"][0]["geometry"] == pytest.approx({"x": -84.3, "y": 36.6})
    assert tasks.result(BUFFERS, metres, "Centres")["spatialReference"]["wkid"] == 32616
    url = f"{BUFFERS}/jobs/{degrees['jobId']}/results/Centres"
    assert tasks.ask(url, outSR=102100)["value"]["spatialReference"]["latestWkid"] == 3857
    assert tasks.ask(url.replace(degrees["jobId"], metres["jobId"]), f="geojson")["features"][0]["geometry"]["coordinates"][1] < 90
    executed = tasks.ask(f"{BUFFERS}/execute", Points=point(-84.3, 36.6), **{"env:outSR": 4326})["results"]
    assert executed[0]["value"]["spatialReference"]["wkid"] == 4326


@pytest.mark.slow
def test_a_viewshed_shows_more_from_higher_up_and_less_from_nearer(run: Run) -> None:
    """The eye's height and the distance count, each in the unit that the client names."""

    def area(kilometres: float, feet: float) -> float:
        distance, eye = LinearUnit(kilometres, KM), LinearUnit(feet, "esriIntFeet")
        return float(call("Viewshed", "viewshed", run, point(*SUMMIT), distance, eye)["Seen_Area"].area)

    low, high, near = area(3, 6), area(3, 300), area(1, 300)
    assert 0 < low < high <= np.pi * 9
    assert 0 < near <= np.pi


def test_points_come_in_any_reference_system() -> None:
    """The same place in degrees and in Web Mercator is the same cell."""
    grid = read_elevation()
    mercator = {"spatialReference": {"wkid": 102100}, "features": [{"geometry": {"x": -9373234.7, "y": 4387894.1}}]}
    ((row, col),) = cells_of(mercator, grid)
    assert cells_of(point(*SUMMIT), grid) == [(row, col)]


@pytest.mark.slow
def test_a_watershed_is_as_large_as_what_is_told_of_it(run: Run) -> None:
    """And one that the terrain's edge cuts has a warning."""
    told = call("Watershed", "watershed", run, point(-84.3323, 36.526), LinearUnit(200.0))["Drained_Area"]
    (area,) = shapes(run.path("watershed.gpkg"), "watershed")
    assert area.area / 1e6 == pytest.approx(told.area, rel=0.02)
    assert "edge of the terrain" in (run.root / "job.json").read_text()


@pytest.mark.parametrize(
    ("distance", "eye", "places", "said"),
    [
        (LinearUnit(99, "esriMiles"), LinearUnit(2), [SUMMIT], "from 50 m to 30 km"),
        (LinearUnit(1, KM), LinearUnit(9, KM), [SUMMIT], "from 0 to 1000 m"),
        (LinearUnit(1, KM), LinearUnit(2), [], "From 1 to 4 places"),
        (LinearUnit(1, KM), LinearUnit(2), [SUMMIT, (0, 0)], "outside of the terrain"),
    ],
)
def test_what_cannot_be_looked_at_is_said(distance: LinearUnit, eye: LinearUnit, places: Any, said: str, run: Run) -> None:
    """The tool says what it wants instead."""
    given = {**point(0, 0), "features": [{"geometry": {"x": x, "y": y}} for x, y in places]}
    with pytest.raises(ValueError, match=said):
        call("Viewshed", "viewshed", run, given, distance, eye)


@pytest.mark.slow
def test_land_that_nothing_drains_through_is_said(run: Run) -> None:
    """A summit drains no land."""
    with pytest.raises(ValueError, match="Nearly no land"):
        call("Watershed", "watershed", run, point(*SUMMIT), LinearUnit(0.0))


def test_a_buffer_is_as_wide_as_asked_anywhere(run: Run) -> None:
    """Every corner lies a mile from the point, in the far north as well."""
    call("BufferPoints", "buffer_points", run, point(20, 78), LinearUnit(1, "esriIntMiles"))
    x, y = shapely.get_coordinates(shapes(run.path("buffers.gpkg"), "buffers")).T
    metres = Geod(ellps="WGS84").inv(np.full(len(x), 20.0), np.full(len(x), 78.0), x, y)[2]
    assert np.allclose(metres, 1609.344, atol=0.01)


def test_a_buffer_across_the_antimeridian_is_cut_there(run: Run) -> None:
    """Both parts stand in the degrees that there are."""
    call("BufferPoints", "buffer_points", run, point(179.9, 10), LinearUnit(50, KM))
    (area,) = shapes(run.path("buffers.gpkg"), "buffers")
    west, _, east, _ = area.bounds
    assert (west, east, len(area.geoms)) == (-180, 180, 2)


def test_a_buffer_that_holds_a_pole_is_refused(run: Run) -> None:
    """It would be no polygon in degrees."""
    with pytest.raises(ValueError, match="must not reach a pole"):
        call("BufferPoints", "buffer_points", run, point(3, 89), LinearUnit(300, KM))


def test_buffers_are_joined_when_asked(run: Run) -> None:
    """As many areas as points, or one."""
    given = {**point(0, 0), "features": [{"geometry": {"x": x, "y": 0}} for x in (0, 0.1, 5)]}
    counts = [call("BufferPoints", "buffer_points", run, given, LinearUnit(30, KM), join)["Count"] for join in (False, True)]
    assert counts == [3, 1]


def test_the_words_of_the_tasks_are_true() -> None:
    """The bounds that the services tell are those of the terrain."""
    for name in ("Viewshed", "Watershed"):
        assert words_of_bounds(read_elevation()) in (STYLES / "Elevation" / name / "service.toml").read_text()
