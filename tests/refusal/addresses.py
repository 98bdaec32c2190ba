"""Every address of the application, and of what kind its answers are: one row per route, and per resource of the route that takes all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rendermap.frontends.arcgis.address import Resource


class Kind(Enum):
    """What an answer is about, and so who may have it."""

    JOB = "whoever may see the job"
    LAYER = "whoever may see the layer"
    SERVICE = "whoever may know of the service"
    LISTING = "everybody, and it lists what they may see"
    OPEN = "everybody, and it says nothing about services and jobs"


@dataclass(frozen=True, slots=True)
class Address:
    """A path and query with places for names: ``{service}``, ``{job}``, ``{layer}``, ``{version}``, ``{picture}``, ``{swatch}``."""

    text: str
    kind: Kind

    def filled(self, names: Mapping[str, str]) -> str:
        """The address of one job."""
        text = self.text
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text


BOX = "bbox=700000,4000000,706000,4006000&size=64,64"
MERCATOR = "bbox=-9440000,4310000,-9360000,4390000&size=64,64"
TILE = {"{z}": "7", "{x}": "33", "{file}": "50.png", "{level}": "14", "{col}": "33", "{suffix}": "webp"}
"""What is filled in for places that are no names: a tile that the jobs' box lies in."""
JOB, LAYER, SERVICE, LISTING, OPEN = Kind

ROUTES: Mapping[str, tuple[Kind, tuple[str, ...]]] = {
    "/openapi.json": (OPEN, ("",)),
    "/health/live": (OPEN, ("",)),
    "/health/ready": (OPEN, ("",)),
    "/metrics": (OPEN, ("",)),
    "/docs": (OPEN, ("",)),
    "/docs/": (OPEN, ("",)),
    "/static/{name}": (OPEN, ("",)),
    "/favicon.ico": (OPEN, ("",)),
    "/": (LISTING, ("",)),
    "/xyz/{service:path}/jobs/{job}/tilejson.json": (JOB, ("", "?format=webp&ratio=2", "?layers=0")),
    "/xyz/{service:path}/jobs/{job}/legend.png": (JOB, ("", "?layers=0")),
    "/xyz/{service:path}/jobs/{job}/layers/{layer}/style.sld": (LAYER, ("",)),
    "/xyz/{service:path}/jobs/{job}/tiles/{z}/{x}/{file}": (JOB, ("", "?layers=0")),
    "/xyz/{service:path}/jobs/{job}/tiles/{version}/{z}/{x}/{file}": (JOB, ("", "?layers=0")),
    "/thumbnails/{service:path}/jobs/{job}.{suffix}": (JOB, ("",)),
    "/viewer/api/jobs/{service:path}/{job}": (JOB, ("",)),
    "/jobs/{service:path}/{job}": (JOB, ("",)),
    "/jobs/{service:path}/{job}/": (JOB, ("",)),
    "/jobs/{service:path}/{job}/legend.png": (JOB, ("", "?layers=0")),
    "/jobs/{service:path}/{job}/identify/{version}": (JOB, (f"?at=-9400000,4350000&{MERCATOR}",)),
    "/jobs/{service:path}/{job}/download.png": (JOB, (f"?{MERCATOR}",)),
    "/jobs/{service:path}/{job}/tiles/{version}/{level}/{col}/{file}": (JOB, ("",)),
}
"""Template of a route -> kind, and the queries it is asked with.  What is filled in for its other places stands in `TILE`."""

TOKENS = ("/tokens/generateToken", "/tokens", "/arcgis/tokens/generateToken", "/arcgis/tokens")
CATCH_ALL = ("/arcgis/rest", "/arcgis/rest/{path:path}")

_AFTER, _BEFORE, _ALIAS = "{service}/MapServer/jobs/{job}", "{service}/jobs/{job}/MapServer", "{service}_{job}/MapServer"
_TEMPLATE, _TASK = "{service}/MapServer", "{service}/GPServer/Run"
_RESULT = "/jobs/{job}/results/Seen"
_FORMS = ("json", "pjson", "html")
_UNSUPPORTED = (
    *(f"/{word}?f=json" for word in ("query", "tile/7/50/33", "generateKml", "exportTiles", "queryLegends")),
    *(f"/0/{word}?where=1%3D1&f=json" for word in ("queryRelatedRecords", "generateRenderer", "find", "identify")),
    "/dynamicLayer/query?f=json",
)


def _below(head: str, rests: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"/arcgis/rest/services/{head}{rest}" for rest in rests)


def _of_maps(*rests: str) -> tuple[str, ...]:
    """All of them at the usual address, and every third at its other spellings: they are parsed to the same."""
    return (*_below(_AFTER, rests), *_below(_BEFORE, rests[::3]), *_below(_ALIAS, rests[::3]))


def _forms(rest: str, query: str = "") -> tuple[str, ...]:
    return tuple(f"{rest}?f={form}{query}" for form in _FORMS)


_PICTURES = (*_forms("/export", f"&{BOX}"), f"/export?f=image&{BOX}", f"/export?f=image&format=jpg&layers=show:0&{BOX}")
ARCGIS: Mapping[Resource, tuple[tuple[Kind, tuple[str, ...]], ...]] = {
    Resource.INFO: ((OPEN, ("/arcgis/rest/info?f=json", "/arcgis/rest/info?f=html")),),
    Resource.CATALOGUE: ((LISTING, (*_forms("/arcgis/rest/services"), "/arcgis/rest?f=json")),),
    Resource.MAP: (
        (JOB, _of_maps(*_forms(""), f"?f=image&{BOX}", "?f=json&callback=say")),
        (SERVICE, _below(_TEMPLATE, (*_forms(""), f"?f=image&{BOX}"))),
    ),
    Resource.LAYERS: ((JOB, _of_maps(*_forms("/layers"))), (SERVICE, _below(_TEMPLATE, _forms("/layers")))),
    Resource.LAYER: ((LAYER, _of_maps(*_forms("/{layer}"))), (SERVICE, _below(_TEMPLATE, ("/0?f=json",)))),
    Resource.LEGEND: (
        (JOB, _of_maps(*_forms("/legend"), "/legend?f=json&dpi=192&size=40,40")),
        (SERVICE, _below(_TEMPLATE, ("/legend?f=json",))),
    ),
    Resource.SWATCH: ((LAYER, _of_maps("/{layer}/images/{swatch}")),),
    Resource.EXPORT: ((JOB, _of_maps(*_PICTURES)), (SERVICE, _below(_TEMPLATE, _PICTURES))),
    Resource.QUERY: (
        (JOB, _of_maps(*_forms("/0/query", "&where=1%3D1"), "/0/query?where=1%3D1&f=geojson", "/0/query?f=html")),
        (SERVICE, _below(_TEMPLATE, ("/0/query?where=1%3D1&f=json",))),
    ),
    Resource.FIND: ((JOB, _of_maps("/find?f=json&searchText=a&layers=0", "/find?f=html")), (SERVICE, _below(_TEMPLATE, ("/find?f=json",)))),
    Resource.IDENTIFY: (
        (JOB, _of_maps("/identify?f=json&geometry=1,2", "/identify?f=html", "/identify?f=json")),
        (SERVICE, _below(_TEMPLATE, ("/identify?f=json&geometry=1,2",))),
    ),
    Resource.UNSUPPORTED: ((JOB, _of_maps(*_UNSUPPORTED)), (SERVICE, _below(_TEMPLATE, ("/generateKml?f=json",)))),
    Resource.OUTPUT_FILE: ((JOB, ("/arcgis/rest/directories/arcgisoutput/{service}_MapServer/{picture}.png",)),),
    Resource.GP_SERVICE: ((SERVICE, _below("{service}/GPServer", _forms(""))),),
    Resource.TASK: ((SERVICE, _below(_TASK, _forms(""))),),
    Resource.SUBMIT: ((SERVICE, _below(_TASK, (*_forms("/submitJob", "&Height=2"), "/submitJob?f=json"))),),
    Resource.EXECUTE: ((SERVICE, _below(_TASK, _forms("/execute", "&Height=2"))),),
    Resource.JOB: ((JOB, _below(_TASK, _forms("/jobs/{job}"))),),
    Resource.CANCEL: ((JOB, _below(_TASK, ("/jobs/{job}/cancel?f=json",))),),
    Resource.RESULT: (
        (JOB, _below(_TASK, (*_forms(_RESULT), f"{_RESULT}?f=image&{BOX}", f"{_RESULT}?f=json&{BOX}", "/jobs/{job}/results/No"))),
    ),
    Resource.INPUT: ((JOB, _below(_TASK, (*_forms("/jobs/{job}/inputs/Height"), "/jobs/{job}/inputs/No?f=json"))),),
}
"""Resource of ArcGIS REST -> kind, and every form of its address."""


def templates_of(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """(template, methods) of every route, those of routers in routers too; no methods for what is no HTTP route."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from templates_of([*route.effective_route_contexts(), *route.effective_low_priority_routes()], prefix)
        elif inner := getattr(route, "routes", None):
            yield from templates_of(inner, prefix + route.path)
        else:
            yield prefix + route.path, frozenset(getattr(route, "methods", None) or ())


def methods_of(routes: Iterable[Any]) -> dict[str, frozenset[str]]:
    """Template -> every method it takes."""
    found: dict[str, frozenset[str]] = {}
    for template, methods in templates_of(routes):
        found[template] = found.get(template, frozenset()) | methods
    return found


def every_address(static: str) -> tuple[Address, ...]:
    """All rows as addresses.  static: name of a built file."""
    plain = {"{service:path}": "{service}", "{name}": static, **TILE}
    found = []
    for template, (kind, queries) in ROUTES.items():
        for place, value in plain.items():
            template = template.replace(place, value)
        found += [Address(template + query, kind) for query in queries]
    found += [Address(path, OPEN) for path in TOKENS]
    return (*found, *(Address(text, kind) for rows in ARCGIS.values() for kind, texts in rows for text in texts))
