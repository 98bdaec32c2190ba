"""Stretch recipes met with a band's numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rendermap.symbology.facts import Band, Measures
from rendermap.symbology.style import Classification, StretchKind, StretchRecipe

_CURVE_POINTS = 65


def is_open(recipe: StretchRecipe, band: Band, classification: Classification) -> bool:
    """True when the recipe's limits are to be taken from the result."""
    if _template_limits(recipe, classification) is not None:
        return False
    return recipe.kind is not StretchKind.NONE or _range_of(band) is None


def resolve(recipe: StretchRecipe, band: Band, measures: Measures | None, classification: Classification) -> StretchRecipe:
    """The recipe with limits, and its curve where it equalises.  A band of no values gets 0 to 1, which draws nothing wrong."""
    given = _template_limits(recipe, classification)
    if given is None and recipe.kind is StretchKind.NONE:
        given = _range_of(band)
    if given is not None:
        return replace(recipe, limits=given)
    if measures is None or measures.minimum is None or measures.maximum is None:
        return replace(recipe, limits=(0.0, 1.0))
    if recipe.kind is StretchKind.HISTOGRAM_EQUALIZE and len(measures.percentiles) > 2:
        return _equalized(recipe, measures)
    return replace(recipe, limits=_limits(recipe, measures, measures.minimum, measures.maximum))


def percentile(measures: Measures, percent: float) -> float | None:
    """A percentile of the measured values, None when there is none."""
    if not measures.percentiles:
        return None
    positions = np.linspace(0.0, 100.0, len(measures.percentiles))
    return float(np.interp(percent, positions, measures.percentiles))


def _template_limits(recipe: StretchRecipe, classification: Classification) -> tuple[float, float] | None:
    if classification is Classification.FROM_RESULT:
        return None
    if recipe.limits is not None:
        return recipe.limits
    return recipe.template_limits if classification is Classification.AS_TEMPLATE else None


def _range_of(band: Band) -> tuple[float, float] | None:
    """What samples of eight bits can be; wider types are rarely used to their ends."""
    return {"uint8": (0.0, 255.0), "int8": (-128.0, 127.0), "bool": (0.0, 1.0)}.get(band.dtype)


def _limits(recipe: StretchRecipe, measures: Measures, low: float, high: float) -> tuple[float, float]:
    found = low, high
    if recipe.kind is StretchKind.PERCENT_CLIP:
        clipped = percentile(measures, recipe.percents[0]), percentile(measures, 100 - recipe.percents[1])
        found = (low if clipped[0] is None else clipped[0], high if clipped[1] is None else clipped[1])
    elif recipe.kind is StretchKind.STANDARD_DEVIATIONS and measures.mean is not None and measures.deviation is not None:
        half = recipe.deviations * measures.deviation
        found = max(low, measures.mean - half), min(high, measures.mean + half)
    # Nearly constant data has equal percentiles: its whole range shows the little there is.
    return found if found[1] > found[0] else (low, high)


def _equalized(recipe: StretchRecipe, measures: Measures) -> StretchRecipe:
    """As many values below a position as the position says."""
    positions = np.linspace(0.0, 1.0, _CURVE_POINTS)
    values = np.interp(positions * 100, np.linspace(0.0, 100.0, len(measures.percentiles)), measures.percentiles)
    distinct, first = np.unique(values, return_index=True)
    last = len(values) - 1 - np.unique(values[::-1], return_index=True)[1]
    middle = (positions[first] + positions[last]) / 2
    middle[0], middle[-1] = 0.0, 1.0
    curve = tuple((float(v), float(p)) for v, p in zip(distinct, middle, strict=True))
    return replace(recipe, limits=(float(values[0]), float(values[-1])), curve=curve if len(curve) > 1 else ())
