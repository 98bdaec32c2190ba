"""The datasets of a plan: one job's, unchanged, and in one file where the kernel does not see to it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from rendermap.dispatch.plan import InspectPlan, MapPlan
from rendermap.dispatch.wire import Answer
from rendermap.errors import Busy, RenderFailed
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render import worker
from rendermap.render.bends import holds_bent
from rendermap.render.job_threads import JobThreads
from rendermap.render.memories import forget_datasets
from rendermap.render.plan_sources import check_unchanged, root_of, sources_of
from rendermap.render.worker import Workplace, answer, draw_map
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


@dataclass
class TwoVersions:
    """A plan of a dataset whose features fill the left half of the picture; in other lies one that fills the right."""

    plan: MapPlan
    path: Path
    other: Path

    def is_true(self) -> bool:
        """True when the plan is answered with the picture of its own version."""
        pixels = np.asarray(Image.open(io.BytesIO(answer(self.plan).body)).convert("RGBA"))
        return bool(pixels[32, 16, 3] == 255 and pixels[32, 48, 3] == 0)


@pytest.fixture(params=["FlatGeobuf", "GeoJSON"])
def versions(tmp_path: Path, request: pytest.FixtureRequest) -> TwoVersions:
    left = write_features(tmp_path, [shapely.box(0, 0, 5, 10)], name="left", driver=request.param)
    right = write_features(tmp_path, [shapely.box(5, 0, 10, 10)], name="right", driver=request.param)
    plan = MapPlan(view_on((0, 0, 10, 10)), (plan_for(look(left.source.path), fill(RED)),), None, "png")
    return TwoVersions(plan, left.source.path, right.source.path)


def test_what_is_kept_of_a_dataset_that_changed_is_forgotten(versions: TwoVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file comes in a dataset's place while it is drawn: that picture is refused, and the next is of the true one again."""

    def drawn_late(plan: MapPlan) -> Answer:
        exchange(versions.path, versions.other)
        return draw_map(plan)

    with monkeypatch.context() as patched:
        patched.setitem(worker.HANDLERS, MapPlan, drawn_late)  # type: ignore[arg-type]
        assert answer(versions.plan).head.code == "Busy"
    exchange(versions.path, versions.other)
    assert versions.is_true()


def test_a_version_that_comes_back_while_another_is_drawn_is_told(versions: TwoVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other file lies in a dataset's place when its drawing begins and is gone when it ends: it is not shown, nor kept for later."""

    def drawn_before(plan: MapPlan) -> Answer:
        drawn = draw_map(plan)
        exchange(versions.path, versions.other)
        return drawn

    exchange(versions.path, versions.other)
    with monkeypatch.context() as patched:
        patched.setitem(worker.HANDLERS, MapPlan, drawn_before)  # type: ignore[arg-type]
        assert answer(versions.plan).head.code == "Busy"
    exchange(versions.path, versions.other)
    assert versions.is_true()


def test_a_plan_of_a_version_that_is_gone_costs_nobody_what_is_kept(versions: TwoVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before anything is opened, and the worker forgets nothing of other datasets."""
    forgotten: list[bool] = []
    monkeypatch.setattr(worker, "forget_datasets", lambda: forgotten.append(True))
    exchange(versions.path, versions.other)
    assert answer(versions.plan).head.code == "Busy" and not forgotten


def test_what_was_seen_of_edges_is_forgotten_too(tmp_path: Path) -> None:
    """Whether a dataset has edges that the map bends is looked for anew after another lay in its place."""
    short = write_features(tmp_path, [shapely.box(10, 50, 10.1, 50.1)], name="short", crs="EPSG:4326")
    wide = write_features(tmp_path, [shapely.box(0, 40, 20, 60)], name="wide", crs="EPSG:4326")
    layer = look(short.source.path)
    exchange(short.source.path, wide.source.path)
    assert holds_bent(layer, 1.0, "EPSG:4326", "EPSG:3035")
    exchange(short.source.path, wide.source.path)
    forget_datasets()
    assert not holds_bent(layer, 1.0, "EPSG:4326", "EPSG:3035")


def exchange(one: Path, other: Path) -> None:
    """Each keeps its inode and its time."""
    third = one.with_name("third")
    one.rename(third)
    other.rename(one)
    third.rename(other)
