"""A resolved stretch as a function: values to places on the ramp, and back.  Painting and legend share it, so they cannot disagree."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.symbology import ramps
from rendermap.symbology.style import StretchKind, StretchRecipe
from rendermap.symbology.symbols import Ramp

Floats = NDArray[np.float64]
MIDDLE = 0.5
_STOPS = 65


def is_flat(low: float, high: float) -> bool:
    """True when no value can be told from another: all are drawn in the middle of the ramp."""
    return not (math.isfinite(low) and math.isfinite(high) and high > low)


def places_of(recipe: StretchRecipe, values: NDArray[Any], low: float, high: float) -> Floats:
    """Places on the ramp, 0 to 1, of values stretched between low and high."""
    if is_flat(low, high):
        return np.full(np.shape(values), MIDDLE)
    places = _bent(recipe, np.asarray(values, np.float64), low, high)
    return 1.0 - places if recipe.invert else places


def value_at(recipe: StretchRecipe, place: float) -> float:
    """The value that is drawn at a place of the ramp: the inverse of `places_of`; recipe must have its limits, and must be rising."""
    low, high = recipe.limits or recipe.template_limits or (0.0, 1.0)
    place = 1.0 - place if recipe.invert else place
    straight = min(max(place, 0.0), 1.0) ** recipe.gamma if recipe.gamma > 0 else place
    if recipe.curve:
        values, places = zip(*recipe.curve, strict=True)
        return float(min(max(np.interp(straight, places, values), low), high))
    return low + (high - low) * straight


def is_rising(recipe: StretchRecipe) -> bool:
    """True when no value lies lower on the ramp than a smaller one."""
    return all(a <= b for (_, a), (_, b) in pairwise(recipe.curve))


def _bent(recipe: StretchRecipe, values: Floats, low: float, high: float) -> Floats:
    if recipe.curve:
        known, places = zip(*recipe.curve, strict=True)
        bent = np.clip(np.interp(np.clip(values, low, high), known, places), 0.0, 1.0)
    else:
        bent = np.clip((values - low) / (high - low), 0.0, 1.0)
    if recipe.gamma > 0 and recipe.gamma != 1.0:
        bent = bent ** (1.0 / recipe.gamma)
    return np.asarray(bent, np.float64)


@dataclass(frozen=True, slots=True)
class LegendRamp:
    """A ramp as a legend shows it, from the lowest value (share 0) to the highest (share 1).

    low, high: the places on ramp of the lowest and the highest value.
    """

    ramp: Ramp
    low: float
    high: float
    recipe: StretchRecipe

    @classmethod
    def of(cls, ramp: Ramp, recipe: StretchRecipe) -> LegendRamp:
        """The ramp as painting uses it: turned round where inverted, and of values at equal steps where a curve goes up and down."""
        low, high = recipe.limits or recipe.template_limits or (0.0, 1.0)
        if not is_rising(recipe):
            places = places_of(recipe, np.linspace(low, high, _STOPS), low, high)
            stops = zip(np.linspace(0, 1, _STOPS), places, strict=True)
            straight = replace(recipe, kind=StretchKind.CUSTOM, curve=(), gamma=1.0, invert=False)
            return cls(Ramp(tuple((float(share), ramps.color_at(ramp, float(place))) for share, place in stops)), 0.0, 1.0, straight)
        upright = replace(recipe, invert=False)
        first, last = places_of(upright, np.asarray([low, high]), low, high)
        return cls(ramps.reverse(ramp) if recipe.invert else ramp, float(first), float(last), upright)

    def place_at(self, share: float) -> float:
        """The place on the ramp."""
        return self.low + (self.high - self.low) * share

    def recipe_value(self, place: float) -> float:
        """The value that is drawn in the colour at a place on the ramp."""
        return value_at(self.recipe, place)

    def value_at(self, share: float) -> float:
        """The value that is drawn in the colour at a share."""
        return value_at(self.recipe, self.place_at(share))
