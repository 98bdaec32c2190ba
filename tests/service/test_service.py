"""The route, station by station, with a stand-in for the workers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.access.policy import Policy
from rendermap.cache.flight import Flight
from rendermap.cache.memory import MemoryStore
from rendermap.dispatch.budget import Limits
from rendermap.dispatch.plan import InspectPlan, LegendPlan, MapPlan, MeasurePlan
from rendermap.dispatch.pool import Drawn
from rendermap.drawables import Drawables
from rendermap.errors import (
    InvalidFormat,
    InvalidSize,
    JobFailed,
    NotReady,
    NotSupported,
    RenderCrashed,
    ServiceNotFound,
    SourceUnreadable,
    TooCostly,
)
from rendermap.geo.bbox import BBox
from rendermap.geo.tiling import TileAddress
from rendermap.geo.view import MapView
from rendermap.jobs.job import DataSource, Job, JobStatus, Layer, Output
from rendermap.open_map import Studio
from rendermap.reply import LegendLayer, MapCard, Picture
from rendermap.request import JobRequest, LayerChoice, LayerMode, LegendRequest, MapRequest, TileRequest
from rendermap.service import MapService, Rooms
from rendermap.services.service import Access, GroupLayer, Service, Task, ToolLayer
from rendermap.symbology.facts import GeometryKind, Measures, VectorFacts
from rendermap.symbology.library import Library

ROOT = Path("/jobs/demo_gpserver/j1")
JOB = JobRequest("Demo", "j1")
VIEW = MapView(BBox(0, 0, 100, 100), "EPSG:32632", 100, 100)

TOOLS = (
    ToolLayer(0, "A", "Top"),
    ToolLayer(2, "B", "Middle", group=1, access=Access.IDENTIFY),
    ToolLayer(3, "C", "Bottom", visible=False),
)
SERVICE = Service(
    "Demo", "Demo", "", (Task("Run", "Run", "", (), TOOLS),), Path("/styles/Demo"), groups=(GroupLayer(1, "Group", visible=False),)
)


class Workers:
    """Answers at once; counts what it was asked."""

    ready = True

    def __init__(self) -> None:
        self.drawn: list[MapPlan] = []
        self.looks: list[str] = []
        self.broken: dict[str, Exception] = {}

    async def inspect(self, plan: InspectPlan) -> Layer:
        self.looks.append(plan.source.path.stem)
        if error := self.broken.get(plan.source.path.stem):
            raise error
        facts = VectorFacts(GeometryKind.POLYGON, ())
        return Layer(plan.source, "ogr", str(plan.source.path), "EPSG:32632", BBox(10, 10, 90, 90), facts)

    async def measure(self, plan: MeasurePlan) -> Measures:
        return Measures(0)

    async def draw(self, plan: MapPlan) -> Drawn:
        self.drawn.append(plan)
        await asyncio.sleep(0.01)
        return Drawn(b"picture", not plan.layers, plan.view.width_px, plan.view.height_px)

    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        return tuple(LegendLayer(s.id, s.name, "", None, None, "", ()) for s in plan.layers)

    async def legend_sheet(self, plan: LegendPlan) -> Drawn:
        return Drawn(b"sheet", False, 1, 1)


class Shelf:
    """A catalogue of one job."""

    def __init__(self) -> None:
        self.job = job_with()

    def find(self, service: str, job_id: str) -> Job:
        return self.job

    def list(self, service: str | None = None, limit: int = 200) -> tuple[Job, ...]:
        return (self.job,)


def job_with(fingerprint: str = "f", status: JobStatus = JobStatus.SUCCEEDED) -> Job:
    outputs = tuple(Output(n, DataSource(ROOT / f"scratch/{n}.fgb", None, ROOT, fingerprint)) for n in "ABC")
    return Job("Demo", "j1", status, ROOT, "manifest", "Run", outputs=outputs)


@pytest.fixture
def workers() -> Workers:
    return Workers()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def service(workers: Workers, shelf: Shelf) -> MapService:
    def flight() -> Flight:  # type: ignore[type-arg]
        return Flight(MemoryStore(1 << 20))

    drawables = Drawables(workers, Library(), flight(), flight())
    studio = Studio(Policy(), workers, flight(), flight(), Limits())
    return MapService(Rooms(lambda: {"Demo": SERVICE}, shelf, drawables, Library(), studio))


def run(coroutine: object) -> object:
    return asyncio.run(coroutine)  # type: ignore[arg-type]


async def draw(service: MapService, request: MapRequest) -> Picture:
    return await (await service.open(request.job)).draw(request)


async def card_of(service: MapService, job: JobRequest) -> MapCard:
    return (await service.open(job)).card


async def legend_of(service: MapService) -> tuple[LegendLayer, ...]:
    return await (await service.open(JOB)).legend(LegendRequest(JOB, LayerChoice(LayerMode.HIDE)))


def drawn_ids(workers: Workers) -> list[int]:
    return [layer.id for layer in workers.drawn[-1].layers]


def test_two_hundred_equal_requests_draw_once(service: MapService, workers: Workers) -> None:
    """Single flight: however many ask at the same moment, one picture is drawn and one look is taken."""

    async def crowd() -> set[bytes]:
        return {p.body for p in await asyncio.gather(*(draw(service, MapRequest(JOB, VIEW)) for _ in range(200)))}

    assert run(crowd()) == {b"picture"}
    assert len(workers.drawn) == 1 and sorted(workers.looks) == ["A", "B", "C"]


def test_a_job_run_again_shows_a_new_picture(service: MapService, workers: Workers, shelf: Shelf) -> None:
    """The same id with other data is another digest, and is looked at and drawn again."""

    async def twice() -> tuple[str, str]:
        first = await draw(service, MapRequest(JOB, VIEW))
        shelf.job = job_with("g")
        return first.digest, (await draw(service, MapRequest(JOB, VIEW))).digest

    first, second = run(twice())  # type: ignore[misc]
    assert first != second and len(workers.drawn) == 2


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        (LayerChoice(), [0]),
        (LayerChoice(LayerMode.SHOW, (2,)), [2]),
        (LayerChoice(LayerMode.SHOW, (1, 0)), [2, 0]),
        (LayerChoice(LayerMode.HIDE, (0,)), [3, 2]),
        (LayerChoice(LayerMode.INCLUDE, (3,)), [3, 0]),
        (LayerChoice(LayerMode.EXCLUDE, (0,)), []),
        (LayerChoice(LayerMode.SHOW, (-1,)), []),
        (LayerChoice(LayerMode.SHOW, (0, 0, 99)), [0]),
    ],
)
def test_layer_choices(service: MapService, workers: Workers, choice: LayerChoice, ids: list[int]) -> None:
    """As ArcGIS means them: a group stands for its visible layers, a leaf that is named always draws; bottom first."""
    run(draw(service, MapRequest(JOB, VIEW, choice)))
    assert drawn_ids(workers) == ids


def test_blank_pictures_of_a_size_are_one_picture(service: MapService, workers: Workers) -> None:
    """Views that show nothing share a digest, so emptiness is drawn once."""

    async def two() -> set[str]:
        views = [replace(VIEW, bbox=BBox(x, 1000, x + 100, 1100)) for x in (1000, 2000)]
        return {(await draw(service, MapRequest(JOB, view))).digest for view in views}

    assert len(run(two())) == 1 and len(workers.drawn) == 1  # type: ignore[arg-type]


def test_a_broken_layer_does_not_hold_up_the_others(service: MapService, workers: Workers) -> None:
    """An unreadable dataset is named with its reason; the rest of the map is drawn."""
    workers.broken["A"] = SourceUnreadable("The dataset is damaged.")

    async def ask() -> dict[int, str | None]:
        await draw(service, MapRequest(JOB, VIEW, LayerChoice(LayerMode.SHOW, (0, 3))))
        return {layer.id: layer.fault for layer in (await card_of(service, JOB)).layers}

    assert run(ask()) == {0: "The dataset is damaged.", 1: None, 2: None, 3: None}
    assert drawn_ids(workers) == [3]


def test_a_dataset_that_kills_its_reader_is_left_alone_for_a_while(service: MapService, workers: Workers) -> None:
    """Each look at it costs two workers, so the next requests do not look again."""
    workers.broken["A"] = RenderCrashed()

    async def ask() -> None:
        for _ in range(5):
            await draw(service, MapRequest(JOB, VIEW))

    run(ask())
    assert workers.looks.count("A") == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(JobStatus.EXECUTING, NotReady), (JobStatus.FAILED, JobFailed), (JobStatus.CANCELLED, JobFailed)],
)
def test_unfinished_and_failed_are_different_words(service: MapService, shelf: Shelf, status: JobStatus, error: type[Exception]) -> None:
    """A job without a map says why it has none."""
    shelf.job = job_with(status=status)
    with pytest.raises(error):
        run(card_of(service, JOB))


def test_filters_are_refused_on_view_only_layers(service: MapService, workers: Workers) -> None:
    """Blank or not blank under a filter would tell values; a layer raised to identify takes filters."""
    with pytest.raises(NotSupported):
        run(draw(service, MapRequest(JOB, VIEW, filters=((0, "x > 1"),))))
    run(draw(service, MapRequest(JOB, VIEW, LayerChoice(LayerMode.SHOW, (2,)), filters=((2, "x > 1"),))))
    assert workers.drawn[-1].layers[0].style.filter is not None


def test_too_much_is_refused_before_any_work(service: MapService, workers: Workers) -> None:
    """The limit is named and no worker is bothered."""
    with pytest.raises((TooCostly, InvalidSize)) as refused:
        run(draw(service, MapRequest(JOB, replace(VIEW, width_px=5000))))
    assert "4096" in str(refused.value) and not workers.drawn


def test_formats_and_services_that_are_not_there(service: MapService) -> None:
    """Unknown names are errors of their own."""
    with pytest.raises(InvalidFormat):
        run(draw(service, MapRequest(JOB, VIEW, format="tiff")))
    with pytest.raises(ServiceNotFound):
        run(card_of(service, JobRequest("Nope", "j1")))


def test_service_names_forgive_case(service: MapService) -> None:
    """ArcGIS installations differ in case between folder and address."""
    assert run(card_of(service, JobRequest("DEMO", "j1"))).service.name == "Demo"  # type: ignore[attr-defined]


def test_a_digest_is_told_without_drawing(service: MapService, workers: Workers) -> None:
    """Whoever has a picture can be told so before it is drawn: digest_of is the digest that draw and tile give."""
    blank = replace(VIEW, bbox=BBox(5000, 5000, 5100, 5100))
    tile = TileRequest(JOB, TileAddress("WebMercatorQuad", 0, row=0, col=0))

    async def ask() -> None:
        opened = await service.open(JOB)
        told = [opened.digest_of(MapRequest(JOB, view)) for view in (VIEW, blank)] + [opened.digest_of(tile)]
        assert not workers.drawn
        drawn = [await opened.draw(MapRequest(JOB, view)) for view in (VIEW, blank)] + [await opened.tile(tile)]
        assert told == [picture.digest for picture in drawn]
        assert {picture.max_age_s for picture in drawn} == {opened.picture_max_age_s}

    run(ask())


def test_a_tile_is_a_map(service: MapService, workers: Workers) -> None:
    """A tile and an export of the same frame are one plan, drawn once."""

    async def both() -> set[str]:
        tile = TileRequest(JOB, TileAddress("WebMercatorQuad", 0, 0, 0))
        box = 20037508.342789244
        view = MapView(BBox(-box, -box, box, box), "EPSG:3857", 256, 256)
        return {(await (await service.open(JOB)).tile(tile)).digest, (await draw(service, MapRequest(JOB, view))).digest}

    assert len(run(both())) == 1 and len(workers.drawn) == 1  # type: ignore[arg-type]


def test_the_legend_lists_what_cannot_be_drawn(service: MapService, workers: Workers) -> None:
    """A faulty layer stands in the legend with its reason and without entries."""
    workers.broken["C"] = SourceUnreadable("The dataset is damaged.")
    legend = run(legend_of(service))
    assert [(layer.id, layer.fault) for layer in legend] == [(0, None), (2, None), (3, "The dataset is damaged.")]  # type: ignore[attr-defined]
