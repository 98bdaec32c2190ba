"""Stacks raster and vector layers into one picture, with opacity and blend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.errors import StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.lattice import Lattice, lattice_of
from rendermap.geo.view import MapView
from rendermap.imaging.blend import BLENDS, Blend, fade, over
from rendermap.imaging.palette import Indexed
from rendermap.render.clip import clipped
from rendermap.render.heat_map import draw_heat_map
from rendermap.render.labels import draw_labels
from rendermap.render.one_picture import OnePicture, cut_from
from rendermap.render.raster import draw_raster
from rendermap.render.raster_classes import draw_classes
from rendermap.render.raster_steps import draw_steps
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import HeatMap, Stretch

Pixels = NDArray[np.uint8]


def draw(plan: MapPlan) -> Pixels:
    """The picture of a plan before its background: (height, width, 4) uint8, straight alpha.

    Raises SourceUnreadable, StyleInvalid, RenderFailed.
    """
    picture: Pixels | None = None
    for run in runs_of(plan.layers):
        blend, pixels = blend_of(run[0]), _draw_shown(run, plan)
        # The first is laid over nothing, where some modes show nothing.
        below = _empty(plan.view) if picture is None and blend is not over else picture
        picture = pixels if below is None else blend(below, pixels)
    picture = _empty(plan.view) if picture is None else picture
    for labels in _draw_labels(plan) if has_labels(plan.layers) else ():
        picture = over(picture, labels)
    return clipped(picture, plan.view, plan.clip_deg)


def draw_plain(plan: MapPlan) -> Indexed | Pixels | None:
    """The very picture of `draw` where all there is to it are a raster's classes or its ramp, mostly with its palette; else None.

    Raises as `draw`.
    """
    if len(plan.layers) != 1 or plan.background is not None or plan.clip_deg is not None:
        return None
    layer = plan.layers[0]
    if _is_vector(layer) or layer.finest or layer.style.labels or layer.style.opacity != 1 or blend_of(layer) is not over:
        return None
    return (draw_steps if isinstance(layer.style.theme, Stretch) else draw_classes)(layer, plan.view)


def _draw_labels(plan: MapPlan) -> Iterator[Pixels]:
    """The labels of the layers drawn as they are in one pass, and in one more those of all that are cut from one grid."""
    labelled = [layer for layer in plan.layers if layer.style.labels]
    for finest in dict.fromkeys(layer.finest for layer in labelled):
        layers = tuple(layer for layer in labelled if layer.finest == finest)
        lattice = Lattice(finest.dx, finest.dy, 0.0, 0.0) if finest else plan.lattice or lattice_of(plan.view)
        labels = _shown("labels", layers, plan, partial(draw_labels, layers, lattice=lattice, clip_deg=plan.clip_deg))
        if labels is not None:
            yield labels


def _draw_shown(run: tuple[LayerPlan, ...], plan: MapPlan) -> Pixels:
    drawn = _shown("run", run, plan, partial(_draw_run, run, clip_deg=plan.clip_deg))
    return _empty(plan.view) if drawn is None else drawn


def _shown(what: str, layers: tuple[LayerPlan, ...], plan: MapPlan, draw_in: Callable[[MapView], Pixels | None]) -> Pixels | None:
    """What draw_in draws of layers in the plan's view, or what the view shows of the one picture that the layers are cut from."""
    finest = layers[0].finest
    if finest is None:
        return draw_in(plan.view)
    drawn = tuple((p.layer.source, p.layer.reader, p.layer.encoding, p.crs, p.style_key) for p in layers)
    return cut_from(OnePicture(finest, (what, drawn, plan.clip_deg), draw_in), plan.view)


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
    """Layers that are drawn in one go, bottom first: neighbouring vectors of normal blend and one grid together, all others alone."""
    run: list[LayerPlan] = []
    for layer in layers:
        if run and not (_joins(layer) and layer.finest == run[0].finest):
            yield tuple(run)
            run = []
        if _joins(layer):
            run.append(layer)
        else:
            yield (layer,)
    if run:
        yield tuple(run)


def _joins(layer: LayerPlan) -> bool:
    return _is_vector(layer) and blend_of(layer) is over and not isinstance(layer.style.theme, HeatMap)


def _is_vector(layer: LayerPlan) -> bool:
    return isinstance(layer.layer.facts, VectorFacts)


def _draw_run(run: tuple[LayerPlan, ...], view: MapView, clip_deg: BBox | None) -> Pixels:
    if isinstance(run[0].style.theme, HeatMap):
        return fade(draw_heat_map(run[0], view, clip_deg), run[0].style.opacity)
    if _is_vector(run[0]):
        return draw_vectors(run, view, clip_deg)
    return fade(draw_raster(run[0], view, clip_deg), run[0].style.opacity)
