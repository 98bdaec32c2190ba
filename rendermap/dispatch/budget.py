"""What a plan will cost, and where it is refused before any work is done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rendermap.dispatch.plan import LegendPlan, MapPlan, MeasurePlan, Plan
from rendermap.errors import InvalidSize, TooCostly
from rendermap.limits import LAYER_PIXELS, PICTURE_LAYERS, PICTURE_PIXELS, PICTURE_SIDE, SWATCH_DEVICE_PIXELS, VALUES, Limit


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one plan may ask for.

    side, swatch_side: of a picture and of a legend's swatch.  pixels: of a picture.  layer_pixels: of a picture times its layers, for every
    layer needs a picture of its own (4 bytes per pixel).  values: different ones that are listed.
    """

    side: Limit = PICTURE_SIDE
    pixels: Limit = PICTURE_PIXELS
    layers: Limit = PICTURE_LAYERS
    layer_pixels: Limit = LAYER_PIXELS
    swatch_side: Limit = SWATCH_DEVICE_PIXELS
    values: Limit = VALUES

    @property
    def max_px(self) -> int:
        """Longest side of a picture."""
        return self.side.value


def limits_of(*, max_px: int) -> Limits:
    """The usual limits with those that a service chose."""
    return Limits(side=replace(PICTURE_SIDE, value=max_px))


def check(plan: Plan, limits: Limits) -> None:
    """Refuse the too costly.  Raises InvalidSize for a picture or swatch out of bounds, TooCostly for the rest; both name the limit."""
    if isinstance(plan, MapPlan):
        _check_map(plan, limits)
    elif isinstance(plan, LegendPlan):
        _check_legend(plan, limits)
    elif isinstance(plan, MeasurePlan):
        _at_most(plan.distinct_limit, limits.values)


def _check_map(plan: MapPlan, limits: Limits) -> None:
    width_px, height_px = plan.view.width_px, plan.view.height_px
    if max(width_px, height_px) > limits.side.value:
        raise InvalidSize(limits.side.sentence)
    _at_most(width_px * height_px, limits.pixels)
    _at_most(len(plan.layers), limits.layers)
    _at_most(width_px * height_px * len(plan.layers), limits.layer_pixels)


def _check_legend(plan: LegendPlan, limits: Limits) -> None:
    side_px = max(plan.swatch_px) * plan.pixel_ratio
    if min(plan.swatch_px) < 1 or not 0 < side_px <= limits.swatch_side.value:
        raise InvalidSize(limits.swatch_side.sentence)
    _at_most(len(plan.layers), limits.layers)


def _at_most(asked: int, limit: Limit) -> None:
    if asked > limit.value:
        raise TooCostly(limit.against(asked))
