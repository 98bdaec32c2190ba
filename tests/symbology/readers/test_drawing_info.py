"""ArcGIS REST drawingInfo."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology.readers.drawing_info.reader import read_layer
from rendermap.symbology.readers.style_reader import NamedStyle
from rendermap.symbology.shapes import CROSS, DIAMOND
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classified,
    Colormap,
    Method,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    UniqueRaster,
)
from rendermap.symbology.symbols import PLAIN, Color, Fill, Hatch, Marker, Stroke, Symbol
from tests.builders.styles import node

RED = Color(255, 0, 0)
SFS = {"type": "esriSFS", "style": "esriSFSSolid", "color": [255, 0, 0, 255]}


def read(json: dict[str, Any]) -> NamedStyle:
    return read_layer(node(json), "file")


def drawn(symbol: dict[str, Any]) -> Symbol:
    theme = read({"type": "simple", "symbol": symbol}).style.theme
    assert isinstance(theme, Single)
    return theme.symbol


def test_layer_properties() -> None:
    """Transparency, scales, filter and name of a layer description."""
    json = {
        "name": "Depth",
        "minScale": 100000,
        "definitionExpression": "a = 1",
        "drawingInfo": {"renderer": {"type": "simple", "symbol": SFS}, "transparency": 30},
    }
    found = read(json)
    assert (found.name, round(found.style.opacity, 3)) == ("Depth", 0.7)
    assert found.style.min_scale_denominator == pytest.approx(94494.05, rel=1e-5) and found.style.filter
    assert found.warnings == ()


def test_symbols() -> None:
    """Fills with outlines, hatches, dashes, markers; null styles draw nothing."""
    outline = {"type": "esriSLS", "style": "esriSLSDash", "color": [0, 0, 0, 255], "width": 2}
    assert drawn({**SFS, "outline": outline}).layers == (Fill(RED), Stroke(Color(0, 0, 0), 2.0, (8.0, 6.0), "butt"))
    assert [type(layer) for layer in drawn({**SFS, "style": "esriSFSCross"}).layers] == [Hatch, Hatch]
    assert drawn({**SFS, "style": "esriSFSNull"}).layers == ()
    (diamond,) = drawn({"type": "esriSMS", "style": "esriSMSDiamond", "size": 9, "color": [255, 0, 0, 255], "angle": 30}).layers
    assert diamond == Marker(DIAMOND, 9.0, RED, rotation_deg=30.0)
    (cross,) = drawn({"type": "esriSMS", "style": "esriSMSCross", "size": 9, "color": [255, 0, 0, 255]}).layers
    assert isinstance(cross, Marker) and cross.path == CROSS and cross.fill is None and cross.stroke and cross.stroke.color == RED


def test_unique_values_listed_and_grouped() -> None:
    """Combinations are divided by the delimiter; newer servers write them in groups; null has its word."""
    infos = [{"value": "1,x", "symbol": SFS}, {"value": "<Null>,y", "symbol": SFS}]
    listed = read({"type": "uniqueValue", "field1": "A", "field2": "B", "fieldDelimiter": ",", "uniqueValueInfos": infos}).style.theme
    groups = [{"heading": "h", "classes": [{"label": "both", "symbol": SFS, "values": [["1", "x"], ["2", "y"]]}]}]
    grouped = read({"type": "uniqueValue", "field1": "A", "field2": "B", "uniqueValueGroups": groups, "defaultSymbol": SFS}).style.theme
    assert isinstance(listed, Categories) and [c.values for c in listed.classes] == [(("1", "x"),), ((None, "y"),)]
    assert isinstance(grouped, Categories) and grouped.classes[0].values == (("1", "x"), ("2", "y")) and grouped.default


def test_class_breaks() -> None:
    """Limits, the method and normalisation by a field."""
    json = {
        "type": "classBreaks",
        "field": "A",
        "minValue": 0,
        "classificationMethod": "esriClassifyQuantile",
        "normalizationType": "esriNormalizeByField",
        "normalizationField": "B",
        "classBreakInfos": [{"classMaxValue": 2, "symbol": SFS, "label": "few"}, {"classMaxValue": 1.8e308, "symbol": SFS}],
    }
    json["classBreakInfos"][1]["classMaxValue"] = 1.79e308  # type: ignore[index]
    theme = read(json).style.theme
    assert isinstance(theme, Breaks)
    assert (theme.minimum, theme.method, theme.normalization_field) == (0.0, Method.QUANTILE, "B")
    assert [b.upper for b in theme.classes] == [2.0, math.inf]


def test_rasters() -> None:
    """The renderers of image services."""
    classes = [{"classMaxValue": 1, "symbol": SFS}]
    assert isinstance(read({"type": "classBreaks", "field": "Raster.Value", "classBreakInfos": classes}).style.theme, Classified)
    unique = read({"type": "uniqueValue", "field1": "Value", "uniqueValueInfos": [{"value": "3", "color": [255, 0, 0, 255]}]}).style.theme
    assert isinstance(unique, UniqueRaster) and unique.classes[0].values == (3.0,) and unique.classes[0].color == RED
    assert read({"type": "rasterColormap", "colormapInfos": [{"value": 1, "color": [255, 0, 0]}]}).style.theme == Colormap(((1, RED, ""),))
    assert read({"type": "rasterShadedRelief", "azimuth": 300, "zFactor": 2}).style.theme == ShadedRelief(300.0, 45.0, 2.0)
    ramp = {"type": "algorithmic", "fromColor": [0, 0, 0, 255], "toColor": [255, 255, 255, 255]}
    stretch = read({"type": "rasterStretch", "stretchType": "minMax", "statistics": [[1, 9, 5, 2]], "colorRamp": ramp}).style.theme
    assert isinstance(stretch, Stretch) and stretch.recipe.limits == (1.0, 9.0)
    clip = read({"type": "rasterStretch", "stretchType": 6, "minPercent": 2, "statistics": [[1, 9, 5, 2]] * 3}).style.theme
    assert isinstance(clip, RGB) and clip.recipes[0].kind is StretchKind.PERCENT_CLIP and clip.recipes[0].percents[0] == 2.0


def test_the_unknown_and_the_wrong() -> None:
    """Other renderers draw plainly and are told; what is no renderer is invalid."""
    found = read({"type": "dictionary"})
    assert found.style.theme == Single(PLAIN) and found.warnings
    short = {"type": "uniqueValue", "field1": "A", "field2": "B", "uniqueValueInfos": [{"value": "1"}]}
    for wrong in ({}, {"drawingInfo": []}, {"type": "classBreaks", "field": "A"}, short):
        with pytest.raises(StyleInvalid):
            read(wrong)
