"""The route, station by station, with a stand-in for the workers."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import structlog.testing

from rendermap.access.policy import Policy
from rendermap.cache.flight import Flight
from rendermap.cache.memory import MemoryStore
from rendermap.dispatch.budget import Limits
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import InspectPlan, LegendPlan, MapPlan, MeasurePlan
from rendermap.drawables import Drawables
from rendermap.errors import (
    InvalidBbox,
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
from rendermap.jobs.job import DataSource, Job, JobStatus, Layer, Message, MessageKind, Output
from rendermap.reply import LegendLayer, MapCard, Picture
from rendermap.request import JobRequest, LayerChoice, LayerMode, LegendRequest, LegendSheetRequest, MapRequest, TileRequest
from rendermap.service import MapService, Rooms
from rendermap.services.service import Access, GroupLayer, Service, Task, ToolLayer
from rendermap.studio import Studio
from rendermap.symbology.facts import Band, Field, FieldKind, GeometryKind, Measures, RasterFacts, VectorFacts
from rendermap.symbology.library import Library
from rendermap.symbology.style import Stretch
from tests.builders.styles import document, feature_layer, raster_layer, simple, style_file

ROOT = Path("/jobs/demo_gpserver/j1")
JOB = JobRequest("Demo", "j1")
VIEW = MapView(BBox(0, 0, 100, 100), "EPSG:32632", 100, 100)

TOOLS = (
    ToolLayer(0, "A", "Top"),
    ToolLayer(2, "B", "Middle", group=1, access=Access.IDENTIFY, fields=("x",)),
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
        self.deadly: set[int] = set()
        self.deadly_together: set[int] = set()
        self.dies_blank = self.spares_legends = False
        self.deaths = 0
        self.chance_deaths = -1

    async def inspect(self, plan: InspectPlan) -> Layer:
        self.looks.append(plan.source.path.stem)
        if error := self.broken.get(plan.source.path.stem):
            raise error
        facts = VectorFacts(GeometryKind.POLYGON, (Field("x", FieldKind.REAL),))
        return Layer(plan.source, "ogr", str(plan.source.path), "EPSG:32632", BBox(10, 10, 90, 90), facts)

    async def measure(self, plan: MeasurePlan) -> Measures:
        return Measures(0)

    async def draw(self, plan: MapPlan) -> Drawn:
        self.drawn.append(plan)
        await asyncio.sleep(0.01)
        self.perhaps_die([layer.id for layer in plan.layers])
        return Drawn(b"picture", not plan.layers, plan.view.width_px, plan.view.height_px)

    def perhaps_die(self, ids: list[int]) -> None:
        if (self.dies_blank and not ids) or self.deadly.intersection(ids) or (self.deadly_together and self.deadly_together <= set(ids)):
            if 0 <= self.chance_deaths <= self.deaths // 2:
                return
            self.deaths += 2
            raise RenderCrashed

    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        if plan.sheet is None and not self.spares_legends:
            self.perhaps_die([layer.id for layer in plan.layers])
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
    return service_of(workers, shelf, SERVICE)


def service_of(workers: Workers, shelf: Shelf, published: Service) -> MapService:
    """A service of one published service."""

    def flight() -> Flight:  # type: ignore[type-arg]
        return Flight(MemoryStore(1 << 20))

    drawables = Drawables(workers, Library(), flight(), flight())
    studio = Studio(Policy(), workers, flight(), flight(), Limits())
    return MapService(Rooms(lambda: {"Demo": published}, shelf, drawables, Library(), studio))


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
    assert workers.drawn[-1].layers[0].style.filter is not None and workers.drawn[-1].layers[0].is_filtered


@pytest.mark.parametrize("text", ["upper(x) = 'A'", "case when x > 1 then 1 end = 1", "x like '%a%b%c%d%'", "coalesce(x, 1) is null"])
def test_filters_of_requests_cost_no_copies(service: MapService, workers: Workers, text: str) -> None:
    """A stranger's filter may not make each request copy a whole dataset: what engines cannot ask is left to a look-up of ids."""
    run(draw(service, MapRequest(JOB, VIEW, LayerChoice(LayerMode.SHOW, (2,)), filters=((2, text),))))
    run(draw(service, MapRequest(JOB, VIEW, LayerChoice(LayerMode.SHOW, (2,)))))
    asked, plain = (plan.layers[0] for plan in workers.drawn[-2:])
    assert asked.asked is not None and asked.style == plain.style and asked.is_filtered
    assert asked.style_key != plain.style_key


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


def test_a_tool_layers_opacity_is_that_of_picture_and_legend(workers: Workers) -> None:
    """What service.toml makes translucent is so on the map and in its swatch: they come from one style."""
    swatches: list[float] = []
    told = workers.legend

    async def legend(plan: LegendPlan) -> tuple[LegendLayer, ...]:
        swatches.extend(layer.style.opacity for layer in plan.layers)
        return await told(plan)

    workers.legend = legend  # type: ignore[method-assign]
    half = replace(SERVICE, tasks=(replace(SERVICE.tasks[0], layers=tuple(replace(t, opacity=0.5) for t in TOOLS)),))
    service = service_of(workers, Shelf(), half)
    run(draw(service, MapRequest(JOB, VIEW)))
    run(legend_of(service))
    assert [layer.style.opacity for layer in workers.drawn[-1].layers] == [0.5] and swatches == [0.5] * 3


@pytest.mark.parametrize(("statistics", "limits"), [("dataset", (2.0, 9.0)), ("view", None)])
def test_a_tool_layer_says_whose_statistics_a_stretch_has(
    workers: Workers, tmp_path: Path, statistics: str, limits: tuple[float, float] | None
) -> None:
    """A stretch by the area of view is fitted to the dataset, or stays open for each picture where the operator wants that."""
    colorizer = {"type": "CIMRasterStretchColorizer", "stretchType": "MinimumMaximum", "statsType": "AreaOfView"}
    file = tmp_path / "a.lyrx"
    file.write_text(json.dumps(document(raster_layer(colorizer))))

    async def inspect(plan: InspectPlan) -> Layer:
        facts = RasterFacts(10, 10, (Band("float32"),), (8.0, 8.0))
        return Layer(plan.source, "rasterio", str(plan.source.path), "EPSG:32632", BBox(10, 10, 90, 90), facts)

    async def measure(plan: MeasurePlan) -> Measures:
        return Measures(100, 2.0, 9.0)

    workers.inspect, workers.measure = inspect, measure  # type: ignore[method-assign]
    tool = replace(TOOLS[0], style_path=file, data_type="GPRasterDataLayer", statistics=statistics)
    service = service_of(workers, Shelf(), replace(SERVICE, tasks=(Task("Run", "Run", "", (), (tool,)),)))
    run(draw(service, MapRequest(JOB, VIEW)))
    theme = workers.drawn[-1].layers[0].style.theme
    assert isinstance(theme, Stretch) and theme.recipe.limits == limits


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


ALL = LayerChoice(LayerMode.HIDE)


def frames(count: int) -> list[MapRequest]:
    """Pictures side by side, of all layers."""
    return [MapRequest(JOB, replace(VIEW, bbox=BBox(x, 0, x + 100, 100)), ALL) for x in range(count)]


def test_six_tiles_of_a_layer_that_kills_cost_four_workers(service: MapService, workers: Workers) -> None:
    """The first picture is met alone and tried once more; the others of its layers get its error at once, and so do the next."""
    workers.deadly = {0}
    requests = [replace(request, layers=LayerChoice(LayerMode.SHOW, (0,))) for request in frames(6)]

    async def ask() -> list[object]:
        return [*await asyncio.gather(*(draw(service, r) for r in requests), return_exceptions=True)]

    async def ask_twice() -> list[object]:
        return [*await ask(), *await ask()]

    answers = run(ask_twice())
    assert [type(answer) for answer in answers] == [RenderCrashed] * 12  # type: ignore[attr-defined]
    assert workers.deaths == 4


def test_workers_killed_by_somebody_else_are_no_layers_fault(service: MapService, workers: Workers) -> None:
    """What draws when it is tried once more does not rest, and its picture is whole."""
    workers.deadly_together, workers.chance_deaths = {0, 2}, 1

    async def ask() -> list[Picture]:
        return [*await asyncio.gather(*(draw(service, request) for request in frames(6)))]

    assert {picture.is_whole for picture in run(ask())} == {True}  # type: ignore[attr-defined]
    assert workers.deaths == 2


def test_the_culprit_rests_and_the_others_draw(service: MapService, workers: Workers) -> None:
    """Of several layers the one that kills alone is found once; it becomes a fault of its own, in card and legend."""
    workers.deadly, workers.spares_legends = {2}, True

    async def ask() -> tuple[list[Picture], MapCard, tuple[LegendLayer, ...]]:
        pictures = [*await asyncio.gather(*(draw(service, request) for request in frames(6)))]
        return pictures, await card_of(service, JOB), await legend_of(service)

    pictures, card, legend = run(ask())  # type: ignore[misc]
    assert workers.deaths == 4 and drawn_ids(workers) == [3, 0]
    assert {(picture.is_whole, picture.max_age_s) for picture in pictures} == {(False, 0)}
    assert {layer.id for layer in card.layers if layer.fault} == {2}
    assert {layer.id for layer in legend if layer.fault} == {2}


def test_a_picture_without_a_resting_layer_is_another_picture(service: MapService, workers: Workers) -> None:
    """Nobody keeps it for the whole one: its digest is that of what it shows."""

    async def ask() -> tuple[str, str, str]:
        opened = await service.open(JOB)
        [request] = frames(1)
        before = opened.digest_of(request)
        workers.deadly = {2}
        return before, (await opened.draw(request)).digest, opened.digest_of(request)

    before, drawn, after = run(ask())  # type: ignore[misc]
    assert before != drawn == after


def test_layers_that_kill_only_together_rest_together(service: MapService, workers: Workers) -> None:
    """No layer alone is at fault: the combination is refused and each still draws."""
    workers.deadly_together = {0, 2}

    async def ask() -> list[object]:
        both = LayerChoice(LayerMode.SHOW, (0, 2))
        answers = await asyncio.gather(*(draw(service, replace(r, layers=both)) for r in frames(6)), return_exceptions=True)
        await draw(service, MapRequest(JOB, VIEW, LayerChoice(LayerMode.SHOW, (0,))))
        return [type(answer) for answer in answers]

    assert run(ask()) == [RenderCrashed] * 6
    assert workers.deaths == 4 and drawn_ids(workers) == [0]


def test_a_swatch_that_kills_leaves_the_legend_of_the_others(service: MapService, workers: Workers) -> None:
    """Legends are drawn by other means than maps, so the map is not touched by it."""
    workers.deadly = {3}

    async def ask() -> tuple[list[int], list[int]]:
        legend = [layer.id for layer in await legend_of(service) if layer.fault]
        return legend, [layer.id for layer in (await card_of(service, JOB)).layers if layer.fault]

    assert run(ask()) == ([3], [])
    assert workers.deaths == 4
    run(legend_of(service))
    assert workers.deaths == 4


def test_a_blank_picture_never_rests(service: MapService, workers: Workers) -> None:
    """Blank pictures are of all jobs: a crash under one of them is no job's fault."""
    blank = MapRequest(JOB, replace(VIEW, bbox=BBox(9000, 9000, 9100, 9100)))

    async def ask() -> Picture:
        workers.dies_blank = True
        with pytest.raises(RenderCrashed):
            await draw(service, blank)
        workers.dies_blank = False
        return await draw(service, blank)

    assert run(ask()).body == b"picture"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 1e-320, 1e-320),
        (0, 0, 100, 1e-320),
        (500000, 0, 500000 + 1e-9, 1e-9),
        (0, 0, 1e-12, 1e-12),
        (-1.7e308, 0, 1.7e308, 1e307),
    ],
)
def test_boxes_too_small_or_too_large_for_numbers_are_refused(service: MapService, box: tuple[float, ...]) -> None:
    """Below the resolution of the numbers themselves no pixel differs from the next."""
    with pytest.raises(InvalidBbox):
        run(draw(service, MapRequest(JOB, replace(VIEW, bbox=BBox(*box)))))


def test_close_views_of_far_places_draw(service: MapService) -> None:
    """A tenth of a millimetre per pixel at the far end of web mercator is no tiny box."""
    far = 20037508.342789244
    run(draw(service, MapRequest(JOB, MapView(BBox(far - 0.0256, far - 0.0256, far, far), "EPSG:3857", 256, 256))))


def test_a_failed_job_says_what_its_tool_said(service: MapService, shelf: Shelf) -> None:
    """Errors only, without paths: the first one in the sentence, all of them in the details; other failures say their word."""
    said = (
        Message(MessageKind.INFORMATIVE, "began"),
        Message(MessageKind.ERROR, "ERROR 000732: /srv/secret/dem.tif\nTraceback"),
        Message(MessageKind.ERROR, "Failed."),
    )
    shelf.job = replace(job_with(status=JobStatus.FAILED), messages=said)
    with pytest.raises(JobFailed) as failed:
        run(card_of(service, JOB))
    assert failed.value.sentence == "The job failed and has no map: ERROR 000732: [path]"
    assert failed.value.details == ("ERROR 000732: [path]\nTraceback", "Failed.")


def test_a_service_that_keeps_messages_to_itself_keeps_its_failures_too(workers: Workers, shelf: Shelf) -> None:
    """message_level none holds for errors as well."""
    shelf.job = replace(job_with(status=JobStatus.FAILED), messages=(Message(MessageKind.ERROR, "inside"),))
    with pytest.raises(JobFailed) as failed:
        run(card_of(service_of(workers, shelf, replace(SERVICE, message_level="none")), JOB))
    assert (failed.value.sentence, failed.value.details) == ("The job failed and has no map.", ())


def test_a_layer_file_that_cannot_be_used_is_logged_once(workers: Workers, shelf: Shelf, tmp_path: Path) -> None:
    """Every tile asks for the style; the operator reads of it once per version of the file."""
    file = tmp_path / "a.lyrx"
    file.write_text("{")
    tool = replace(TOOLS[0], style_path=file)
    service = service_of(workers, shelf, replace(SERVICE, tasks=(Task("Run", "Run", "", (), (tool,)),)))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            run(card_of(service, JOB))
        file.write_text("[")
        os.utime(file, (1, 1))
        run(card_of(service, JOB))
    assert [entry["event"] for entry in logs].count("layer file not used") == 2


def test_what_is_not_drawn_as_written_is_logged_once(workers: Workers, shelf: Shelf, tmp_path: Path) -> None:
    """With its place in the file, for the operator who does not run `rendermap check`."""
    file = style_file(tmp_path / "a.lyrx", feature_layer(simple(visualVariables=[{"type": "CIMOddity"}])))
    service = service_of(workers, shelf, replace(SERVICE, tasks=(Task("Run", "Run", "", (), (replace(TOOLS[0], style_path=file),)),)))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            run(card_of(service, JOB))
    told = [entry for entry in logs if entry["event"] == "not drawn as the layer file says"]
    assert len(told) == 1 and "visualVariables[0]" in told[0]["where"] and "CIMOddity" in told[0]["found"]


def test_documents_change_with_their_words_and_pictures_do_not(workers: Workers, shelf: Shelf) -> None:
    """A new title is a new document over the same picture."""
    cards = [
        run(card_of(service_of(workers, shelf, SERVICE), JOB)),
        run(card_of(service_of(workers, shelf, SERVICE), JOB)),
        run(card_of(service_of(workers, shelf, replace(SERVICE, title="New")), JOB)),
        run(card_of(service_of(workers, shelf, replace(SERVICE, credits="New")), JOB)),
    ]
    assert len({card.digest for card in cards}) == 1  # type: ignore[attr-defined]
    assert len({repr(card) for card in cards}) == 3


def test_replicas_with_other_mounts_agree(workers: Workers) -> None:
    """Neither versions nor picture digests hold a path of the machine."""

    async def told(mount: str) -> tuple[str, str, str]:
        shelf = Shelf()
        root = Path(mount) / "demo_gpserver/j1"
        outputs = tuple(Output(n, DataSource(root / f"scratch/{n}.fgb", None, root, "f")) for n in "ABC")
        shelf.job = replace(shelf.job, root=root, outputs=outputs)
        published = replace(SERVICE, folder=Path(mount) / "styles/Demo")
        opened = await service_of(workers, shelf, published).open(JOB)
        sheet = await opened.legend_sheet(LegendSheetRequest(LegendRequest(JOB)))
        return opened.version, opened.digest_of(MapRequest(JOB, VIEW)), sheet.digest

    assert run(told("/mnt/one")) == run(told("/mnt/two"))


TWO_SCALES = """<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld"><NamedLayer><Name>a</Name><UserStyle><FeatureTypeStyle>
<Rule><MaxScaleDenominator>5000</MaxScaleDenominator><PolygonSymbolizer><Fill><CssParameter name="fill">#ff0000</CssParameter></Fill></PolygonSymbolizer></Rule>
<Rule><MinScaleDenominator>5000</MinScaleDenominator><PolygonSymbolizer><Fill><CssParameter name="fill">#0000ff</CssParameter></Fill></PolygonSymbolizer></Rule>
</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"""  # noqa: E501


def test_a_picture_has_the_style_of_its_scale(workers: Workers, shelf: Shelf, tmp_path: Path) -> None:
    """Plans hold what is drawn at their scale: other pictures on either side of a rule's end, one style and key on each."""
    file = tmp_path / "a.sld"
    file.write_text(TWO_SCALES)
    task = replace(SERVICE.tasks[0], layers=(replace(TOOLS[0], style_path=file),))
    service = service_of(workers, shelf, replace(SERVICE, tasks=(task,), groups=()))
    # 100 px of 0.28 mm each: metres on the ground times 35.7 is the scale
    for width_m in (100, 50, 200, 300):
        run(draw(service, MapRequest(JOB, replace(VIEW, bbox=BBox(0, 0, width_m, width_m)))))
    near, nearer, far, farther = (plan.layers[0] for plan in workers.drawn)
    assert near.style == nearer.style and near.style_key == nearer.style_key
    assert far.style_key == farther.style_key != near.style_key
    assert "Color(r=255, g=0, b=0" in repr(near.style) and "Color(r=0, g=0, b=255" not in repr(near.style)
