"""The table of engines, by the name that a service.toml calls them."""

from __future__ import annotations

from collections.abc import Callable

from rendermap.gp.engines import celery, local, none, ogcapi
from rendermap.gp.engines.engine import Engine, Site
from rendermap.table import Table

ENGINES: Table[Callable[[Site], Engine]] = Table(
    "engines",
    {"none": none.NoEngine, "local": local.LocalEngine, "celery": celery.CeleryEngine, "ogcapi": ogcapi.OgcApiEngine},
)
