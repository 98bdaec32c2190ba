"""Routes to pictures that are met before all others: the framework's own way to an endpoint costs more than drawing many a tile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rendermap.frontends.incidents import foreseen
from rendermap.frontends.kvp import check_length
from rendermap.frontends.problems import Tell

Endpoint = Callable[..., Awaitable[Response]]


def direct_route(path: str, endpoint: Endpoint, tell: Tell) -> Route:
    """A route for GET and HEAD.  endpoint: is given the request, and the places of the path by name.  tell: of its dialect."""
    return Route(path, _Direct(endpoint, tell), methods=["GET"], include_in_schema=False)


class DirectRoutes:
    """Plain ASGI.  It stands just before the framework's own routing, behind all that every answer passes."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            for route in self._routes:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    await route.app({**scope, **found}, receive, send)
                    return
        await self._app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Direct:
    """An endpoint as an ASGI application; whatever it raises is told in a dialect."""

    endpoint: Endpoint
    tell: Tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope, receive)
        try:
            check_length(request)
            response = await self.endpoint(request, **request.path_params)
        except Exception as error:  # the outermost place of the dialect
            response = self.tell(request, foreseen(error, request))
        await response(scope, receive, send)
