"""The too costly is refused before any work, and the limit is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rendermap.dispatch.budget import Limits, check
from rendermap.dispatch.plan import InspectPlan, LegendPlan, MapPlan, MeasurePlan, Plan, SwatchLayer, layer_plan
from rendermap.errors import InvalidSize, RendermapError, TooCostly
from rendermap.symbology.facts import Band, RasterFacts
from rendermap.symbology.style import RGB, Style
from tests.builders.pools import VIEW, filled_layer, told, vector_layer

LIMITS = Limits(max_px=1000, max_pixels=500_000, max_layers=3, max_layer_pixels=1_000_000, max_bands=4, max_swatch_px=100, max_distinct=50)


def sized(width_px: int, height_px: int, layers: int = 1) -> MapPlan:
    """A picture of that size and number of layers."""
    return replace(told("png", *[filled_layer()] * layers), view=replace(VIEW, width_px=width_px, height_px=height_px))


def banded(bands: int) -> MapPlan:
    """A picture of a raster with so many bands."""
    layer = replace(vector_layer(), facts=RasterFacts(9, 9, (Band("uint8"),) * bands, (1.0, 1.0)))
    return told("png", layer_plan(0, layer, "EPSG:3857", Style(RGB())))


def legend(swatch_px: tuple[int, int], pixel_ratio: float = 1.0, layers: int = 1) -> LegendPlan:
    """A legend with swatches of that size."""
    style = filled_layer().style
    return LegendPlan(tuple(SwatchLayer(n, "a", "polygon", style) for n in range(layers)), pixel_ratio, swatch_px)


@pytest.mark.parametrize(
    ("plan", "error", "named"),
    [
        (sized(1001, 1), InvalidSize, "1000"),
        (sized(1, 1001), InvalidSize, "1000"),
        (sized(1000, 501), TooCostly, "500000"),
        (sized(10, 10, layers=4), TooCostly, "3 layers"),
        (sized(700, 700, layers=3), TooCostly, "1000000"),
        (banded(5), TooCostly, "4 bands"),
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
        banded(4),
        legend((100, 100)),
        InspectPlan(vector_layer().source),
        MeasurePlan(vector_layer(), "depth", distinct_limit=50),
    ],
)
def test_within_the_limits_nothing_is_said(plan: Plan) -> None:
    """Limits are inclusive."""
    check(plan, LIMITS)
