"""Stretch recipes met with a band's numbers: the limits, and the curve of those that are no straight line.

Limits and curves follow Esri's descriptions of its stretch types.  Where Esri publishes no formula (square root, logarithm, its own
stretch), the usual one of image processing is used; `docs/symbology.md` gives each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rendermap.symbology.facts import Band, Measures
from rendermap.symbology.style import Classification, StatisticsSource, StretchKind, StretchRecipe

_CURVE_POINTS = 65
_DEFAULT_PERCENTS = (0.5, 0.5)
_LOGARITHM_STEPS = 255.0
_ESRI_STEEPNESS = 1.5
Floats = NDArray[np.float64]
Curve = tuple[tuple[float, float], ...]
_BENT = (StretchKind.SQUARE_ROOT, StretchKind.LOGARITHM, StretchKind.SIGMOID)


def is_open(recipe: StretchRecipe, band: Band, classification: Classification) -> bool:
    """True when the recipe's limits are to be taken from the result."""
    if recipe.source is StatisticsSource.VIEW or _template_limits(recipe, classification) is not None:
        return False
    return not _takes_range(recipe, band)


def resolve(recipe: StretchRecipe, band: Band, measures: Measures | None, classification: Classification) -> StretchRecipe:
    """The recipe with limits, and its curve where it has one.  A band of no values gets 0 to 1, which draws nothing wrong.

    A recipe of the view's statistics stays as it is: its limits are taken for each picture.
    """
    if recipe.source is StatisticsSource.VIEW:
        return replace(recipe, limits=None)
    given = _template_limits(recipe, classification)
    if given is not None:
        kept = recipe.curve if recipe.limits is not None else recipe.template_curve
        return bend(replace(recipe, limits=given, curve=kept))
    return resolve_by(recipe, band, measures)


def resolve_by(recipe: StretchRecipe, band: Band, measures: Measures | None) -> StretchRecipe:
    """The recipe with limits and curve of these numbers, whatever the template's were."""
    recipe = replace(recipe, curve=())
    if _takes_range(recipe, band):
        return replace(recipe, limits=_range_of(band))
    if measures is None or measures.minimum is None or measures.maximum is None:
        return replace(recipe, limits=(0.0, 1.0))
    return made_from(recipe, measures)


def made_from(recipe: StretchRecipe, measures: Measures) -> StretchRecipe:
    """The recipe with limits and curve of measured numbers, of which there must be some."""
    low, high = measures.minimum or 0.0, measures.maximum or 0.0
    make = _CURVES.get(recipe.kind)
    if make is not None and len(measures.percentiles) > 2 and high > low:
        curve = make(recipe, measures)
        return replace(recipe, limits=(curve[0][0], curve[-1][0]), curve=curve) if len(curve) > 1 else replace(recipe, limits=(low, high))
    return bend(replace(recipe, limits=_limits(recipe, measures, low, high)))


def bend(recipe: StretchRecipe) -> StretchRecipe:
    """The recipe with the curve that its kind has between its limits."""
    if recipe.kind not in _BENT or recipe.curve or recipe.limits is None or not recipe.limits[1] > recipe.limits[0]:
        return recipe
    low, high = recipe.limits
    even = np.linspace(0.0, 1.0, _CURVE_POINTS)
    if recipe.kind is StretchKind.SQUARE_ROOT:
        shares, places = even**2, even
    elif recipe.kind is StretchKind.LOGARITHM:
        shares, places = ((1 + _LOGARITHM_STEPS) ** even - 1) / _LOGARITHM_STEPS, even
    else:
        shares, places = even, _sigmoid(recipe.strength * (2 * even - 1))
    return replace(recipe, curve=_pairs(low + (high - low) * shares, places))


def percentile(measures: Measures, percent: float) -> float | None:
    """A percentile of the measured values, None when there is none."""
    if not measures.percentiles:
        return None
    positions = np.linspace(0.0, 100.0, len(measures.percentiles))
    return float(np.interp(percent, positions, measures.percentiles))


def invert_shares(below: Floats, edges: Floats, shares: Floats) -> Floats:
    """Where given shares of all lie below, when below tells it for each edge; empty steps are jumped over."""
    rising = below + np.arange(len(below)) * 1e-12
    return np.asarray(np.interp(shares, rising, edges), np.float64)


def bell(count: int = 64) -> tuple[float, ...]:
    """The target of a Gaussian stretch: a normal distribution whose third deviations are the ramp's ends."""
    centers = (np.arange(count) + 0.5) / count * 6 - 3
    return tuple(float(v) for v in np.exp(-(centers**2) / 2))


def _template_limits(recipe: StretchRecipe, classification: Classification) -> tuple[float, float] | None:
    if classification is Classification.FROM_RESULT:
        return None
    if recipe.limits is not None:
        return recipe.limits
    return recipe.template_limits if classification is Classification.AS_TEMPLATE else None


def _takes_range(recipe: StretchRecipe, band: Band) -> bool:
    """True when the sample type alone decides: no stretch at all, or that of the source, which is none for bytes."""
    if recipe.kind is StretchKind.NONE:
        return _range_of(band) is not None
    return recipe.kind is StretchKind.DEFAULT_FROM_SOURCE and np.dtype(band.dtype).itemsize == 1


def _range_of(band: Band) -> tuple[float, float] | None:
    """What samples of up to sixteen bits can be; wider ones are never used to their ends."""
    kind = np.dtype(band.dtype)
    if kind.kind == "b":
        return 0.0, 1.0
    if kind.kind not in "iu" or kind.itemsize > 2:
        return None
    return float(np.iinfo(kind).min), float(np.iinfo(kind).max)


def _limits(recipe: StretchRecipe, measures: Measures, low: float, high: float) -> tuple[float, float]:
    found = low, high
    if recipe.kind in (StretchKind.PERCENT_CLIP, StretchKind.DEFAULT_FROM_SOURCE):
        below, above = recipe.percents if recipe.kind is StretchKind.PERCENT_CLIP else _DEFAULT_PERCENTS
        clipped = percentile(measures, below), percentile(measures, 100 - above)
        found = (low if clipped[0] is None else clipped[0], high if clipped[1] is None else clipped[1])
    elif recipe.kind is StretchKind.STANDARD_DEVIATIONS and measures.mean is not None and measures.deviation is not None:
        half = recipe.deviations * measures.deviation
        found = max(low, measures.mean - half), min(high, measures.mean + half)
    # Nearly constant data has equal percentiles: its whole range shows the little there is.
    return found if found[1] > found[0] else (low, high)


# --- curves ------------------------------------------------------------------------------------------------------------


def _equalized(recipe: StretchRecipe, measures: Measures) -> Curve:
    """As many values below a place as the place says."""
    return _ranked(measures, np.linspace(0.0, 1.0, _CURVE_POINTS), np.linspace(0.0, 1.0, _CURVE_POINTS))


def _specified(recipe: StretchRecipe, measures: Measures) -> Curve:
    """As many values below a place as the target has; equal shares where there is no target."""
    counts = np.asarray([max(count, 0.0) for count in recipe.target])
    if len(counts) < 2 or not counts.sum() > 0:
        return _equalized(recipe, measures)
    below = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    shares = np.linspace(0.0, 1.0, len(measures.percentiles))
    places = invert_shares(below, np.linspace(0.0, 1.0, len(below)), shares)
    return _ranked(measures, shares, places)


def _ranked(measures: Measures, shares: Floats, places: Floats) -> Curve:
    """The values below which given shares of all lie, at places; a value that takes several stands in their middle."""
    values = np.interp(shares * 100, np.linspace(0.0, 100.0, len(measures.percentiles)), measures.percentiles)
    distinct, first = np.unique(values, return_index=True)
    last = len(values) - 1 - np.unique(values[::-1], return_index=True)[1]
    middle = (places[first] + places[last]) / 2
    middle[0], middle[-1] = places[0], places[-1]
    return _pairs(distinct, middle)


def _around_mean(recipe: StretchRecipe, measures: Measures) -> Curve:
    """An S around the mean, from the least value at one end of the ramp to the greatest at the other."""
    values = np.linspace(measures.minimum or 0.0, measures.maximum or 0.0, _CURVE_POINTS)
    center = measures.mean if recipe.center is None else recipe.center
    rise = _sigmoid(_ESRI_STEEPNESS * (values - (center or 0.0)) / (measures.deviation or 1.0))
    span = rise[-1] - rise[0]
    return _pairs(values, (rise - rise[0]) / span) if span > 0 else ()


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))), np.float64)


def _pairs(values: Floats, places: Floats) -> Curve:
    return tuple((float(v), float(p)) for v, p in zip(values, places, strict=True))


_CURVES: dict[StretchKind, Callable[[StretchRecipe, Measures], Curve]] = {
    StretchKind.HISTOGRAM_EQUALIZE: _equalized,
    StretchKind.HISTOGRAM_SPECIFICATION: _specified,
    StretchKind.ESRI: _around_mean,
}
