"""The tile and page front ends over a stand-in service, as one app."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from fastapi import FastAPI

from rendermap.frontends.link_paths import LinkPaths
from rendermap.frontends.viewer.routes import add_error_pages, viewer_router
from rendermap.frontends.xyz.routes import xyz_router
from rendermap.service import MapService
from tests.builders.doors import NOWHERE, open_door
from tests.builders.service_double import ServiceDouble


def app_over(double: ServiceDouble, *, basemap_url: str | None = None, public_url: str | None = None, access: Path = NOWHERE) -> FastAPI:
    """As `rendermap.app.create_app` mounts them, without workers and without the other protocols.  access: folder of the realm."""
    app = FastAPI(title="rendermap", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.basemap_url, app.state.basemap_attribution, app.state.public_url = basemap_url, "© Somebody", public_url
    app.state.doorkeeper = open_door(access)
    service = cast(MapService, double)
    app.include_router(xyz_router(service), prefix="/xyz")
    app.include_router(viewer_router(service))
    add_error_pages(app)
    app.add_middleware(LinkPaths)
    return app
