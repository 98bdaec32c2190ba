"""What a request leaves of a layer's features: by its filters, as far as values may be asked about, and by time."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from rendermap.access.grant import Operation
from rendermap.conditions import NEVER, demand_dates, exchanged, with_shape_tests
from rendermap.disclosure import Disclosure
from rendermap.dispatch.plan import LayerPlan
from rendermap.drawables import Drawable
from rendermap.errors import InvalidFilter, NotSupported
from rendermap.queries import UNKNOWN_FIELD
from rendermap.request import TimeSpan
from rendermap.symbology.expressions.native import is_native
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import FEATURE_ID, And, Column, Expression, columns
from rendermap.symbology.facts import VectorFacts
from rendermap.timing import filter_of


def demand_told(where: str, told: Disclosure) -> None:
    """Filters may be used as an oracle for values: they ask for what may be told, and for no number that is told rounded.

    Raises NotSupported for a layer that may only be seen, InvalidFilter.
    """
    if told.level is Operation.VIEW:
        raise NotSupported
    condition = told.spelled_in(with_shape_tests(parse_filter(where), told.fields, NEVER))
    if not told.lets_filter_by(columns(condition)):
        raise InvalidFilter(UNKNOWN_FIELD)
    demand_dates(condition, told.fields)


def at_time(drawable: Drawable, span: TimeSpan, told: Disclosure) -> Drawable:
    """With what a span leaves of a layer with a time that may be asked about."""
    time = told.time_of(drawable)
    if time is None or drawable.tool.id in span.untimed:
        return drawable
    asked = replace(span, start_ms=None) if drawable.tool.id in span.cumulative else span
    where = filter_of(time, asked)
    return replace(drawable, filters=(*drawable.filters, where)) if where else drawable


def filtered(plan: LayerPlan, filter_text: str, told: Disclosure) -> LayerPlan:
    """With what the request asks for on top.  Clients think of as many filters as they like: nothing but the picture is kept of one.

    told: names the features' ids.
    """
    asked = _asked(filter_text, told)
    rest_key = plan.rest_key and _filtered_key(plan.rest_key, asked)
    plan = replace(plan, style_key=_filtered_key(plan.style_key, asked), rest_key=rest_key, is_filtered=True)
    if is_native(asked):
        return replace(plan, style=replace(plan.style, filter=And((plan.style.filter, asked)) if plan.style.filter else asked))
    if not isinstance(plan.layer.facts, VectorFacts):
        raise InvalidFilter("Only layers of features take such a filter.")
    return replace(plan, asked=And((plan.asked, asked)) if plan.asked else asked)


def definition_of(drawable: Drawable, told: Disclosure) -> Expression | None:
    """What of a layer of features is drawn at all, whatever its class; None for all."""
    assert drawable.layer and isinstance(drawable.layer.facts, VectorFacts)
    own = (drawable.style.filter,) if drawable.style and drawable.style.filter else ()
    terms = (*own, *(_asked(text, told) for text in drawable.filters))
    return And(terms) if len(terms) > 1 else terms[0] if terms else None


def _asked(text: str, told: Disclosure) -> Expression:
    """A filter as it is asked below: of features that have a shape, of the very fields it means, and of ids by a name that no field has."""
    condition = with_shape_tests(parse_filter(text), told.fields, NEVER)
    ids = Column(told.id_field) if told.names else None
    return exchanged(told.spelled_in(condition), lambda part: Column(FEATURE_ID) if part == ids else part)


def _filtered_key(key: str, asked: Expression) -> str:
    """Of the whole style it would be dear."""
    return hashlib.blake2b(f"{key}|{asked!r}".encode(), digest_size=16).hexdigest()
