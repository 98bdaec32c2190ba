"""What a plan will cost, and where it is refused before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rendermap.dispatch.plan import LegendPlan, MapPlan, MeasurePlan, Plan
from rendermap.errors import InvalidSize, TooCostly
from rendermap.jobs.job import Layer
from rendermap.symbology.facts import RasterFacts


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one plan may ask for.

    max_px: longest side of a picture.  max_pixels: its area.  max_layers: drawn in one picture.  max_layer_pixels: area times layers,
    for every layer needs a picture of its own (4 bytes per pixel).  max_bands: of a raster.  max_swatch_px: longest side of a legend
    swatch in device pixels.  max_distinct: different values counted.
    """

    max_px: int = 4096
    max_pixels: int = 4096 * 4096
    max_layers: int = 64
    max_layer_pixels: int = 16 * 4096 * 4096
    max_bands: int = 1024
    max_swatch_px: int = 400
    max_distinct: int = 10_000


def check(plan: Plan, limits: Limits) -> None:
    """Refuse the too costly.  Raises InvalidSize for a picture or swatch out of bounds, TooCostly for the rest; both name the limit."""
    if isinstance(plan, MapPlan):
        _check_map(plan, limits)
    elif isinstance(plan, LegendPlan):
        _check_legend(plan, limits)
    elif isinstance(plan, MeasurePlan):
        _check_bands([plan.layer], limits)
        _at_most(plan.distinct_limit, limits.max_distinct, "different values")


def _check_map(plan: MapPlan, limits: Limits) -> None:
    width_px, height_px = plan.view.width_px, plan.view.height_px
    if max(width_px, height_px) > limits.max_px:
        raise InvalidSize(f"A picture may be at most {limits.max_px} pixels wide and high.")
    _at_most(width_px * height_px, limits.max_pixels, "pixels in a picture")
    _at_most(len(plan.layers), limits.max_layers, "layers in a picture")
    _at_most(width_px * height_px * len(plan.layers), limits.max_layer_pixels, "pixels in all layers of a picture together")
    _check_bands((layer.layer for layer in plan.layers), limits)


def _check_legend(plan: LegendPlan, limits: Limits) -> None:
    side_px = max(plan.swatch_px) * plan.pixel_ratio
    if min(plan.swatch_px) < 1 or not 0 < side_px <= limits.max_swatch_px:
        raise InvalidSize(f"A swatch may be at most {limits.max_swatch_px} pixels wide and high.")
    _at_most(len(plan.layers), limits.max_layers, "layers in a legend")


def _check_bands(layers: Iterable[Layer], limits: Limits) -> None:
    for layer in layers:
        if isinstance(layer.facts, RasterFacts):
            _at_most(len(layer.facts.bands), limits.max_bands, "bands in a raster")


def _at_most(asked: int, limit: int, what: str) -> None:
    if asked > limit:
        raise TooCostly(f"At most {limit} {what} are allowed; {asked} were asked for.")
