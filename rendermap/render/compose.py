"""Stacks raster and vector layers into one picture, with opacity and blend."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.geo.view import MapView
from rendermap.imaging.blend import fade, multiply, over
from rendermap.render.raster import draw_raster
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.facts import VectorFacts

Pixels = NDArray[np.uint8]
BLENDS: dict[str, Callable[[Pixels, Pixels], Pixels]] = {"normal": over, "multiply": multiply}


def draw(plan: MapPlan) -> Pixels:
    """The picture of a plan before its background: (height, width, 4) uint8, straight alpha.

    Raises SourceUnreadable, StyleInvalid, RenderFailed.
    """
    picture: Pixels | None = None
    for run in runs_of(plan.layers):
        pixels = _draw_run(run, plan.view)
        picture = pixels if picture is None else BLENDS.get(run[0].style.blend, over)(picture, pixels)
    return np.zeros((plan.view.height_px, plan.view.width_px, 4), np.uint8) if picture is None else picture


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
    return _is_vector(layer) and BLENDS.get(layer.style.blend, over) is over


def _is_vector(layer: LayerPlan) -> bool:
    return isinstance(layer.layer.facts, VectorFacts)


def _draw_run(run: tuple[LayerPlan, ...], view: MapView) -> Pixels:
    if _is_vector(run[0]):
        return draw_vectors(run, view)
    return fade(draw_raster(run[0], view), run[0].style.opacity)
