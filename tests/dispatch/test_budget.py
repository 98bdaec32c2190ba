"""The too costly is refused before any work, and the limit is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rendermap.dispatch.budget import Limits, check
from rendermap.dispatch.plan import InspectPlan, LegendPlan, MapPlan, MeasurePlan, Plan, SwatchLayer
from rendermap.errors import InvalidSize, RendermapError, TooCostly
from rendermap.limits import LAYER_PIXELS, PICTURE_LAYERS, PICTURE_PIXELS, PICTURE_SIDE, SWATCH_DEVICE_PIXELS, VALUES
from tests.builders.pools import VIEW, filled_layer, told, vector_layer

LIMITS = Limits(
    side=replace(PICTURE_SIDE, value=1000),
    pixels=replace(PICTURE_PIXELS, value=500_000),
    layers=replace(PICTURE_LAYERS, value=3),
    layer_pixels=replace(LAYER_PIXELS, value=1_000_000),
    swatch_side=replace(SWATCH_DEVICE_PIXELS, value=100),
    values=replace(VALUES, value=50),
)


def sized(width_px: int, height_px: int, layers: int = 1) -> MapPlan:
    """A picture of that size and number of layers."""
    return replace(told("png", *[filled_layer()] * layers), view=replace(VIEW, width_px=width_px, height_px=height_px))


def legend(swatch_px: tuple[int, int], pixel_ratio: float = 1.0, layers: int = 1) -> LegendPlan:
    """A legend with swatches of that size."""
    style = filled_layer().style
    return LegendPlan(tuple(SwatchLayer(n, "a", "polygon", style) for n in range(layers)), pixel_ratio, swatch_px)


@pytest.mark.parametrize(
    ("plan", "error", "named"),
    [
        (sized(1001, 1), InvalidSize, "1000"),
        (sized(1, 1001), InvalidSize, "1000"),
        (sized(1000, 501), TooCostly, "500,000"),
        (sized(10, 10, layers=4), TooCostly, "3 layers"),
        (sized(700, 700, layers=3), TooCostly, "1,000,000"),
        (legend((101, 5)), InvalidSize, "100"),
        (legend((0, 5)), InvalidSize, "100"),
        (legend((20, 20), pixel_ratio=6), InvalidSize, "100"),
        (legend((20, 20), pixel_ratio=float("nan")), InvalidSize, "100"),
        (legend((20, 20), layers=4), TooCostly, "3 layers"),
        (MeasurePlan(vector_layer(), "depth", distinct_limit=51), TooCostly, "50"),
    ],
)
def test_beyond_a_limit_is_refused_by_name(plan: Plan, error: type[RendermapError], named: str) -> None:
    """The sentence says which limit, in words safe for strangers."""
    with pytest.raises(error, match=named):
        check(plan, LIMITS)


@pytest.mark.parametrize(
    "plan",
    [
        sized(1000, 500),
        sized(577, 577, layers=3),
        legend((100, 100)),
        InspectPlan(vector_layer().source),
        MeasurePlan(vector_layer(), "depth", distinct_limit=50),
    ],
)
def test_within_the_limits_nothing_is_said(plan: Plan) -> None:
    """Limits are inclusive."""
    check(plan, LIMITS)
