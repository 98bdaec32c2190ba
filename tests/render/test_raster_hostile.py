"""Raster styles and rasters with numbers nobody means: drawn or refused in words, never broken, never a warning of the machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rendermap.dispatch.plan import MeasurePlan, layer_plan
from rendermap.errors import StyleInvalid
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.measure import measure
from rendermap.render.raster import draw_raster
from rendermap.symbology import ramps
from rendermap.symbology.classify import fit, needs
from rendermap.symbology.document import Node
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.lyrx.colorizers import read_colorizer
from rendermap.symbology.style import Classification, Stretch, StretchRecipe, Style
from tests.builders.rasters import write_array
from tests.builders.styles import rgb
from tests.builders.views import look

NUMBERS = (0, 1, -1, 2.5, 5, 100, 255, 1e300, -1e300, 1e-300, -1.797e308)
KINDS = ("Stretch", "Classify", "UniqueValue", "ColorMap", "RGB", "CMYK", "DiscreteColor", "ShadedRelief", "VectorField")
STRETCHES = (
    "None",
    "DefaultFromSource",
    "Custom",
    "StandardDeviations",
    "HistogramEqualize",
    "MinimumMaximum",
    "HistogramSpecification",
    "PercentMinimumMaximum",
    "Count",
    "ESRI",
    "SquareRoot",
    "Logarithm",
)
NUMERIC = (
    "minPercent",
    "maxPercent",
    "standardDeviationParam",
    "gammaValue",
    "gammaR",
    "customStretchMin",
    "customStretchMax",
    "customStretchMaxRed",
    "bandIndex",
    "redBandIndex",
    "alphaBandIndex",
    "backgroundValue",
    "minimumBreak",
    "azimuth",
    "altitude",
    "zFactor",
    "pixelSizeFactor",
    "pixelSizePower",
    "brightness",
    "contrast",
    "saturation",
    "minimumMagnitude",
    "maximumMagnitude",
    "eSRIStretchMean",
)
FLAGS = (
    "useGammaStretch",
    "useCustomStretchMinMax",
    "invert",
    "displayBackgroundValue",
    "useAlphaBand",
    "useDefaultColor",
    "useHillshadeEffect",
    "useExclusionColor",
)
METHODS = ("Manual", "NaturalBreaks", "Quantile", "EqualInterval", "DefinedInterval", "GeometricalInterval", "StandardDeviation")


def some(draw: random.Random, count: int) -> list[float]:
    return [draw.choice(NUMBERS) for _ in range(count)]


def statistics(draw: random.Random) -> dict[str, Any]:
    named: dict[str, Any] = dict(zip(("min", "max", "mean", "stddev", "limitMin", "limitMax"), some(draw, 6), strict=True))
    return {**named, "histogram": some(draw, draw.choice((0, 1, 5)))}


def colorizer(draw: random.Random) -> dict[str, Any]:
    """A colorizer whose every key is there by chance and holds a number by chance."""
    made: dict[str, Any] = {"type": f"CIMRaster{draw.choice(KINDS)}Colorizer", "stretchType": draw.choice(STRETCHES)}
    made |= {key: draw.choice(("Dataset", "GlobalStats", "AreaOfView")) for key in ("statsType", "stretchStatsType")}
    made |= {key: draw.choice(NUMBERS) for key in NUMERIC if draw.random() < 0.4}
    made |= {key: True for key in FLAGS if draw.random() < 0.4}
    made |= {f"stretchStats{name}": statistics(draw) for name in ("", "Red", "Green", "Cyan") if draw.random() < 0.5}
    made |= {"specificationHistogram": statistics(draw), "lookup": some(draw, draw.choice((0, 5)))}
    made |= {"histogramEditInfo": {"breakPointsX": some(draw, 3), "breakPointsY": some(draw, 3)}}
    made |= {"classBreaks": [{"upperBound": n, "color": rgb(1, 2, 3)} for n in some(draw, draw.choice((0, 1, 4)))]}
    made |= {"exclusionValues": some(draw, 1), "exclusionRanges": some(draw, 2), "classificationMethod": draw.choice(METHODS)}
    made |= {"groups": [{"classes": [{"values": [*map(str, some(draw, 2)), "x"], "color": rgb(9, 9, 9)}]}]}
    made |= {"colors": [rgb(1, 1, 1)] * 2, "values": some(draw, 2), "noDataColor": rgb(255, 0, 0)}
    made |= {"resamplingType": draw.choice(("NearestNeighbor", "BilinearInterpolation", "Majority", "CubicConvolution"))}
    return {**made, "hillShadeType": draw.choice(("Traditional", "Multidirectional")), "scalingType": "Adjusted"}


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layer, ...]:
    """Infinities, bytes, four bands, one value, no value, numbers near the end of what floats hold."""
    folder, draw = tmp_path_factory.mktemp("odd"), np.random.default_rng(0)
    odd = draw.normal(size=(1, 40, 50)).astype(np.float32) * 100
    odd[0, 0, :5], odd[0, 1, :5], odd[0, 2] = np.inf, np.nan, -9999
    arrays = (
        odd,
        draw.integers(0, 9, (1, 40, 50)).astype(np.uint8),
        draw.integers(-3000, 3000, (4, 40, 50)).astype(np.int16),
        np.full((1, 40, 50), 7, np.float32),
        np.full((1, 40, 50), -9999, np.float32),
        draw.normal(size=(3, 40, 50)) * 1e30,
    )
    missing = [-9999.0 if array.dtype == np.float32 else None for array in arrays]
    return tuple(look(write_array(folder / f"{i}.tif", a, nodata=n)) for i, (a, n) in enumerate(zip(arrays, missing, strict=True)))


def attempt(layer: Layer, style: Style, classification: Classification, by_view: bool) -> np.ndarray:
    wanted = needs(style, layer.facts, classification, by_view=by_view)
    measures = {need: measure(MeasurePlan(layer, need.field, need.band)) for need in wanted}
    fitted = fit(style, layer.facts, measures, classification, by_view=by_view)
    legend_items(fitted)
    assert layer.bbox
    crs = layer.crs or "EPSG:32611"
    return draw_raster(layer_plan(1, layer, crs, fitted), MapView(layer.bbox, crs, 64, 48))


@pytest.mark.parametrize("seed", range(6))
def test_numbers_nobody_means(layers: tuple[Layer, ...], seed: int) -> None:
    """Hundreds of colorizers by chance on rasters of every kind: a picture, or StyleInvalid."""
    draw = random.Random(seed)
    pictures = 0
    for _ in range(80):
        node = Node(colorizer(draw), "$")
        try:
            style = read_colorizer(node)
        except StyleInvalid:
            continue
        picture = attempt(draw.choice(layers), style, draw.choice(tuple(Classification)), draw.random() < 0.5)
        pictures += picture.shape == (48, 64, 4)
    assert pictures > 40


@pytest.mark.parametrize("place", [lambda v: v / 1e30, lambda v: v])
def test_limits_beyond_single_precision_are_kept(layers: tuple[Layer, ...], place: Callable[[float], float]) -> None:
    """A raster of single precision between limits that only doubles hold is in the middle, not at an end."""
    high = place(1e60)
    picture = attempt(layers[3], Style(Stretch(ramps.GRAYS, StretchRecipe(limits=(-high, high)))), Classification.AUTO, False)
    assert np.abs(picture[..., 0].astype(int) - 128).max() <= 1
