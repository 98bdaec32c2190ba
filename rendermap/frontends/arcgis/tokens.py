"""``generateToken``: a name and a password for a token, as ArcGIS clients sign in.

Asked with POST alone: what stands in an address stands in logs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from rendermap.access.doorkeeper import Binding
from rendermap.errors import BadRequest, CredentialRefused, InvalidParameter, NotSupported, RendermapError
from rendermap.frontends.arcgis.wire import Wire, write_error
from rendermap.frontends.cors import allow_origin, preflight
from rendermap.frontends.identity import client_address, doorkeeper_of, referer_origin
from rendermap.frontends.incidents import foreseen
from rendermap.frontends.kvp import Parameters, parse_float, read_parameters
from rendermap.frontends.negotiation import Form

TOKENS = "arcgis/tokens/generateToken"
TOKEN_PATHS = ("/tokens/generateToken", "/tokens", f"/{TOKENS}", "/arcgis/tokens")
"""The server's and the web adaptor's usual address."""

METHODS = ("POST", "OPTIONS")
LONGEST_CHARS = 256
_SECRET = {"username", "password"}


def tokens_router(paths: Iterable[str]) -> APIRouter:
    """The routes of the token service."""
    router = APIRouter()
    for path in paths:
        for spelt in (path, f"{path}/"):
            router.add_api_route(spelt, answer, methods=["GET", "HEAD", *METHODS], include_in_schema=False, response_model=None)
    return router


async def answer(request: Request) -> Response:
    """A token, or why there is none."""
    if request.method == "OPTIONS":
        return preflight(request, METHODS)
    try:
        if request.method != "POST":
            raise NotSupported(details=("Ask with POST: name and password must not stand in an address.",))
        response = await _token(request, await read_parameters(request))
    except Exception as error:  # the outermost place of the dialect
        response = write_error(request, _told(foreseen(error, request)), Wire(Form.JSON))
    return allow_origin(request, response)


async def _token(request: Request, asked: Parameters) -> Response:
    name, password = asked.get("username"), asked.get("password")
    if not name or not password or len(name) > LONGEST_CHARS or len(password) > LONGEST_CHARS:
        raise CredentialRefused("Invalid username or password.")
    if _SECRET & {name.lower() for name in request.query_params}:
        raise InvalidParameter("Name and password must stand in the body.")
    minutes = parse_float("expiration", text) if (text := asked.get("expiration")) else None
    token = await doorkeeper_of(request).token_for(name, password, minutes, _binding(request, asked), client_address(request))
    body = {"token": token.text, "expires": token.ends * 1000, "ssl": False}
    return Response(json.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"})


def _binding(request: Request, asked: Parameters) -> Binding:
    """``client``: ``referer`` for pages of one origin, ``ip`` for one address, ``requestip`` for this one; else for everywhere."""
    client = (asked.get("client") or "").lower()
    if client == "requestip":
        return Binding(address=client_address(request))
    if client == "ip":
        return Binding(address=asked.get("ip") or client_address(request))
    return Binding(referer=referer_origin(asked.get("referer") or "")) if client == "referer" else Binding()


def _told(error: RendermapError) -> RendermapError:
    """A password that is not right is no token that is not right: 498 would make clients ask for another one without end."""
    if isinstance(error, CredentialRefused):
        return BadRequest("Unable to generate token.", details=(error.sentence,))
    return error
