"""Stacks raster and vector layers into one picture, with opacity and blend."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.errors import StyleInvalid
from rendermap.geo.lattice import lattice_of
from rendermap.geo.view import MapView
from rendermap.imaging.blend import BLENDS, Blend, fade, over
from rendermap.render.heat_map import draw_heat_map
from rendermap.render.labels import draw_labels
from rendermap.render.raster import draw_raster
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import HeatMap

Pixels = NDArray[np.uint8]


def draw(plan: MapPlan) -> Pixels:
    """The picture of a plan before its background: (height, width, 4) uint8, straight alpha.

    Raises SourceUnreadable, StyleInvalid, RenderFailed.
    """
    picture: Pixels | None = None
    for run in runs_of(plan.layers):
        blend, pixels = blend_of(run[0]), _draw_run(run, plan.view)
        # The first is laid over nothing, where some modes show nothing.
        below = _empty(plan.view) if picture is None and blend is not over else picture
        picture = pixels if below is None else blend(below, pixels)
    labels = draw_labels(plan.layers, plan.view, plan.lattice or lattice_of(plan.view)) if has_labels(plan.layers) else None
    if picture is None or labels is None:
        return _empty(plan.view) if picture is None else picture
    return over(picture, labels)


def has_labels(layers: tuple[LayerPlan, ...]) -> bool:
    """True when a layer has labels: all others pay nothing for them."""
    return any(layer.style.labels for layer in layers)


def blend_of(layer: LayerPlan) -> Blend:
    """How a layer is laid over those below.  Raises StyleInvalid for a mode that no reader should have let pass."""
    blend = BLENDS.get(layer.style.blend)
    if blend is None:
        raise StyleInvalid(reason=f"no blend mode {layer.style.blend!r}")
    return blend


def _empty(view: MapView) -> Pixels:
    return np.zeros((view.height_px, view.width_px, 4), np.uint8)


def runs_of(layers: tuple[LayerPlan, ...]) -> Iterator[tuple[LayerPlan, ...]]:
    """Layers that are drawn in one go, bottom first: neighbouring vectors of normal blend together, all others alone."""
    run: list[LayerPlan] = []
    for layer in layers:
        if _joins(layer):
            run.append(layer)
            continue
        if run:
            yield tuple(run)
            run = []
        yield (layer,)
    if run:
        yield tuple(run)


def _joins(layer: LayerPlan) -> bool:
    return _is_vector(layer) and blend_of(layer) is over and not isinstance(layer.style.theme, HeatMap)


def _is_vector(layer: LayerPlan) -> bool:
    return isinstance(layer.layer.facts, VectorFacts)


def _draw_run(run: tuple[LayerPlan, ...], view: MapView) -> Pixels:
    if isinstance(run[0].style.theme, HeatMap):
        return fade(draw_heat_map(run[0], view), run[0].style.opacity)
    if _is_vector(run[0]):
        return draw_vectors(run, view)
    return fade(draw_raster(run[0], view), run[0].style.opacity)
