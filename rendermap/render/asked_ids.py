"""Filters of requests that Mapnik cannot ask: the features are looked up first, and asked by their ids.

A column for each such filter would be a copy of the dataset for each; the ids are one column for all of them.  What is too much to
ask is told of what may be seen alone: features that the map does not draw, or that lie elsewhere, are in runs or not as it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import shapely

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.errors import InvalidParameter, TooCostly
from rendermap.geo.bbox import BBox
from rendermap.geo.shape import box_shape
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.feature_shapes import extent_in, query_geometry, turned_onto
from rendermap.render.feature_table import passing_ids
from rendermap.request import SpatialFilter
from rendermap.symbology.expressions.tree import FEATURE_ID, And, Column, Comparison, Expression, Literal, Or
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import HeatMap
from rendermap.symbology.template import reach_pt, symbols_of

MOST_RUNS = 5_000
"""Of ids, times the symbols that each is asked for: Mapnik reads them all before it draws."""

_TOO_MANY = "The filter picks too many features here and there: nearer by, or without functions, it may."
_TOGETHER = 8
_ID = Column(FEATURE_ID)

Run = tuple[int, int]
"""The first and the last id of features that all pass, with none between them that may be seen and does not."""


def with_asked_ids(plan: MapPlan) -> MapPlan:
    """The plan with such filters as ids.  Raises SourceUnreadable, TooCostly."""
    if all(layer.asked is None for layer in plan.layers):
        return plan
    return replace(plan, layers=tuple(_by_ids(layer, plan.view, plan.clip_deg) for layer in plan.layers))


def _by_ids(plan: LayerPlan, view: MapView, extent_deg: BBox | None) -> LayerPlan:
    if plan.asked is None or not isinstance(plan.layer.facts, VectorFacts) or plan.layer.bbox is None:
        return plan
    # of the whole map where that can be: it is kept warm for other views
    near = None
    runs = _runs(plan.layer, plan.crs, plan.asked, plan.style.filter, extent_deg, near)
    if _are_too_many(runs, plan):
        near = _near(view, plan)
        runs = _runs(plan.layer, plan.crs, plan.asked, plan.style.filter, extent_deg, near) if near else runs
    if _are_too_many(runs, plan):
        raise TooCostly(_TOO_MANY)
    among = condition_of(runs)
    style = replace(plan.style, filter=And((plan.style.filter, among)) if plan.style.filter else among)
    # the same filter is another one where other features may be seen: maps that are kept warm go by the key
    return replace(plan, style=style, style_key=f"{plan.style_key}|{extent_deg}|{near}", asked=None)


def _are_too_many(runs: Sequence[Run], plan: LayerPlan) -> bool:
    return len(runs) * max(1, len(symbols_of(plan.style.theme))) > MOST_RUNS


def _near(view: MapView, plan: LayerPlan) -> SpatialFilter | None:
    """Where features leave a trace in a view; None where others do as well: by labels, by a heat map's peak, from a grid's one picture."""
    if plan.style.labels or plan.finest or isinstance(plan.style.theme, HeatMap):
        return None
    box, pixel = view.bbox, max(view.bbox.width / view.width_px, view.bbox.height / view.height_px)
    # what is straight in one reference system bulges in another
    reach = pixel * (reach_pt(plan.style) * 2 * view.pixel_ratio + 4) + max(box.width, box.height) * 0.01
    return SpatialFilter(box_shape(*box.corners), view.crs, reach=reach)


@lru_cache(maxsize=32)
def _runs(
    layer: Layer, crs: str, asked: Expression, drawn: Expression | None, extent_deg: BBox | None, near: SpatialFilter | None
) -> tuple[Run, ...]:
    """drawn: what the style leaves of the layer.  extent_deg: the part of the earth that may be seen, near: that is; None for all."""
    places = [extent_in(extent_deg, crs, layer.bbox)] if extent_deg else []
    try:
        places += [turned_onto(query_geometry(near, crs), crs, layer.bbox)] if near else []
    except InvalidParameter:
        raise TooCostly(_TOO_MANY) from None
    ids, passes = passing_ids(layer, asked, drawn, shapely.intersection_all(places) if places else None)
    order = np.argsort(ids, kind="stable")
    ids, passes = ids[order], passes[order]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], passes, [False]]).astype(np.int8)))
    return tuple((int(ids[first]), int(ids[after - 1])) for first, after in edges.reshape(-1, 2).tolist())


def condition_of(runs: Sequence[Run]) -> Expression:
    """True of the ids in the runs, which are in order; asked in as many steps as the count of runs has binary digits."""
    if not runs:
        return Comparison("=", Literal(0), Literal(1))
    if len(runs) <= _TOGETHER:
        terms = tuple(map(_within, runs))
        return terms[0] if len(terms) == 1 else Or(terms)
    middle = len(runs) // 2
    first = Literal(runs[middle][0])
    low, high = Comparison("<", _ID, first), Comparison(">=", _ID, first)
    return Or((And((low, condition_of(runs[:middle]))), And((high, condition_of(runs[middle:])))))


def _within(run: Run) -> Expression:
    first, last = run
    if first == last:
        return Comparison("=", _ID, Literal(first))
    return And((Comparison(">=", _ID, Literal(first)), Comparison("<=", _ID, Literal(last))))
