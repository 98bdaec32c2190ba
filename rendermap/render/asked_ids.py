"""Filters of requests that Mapnik cannot ask: the features are looked up first, and asked by their ids.

A column for each such filter would be a copy of the dataset for each; the ids are one column for all of them.  What is too much to
ask is told of what may be seen alone: features that the map does not draw, or that lie elsewhere, are in runs or not as it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.errors import TooCostly
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import Layer
from rendermap.render.feature_shapes import extent_in
from rendermap.render.feature_table import passing_ids
from rendermap.symbology.expressions.tree import FEATURE_ID, And, Column, Comparison, Expression, Literal, Or
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.template import symbols_of

MOST_RUNS = 5_000
"""Of ids, times the symbols that each is asked for: Mapnik reads them all before it draws."""

_TOO_MANY = "The filter picks too many features here and there: without functions it may."
_TOGETHER = 8
_ID = Column(FEATURE_ID)

Run = tuple[int, int]
"""The first and the last id of features that all pass, with none between them that may be seen and does not."""


def with_asked_ids(plan: MapPlan) -> MapPlan:
    """The plan with such filters as ids.  Raises SourceUnreadable, TooCostly."""
    if all(layer.asked is None for layer in plan.layers):
        return plan
    return replace(plan, layers=tuple(_by_ids(layer, plan.clip_deg) for layer in plan.layers))


def _by_ids(plan: LayerPlan, extent_deg: BBox | None) -> LayerPlan:
    if plan.asked is None or not isinstance(plan.layer.facts, VectorFacts) or plan.layer.bbox is None:
        return plan
    runs = _runs(plan.layer, plan.crs, plan.asked, plan.style.filter, extent_deg)
    if len(runs) * max(1, len(symbols_of(plan.style.theme))) > MOST_RUNS:
        raise TooCostly(_TOO_MANY)
    among = condition_of(runs)
    style = replace(plan.style, filter=And((plan.style.filter, among)) if plan.style.filter else among)
    # the same filter is another one where other features may be seen: maps that are kept warm go by the key
    return replace(plan, style=style, style_key=f"{plan.style_key}|{extent_deg}" if extent_deg else plan.style_key, asked=None)


@lru_cache(maxsize=32)
def _runs(layer: Layer, crs: str, asked: Expression, drawn: Expression | None, extent_deg: BBox | None) -> tuple[Run, ...]:
    """drawn: what the style leaves of the layer.  extent_deg: the part of the earth that may be seen, None for all."""
    extent = extent_in(extent_deg, crs, layer.bbox) if extent_deg else None
    ids, passes = passing_ids(layer, asked, drawn, extent)
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
