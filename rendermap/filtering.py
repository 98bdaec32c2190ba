"""What a request leaves of a layer's features: by its filters, as far as values may be asked about, and by time."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from rendermap.access.grant import Operation
from rendermap.disclosure import Disclosure
from rendermap.dispatch.plan import LayerPlan
from rendermap.drawables import Drawable
from rendermap.errors import InvalidFilter, NotSupported
from rendermap.queries import UNKNOWN_FIELD
from rendermap.request import TimeSpan
from rendermap.symbology.expressions.native import is_native
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import And, Expression, columns
from rendermap.timing import filter_of


def demand_told(where: str, told: Disclosure) -> None:
    """Filters may be used as an oracle for values: they ask for what may be told, and for no number that is told rounded.

    Raises NotSupported for a layer that may only be seen, InvalidFilter.
    """
    if told.level is Operation.VIEW:
        raise NotSupported
    if not told.lets_filter_by(columns(parse_filter(where))):
        raise InvalidFilter(UNKNOWN_FIELD)


def at_time(drawable: Drawable, span: TimeSpan) -> Drawable:
    """With what a span leaves of a layer with a time."""
    if drawable.time is None or drawable.tool.id in span.untimed:
        return drawable
    asked = replace(span, start_ms=None) if drawable.tool.id in span.cumulative else span
    where = filter_of(drawable.time, asked)
    return replace(drawable, filters=(*drawable.filters, where)) if where else drawable


def filtered(plan: LayerPlan, filter_text: str) -> LayerPlan:
    """With what the request asks for on top.  Clients think of as many filters as they like: nothing but the picture is kept of one."""
    asked = parse_filter(filter_text)
    if not is_native(asked):
        # each would cost a copy of the dataset
        raise InvalidFilter("A filter in a request may not use functions.")
    style = replace(plan.style, filter=And((plan.style.filter, asked)) if plan.style.filter else asked)
    rest_key = plan.rest_key and _filtered_key(plan.rest_key, asked)
    return replace(plan, style=style, style_key=_filtered_key(plan.style_key, asked), rest_key=rest_key, is_filtered=True)


def _filtered_key(key: str, asked: Expression) -> str:
    """Of the whole style it would be dear."""
    return hashlib.blake2b(f"{key}|{asked!r}".encode(), digest_size=16).hexdigest()
