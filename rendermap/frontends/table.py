"""The table of front ends: a protocol is one folder and one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.routing import Route

from rendermap.frontends.arcgis.routes import arcgis_router
from rendermap.frontends.viewer.routes import viewer_router
from rendermap.frontends.xyz.routes import xyz_direct, xyz_router
from rendermap.service import MapService
from rendermap.table import Table


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """router: makes the protocol's routes over a service; prefix: where they hang.  direct: those of its routes that are met first."""

    prefix: str
    router: Callable[[MapService], APIRouter]
    direct: Callable[[MapService], tuple[Route, ...]] = lambda _: ()


FRONT_ENDS: Table[FrontEnd] = Table(
    "front end",
    {
        # tiles first: they are asked for most, and routes are tried in order
        "xyz": FrontEnd("/xyz", xyz_router, xyz_direct),
        "arcgis": FrontEnd("", arcgis_router),
        "viewer": FrontEnd("", viewer_router),
    },
)
