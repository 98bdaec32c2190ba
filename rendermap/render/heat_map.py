"""Draws how densely points lie, along a ramp.

The density at a place is the sum of all points' weights, each by a bell that is 1 at the point and 0 at the radius.  All tiles of a scale
share the ramp's ends, so the highest density of the whole result is looked for first, see `densities`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WGS84, transformer
from rendermap.geo.extent import is_within
from rendermap.geo.view import MapView
from rendermap.render.densities import Grid, bell, spread
from rendermap.render.warm_points import WARM_POINTS
from rendermap.symbology.ramps import color_at
from rendermap.symbology.style import HeatMap
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT
from rendermap.symbology.symbols import Ramp

_SHADES = 1024
_FADES_IN = 1 / 32
"""The lowest part of the ramp grows out of nothing, lest every lone point stand in a hard-edged patch."""


def draw_heat_map(plan: LayerPlan, view: MapView, clip_deg: BBox | None = None) -> NDArray[np.uint8]:
    """The picture of a heat map: (height, width, 4) uint8, straight alpha, without the layer's opacity.

    Lines and polygons count as one point on them.  clip_deg: points outside it count for nothing.  Raises SourceUnreadable, StyleInvalid.
    """
    theme = plan.style.theme
    if not isinstance(theme, HeatMap):
        raise StyleInvalid(reason=f"a heat map of {type(theme).__name__}")
    if plan.layer.bbox is None:
        return np.zeros((view.height_px, view.width_px, 4), np.uint8)
    radius_px = max(theme.radius_pt * PX_PER_PT * view.pixel_ratio, 1.0)
    warm = WARM_POINTS.get(plan, theme.weight, view.crs)
    low, high = theme.limits or (0.0, warm.peak(_told(view.resolution), radius_px))
    points = warm.near(view, radius_px)
    density = _density(points if clip_deg is None else _within(points, view.crs, clip_deg), view, radius_px)
    return _colored(density, theme.ramp, low, high, plan.style.colors)


def _within(points: NDArray[np.float64], crs: str, clip_deg: BBox) -> NDArray[np.float64]:
    lon, lat = transformer(crs, WGS84).transform(points[:, 0], points[:, 1])
    return points[is_within(clip_deg, np.asarray(lon), np.asarray(lat))]


def _told(resolution: float) -> float:
    """Tiles of one zoom differ in the last digits of their resolution, and must not differ in their colours."""
    return float(f"{resolution:.4g}")


def _density(points: NDArray[np.float64], view: MapView, radius_px: float) -> NDArray[np.float32]:
    margin = math.ceil(radius_px) + 1
    dx, dy = view.bbox.width / view.width_px, view.bbox.height / view.height_px
    grid = Grid(view.bbox.xmin - margin * dx, view.bbox.ymax + margin * dy, dx, dy, view.width_px + 2 * margin, view.height_px + 2 * margin)
    return spread(grid.weights(points), bell(radius_px))[margin:-margin, margin:-margin]


def _colored(density: NDArray[np.float32], ramp: Ramp, low: float, high: float, steps: int) -> NDArray[np.uint8]:
    """Colours by density; where it is not above the low end, nothing, nor below half a step of a ramp in steps."""
    span = high - low if high > low else 1.0
    position = (density - low) / span
    shades = np.array([color_at(ramp, i / (_SHADES - 1)) for i in range(_SHADES)], np.uint8)
    pixels: NDArray[np.uint8] = shades[np.clip(np.rint(position * (_SHADES - 1)), 0, _SHADES - 1).astype(np.intp)]
    fade = position > 0.5 / steps if steps else np.clip(position / _FADES_IN, 0.0, 1.0) ** 2
    pixels[..., 3] = np.rint(pixels[..., 3] * fade)
    return pixels
