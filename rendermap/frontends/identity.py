"""Headers, parameters and address -> Principal."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request

from rendermap.access.doorkeeper import Credentials, Doorkeeper
from rendermap.access.grant import Principal
from rendermap.frontends.link_paths import link_token_of

API_KEY_HEADER = "x-api-key"
BEARER_HEADERS = ("authorization", "x-esri-authorization")
_TELLING = frozenset(name.encode() for name in (*BEARER_HEADERS, API_KEY_HEADER, "referer"))
VARY = "Authorization, X-Esri-Authorization, X-API-Key"
"""What an answer may depend on besides its address."""


def doorkeeper_of(request: Request) -> Doorkeeper:
    """Who knows who somebody is."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    return doorkeeper


async def principal_of(request: Request, token: str | None = None) -> Principal:
    """Who asks.  token: of the parameters, where the query alone does not hold them; a header wins.

    Raises CredentialRefused, SignInRequired, NotFound for a link that is not good.
    """
    headers = _telling_headers(request)
    given = _header_token(headers) or token or (request.query_params.get("token") if request.scope["query_string"] else None) or None
    return await doorkeeper_of(request).principal(
        Credentials(given, link_token_of(request.scope), client_address(request), referer_origin(headers.get("referer", "")))
    )


def client_address(request: Request) -> str:
    """Where the client asks from, as far as trusted proxies tell."""
    return request.client.host if request.client else ""


def referer_origin(referer: str) -> str:
    """Scheme and host of a page's address; empty for what is none."""
    if not referer:
        return ""
    parts = urlsplit(referer)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme in ("http", "https") and parts.netloc else ""


def _telling_headers(request: Request) -> dict[str, str]:
    """Those that tell who asks, the first of each name: most requests have none of them, and are looked through once."""
    found: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        if name in _TELLING:
            found.setdefault(name.decode(), value.decode("latin-1"))
    return found


def _header_token(headers: Mapping[str, str]) -> str | None:
    """RFC 6750, 2.1; other schemes are a proxy's affair and none of ours."""
    for name in BEARER_HEADERS:
        scheme, _, value = headers.get(name, "").partition(" ")
        if scheme.lower() == "bearer":
            return value.strip()
    return headers.get(API_KEY_HEADER)
