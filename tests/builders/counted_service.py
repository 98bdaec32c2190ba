"""The real front ends over the real route, with jobs and services on disk; in place of the workers one who counts what is drawn."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
from PIL import Image

from rendermap.access.policy import Policy
from rendermap.app import create_app
from rendermap.assembly import Assembled
from rendermap.cache.flight import Flight
from rendermap.cache.memory import MemoryStore
from rendermap.dispatch.budget import Limits
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.found import Found
from rendermap.dispatch.plan import FeaturesPlan, InspectPlan, LegendPlan, MapPlan, MeasurePlan, WatermarkPlan
from rendermap.dispatch.pool import Pool
from rendermap.drawables import Drawables
from rendermap.geo.bbox import BBox
from rendermap.jobs.catalog import Catalog
from rendermap.jobs.job import Layer
from rendermap.ledger import Ledger
from rendermap.reply import LegendLayer
from rendermap.service import MapService, Rooms
from rendermap.services.reader import Services
from rendermap.settings import Settings
from rendermap.studio import Studio
from rendermap.symbology.facts import Field, FieldKind, GeometryKind, Measures, VectorFacts
from rendermap.symbology.library import Library
from tests.builders.doors import open_door

CRS = "EPSG:32616"
BOX = BBox(700_000, 4_000_000, 706_000, 4_006_000)
FIELD = "owner_of_parcel"


class Counter:
    """Draws nothing and remembers every plan."""

    ready = True
    queue_share = 0.0

    def __init__(self) -> None:
        self.drawn: list[MapPlan] = []
        self.legends: list[LegendPlan] = []
        self.marked: list[WatermarkPlan] = []

    async def start(self) -> None:
        """There is nothing to start."""

    async def stop(self, drain_s: float = 0) -> None:
        """There is nothing to stop."""

    async def inspect(self, plan: InspectPlan) -> Layer:
        facts = VectorFacts(GeometryKind.POLYGON, (Field(FIELD, FieldKind.TEXT),))
        return Layer(plan.source, "ogr", str(plan.source.path), CRS, BOX, facts)

    async def measure(self, plan: MeasurePlan) -> Measures:
        return Measures(0)

    async def draw(self, plan: MapPlan) -> Drawn:
        self.drawn.append(plan)
        body = io.BytesIO()
        Image.new("RGBA", (plan.view.width_px, plan.view.height_px), (200, 0, 0, 255)).save(body, "png")
        return Drawn(body.getvalue(), not plan.layers, plan.view.width_px, plan.view.height_px)

    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        self.legends.append(plan)
        return tuple(LegendLayer(s.id, s.name, "", None, None, "", ()) for s in plan.layers)

    async def legend_sheet(self, plan: LegendPlan) -> Drawn:
        return Drawn(b"sheet", False, 1, 1)

    async def features(self, plan: FeaturesPlan) -> Found:
        return Found()

    async def watermark(self, plan: WatermarkPlan) -> Drawn:
        self.marked.append(plan)
        return Drawn(f"marked {plan.text}".encode(), False, 1, 1)


class CountedService:
    """Asked over ASGI, without a network; one request is one event loop, so tests stay plain functions.

    ledger: what clients may have.  limits: what a plan may ask for.  counter: in place of the workers.
    """

    def __init__(
        self,
        folder: Path,
        services: Mapping[str, str],
        ledger: Ledger | None = None,
        limits: Limits | None = None,
        *,
        counter: Counter | None = None,
    ) -> None:
        self.access = folder / "access"
        for name, text in services.items():
            (folder / "services" / name).mkdir(parents=True)
            (folder / "services" / name / "service.toml").write_text(text, encoding="utf-8")
        self.jobs = folder / "jobs"
        self.jobs.mkdir()
        self.counter = counter or Counter()
        self.ledger = ledger or Ledger()
        self.limits = limits or Limits()
        self.assembled = self._assembled(Settings(jobs=(self.jobs,), services=folder / "services", access=self.access))
        self.app = create_app(self.assembled)

    def _assembled(self, settings: Settings) -> Assembled:
        services, library = Services(settings.services), Library()
        pool, pictures = self.counter, Flight[Drawn](MemoryStore(1 << 20))
        drawables = Drawables(pool, library, _values(), _values())
        self.studio = studio = Studio(Policy(), pool, pictures, _values(), self.limits, ledger=self.ledger)
        catalog = Catalog(settings.jobs, services=services.current)
        service = MapService(Rooms(services.current, catalog, drawables, library, studio))
        door, kept = open_door(settings.access), self.ledger
        return Assembled(settings, service, cast(Pool, pool), kept.metrics, services, library, catalog, door, audit=kept.audit)

    def look_again(self) -> None:
        """As if a second had passed: the access folder is looked at again, and so is every job."""
        self.app.state.doorkeeper._checked = float("-inf")
        self.app.state.leases.forget()

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The response, redirects not followed."""

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://maps.example") as client:
                return await client.request(method, url, **options)

        return anyio.run(send)

    def get(self, url: str, **params: object) -> httpx.Response:
        """GET with parameters."""
        return self.ask("GET", url, **({"params": params} if params else {}))


def geojson() -> str:
    """A dataset that nobody opens."""
    return json.dumps({"type": "FeatureCollection", "features": []})


def _values() -> Flight[Any]:
    return Flight(MemoryStore(4096, weigh=lambda value: 1))
