"""The ArcGIS REST front end's routes: any path below the prefix is parsed to an address and answered by its resource's handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from rendermap.access.grant import PUBLIC
from rendermap.errors import NotSupported
from rendermap.frontends.arcgis import gp, identify, maps, queries, results, running
from rendermap.frontends.arcgis.address import Address, Resource, parse_address
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.errors import http_status_of
from rendermap.frontends.arcgis.openapi import DESCRIBED, Described
from rendermap.frontends.arcgis.query_params import GEOJSON, is_geojson
from rendermap.frontends.arcgis.tokens import TOKEN_PATHS, tokens_router
from rendermap.frontends.arcgis.wire import Wire, parse_callback, write_document, write_error, write_page
from rendermap.frontends.cors import allow_origin, preflight
from rendermap.frontends.identity import principal_of
from rendermap.frontends.incidents import foreseen
from rendermap.frontends.kvp import Parameters, read_parameters
from rendermap.frontends.negotiation import Form, form_of
from rendermap.frontends.outcomes import note_refusal
from rendermap.service import MapService
from rendermap.table import Table

REST = "/arcgis/rest"
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
_REFUSED_METHODS = ("PUT", "PATCH", "DELETE")

Handler = Callable[[Ask], Awaitable[Answer | Response]]

HANDLERS: Table[Handler] = Table(
    "ArcGIS REST resource",
    {
        Resource.INFO: gp.info,
        Resource.CATALOGUE: gp.catalogue,
        Resource.MAP: maps.root,
        Resource.LAYERS: maps.layers,
        Resource.LAYER: maps.layer,
        Resource.LEGEND: maps.legend,
        Resource.SWATCH: maps.swatch,
        Resource.EXPORT: maps.export,
        Resource.QUERY: queries.query,
        Resource.FIND: queries.find,
        Resource.IDENTIFY: identify.identify,
        Resource.UNSUPPORTED: maps.unsupported,
        Resource.OUTPUT_FILE: maps.output_file,
        Resource.GP_SERVICE: gp.gp_service,
        Resource.TASK: gp.task,
        Resource.JOB: gp.job,
        Resource.RESULT: results.result,
        Resource.INPUT: gp.input_,
        Resource.SUBMIT: running.submit,
        Resource.EXECUTE: running.execute,
        Resource.CANCEL: running.cancel,
    },
)
_FILES = (Resource.OUTPUT_FILE, Resource.SWATCH)
_OTHER_FORMS = {
    **dict.fromkeys((Resource.MAP, Resource.EXPORT, Resource.UNSUPPORTED), (Form.IMAGE,)),
    Resource.RESULT: (Form.IMAGE, GEOJSON),
    Resource.QUERY: (GEOJSON,),
}


def arcgis_router(service: MapService) -> APIRouter:
    """The front end's routes over a service: the services below `REST`, and where a password is exchanged for a token."""
    router = APIRouter()
    router.include_router(_rest_router(service, DESCRIBED), prefix=REST)
    router.include_router(tokens_router(TOKEN_PATHS))
    return router


def arcgis_router_at(root: str, service: MapService) -> APIRouter:
    """The same at another root, for applications made for a server that had it, with tokens beside it; links stay below it."""
    router = APIRouter()
    router.include_router(_rest_router(service), prefix=root)
    site = root.rpartition("/")[0]
    router.include_router(tokens_router(path for path in (f"{site}/tokens/generateToken", f"{site}/tokens") if path not in TOKEN_PATHS))
    return router


def _rest_router(service: MapService, described: Iterable[Described] = ()) -> APIRouter:
    """The services.  described: what /docs tells of them.

    One route takes all paths: service names may hold folders, words are matched without regard to case, and a slash at the end
    changes nothing and is never redirected.
    """
    router = APIRouter()

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return preflight(request, METHODS)
        if request.method in _REFUSED_METHODS:
            return allow_origin(request, _refused_method(request))
        return allow_origin(request, await respond(request, service))

    for path in ("", "/{path:path}"):
        router.add_api_route(path, answer, methods=[*METHODS, *_REFUSED_METHODS], include_in_schema=False, response_model=None)
    # never reached, the one above takes all: they are there to be read in /docs
    for row in described:
        for method, operation in (("GET", row.operation()), *((("POST", row.form()),) if row.parameters else ())):
            router.add_api_route(
                row.path,
                answer,
                methods=[method],
                summary=row.summary,
                tags=["ArcGIS REST"],
                openapi_extra=operation,
                response_class=Response,
                name=f"arcgis {method} {row.path}",
            )
    return router


def _refused_method(request: Request) -> Response:
    note_refusal(request, NotSupported.__name__)
    error = NotSupported(details=(f"Ask with one of {', '.join(METHODS)}.",))
    response = write_error(request, error, Wire(Form.JSON), status=405)
    response.headers["Allow"] = ", ".join(METHODS)
    return response


async def respond(request: Request, service: MapService) -> Response:
    """The answer to one request; whatever goes wrong becomes an error in the form asked for."""
    wire, address = Wire(Form.JSON), None
    try:
        address = parse_address(request.path_params.get("path", ""))
        if address.resource in _FILES:
            wire = Wire(Form.IMAGE)
        parameters = await read_parameters(request)
        if address.resource not in _FILES:
            wire = Wire(_form_of(parameters, address.resource))
            wire = Wire(wire.form, parse_callback(parameters, wire.form))
        is_open = address.resource is Resource.INFO  # tells where to sign in
        principal = PUBLIC if is_open else await principal_of(request, parameters.get("token"))
        ask = Ask(request, service, address, parameters, wire.form, principal)
        return _write(ask, await HANDLERS[address.resource](ask), wire)
    except Exception as error:
        return _error(request, error, wire, address)


def _form_of(parameters: Parameters, resource: Resource) -> Form:
    """GeoJSON is a form of features alone."""
    others = _OTHER_FORMS.get(resource, ())
    if GEOJSON in others and is_geojson(parameters):
        return Form.JSON
    return form_of(parameters.get("f"), (Form.HTML, Form.JSON, Form.PJSON, *others))


def _write(ask: Ask, answer: Answer | Response, wire: Wire) -> Response:
    if isinstance(answer, Response):
        return answer
    if wire.form is Form.HTML:
        page = write_page(ask.request, answer.page, {"document": answer.document, **answer.shown}, ask.parameters.get("token"))
        page.status_code = answer.status if answer.status != 200 else page.status_code
        return page
    return write_document(ask.request, answer.document, wire)


def _error(request: Request, error: Exception, wire: Wire, address: Address | None) -> Response:
    """Files that are not there are not there in HTTP's own words too, for they are fetched by browsers alone."""
    ours = foreseen(error, request)
    is_file = address is not None and address.resource in _FILES
    return write_error(request, ours, wire, status=http_status_of(ours) if is_file else None)
