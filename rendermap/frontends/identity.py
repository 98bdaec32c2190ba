"""Headers, parameters and address -> Principal."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from rendermap.access.doorkeeper import Credentials, Doorkeeper
from rendermap.access.grant import Principal
from rendermap.frontends.link_paths import link_token_of

API_KEY_HEADER = "x-api-key"
BEARER_HEADERS = ("authorization", "x-esri-authorization")
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
    given = _header_token(request) or token or request.query_params.get("token") or None
    return await doorkeeper_of(request).principal(
        Credentials(given, link_token_of(request.scope), client_address(request), referer_origin(request.headers.get("referer", "")))
    )


def client_address(request: Request) -> str:
    """Where the client asks from, as far as trusted proxies tell."""
    return request.client.host if request.client else ""


def referer_origin(referer: str) -> str:
    """Scheme and host of a page's address; empty for what is none."""
    parts = urlsplit(referer)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme in ("http", "https") and parts.netloc else ""


def _header_token(request: Request) -> str | None:
    """RFC 6750, 2.1; other schemes are a proxy's affair and none of ours."""
    for name in BEARER_HEADERS:
        scheme, _, value = request.headers.get(name, "").partition(" ")
        if scheme.lower() == "bearer":
            return value.strip()
    return request.headers.get(API_KEY_HEADER)
