"""XYZ tiles and their TileJSON, one set per job.

A tile has two addresses.  The moving one, ``tiles/{z}/{x}/{y}.png``, shows the job's result as it is now and is kept briefly.  The one
TileJSON tells, ``tiles/{version}/{z}/{x}/{y}.png``, names one version of the result and may be kept for good; when the result has changed
since, it is 404, so that no cache ever holds a new picture under an old version and a client knows to read TileJSON again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rendermap.errors import TileOutside
from rendermap.frontends.identity import principal_of
from rendermap.frontends.links import link
from rendermap.frontends.responses import etag_matches, picture_response
from rendermap.frontends.xyz.documents import Addresses, require_inside, tilejson
from rendermap.frontends.xyz.errors import OPEN, XyzRoute
from rendermap.frontends.xyz.params import TileFile, parse_format, parse_layers, parse_ratio, parse_tile
from rendermap.geo.tiling import view_of
from rendermap.reply import Picture
from rendermap.request import JobRequest, LayerChoice, LayerMode, LegendRequest, LegendSheetRequest, TileRequest
from rendermap.service import MapService, OpenMap

VERSION_MAX_AGE_S = 7 * 24 * 3600
JOB = "/{service:path}/jobs/{job}"

Service = Annotated[str, Path(description="`[folder/]name`")]
Job = Annotated[str, Path(description="Job id")]
Layers = Annotated[str | None, Query(description="Layer numbers, such as `0,2`; by default the layers that are visible by default")]
File = Annotated[str, Path(description="`{y}.png`, `{y}@2x.png`, or with `webp` or `jpg`")]


def xyz_router(service: MapService) -> APIRouter:
    """The routes below ``/xyz``."""
    router = APIRouter(route_class=XyzRoute, tags=["tiles"])
    tiles = Tiles(service)
    for path, endpoint, summary in (
        (f"{JOB}/tilejson.json", tiles.document, "TileJSON 3.0 of a job"),
        (f"{JOB}/legend.png", tiles.legend, "The legend of a job as a picture"),
        (f"{JOB}/tiles/{{z}}/{{x}}/{{file}}", tiles.moving, "A tile of a job as it is now"),
        (f"{JOB}/tiles/{{version}}/{{z}}/{{x}}/{{file}}", tiles.versioned, "A tile of one version of a job's result"),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], summary=summary, response_class=Response)
        router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
    return router


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
        format: Annotated[str, Query(description="`png`, `webp` or `jpg`")] = "png",
        ratio: Annotated[str | None, Query(description="`2` for tiles of 512 pixels that show 256")] = None,
    ) -> Response:
        """Where the tiles are, what they cover and at which zooms."""
        choice, suffix, double = parse_layers(layers), parse_format(format).suffix, parse_ratio(ratio) == 2
        card = (await self._service.open(JobRequest(service, job, principal_of(request)))).card
        query = f"?layers={','.join(map(str, choice.ids))}" if choice.mode is LayerMode.SHOW else ""
        here = ("xyz", card.service.name, "jobs", card.job_id or job)
        tiles = link(request, *here, "tiles", card.digest, "{z}/{x}", f"{{y}}{'@2x' if double else ''}.{suffix}")
        addresses = Addresses(tiles + query, link(request, *here, "legend.png") + query)
        etag = f'"{card.digest}"'
        headers = OPEN | {"ETag": etag, "Cache-Control": "public, max-age=0, must-revalidate"}
        if not request.query_params and etag_matches(request, etag):
            return Response(status_code=304, headers=headers)
        return JSONResponse(tilejson(card, choice, addresses), headers=headers)

    async def legend(self, request: Request, service: Service, job: Job, layers: Layers = None) -> Response:
        """The legend of the layers that have one, top layer first."""
        choice = parse_layers(layers)
        shown = choice if choice.mode is LayerMode.SHOW else LayerChoice(LayerMode.HIDE)
        legend = LegendRequest(JobRequest(service, job, principal_of(request)), shown, pixel_ratio=2.0)
        opened = await self._service.open(legend.job)
        return _to_all(picture_response(request, await opened.legend_sheet(LegendSheetRequest(legend))))

    async def moving(self, request: Request, service: Service, job: Job, z: str, x: str, file: File, layers: Layers = None) -> Response:
        """404 beyond the job's bounds, a transparent tile where there is nothing inside them."""
        asked = parse_tile(z, x, file)
        wanted = JobRequest(service, job, principal_of(request))
        picture = await _tile(await self._service.open(wanted), wanted, asked, parse_layers(layers))
        return _to_all(picture_response(request, picture))

    async def versioned(
        self, request: Request, service: Service, job: Job, version: str, z: str, x: str, file: File, layers: Layers = None
    ) -> Response:
        """As the moving address, and 404 once the result has changed: read TileJSON again."""
        asked, choice = parse_tile(z, x, file), parse_layers(layers)
        wanted = JobRequest(service, job, principal_of(request))
        opened = await self._service.open(wanted)
        if version != opened.version:
            raise TileOutside("The result has changed since this address was told. Read the TileJSON again.")
        picture = await _tile(opened, wanted, asked, choice)
        return _to_all(picture_response(request, replace(picture, max_age_s=VERSION_MAX_AGE_S), immutable=True))


async def _tile(opened: OpenMap, job: JobRequest, asked: TileFile, choice: LayerChoice) -> Picture:
    ratio = float(asked.pixel_ratio)
    picture = await opened.tile(TileRequest(job, asked.tile, asked.size_px, ratio, choice, asked.format.name))
    if picture.empty:
        # only an empty tile can lie outside
        require_inside(opened.card, view_of(asked.tile, asked.size_px, ratio))
    return picture


def _to_all(response: Response) -> Response:
    response.headers.update(OPEN)
    return response
