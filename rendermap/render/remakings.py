"""Themes that Mapnik draws only from features made ready for them: dots scattered in polygons, very many classes."""

from __future__ import annotations

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import InvalidFilter, StyleInvalid
from rendermap.render.class_columns import ClassColumns, class_columns
from rendermap.render.dots import DOT_COLUMN, Scattering
from rendermap.render.mapnik_filter import Columns
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import Categories, DotDensity

_FEW_COMPARISONS = 200_000
"""Classes times features, up to which a picture of them all is drawn soon enough by rules alone."""

_FEW_CLASSES = 32
"""So many comparisons for each feature of a picture are cheaper than to wait for a copy of the whole dataset."""

_COST_OF_MAKING = 20
"""A comparison with a value made from the feature takes as long as so many with a field."""

AnyRemaking = ClassColumns | Scattering


def remaking_of(plan: LayerPlan, columns: Columns) -> AnyRemaking | None:
    """What must be made of a layer's features first, None for nothing; the columns that come with it are noted in columns.

    Raises StyleInvalid for a field that is not there.
    """
    theme, facts = plan.style.theme, plan.layer.facts
    made: AnyRemaking | None = None
    if isinstance(theme, DotDensity):
        made = Scattering(tuple(dots.value for dots in theme.dots), theme.dot_value, theme.seed)
        columns.added.append(DOT_COLUMN)
    elif isinstance(theme, Categories) and isinstance(facts, VectorFacts) and _is_much(theme, facts.count):
        try:
            made = class_columns(theme, columns)
        except InvalidFilter as error:
            raise StyleInvalid("The layer's symbology names a field that the result does not have.", reason=error.reason) from error
        columns.added += made.names if made else ()
    return made


def _is_much(theme: Categories, count: int) -> bool:
    comparisons = len(theme.classes) * count * (1 if theme.expression is None else _COST_OF_MAKING)
    is_cheap = len(theme.classes) <= _FEW_CLASSES and theme.expression is None
    return not is_cheap and (count < 0 or comparisons > _FEW_COMPARISONS)
