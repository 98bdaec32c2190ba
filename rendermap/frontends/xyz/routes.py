"""XYZ tiles and their TileJSON, one set per job.

A tile has two addresses.  The moving one, ``tiles/{z}/{x}/{y}.png``, shows the job's result as it is now and is kept briefly.  The one
TileJSON tells, ``tiles/{version}/{z}/{x}/{y}.png``, names one version of the result and may be kept for good; when the result has changed
since, it is 404, so that no cache ever holds a new picture under an old version and a client knows to read TileJSON again.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rendermap.errors import LayerNotFound
from rendermap.frontends.cors import preflight
from rendermap.frontends.direct import Endpoint, direct_route
from rendermap.frontends.identity import principal_of
from rendermap.frontends.leases import note_shown
from rendermap.frontends.links import link
from rendermap.frontends.responses import AS_USUAL, PRIVATE, Keep, document_response, picture_response, unchanged_response
from rendermap.frontends.versions import FOR_GOOD, open_version
from rendermap.frontends.xyz.documents import Addresses, require_inside, tilejson
from rendermap.frontends.xyz.errors import OPEN, XyzRoute, tell
from rendermap.frontends.xyz.params import TileFile, parse_format, parse_layers, parse_ratio, parse_tile, require_known
from rendermap.geo.tiling import view_of
from rendermap.request import JobRequest, LayerChoice, LayerMode, LegendRequest, LegendSheetRequest, TileRequest
from rendermap.service import MapService, OpenMap

LAYER_ID = re.compile(r"[0-9]{1,6}")
METHODS = ("GET", "HEAD", "OPTIONS")
FAULTS: dict[int | str, dict[str, Any]] = {"4XX": {"description": "What is wrong, as `error` with `code`, `message` and `details`"}}
"""Said in /docs, in place of the framework's own errors, which are never sent."""

JOB = "/{service:path}/jobs/{job}"
MOVING, VERSIONED = f"{JOB}/tiles/{{z}}/{{x}}/{{file}}", f"{JOB}/tiles/{{version}}/{{z}}/{{x}}/{{file}}"

Service = Annotated[str, Path(description="`[folder/]name`")]
Job = Annotated[str, Path(description="Job id")]
Layers = Annotated[str | None, Query(description="Layer numbers, such as `0,2`; by default the layers that are visible by default")]
File = Annotated[str, Path(description="`{y}.png`, `{y}@2x.png`, or with `webp`, `avif` or `jpg`")]


def xyz_router(service: MapService) -> APIRouter:
    """The routes below ``/xyz``."""
    router = APIRouter(route_class=XyzRoute, tags=["tiles"])
    tiles = Tiles(service)
    for path, endpoint, summary in (
        (f"{JOB}/tilejson.json", tiles.document, "TileJSON 3.0 of a job"),
        (f"{JOB}/legend.png", tiles.legend, "The legend of a job as a picture"),
        (f"{JOB}/layers/{{layer}}/style.sld", tiles.style, "How a layer looks, as SLD, where its author lets people ask about it"),
        (MOVING, tiles.moving, "A tile of a job as it is now"),
        (VERSIONED, tiles.versioned, "A tile of one version of a job's result"),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], summary=summary, response_class=Response, responses=FAULTS)
        router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
        router.add_api_route(path, _preflight, methods=["OPTIONS"], include_in_schema=False)
    return router


def xyz_direct(service: MapService) -> tuple[Route, ...]:
    """The routes of tiles once more, their paths whole."""
    tiles = Tiles(service)
    endpoints = ((MOVING, tiles.moving), (VERSIONED, tiles.versioned))
    return tuple(direct_route(f"/xyz{path}", _with_layers(endpoint), tell) for path, endpoint in endpoints)


def _with_layers(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request, **places: str) -> Response:
        return await endpoint(request, **places, layers=request.query_params.get("layers"))

    return answer


async def _preflight(request: Request) -> Response:
    return preflight(request, METHODS)


class Tiles:
    """The endpoints over a service."""

    def __init__(self, service: MapService) -> None:
        self._service = service

    async def document(
        self,
        request: Request,
        service: Service,
        job: Job,
        layers: Layers = None,
        format: Annotated[str, Query(description="`png`, `webp`, `avif` or `jpg`")] = "png",
        ratio: Annotated[str | None, Query(description="`2` for tiles of 512 pixels that show 256")] = None,
    ) -> Response:
        """Where the tiles are, what they cover and at which zooms."""
        choice, suffix, double = parse_layers(layers), parse_format(format).suffix, parse_ratio(ratio) == 2
        opened = await self._service.open(JobRequest(service, job, await principal_of(request)))
        require_known(choice, opened)
        card = opened.card
        query = f"?layers={','.join(map(str, choice.ids))}" if choice.mode is LayerMode.SHOW else ""
        here = ("xyz", card.service.name, "jobs", card.job_id or job)
        tiles = link(request, *here, "tiles", card.digest, "{z}/{x}", f"{{y}}{'@2x' if double else ''}.{suffix}")
        addresses = Addresses(tiles + query, link(request, *here, "legend.png") + query)
        headers = OPEN | {"Content-Type": "application/json", "Cache-Control": PRIVATE}
        return document_response(request, json.dumps(tilejson(card, choice, addresses), ensure_ascii=False).encode(), headers)

    async def legend(self, request: Request, service: Service, job: Job, layers: Layers = None) -> Response:
        """The legend of the layers asked for, else of those visible by default; top layer first."""
        choice = parse_layers(layers)
        legend = LegendRequest(JobRequest(service, job, await principal_of(request)), choice, pixel_ratio=2.0)
        opened = await self._service.open(legend.job)
        require_known(choice, opened)
        return _to_all(picture_response(request, await opened.legend_sheet(LegendSheetRequest(legend))))

    async def style(self, request: Request, service: Service, job: Job, layer: str) -> Response:
        """404 for a layer that may only be seen, as for one that is not there."""
        opened = await self._service.open(JobRequest(service, job, await principal_of(request)))
        styles = await asyncio.to_thread(opened.styles_in, "sld")
        found = styles.get(int(layer)) if LAYER_ID.fullmatch(layer) else None
        if not isinstance(found, str):
            raise LayerNotFound
        headers = OPEN | {"Content-Type": "application/vnd.ogc.sld+xml", "Cache-Control": PRIVATE}
        return document_response(request, found.encode(), headers)

    async def moving(self, request: Request, service: Service, job: Job, z: str, x: str, file: File, layers: Layers = None) -> Response:
        """404 beyond the job's bounds, a transparent tile where there is nothing inside them."""
        asked = _tile_of(JobRequest(service, job, await principal_of(request)), parse_tile(z, x, file), parse_layers(layers))
        return await _tile_response(request, await self._service.open(asked.job), asked, AS_USUAL)

    async def versioned(
        self, request: Request, service: Service, job: Job, version: str, z: str, x: str, file: File, layers: Layers = None
    ) -> Response:
        """As the moving address, and 404 once the result has changed: read TileJSON again."""
        asked = _tile_of(JobRequest(service, job, await principal_of(request)), parse_tile(z, x, file), parse_layers(layers))
        return await _tile_response(request, await open_version(self._service, asked.job, version), asked, FOR_GOOD)


def _tile_of(job: JobRequest, file: TileFile, choice: LayerChoice) -> TileRequest:
    return TileRequest(job, file.tile, file.size_px, float(file.pixel_ratio), choice, file.format.name)


async def _tile_response(request: Request, opened: OpenMap, asked: TileRequest, keep: Keep) -> Response:
    require_known(asked.layers, opened)
    unchanged = unchanged_response(request, opened, asked, keep)
    if unchanged is not None:
        note_shown(request, asked.job, opened, None)
        return _to_all(unchanged)
    picture = await opened.tile(asked)
    if picture.empty:
        # only an empty tile can lie outside
        require_inside(opened.card, view_of(asked.tile, asked.size_px, asked.pixel_ratio))
    note_shown(request, asked.job, opened, picture)
    return _to_all(picture_response(request, picture, keep))


def _to_all(response: Response) -> Response:
    response.headers.update(OPEN)
    return response
