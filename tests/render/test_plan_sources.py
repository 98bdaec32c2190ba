"""The datasets of a plan: one job's, unchanged, and in one file where the kernel does not see to it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from rendermap.dispatch.plan import InspectPlan, MapPlan
from rendermap.errors import Busy, RenderFailed
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render.job_threads import JobThreads
from rendermap.render.plan_sources import check_unchanged, root_of, sources_of
from rendermap.render.worker import Workplace, answer
from tests.builders.hostile import write_netcdf, write_raster_at
from tests.builders.pools import filled_layer
from tests.builders.vectors import RED, fill, plan_for, source_at, view_on, write_features
from tests.builders.views import look

VIEW = MapView(BBox(0, 0, 1, 1), "EPSG:3857", 16, 16)


def test_the_datasets_of_a_picture_are_one_jobs() -> None:
    """Each dataset counts once; a plan that mixes jobs is nobody's."""
    layer = filled_layer()
    assert sources_of(MapPlan(VIEW, (layer, layer), None, "png")) == (layer.layer.source,)
    assert root_of(MapPlan(VIEW, (layer, layer), None, "png")) == Path("/jobs/a")
    assert root_of(MapPlan(VIEW, (), None, "png")) is None
    elsewhere = replace(layer, layer=replace(layer.layer, source=replace(layer.layer.source, root=Path("/jobs/b"))))
    with pytest.raises(RenderFailed):
        root_of(MapPlan(VIEW, (layer, elsewhere), None, "png"))


def test_a_dataset_that_changed_or_went_is_told(tmp_path: Path) -> None:
    """What was read of a file that is written at the same time is of no version, and nobody keeps it."""
    path = write_raster_at(tmp_path / "a.tif")
    plan = InspectPlan(source_at(path))
    check_unchanged(plan)
    (tmp_path / "a.tif.ovr").write_bytes(b"x")
    with pytest.raises(Busy) as raised:
        check_unchanged(plan)
    assert str(tmp_path) not in raised.value.sentence
    path.unlink()
    with pytest.raises(Busy):
        check_unchanged(plan)


@pytest.mark.parametrize(("is_open", "kind"), [(False, "error"), (True, "value")])
def test_where_files_are_not_kept_apart_what_may_draw_on_others_is_refused(tmp_path: Path, is_open: bool, kind: str) -> None:
    """C2: without Landlock no one sees which files netCDF-4 opens, so it is not drawn; where all files may be read it is."""
    threads = JobThreads(tmp_path)
    threads.are_apart = False
    workplace = Workplace(threads, is_open)
    answered = workplace.answer(InspectPlan(source_at(write_netcdf(tmp_path / "a.nc"))))
    assert answered.head.kind == kind
    assert kind == "value" or answered.head.code == "SourceRefused"
    assert workplace.answer(InspectPlan(source_at(write_raster_at(tmp_path / "a.tif")))).head.kind == "value"


@pytest.mark.parametrize("driver", ["FlatGeobuf", "GeoJSON"])
def test_what_is_kept_of_a_dataset_that_changed_is_forgotten(tmp_path: Path, driver: str) -> None:
    """Another file stands in a dataset's place while it is drawn: that picture is refused, and the next is of the true one again."""
    left = write_features(tmp_path, [shapely.box(0, 0, 5, 10)], name="left", driver=driver)
    right = write_features(tmp_path, [shapely.box(5, 0, 10, 10)], name="right", driver=driver)
    path, other = left.source.path, right.source.path
    plan = MapPlan(view_on((0, 0, 10, 10)), (plan_for(look(path), fill(RED)),), None, "png")
    exchange(path, other)
    assert answer(plan).head.code == "Busy"
    exchange(path, other)
    pixels = np.asarray(Image.open(io.BytesIO(answer(plan).body)).convert("RGBA"))
    assert pixels[32, 16, 3] == 255 and pixels[32, 48, 3] == 0


def exchange(one: Path, other: Path) -> None:
    """Each keeps its inode and its time."""
    third = one.with_name("third")
    one.rename(third)
    other.rename(one)
    third.rename(other)
