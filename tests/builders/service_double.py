"""A stand-in for the service: plausible cards and pictures, drawn here, so that front ends are tried without workers or data."""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.access.grant import Principal
from rendermap.errors import (
    BadRequest,
    Ended,
    InvalidParameter,
    JobFailed,
    JobNotFound,
    NotReady,
    NotSupported,
    RendermapError,
    ServiceNotFound,
)
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, transformer
from rendermap.geo.tiling import view_of
from rendermap.geo.view import MapView
from rendermap.imaging.encode import encode
from rendermap.imaging.formats import FORMATS
from rendermap.reply import (
    Hits,
    JobCard,
    LayerCard,
    LegendEntry,
    LegendLayer,
    MapCard,
    ParameterCard,
    Picture,
    ResultCard,
    ServiceCard,
    TaskCard,
)
from rendermap.request import (
    IdentifyRequest,
    JobRequest,
    LayerChoice,
    LayerMode,
    LegendRequest,
    LegendSheetRequest,
    MapRequest,
    SubmitRequest,
    TileRequest,
)

Grid = NDArray[Any]

AREA = BBox(-9396000.0, 4361000.0, -9358000.0, 4406000.0)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

HAZARD_JOB = "j" + "a1" * 16
RUNNING_JOB = "j" + "b2" * 16
FAILED_JOB = "j" + "c3" * 16
ENDED_JOB = "j" + "d4" * 16
SUBMITTED_JOB = "j" + "f6" * 16
VIEWSHED_JOB = "j" + "e5" * 16

HAZARD_COLORS = ((56, 108, 76), (142, 186, 92), (244, 214, 102), (226, 138, 62), (178, 48, 52))
HAZARD_LABELS = ("Very low", "Low", "Moderate", "High", "Very high")
CONTOUR_COLOR = (120, 84, 52)
VISIBLE_COLOR = (214, 92, 148)


def _parameter(name: str, data_type: str, title: str, *, output: bool = False, layer_id: int | None = None) -> ParameterCard:
    return ParameterCard(name, data_type, title, output, not output, None, "", "", (), layer_id)


SERVICES = (
    ServiceCard(
        "Demo/Hazard",
        "Terrain hazard",
        "Rates every place by slope, height and distance to the valley floor, over a shaded relief.",
        "Elevation: NASA SRTM",
        (
            TaskCard(
                "Hazard",
                "Rate terrain hazard",
                "",
                (
                    _parameter("Slope_weight", "GPDouble", "Slope weight"),
                    _parameter("Search_distance", "GPLinearUnit", "Search distance"),
                    _parameter("Hazard", "GPRasterDataLayer", "Hazard classes", output=True, layer_id=2),
                    _parameter("Hillshade", "GPRasterDataLayer", "Hillshade", output=True, layer_id=3),
                    _parameter("Contours", "GPFeatureLayer", "Contours", output=True, layer_id=0),
                ),
            ),
        ),
    ),
    ServiceCard(
        "Viewshed",
        "Viewshed",
        "What can be seen from a place.",
        "",
        (
            TaskCard(
                "Viewshed", "Compute viewshed", "", (_parameter("Visible", "GPRasterDataLayer", "Visible area", output=True, layer_id=0),)
            ),
        ),
    ),
)

_LAYERS: dict[str, tuple[LayerCard, ...]] = {
    "Demo/Hazard": (
        LayerCard(0, "Contours", "vector", "line", "Contours", bbox=AREA, min_scale_denominator=300_000.0),
        LayerCard(1, "Hazard", "group", children=(2, 3), bbox=AREA),
        LayerCard(2, "Hazard classes", "raster", parameter="Hazard", parent=1, bbox=AREA),
        LayerCard(3, "Hillshade", "raster", parameter="Hillshade", parent=1, bbox=AREA),
        LayerCard(4, "Springs", "vector", "point", "Springs", visible=False, fault="The dataset of this layer cannot be read."),
    ),
    "Viewshed": (LayerCard(0, "Visible area", "raster", parameter="Visible", bbox=AREA),),
}


def _job(service: str, job_id: str, status: str, age: timedelta, **more: object) -> JobCard:
    created = NOW - age
    over = status in ("succeeded", "failed")
    card = JobCard(
        service, job_id, status, None, created, created + timedelta(seconds=1), created + timedelta(seconds=13) if over else None
    )
    return replace(card, **more)  # type: ignore[arg-type]


JOBS = (
    _job(
        "Demo/Hazard",
        RUNNING_JOB,
        "executing",
        timedelta(minutes=1),
        task="Hazard",
        messages=(("informative", "Reading the elevation model"), ("informative", "Deriving slope: 40 %")),
    ),
    _job(
        "Demo/Hazard",
        HAZARD_JOB,
        "succeeded",
        timedelta(hours=2),
        task="Hazard",
        inputs=(
            ResultCard("Slope_weight", "GPDouble", "Slope weight", 0.6),
            ResultCard("Search_distance", "GPLinearUnit", "Search distance", {"distance": 500, "units": "esriMeters"}),
        ),
        results=(
            ResultCard("Hazard", "GPRasterDataLayer", "Hazard classes", layer_id=2),
            ResultCard("Hillshade", "GPRasterDataLayer", "Hillshade", layer_id=3),
            ResultCard("Contours", "GPFeatureLayer", "Contours", layer_id=0),
            ResultCard("Springs", "GPFeatureLayer", "Springs", layer_id=4, fault="The dataset of this layer cannot be read."),
            ResultCard("Share_high", "GPDouble", "Share of high hazard (%)", 17.4),
        ),
        messages=(("informative", "Reading the elevation model"), ("warning", "12 cells had no height"), ("informative", "Done in 12 s")),
    ),
    _job("Viewshed", VIEWSHED_JOB, "succeeded", timedelta(days=1), task="Viewshed"),
    _job(
        "Viewshed",
        FAILED_JOB,
        "failed",
        timedelta(days=2),
        task="Viewshed",
        messages=(("error", "The observer stands outside the elevation model."),),
    ),
)


@dataclass
class ServiceDouble:
    """Answers as `rendermap.service.MapService` does.

    drawn: every request for a picture, in order.  fault: raised by the next picture, legend or question.  edition: counts up when the
    result changes.  faults, access: of layers, by their names.  asked: questions about places, in order, all answered by hits.
    is_whole: of pictures.  submitted: what was to be run, in order.  refusal: raised by the next order.
    executes_to: how jobs end that are waited for.
    """

    services_published: tuple[ServiceCard, ...] = SERVICES
    jobs_known: tuple[JobCard, ...] = JOBS
    drawn: list[MapRequest | TileRequest | LegendRequest | LegendSheetRequest] = field(default_factory=list)
    fault: RendermapError | None = None
    edition: int = 1
    faults: dict[str, str] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    asked: list[IdentifyRequest] = field(default_factory=list)
    hits: Hits = field(default_factory=Hits)
    max_age_s: int = 60
    is_whole: bool = True
    submitted: list[SubmitRequest] = field(default_factory=list)
    refusal: RendermapError | None = None
    executes_to: str = "succeeded"

    async def services(self, principal: Principal) -> tuple[ServiceCard, ...]:
        return self.services_published

    async def service(self, name: str, principal: Principal) -> ServiceCard:
        for card in self.services_published:
            if card.name.lower() == name.lower():
                return card
        raise ServiceNotFound

    async def jobs(self, principal: Principal, service: str | None = None, limit: int = 200) -> tuple[JobCard, ...]:
        return tuple(job for job in self.jobs_known if service is None or job.service.lower() == service.lower())[:limit]

    async def job(self, request: JobRequest) -> JobCard:
        service = await self.service(request.service, request.principal)
        if request.job_id == ENDED_JOB:
            raise Ended
        for job in self.jobs_known:
            if job.service == service.name and job.job_id == request.job_id:
                return job
        raise JobNotFound

    async def submit(self, request: SubmitRequest) -> JobCard:
        service = await self.service(request.service, request.principal)
        if not service.accepts_jobs:
            raise NotSupported(
                details=("This server takes no jobs for this service from you; where another server runs its tasks, submit them there.",)
            )
        if self.refusal:
            raise self.refusal
        if wrong := (*(words for each in request.misspelt.values() for words in each), *request.faults):
            raise BadRequest(details=wrong) if len(wrong) > 1 else InvalidParameter(wrong[0])
        self.submitted.append(request)
        job = _job(service.name, SUBMITTED_JOB, "submitted", timedelta(0), task=request.task)
        self.jobs_known = (job, *self.jobs_known)
        return job

    async def execute(self, request: SubmitRequest) -> JobCard:
        done = replace(next(job for job in self.jobs_known if job.job_id == HAZARD_JOB), job_id=SUBMITTED_JOB)
        await self.submit(request)
        self.jobs_known = (replace(done, status=self.executes_to), *self.jobs_known[1:])
        return self.jobs_known[0]

    async def cancel(self, request: JobRequest) -> JobCard:
        job = await self.job(request)
        if job.status in ("executing", "submitted"):
            cancelled = replace(job, status="cancelled")
            self.jobs_known = tuple(cancelled if one == job else one for one in self.jobs_known)
        return await self.job(request)

    async def open(self, request: JobRequest) -> OpenDouble:
        return OpenDouble(self, await self.map_of(request))

    async def open_template(self, name: str, principal: Principal) -> OpenDouble:
        return OpenDouble(self, await self.template(name, principal))

    async def map_of(self, request: JobRequest) -> MapCard:
        job = await self.job(request)
        if job.status == "failed":
            raise JobFailed(details=tuple(text for kind, text in job.messages if kind == "error"))
        if job.status != "succeeded":
            raise NotReady(status=job.status)
        service = await self.service(request.service, request.principal)
        return self._card(service, job.job_id)

    async def template(self, service: str, principal: Principal) -> MapCard:
        return self._card(await self.service(service, principal), None)

    def _card(self, service: ServiceCard, job_id: str | None) -> MapCard:
        digest = hashlib.sha256(f"{service.name}/{job_id}/{self.edition}".encode()).hexdigest()
        layers = tuple(
            replace(layer, fault=self.faults.get(layer.name, layer.fault), access=self.access.get(layer.name, "view"))
            for layer in _LAYERS[service.name]
        )
        # cells of 30 m at 36 degrees north, four pixels each
        finest_m = None if any(layer.kind == "vector" for layer in layers) else 30.0 / 4 / math.cos(math.radians(36))
        return MapCard(service, job_id, service.title, WEB_MERCATOR, AREA, layers, 4096, digest, finest_m)

    async def draw(self, request: MapRequest) -> Picture:
        self.drawn.append(request)
        return await self._picture(request.job, request.view, request.layers, request.format)

    async def tile(self, request: TileRequest) -> Picture:
        self.drawn.append(request)
        view = view_of(request.tile, request.size_px, request.pixel_ratio)
        return await self._picture(request.job, view, request.layers, request.format)

    async def _picture(self, job: JobRequest, view: MapView, choice: LayerChoice, format: str) -> Picture:
        if self.fault:
            raise self.fault
        card = await self.map_of(job)
        body, empty = _drawn(view, _chosen(card.layers, choice), format)
        digest = _digest(card, view, choice, format)
        return Picture(
            body,
            FORMATS[format].media_type,
            digest,
            view.width_px,
            view.height_px,
            view.bbox,
            view.crs,
            empty,
            max_age_s=self.max_age_s,
            is_whole=self.is_whole,
        )

    def digest_of(self, card: MapCard, request: MapRequest | TileRequest) -> str:
        if not card.job_id:
            return "blank"
        view = request.view if isinstance(request, MapRequest) else view_of(request.tile, request.size_px, request.pixel_ratio)
        return _digest(card, view, request.layers, request.format)

    async def legend(self, request: LegendRequest) -> tuple[LegendLayer, ...]:
        self.drawn.append(request)
        if self.fault:
            raise self.fault
        card = await self.map_of(request.job)
        return _legend(card.layers, request)

    async def legend_sheet(self, request: LegendSheetRequest) -> Picture:
        self.drawn.append(request)
        card = await self.map_of(request.legend.job)
        pixels = np.full((120, 200, 4), 255, np.uint8)
        return Picture(_encode(pixels, request.format), FORMATS[request.format].media_type, card.digest, 200, 120, max_age_s=self.max_age_s)


def _digest(card: MapCard, view: MapView, choice: LayerChoice, format: str) -> str:
    return hashlib.sha256(repr((card.digest, view, choice, format)).encode()).hexdigest()


@dataclass
class OpenDouble:
    """Answers as `rendermap.open_map.OpenMap` and `OpenTemplate` do, from the stand-in service."""

    is_public = True
    is_kept = True

    service: ServiceDouble
    card: MapCard

    @property
    def version(self) -> str:
        return self.card.digest

    async def rows(self, parameter: str, request: JobRequest) -> None:
        """Its tables may only be seen."""

    async def draw(self, request: MapRequest) -> Picture:
        if self.card.job_id:
            return await self.service.draw(request)
        view = request.view
        body = encode(np.zeros((view.height_px, view.width_px, 4), np.uint8), request.format, request.background, None)
        return Picture(body, FORMATS[request.format].media_type, "blank", view.width_px, view.height_px, empty=True)

    async def tile(self, request: TileRequest) -> Picture:
        return await self.service.tile(request)

    @property
    def opacities(self) -> dict[int, float]:
        return {}

    def styles_in(self, language: str) -> dict[int, str]:
        return {}

    async def identify(self, request: IdentifyRequest) -> Hits:
        self.service.asked.append(request)
        if self.service.fault:
            raise self.service.fault
        return self.service.hits

    async def legend(self, request: LegendRequest) -> tuple[LegendLayer, ...]:
        return await self.service.legend(request) if self.card.job_id else _legend(self.card.layers, request)

    async def legend_sheet(self, request: LegendSheetRequest) -> Picture:
        return await self.service.legend_sheet(request)

    @property
    def picture_max_age_s(self) -> int:
        return self.service.max_age_s

    def digest_of(self, request: MapRequest | TileRequest) -> str:
        return self.service.digest_of(self.card, request)


def _chosen(layers: tuple[LayerCard, ...], choice: LayerChoice) -> tuple[LayerCard, ...]:
    leaves = [layer for layer in layers if layer.kind != "group" and not layer.fault]
    if choice.mode is LayerMode.SHOW:
        return tuple(layer for layer in leaves if layer.id in choice.ids or layer.parent in choice.ids)
    return tuple(layer for layer in leaves if layer.visible)


def _height_m(x: Grid, y: Grid) -> Grid:
    u, v = (x - AREA.xmin) / 3100.0, (y - AREA.ymin) / 3100.0
    ridge = 1.0 - np.abs(np.sin(0.55 * u + 0.35 * v + 0.4 * np.sin(0.7 * v)))
    hills = np.sin(1.3 * u) * np.cos(1.1 * v) + 0.5 * np.sin(2.9 * u + 1.0) * np.sin(2.3 * v) + 0.2 * np.sin(7 * u) * np.sin(6 * v)
    return 480.0 + 220.0 * ridge + 110.0 * hills


@lru_cache(maxsize=2000)
def _drawn(view: MapView, layers: tuple[LayerCard, ...], format: str) -> tuple[bytes, bool]:
    pixels = _draw(view, layers)
    return _encode(pixels, format), not pixels[..., 3].any()


def _draw(view: MapView, layers: tuple[LayerCard, ...]) -> NDArray[np.uint8]:
    xs = view.bbox.xmin + (np.arange(view.width_px) + 0.5) * view.bbox.width / view.width_px
    ys = view.bbox.ymax - (np.arange(view.height_px) + 0.5) * view.bbox.height / view.height_px
    gx, gy = np.meshgrid(xs, ys)
    if view.crs != WEB_MERCATOR:
        gx, gy = transformer(view.crs, WEB_MERCATOR).transform(gx, gy)
    inside = (gx >= AREA.xmin) & (gx <= AREA.xmax) & (gy >= AREA.ymin) & (gy <= AREA.ymax)
    height = _height_m(gx, gy)
    canvas = np.zeros((*gx.shape, 4), np.float64)
    for layer in reversed([layer for layer in layers if _in_scale(layer, view)]):
        rgb, alpha = _paint(layer.name, gx, gy, height, view.pixel_ratio)
        _over(canvas, rgb, alpha * inside)
    return np.round(canvas).astype(np.uint8)


def _in_scale(layer: LayerCard, view: MapView) -> bool:
    return layer.min_scale_denominator is None or view.scale_denominator <= layer.min_scale_denominator


def _paint(name: str, gx: Grid, gy: Grid, height: Grid, ratio: float) -> tuple[Grid, Grid]:
    ones = np.ones(height.shape)
    if name == "Hillshade":
        lit = (_height_m(gx - 60, gy + 60) - _height_m(gx + 60, gy - 60)) * -2.2 + 190
        return ones[..., None] * np.clip(lit, 30, 250)[..., None] * np.ones(3), ones
    if name == "Hazard classes":
        classes = np.clip(((height - 330) / 110).astype(int), 0, 4)
        return np.asarray(HAZARD_COLORS, np.float64)[classes], ones * 0.68
    if name == "Contours":
        rise = np.hypot(*np.gradient(height)) if min(height.shape) > 1 else ones
        near = np.abs((height + 25) % 50 - 25) / np.maximum(rise, 1e-9)
        return ones[..., None] * np.asarray(CONTOUR_COLOR, np.float64), np.clip(0.9 * ratio - near + 0.5, 0, 1) * 0.8
    return ones[..., None] * np.asarray(VISIBLE_COLOR, np.float64), (height > 560) * 0.7


def _over(canvas: Grid, rgb: Grid, alpha: Grid) -> None:
    below = canvas[..., 3] / 255
    out = alpha + below * (1 - alpha)
    weight = np.divide(alpha, out, out=np.zeros_like(out), where=out > 0)[..., None]
    canvas[..., :3] = rgb * weight + canvas[..., :3] * (1 - weight)
    canvas[..., 3] = out * 255


def _legend(layers: tuple[LayerCard, ...], request: LegendRequest) -> tuple[LegendLayer, ...]:
    rows = {"Hazard classes": tuple(zip(HAZARD_LABELS, HAZARD_COLORS, strict=True)), "Contours": (("50 m interval", CONTOUR_COLOR),)}
    rows |= {
        "Hillshade": (("Lit", (240, 240, 240)), ("", (140, 140, 140)), ("Shaded", (40, 40, 40))),
        "Visible area": (("Visible", VISIBLE_COLOR),),
    }
    width, height = (round(side * request.pixel_ratio) for side in request.swatch_px)
    return tuple(
        LegendLayer(
            layer.id,
            layer.name,
            layer.kind,
            layer.min_scale_denominator,
            layer.max_scale_denominator,
            "Hazard class" if layer.name == "Hazard classes" else "",
            tuple(LegendEntry(label, _swatch(color, width, height), width, height) for label, color in rows.get(layer.name, ())),
            layer.fault,
        )
        for layer in layers
        if layer.kind != "group"
    )


def _swatch(color: tuple[int, int, int], width: int, height: int) -> bytes:
    return _encode(np.full((height, width, 4), (*color, 255), np.uint8), "png")


def _encode(pixels: NDArray[np.uint8], format: str) -> bytes:
    image = (
        Image.fromarray(pixels, "RGBA")
        if format != "jpeg"
        else Image.alpha_composite(Image.new("RGBA", (pixels.shape[1], pixels.shape[0]), "white"), Image.fromarray(pixels, "RGBA")).convert(
            "RGB"
        )
    )
    buffer = io.BytesIO()
    image.save(buffer, FORMATS[format].media_type.removeprefix("image/"))
    return buffer.getvalue()
