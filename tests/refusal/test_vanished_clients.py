"""A client that goes away before it is answered: its drawing is cancelled, on every route, and a renderer is never held by nobody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rendermap import assembly
from rendermap.app import create_app
from rendermap.assembly import build
from rendermap.dispatch.plan import InspectPlan, LegendPlan, MapPlan
from rendermap.dispatch.pool import Drawn
from rendermap.frontends import departure
from rendermap.frontends.arcgis.address import Resource
from rendermap.frontends.arcgis.routes import HANDLERS
from rendermap.frontends.table import FRONT_ENDS
from rendermap.jobs import manifest
from rendermap.jobs.job import Layer
from rendermap.log import configure_logging
from rendermap.reply import LegendLayer
from rendermap.settings import Settings
from tests.builders.counted_service import CountedService, Counter, geojson
from tests.builders.hosted import connect, get, hosted, read_all
from tests.builders.pools import misbehaving
from tests.builders.whole_service import lay_out

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
SOON_S = 2.0
FRAME = "bbox=700000,4000000,706000,4006000&size=100,100"


class StuckCounter(Counter):
    """Never ends what its name says: ``look``, ``draw``; remembers what it was asked for and what was taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.stick("")

    def stick(self, at: str) -> None:
        """Begin anew."""
        self.stuck_at = at
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.go_on = asyncio.Event()

    async def _do(self, what: str) -> None:
        if what == self.stuck_at:
            self.asked.append(what)
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                self.cancelled.append(what)
                raise

    async def inspect(self, plan: InspectPlan) -> Layer:
        await self._do("look")
        return await super().inspect(plan)

    async def draw(self, plan: MapPlan) -> Drawn:
        await self._do("draw")
        return await super().draw(plan)

    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        await self._do("draw")
        return await super().legend(plan)

    async def legend_sheet(self, plan: LegendPlan) -> Drawn:
        await self._do("draw")
        return await super().legend_sheet(plan)


class Stuck(CountedService):
    """A service that gets stuck, with one job."""

    counter: StuckCounter

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {"Demo": SERVICE}, counter=StuckCounter())
        with manifest.start(self.jobs, service="Demo", task="Run") as run:
            run.path("Parcels.geojson").write_text(geojson())
            run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
        self.job_id = run.job_id

    def forget(self) -> None:
        """Begin anew with nothing in any cache."""
        self.assembled = self._assembled(self.assembled.settings)
        self.app = create_app(self.assembled)

    def addresses(self) -> list[tuple[str, str]]:
        """(method, address with its query) of everything there is, filled in for the job."""
        made = [(front_end.prefix, route) for front_end in FRONT_ENDS for route in front_end.router(self.assembled.service).routes]
        routes = [(prefix, it) for prefix, it in made if isinstance(it, APIRoute) and not prefix.startswith("/arcgis")]
        own = {(method, self._filled(prefix + route.path)) for prefix, route in routes for method in route.methods}
        return sorted(own | set(product(("GET", "HEAD", "POST"), self._arcgis())))

    def _filled(self, template: str) -> str:
        version = self.get(f"/xyz/Demo/jobs/{self.job_id}/tilejson.json").json()["tiles"][0].split("/tiles/")[1].split("/")[0]
        zeros = dict.fromkeys(("layer", "z", "x", "level", "col"), "0")
        values = zeros | {"service": "Demo", "job": self.job_id, "version": version, "suffix": "png", "file": "0.png"}
        path = re.sub(r"{(\w+)(?::\w+)?}", lambda found: values.get(found[1], "x"), template)
        return f"{path}?bbox=0,0,1000,1000&size=100,100&ratio=1" if path.endswith("download.png") else path

    def _arcgis(self) -> list[str]:
        base, gp = f"/arcgis/rest/services/Demo/MapServer/jobs/{self.job_id}", "/arcgis/rest/services/Demo/GPServer"
        paths = {
            Resource.MAP: [f"{base}?{FRAME}&f=image"],
            Resource.EXPORT: [f"{base}/export?{FRAME}&f={form}" for form in ("image", "json", "html")],
            Resource.LEGEND: [f"{base}/legend?f=json"],
            Resource.LAYERS: [f"{base}/layers?f=json"],
            Resource.LAYER: [f"{base}/0?f=json"],
            Resource.OUTPUT_FILE: [urlsplit(self.get(f"{base}/export?{FRAME}&f=json").json()["href"]).path],
            Resource.SWATCH: [f"{base}/0/images/{'0' * 24}"],
            Resource.QUERY: [f"{base}/0/query?where=1%3D1&f=json"],
            Resource.FIND: [f"{base}/find?searchText=a&layers=0&f=json"],
            Resource.IDENTIFY: [f"{base}/identify?geometry=1,2&f=json"],
            Resource.UNSUPPORTED: [f"{base}/generateKml?f=json"],
            Resource.GP_SERVICE: [f"{gp}?f=json"],
            Resource.TASK: [f"{gp}/Run?f=json"],
            Resource.JOB: [f"{gp}/Run/jobs/{self.job_id}?f=json"],
            Resource.RESULT: [f"{gp}/Run/jobs/{self.job_id}/results/Parcels?f=json"],
        }
        never = {Resource.INFO, Resource.CATALOGUE, Resource.SUBMIT, Resource.EXECUTE, Resource.CANCEL, Resource.INPUT}
        assert {*HANDLERS.names} == {*paths, *never}, "a new resource: say where it is, or that it asks no worker"
        return [address for group in paths.values() for address in group]

    async def be_asked(self, method: str, address: str, leaves: Callable[[], bool]) -> list[Message]:
        """What is said to a client that goes away when leaves says so."""
        path, _, query = address.partition("?")
        body = query.encode() if method == "POST" else b""
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "query_string": b"" if body else query.encode(), "root_path": "", "scheme": "http",
            "headers": [(b"host", b"maps.example"), (b"content-type", b"application/x-www-form-urlencoded")],
            "client": ("127.0.0.1", 1), "server": ("maps.example", 80),
        }  # fmt: skip
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        said: list[Message] = []

        async def receive() -> Message:
            if unread:
                return unread.pop()
            await until(leaves)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            said.append(message)

        async with asyncio.timeout(SOON_S):
            await self.app(scope, receive, send)
        return said


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for it, ten seconds at most."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)


@pytest.fixture
def _listens_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departure, "LISTENS_AFTER_S", 0.0)


@pytest.mark.usefixtures("_listens_at_once")
@pytest.mark.parametrize("stuck_at", ["look", "draw"])
def test_every_route_lets_go_of_what_a_vanished_client_asked_for(tmp_path: Path, stuck_at: str) -> None:
    """Over the whole routing table and every method: what waits for a worker is cancelled when its only asker leaves."""
    service = Stuck(tmp_path)
    counter, addresses = service.counter, service.addresses()
    came: list[str] = []
    service.forget()

    async def leave(method: str, address: str) -> list[Message]:
        said = await service.be_asked(method, address, lambda: bool(counter.asked))
        await until(lambda: counter.cancelled == counter.asked)
        return said

    for method, address in addresses:
        counter.stick(stuck_at)
        said = asyncio.run(leave(method, address))
        assert bool(counter.asked) != bool(said), f"{method} {address}"
        if counter.asked:
            came.append(f"{method} {address.partition('?')[0]}")
    page, tiles = f"/jobs/Demo/{service.job_id}", f"/xyz/Demo/jobs/{service.job_id}"
    own = [page, f"{page}/legend.png", f"{page}/download.png", f"{page}/tiles/.*", f"/thumbnails/.*/{service.job_id}.png"]
    own += [f"{tiles}/legend.png", f"{tiles}/tiles/0/.*", f"{tiles}/tiles/[0-9a-f]+/.*"]
    arcgis = [f".*MapServer/jobs/{service.job_id}{rest}" for rest in ("", "/export", "/legend", "/0/images/0+")] + [".*arcgisoutput/.*"]
    for pattern in (*(f"GET {one}" for one in (*own, *arcgis)), *(f"POST {one}" for one in arcgis)):
        assert any(re.fullmatch(pattern, one) for one in came), pattern


def test_another_who_asked_for_the_same_gets_it(tmp_path: Path) -> None:
    """One of two who wait for a picture leaves: it is drawn once, for the other."""
    service = Stuck(tmp_path)
    service.counter.stick("draw")
    address = f"/arcgis/rest/services/Demo/MapServer/jobs/{service.job_id}/export?{FRAME}&f=image"

    async def ask_twice() -> tuple[list[Message], list[Message]]:
        joined = asyncio.Event()
        leaving = asyncio.create_task(service.be_asked("GET", address, joined.is_set))
        staying = asyncio.create_task(service.be_asked("GET", address, lambda: False))
        await until(lambda: bool(service.counter.asked))
        await asyncio.sleep(0.1)
        joined.set()
        nothing = await leaving
        service.counter.go_on.set()
        return nothing, await staying

    nothing, picture = asyncio.run(ask_twice())
    assert nothing == [] and picture[0]["status"] == 200
    assert service.counter.asked == ["draw"] and not service.counter.cancelled


# --- the middleware by itself ----------------------------------------------------------------------------------------


async def ask(app: ASGIApp, messages: Iterable[Message], method: str = "GET") -> tuple[list[Message], int]:
    """(what was said, how often it was listened) by an application behind the middleware.  After messages comes silence."""
    said: list[Message] = []
    heard = 0
    coming = iter(messages)

    async def receive() -> Message:
        nonlocal heard
        heard += 1
        message = next(coming, None)
        return message or await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Message) -> None:
        said.append(message)

    async with asyncio.timeout(SOON_S):
        await departure.Departures(app)({"type": "http", "method": method}, receive, send)
    return said, heard


START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b""}
GONE: Message = {"type": "http.disconnect"}
BODY: Message = {"type": "http.request", "body": b"f=json"}


def test_nobody_listens_to_one_who_is_answered_at_once() -> None:
    """A picture out of the cache costs no listening."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(END)

    assert asyncio.run(ask(app, [])) == ([START, END], 0)


@pytest.mark.usefixtures("_listens_at_once")
def test_an_answer_that_has_begun_is_ended() -> None:
    """What an application still does after its answer is not disturbed by the client's going."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await asyncio.sleep(0.05)
        await send(END)

    assert asyncio.run(ask(app, [GONE]))[0] == [START, END]


@pytest.mark.usefixtures("_listens_at_once")
def test_a_body_is_left_to_the_application() -> None:
    """A form reaches the application whole, however long the middleware has waited for the client to go."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        assert await receive() == BODY
        await asyncio.sleep(SOON_S)

    assert asyncio.run(ask(app, [BODY, GONE], "POST")) == ([], 2)


def test_whoever_else_cancels_is_heard() -> None:
    """A server that stops is not mistaken for a client that left."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(SOON_S)

    async def stop() -> None:
        task = asyncio.create_task(ask(app, []))
        await asyncio.sleep(0.1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stop())


# --- real sockets, real processes ------------------------------------------------------------------------------------


def test_one_who_leaves_in_the_middle_of_a_form_is_no_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is nobody's fault: there is nothing in the log."""
    configure_logging(json=True)
    with hosted(Stuck(tmp_path).assembled) as port:
        connect(port, b"POST /arcgis/rest/services HTTP/1.1\r\nHost: maps.example\r\nContent-Length: 1000\r\n\r\nf=json").close()
        with closing(connect(port, get("/health/live", "Connection: close"))) as other:
            assert b'"live"' in read_all(other)
    assert "incident" not in capsys.readouterr().err


def test_a_renderer_is_freed_and_a_place_in_the_queue_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over sockets: of two who leave, one's drawing is ended in its worker, the other's is never begun; then others are drawn for."""
    monkeypatch.setattr(assembly, "program_of", lambda _: misbehaving(f"slow-once:{tmp_path / 'slow'}"))
    job_id = lay_out(tmp_path)
    assembled = build(Settings(jobs=(tmp_path / "jobs",), services=tmp_path / "services", workers=1))
    number = assembled.metrics.registry.get_sample_value
    base = f"/arcgis/rest/services/Hydrology/FloodDepth/MapServer/jobs/{job_id}"
    with hosted(assembled) as port:
        drawn = connect(port, get(f"{base}/export?{FRAME}&f=image"))
        await_that(lambda: (tmp_path / "slow").exists())
        waiting = connect(port, get(f"{base}/legend?f=json"))
        await_that(lambda: number("rendermap_queue_length") == 1)
        waiting.close()
        await_that(lambda: number("rendermap_queue_length") == 0)
        drawn.close()
        await_that(lambda: number("rendermap_worker_restarts_total", {"cause": "abandoned"}) == 1)
        assert number("rendermap_plans_total", {"kind": "MapPlan", "outcome": "cancelled"}) == 1
        assert number("rendermap_plans_total", {"kind": "LegendPlan", "outcome": "cancelled"}) == 1
        with closing(connect(port, get(f"{base}/export?{FRAME}&f=image", "Connection: close"))) as client:
            assert read_all(client).endswith(b"a picture"), "the layer was blamed for what its asker did"


def await_that(is_so: Callable[[], bool]) -> None:
    """Wait for it from outside of any loop."""
    asyncio.run(until(is_so))
