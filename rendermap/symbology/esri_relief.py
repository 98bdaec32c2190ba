"""Shaded relief in Esri documents, which spell its numbers alike."""

from __future__ import annotations

from rendermap.symbology.document import Node
from rendermap.symbology.raster_themes import ShadedRelief, StretchKind, StretchRecipe
from rendermap.symbology.symbols import Ramp

_SIZE_POWER, _SIZE_FACTOR = 0.664, 0.024


def relief_of(node: Node, ramp: Ramp | None, *, is_adjusted: bool, is_multidirectional: bool) -> ShadedRelief:
    """is_adjusted: the factor of the heights grows with the size of the cells."""
    return ShadedRelief(
        node.number("azimuth", 315.0) % 360,
        min(max(node.number("altitude", 45.0), 0.0), 90.0),
        node.number("zFactor", 1.0) or 1.0,
        ramp,
        StretchRecipe(StretchKind.MINIMUM_MAXIMUM) if ramp else None,
        is_multidirectional=is_multidirectional,
        size_factor=node.number("pixelSizeFactor", _SIZE_FACTOR) if is_adjusted else 0.0,
        size_power=min(max(node.number("pixelSizePower", _SIZE_POWER), 0.0), 4.0) if is_adjusted else 0.0,
    )
