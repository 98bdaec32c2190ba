"""Layers, plans and views for drawing a dataset in a test."""

from __future__ import annotations

from pathlib import Path

from rendermap.dispatch.plan import InspectPlan, LayerPlan, layer_plan
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.fingerprint import fingerprint
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.inspect import inspect
from rendermap.symbology.style import Style, Theme


def look(path: Path, member: str | None = None, version: str | None = None) -> Layer:
    """The layer of a dataset whose folder is its job.  version: its fingerprint as a test has it, None for its own."""
    return inspect(InspectPlan(DataSource(path, member, path.parent, version or (fingerprint(path) if path.exists() else "gone"))))


def plan_of(layer: Layer, theme: Theme) -> LayerPlan:
    """The plan that draws a layer by a theme."""
    return layer_plan(1, layer, layer.crs or "EPSG:32611", Style(theme))


def view_of_box(box: BBox, crs: str, width: int, height: int) -> MapView:
    """A view of a box."""
    return MapView(box, crs, width, height)
