"""Absolute links that survive a proxy and a prefix."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request

from rendermap.frontends.link_paths import link_prefix_of


def base_url(request: Request) -> str:
    """Scheme, host and prefix under which the client reached us, without a trailing slash.

    A configured public address wins; else the ASGI scope's, which the server has already corrected by the forwarding headers of trusted
    proxies.
    """
    configured: str | None = getattr(request.app.state, "public_url", None)
    if configured:
        return configured.rstrip("/") + link_prefix_of(request.scope)
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}".rstrip("/")


def link(request: Request, *parts: str) -> str:
    """An absolute address below the base; each part may hold slashes, everything else is escaped."""
    return "/".join((base_url(request), *(quote(part.strip("/"), safe="/@:{}") for part in parts)))
