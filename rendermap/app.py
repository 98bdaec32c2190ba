"""A service as an ASGI app: mounts the front ends, middleware, health."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rendermap import __version__
from rendermap.assembly import MEGABYTE, Assembled, answers_bytes
from rendermap.cache.memory import MemoryStore
from rendermap.frontends.answers import Answer, Answers
from rendermap.frontends.arcgis.routes import REST, arcgis_router_at
from rendermap.frontends.departure import Departures
from rendermap.frontends.direct import DirectRoutes
from rendermap.frontends.leases import Leases
from rendermap.frontends.link_paths import LinkPaths
from rendermap.frontends.outcomes import Outcomes
from rendermap.frontends.table import FRONT_ENDS
from rendermap.frontends.viewer.bundle import Bundle
from rendermap.frontends.viewer.routes import add_error_pages
from rendermap.readiness import Readiness
from rendermap.telemetry import exposition

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}")
SAFETY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def create_app(assembled: Assembled) -> FastAPI:
    """The application.  Workers start with it and stop with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        await assembled.start()
        try:
            await assembled.runner.start()
            if assembled.retention:
                assembled.retention.start()
            yield
        finally:
            if assembled.retention:
                await assembled.retention.stop()
            await assembled.runner.stop()
            await assembled.stop()

    app = FastAPI(
        title="rendermap",
        version=__version__,
        description="Pictures of finished geoprocessing jobs. Results can be looked at; no data is handed out.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # a redirect is made from the host a client names, and would lose the prefix of a link
        redirect_slashes=False,
        # what is counted is counted by us; to ask for each request whether another counts too is dear
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    settings = assembled.settings
    app.state.public_url = settings.public_url
    app.state.doorkeeper = assembled.doorkeeper
    app.state.has_viewer = Bundle().is_built
    app.state.basemap_url = settings.basemap_url
    app.state.basemap_attribution = settings.basemap_attribution
    app.state.expired_job_reply = settings.expired_job_reply
    app.state.readiness = Readiness(assembled.pool, settings.ready_memory_mb * MEGABYTE, lambda: assembled.doorkeeper.is_understood)
    _add_operations(app, assembled)
    for front_end in FRONT_ENDS:
        app.include_router(front_end.router(assembled.service), prefix=front_end.prefix)
    if settings.arcgis_root != REST:
        app.include_router(arcgis_router_at(settings.arcgis_root, assembled.service))
    add_error_pages(app)
    app.add_middleware(DirectRoutes, routes=tuple(route for front_end in FRONT_ENDS for route in front_end.direct(assembled.service)))
    app.add_middleware(SafetyHeaders)
    app.add_middleware(LinkPaths)
    app.add_middleware(Outcomes, count=lambda code: assembled.metrics.refusals.labels(code).inc())
    app.add_middleware(Departures)
    app.state.leases = Leases()
    answers: MemoryStore[Answer] = MemoryStore(answers_bytes(settings))
    app.add_middleware(Answers, doorkeeper=assembled.doorkeeper, leases=app.state.leases, store=answers)
    app.add_middleware(Forwarding, trusted=settings.trusted_proxies)
    return app


class Forwarding:
    """Believes what trusted proxies say about the address a client used: X-Forwarded-For, -Proto, -Host and -Prefix.

    trusted: addresses and networks, comma separated; ``*`` for any.
    """

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        self._inner = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        peer = scope.get("client")
        if scope["type"] == "http" and peer and peer[0] in self._inner.trusted_hosts:
            headers = Headers(scope=scope)
            # the first name is the one the client used when several proxies stand in a row
            host = headers.get("x-forwarded-host", "").split(",")[0].strip()
            prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
            if _HOST.fullmatch(host):
                scope["headers"] = [(n, v) for n, v in scope["headers"] if n != b"host"] + [(b"host", host.encode())]
            if _PREFIX.fullmatch(prefix):
                scope["root_path"] = prefix
        await self._inner(scope, receive, send)  # type: ignore[arg-type]


class SafetyHeaders:
    """Adds the headers every answer carries; plain ASGI, since a cached tile should cost next to nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, sending)


def _add_operations(app: FastAPI, assembled: Assembled) -> None:
    @app.get("/health/live", tags=["operations"], summary="Is the process answering?")
    async def live() -> JSONResponse:
        return JSONResponse({"status": "live"})

    @app.get("/health/ready", tags=["operations"], summary="Can pictures be drawn?")
    async def ready() -> JSONResponse:
        reasons = app.state.readiness.reasons()
        told: dict[str, object] = {"status": "not ready", "reasons": reasons} if reasons else {"status": "ready"}
        if assembled.audit and assembled.audit.is_failing:
            # pictures go on, so this keeps nobody away
            told["audit"] = "not written"
        return JSONResponse(told, 503 if reasons else 200, headers={"Cache-Control": "no-store"})

    @app.get("/metrics", tags=["operations"], summary="Prometheus metrics")
    async def metrics() -> Response:
        body, media_type = exposition(assembled.metrics)
        return Response(body, media_type=media_type)
