"""Absolute links that survive a proxy and a prefix."""

from __future__ import annotations

from urllib.parse import quote, urlencode

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


def with_token(address: str, token: str | None) -> str:
    """The address of ours with the token that a page was opened by, which browsers send nowhere by themselves; as it is without one.

    For what a page leads to and shows, never for text to copy.
    """
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'token': token})}" if token else address


def link(request: Request, *parts: str) -> str:
    """An absolute address below the base; each part may hold slashes, everything else is escaped."""
    return "/".join((base_url(request), *(quote(part.strip("/"), safe="/@:{}") for part in parts)))


def job_page(request: Request, service: str, job_id: str) -> str | None:
    """The viewer's page of a job, None where the viewer's pages have not been built."""
    return link(request, "jobs", service, job_id) if getattr(request.app.state, "has_viewer", False) else None


def jobs_page(request: Request, service: str) -> str | None:
    """The viewer's list of a service's jobs, None where the viewer's pages have not been built."""
    return f"{base_url(request)}/?{urlencode({'service': service})}" if getattr(request.app.state, "has_viewer", False) else None
