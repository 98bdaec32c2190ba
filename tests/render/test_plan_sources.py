"""The datasets of a plan: one job's, unchanged, and in one file where the kernel does not see to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.dispatch.plan import InspectPlan, MapPlan
from rendermap.errors import Busy, RenderFailed
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render.job_threads import JobThreads
from rendermap.render.plan_sources import check_unchanged, root_of, sources_of
from rendermap.render.worker import Workplace
from tests.builders.hostile import write_netcdf, write_raster_at
from tests.builders.pools import filled_layer
from tests.builders.vectors import source_at

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
