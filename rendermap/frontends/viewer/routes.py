"""The pages: all jobs, one job's map, and the description of our addresses."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rendermap.access.grant import Principal
from rendermap.errors import NotFound, NotSupported, RendermapError
from rendermap.frontends.identity import principal_of
from rendermap.frontends.incidents import foreseen
from rendermap.frontends.links import base_url, link, with_token
from rendermap.frontends.outcomes import note_refusal
from rendermap.frontends.problems import problem_response, telling_route
from rendermap.frontends.responses import Keep, drawn_response, picture_response
from rendermap.frontends.versions import FOR_GOOD, open_version
from rendermap.frontends.viewer import documents
from rendermap.frontends.viewer.bundle import Bundle, NotBuilt
from rendermap.frontends.viewer.errors import error_response
from rendermap.frontends.viewer.identified import identified
from rendermap.frontends.viewer.pages import Pages, prefix_of, token_of
from rendermap.frontends.viewer.params import parse_download, parse_layers, parse_legend_layers, parse_pointing, parse_tile
from rendermap.frontends.viewer.wording import duration, state_of
from rendermap.imaging.formats import FORMATS
from rendermap.reply import JobCard, LegendLayer, MapCard, ServiceCard
from rendermap.request import Depth, IdentifyRequest, JobRequest, LegendRequest, LegendSheetRequest, MapRequest
from rendermap.service import MapService, OpenMap

THUMBNAIL_PX = (640, 400)
THUMBNAIL_FORMATS = ("png", "webp")
THUMBNAIL_QUALITY = 82
SHARP = 2.0
LISTED = 200
"""Jobs on one page; finding what each of them is costs a look at its folder."""
SWATCH_PX = (26, 18)
ASK_AGAIN = Keep(0)
JOB = "/{service:path}/{job}"


def viewer_router(service: MapService) -> APIRouter:
    """The routes below the root."""
    pages = Pages(Bundle())
    router = APIRouter(route_class=telling_route(partial(_tell, pages)), include_in_schema=False)
    viewer = Viewer(service, pages)
    for path, endpoint in (
        ("/", viewer.index),
        ("/docs", viewer.docs),
        ("/static/{name}", viewer.static),
        ("/favicon.ico", viewer.icon),
        ("/thumbnails/{service:path}/jobs/{job}.{suffix}", viewer.thumbnail),
        (f"/viewer/api/jobs{JOB}", viewer.state),
        (f"/jobs{JOB}/tiles/{{version}}/{{level}}/{{col}}/{{file}}", viewer.tile),
        (f"/jobs{JOB}/identify/{{version}}", viewer.identify),
        (f"/jobs{JOB}/download.png", viewer.download),
        (f"/jobs{JOB}/legend.png", viewer.legend),
        (f"/jobs{JOB}", viewer.job),
    ):
        router.add_api_route(path, endpoint, methods=["GET", "HEAD"])
    for path, endpoint in (("/docs/", viewer.docs), (f"/jobs{JOB}/", viewer.job)):
        # people add slashes to addresses of pages
        router.add_api_route(path, endpoint, methods=["GET", "HEAD"])
    return router


def _tell(pages: Pages, request: Request, error: RendermapError) -> Response:
    return error_response(request, pages, error)


def add_error_pages(app: FastAPI) -> None:
    """Show addresses that no front end has in the look of the pages; what asks for no page gets JSON in the shape of all errors."""
    pages = Pages(Bundle())

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = NotFound() if error.status_code == 404 else NotSupported(f"{error.detail}.")
        note_refusal(request, told.code)
        if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
            return error_response(request, pages, told)
        response = problem_response(told, error.headers)
        response.status_code = error.status_code
        return response

    app.add_exception_handler(HTTPException, answer)


class Viewer:
    """The endpoints over a service."""

    def __init__(self, service: MapService, pages: Pages) -> None:
        self._service = service
        self._pages = pages

    async def index(self, request: Request, service: str | None = None) -> Response:
        """Services and their jobs, newest first."""
        principal = await principal_of(request)
        cards: tuple[ServiceCard, ...] = await self._service.services(principal)
        if service:
            cards = (await self._service.service(service, principal),)
        jobs = await self._service.jobs(principal, service or None, LISTED + 1)
        shown = documents.sections(cards, jobs[:LISTED], prefix_of(request))
        is_live = any(not line.state.is_over for section in shown for line in section.jobs)
        values = {"sections": shown, "is_live": is_live, "only": cards[0] if service else None, "link_ends": documents.link_end(principal)}
        return self._pages.page(request, "index.html", values | {"newest": LISTED if len(jobs) > LISTED else None})

    async def job(self, request: Request, service: str, job: str) -> Response:
        """One job: its map once it has succeeded, before and otherwise its state."""
        wanted = JobRequest(service, job, await principal_of(request))
        card = await self._service.job(wanted)
        published = await self._service.service(card.service, wanted.principal)
        if card.status != "succeeded":
            return self._pages.page(request, "state.html", _about(request, card, published, wanted.principal))
        opened = await self._service.open(wanted)
        result = opened.card
        legend, legend_fault = await self._legend_of(request, opened, wanted)
        values = _about(request, card, published, wanted.principal) | {
            "extent": documents.extent_words(result),
            "layers": documents.layer_tree(result, legend),
            "may_ask": any(map(documents.may_be_asked, result.layers)),
            "legend_fault": legend_fault,
            "addresses": _addresses(request, result),
            "data": documents.map_data(result, _paths(request, result), _basemap(request)),
        }
        return self._pages.page(request, "map.html", values)

    async def _legend_of(self, request: Request, opened: OpenMap, job: JobRequest) -> tuple[tuple[LegendLayer, ...], str | None]:
        try:
            return await opened.legend(LegendRequest(job, pixel_ratio=SHARP, swatch_px=SWATCH_PX)), None
        except RendermapError as error:
            # the map is worth showing without its legend
            return (), foreseen(error, request).sentence

    async def state(self, request: Request, service: str, job: str) -> Response:
        """What a page asks while it waits."""
        wanted = JobRequest(service, job, await principal_of(request))
        card = await self._service.job(wanted)
        version = (await self._service.open(wanted)).version if card.status == "succeeded" else None
        return JSONResponse(documents.state_data(card, version), headers={"Cache-Control": "no-store"})

    async def thumbnail(self, request: Request, service: str, job: str, suffix: str) -> Response:
        """The whole result, small; ``webp`` weighs a fifth of ``png``."""
        if suffix not in THUMBNAIL_FORMATS:
            raise NotFound
        wanted = JobRequest(service, job, await principal_of(request))
        quality = THUMBNAIL_QUALITY if FORMATS[suffix].lossy else None
        opened = await self._service.open(wanted)
        view = documents.thumbnail_view(opened.card, *THUMBNAIL_PX, SHARP)
        return await drawn_response(request, opened, MapRequest(wanted, view, format=suffix, quality=quality))

    async def tile(
        self,
        request: Request,
        service: str,
        job: str,
        version: str,
        level: str,
        col: str,
        file: str,
        layers: str = "default",
        meridian: str = "0",
    ) -> Response:
        """A tile of the map page, of one version of the result; 404 once that has changed."""
        view, choice = parse_tile(level, col, file, meridian), parse_layers(layers)
        wanted = JobRequest(service, job, await principal_of(request))
        opened = await open_version(self._service, wanted, version)
        return await drawn_response(request, opened, MapRequest(wanted, view, choice), FOR_GOOD)

    async def identify(
        self,
        request: Request,
        service: str,
        job: str,
        version: str,
        at: str,
        bbox: str,
        size: str,
        layers: str = "default",
        reach: str = "5",
    ) -> Response:
        """What lies where a visitor points, of one version of the result; 404 once that has changed."""
        asked = parse_pointing(at, bbox, size, layers, reach)
        wanted = JobRequest(service, job, await principal_of(request))
        opened = await open_version(self._service, wanted, version)
        hits = await opened.identify(
            IdentifyRequest(wanted, asked.shape, asked.view, asked.reach_px, Depth.VISIBLE, asked.ids, with_shapes=False)
        )
        return JSONResponse(identified(hits), headers={"Cache-Control": "no-store"})

    async def download(
        self,
        request: Request,
        service: str,
        job: str,
        bbox: str,
        size: str,
        ratio: str = "1",
        layers: str = "default",
        background: Annotated[str, Query()] = "transparent",
    ) -> Response:
        """The view on the screen, to keep."""
        wanted = JobRequest(service, job, await principal_of(request))
        asked = parse_download(bbox, size, ratio, layers, background)
        picture = MapRequest(wanted, asked.view, asked.layers, background=asked.background)
        return _to_keep(await drawn_response(request, await self._service.open(wanted), picture, ASK_AGAIN), service, job, "map")

    async def legend(self, request: Request, service: str, job: str, layers: str | None = None) -> Response:
        """The legend of these layers, else of all that have one, as a picture to keep."""
        legend = LegendRequest(JobRequest(service, job, await principal_of(request)), parse_legend_layers(layers), pixel_ratio=SHARP)
        picture = await (await self._service.open(legend.job)).legend_sheet(LegendSheetRequest(legend))
        return _to_keep(picture_response(request, picture, ASK_AGAIN), service, job, "legend")

    async def docs(self, request: Request) -> Response:
        """The description of every address, to read and to try."""
        return self._pages.page(request, "docs.html", {"openapi": f"{prefix_of(request)}{request.app.openapi_url}"})

    async def static(self, request: Request, name: str) -> Response:
        """A built script or style."""
        response = self._pages.bundle.response(request, name)
        if response is None:
            raise NotFound
        return response

    async def icon(self, request: Request) -> Response:
        """Our sign, where browsers look for it on pages that do not say where theirs is."""
        try:
            name = self._pages.bundle.name_of("icon.svg")
        except NotBuilt:
            raise NotFound from None
        response = await self.static(request, name)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def _about(request: Request, card: JobCard, published: ServiceCard, principal: Principal) -> dict[str, object]:
    return {
        "link_ends": documents.link_end(principal),
        "job": card,
        "service": published,
        "task": documents.task_title(card, published),
        "state": state_of(card.status),
        "took": duration(card.started or card.created, card.finished),
        "inputs": documents.inputs_of(card),
        "results": documents.results_of(card),
        "note": documents.note_of(card),
        "page": documents.page_path(card.service, card.job_id, prefix_of(request)),
        "state_path": _state_path(request, card.service, card.job_id),
    }


def _to_keep(response: Response, service: str, job: str, what: str) -> Response:
    name = f"{service.rpartition('/')[2]}-{job[:9]}-{what}.png"
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


def _state_path(request: Request, service: str, job_id: str) -> str:
    return f"{prefix_of(request)}/viewer/api/jobs/{quote(service)}/{quote(job_id)}"


def _paths(request: Request, card: MapCard) -> documents.MapPaths:
    name, job_id = card.service.name, card.job_id or ""
    page = documents.page_path(name, job_id, prefix_of(request))
    token = token_of(request)
    return documents.MapPaths(
        tiles=f"{page}/tiles/{card.digest}",
        identify=f"{page}/identify/{card.digest}",
        download=f"{page}/download.png",
        state=with_token(_state_path(request, name, job_id), token),
        token=token,
    )


def _basemap(request: Request) -> documents.Basemap | None:
    url: str | None = getattr(request.app.state, "basemap_url", None)
    return documents.Basemap(url, getattr(request.app.state, "basemap_attribution", "")) if url else None


def _addresses(request: Request, card: MapCard) -> tuple[tuple[str, str, str], ...]:
    """(protocol, who reads it, absolute address)."""
    here = (card.service.name, "jobs", card.job_id or "")
    return (
        (
            "ArcGIS map service",
            "ArcGIS clients, esri-leaflet and OpenLayers",
            link(request, "arcgis/rest/services", card.service.name, "MapServer/jobs", card.job_id or ""),
        ),
        ("TileJSON", "MapLibre and OpenLayers", link(request, "xyz", *here, "tilejson.json")),
        ("XYZ tiles", "QGIS, Leaflet and nearly every web map", link(request, "xyz", *here, "tiles/{z}/{x}/{y}.png")),
        ("This page", "A link for people", f"{base_url(request)}{documents.page_path(card.service.name, card.job_id or '', '')}"),
    )
